//! Ratios in words, the same in every table, line and sentence. It owns how
//! many digits a ratio has: never so few that an interval reads as holding 1, or
//! as not holding it, against what is so.

use super::Ratio;

/// A ratio with the ends of its interval: `×1.11 [1.09, 1.13]`, `×17.1 [16.2, 18.1]`.
pub(crate) fn times(value: f64, ends: Option<(f64, f64)>) -> String {
    format!("×{}", beside_one(value, ends, usual_places(value)))
}

/// Without the sign, and with `places` after the point at least: `1.11 [1.09, 1.13]`.
pub(crate) fn beside_one(value: f64, ends: Option<(f64, f64)>, places: usize) -> String {
    let Some((lower, upper)) = ends else { return format!("{value:.places$}") };
    let places = (places..MOST_PLACES).find(|places| ![lower, upper].iter().any(|end| hides(*end, *places)));
    let places = places.unwrap_or(MOST_PLACES);
    format!("{value:.places$} [{lower:.places$}, {upper:.places$}]")
}

/// What a float has.
const MOST_PLACES: usize = 15;

/// Whether an end that is not 1 reads as if it were.
fn hides(end: f64, places: usize) -> bool {
    end != 1.0 && format!("{end:.places$}") == format!("{:.places$}", 1.0)
}

/// Three digits that say something, or all before the point.
fn usual_places(value: f64) -> usize {
    match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 => 2,
        size if size >= 0.01 => 3,
        _ => 4,
    }
}

impl Ratio {
    /// See `times`.
    pub fn times(&self) -> String {
        times(self.estimate, Some((self.lower, self.upper)))
    }

    /// The same with `places` after the point at least.
    pub(crate) fn times_to(&self, places: usize) -> String {
        format!("×{}", beside_one(self.estimate, Some((self.lower, self.upper)), places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_that_leaves_out_1_does_not_read_as_if_it_held_it() {
        let ratio = |value, lower, upper| times(value, Some((lower, upper)));
        assert_eq!(ratio(1.04, 1.0012, 1.08), "×1.040 [1.001, 1.080]");
        assert_eq!(ratio(0.99, 0.98, 0.9996), "×0.9900 [0.9800, 0.9996]");
        assert_eq!(ratio(1.02, 1.0, 1.04), "×1.02 [1.00, 1.04]");
        assert_eq!(ratio(0.92, 0.847, 0.999_999_6), "×0.9200000 [0.8470000, 0.9999996]");
        assert_eq!(ratio(17.08, 16.24, 18.11), "×17.1 [16.2, 18.1]");
        assert_eq!(ratio(0.067, 0.0612, 0.0701), "×0.067 [0.061, 0.070]");
        assert_eq!(times(1.5, None), "×1.50");
    }
}
