//! How far values lie apart, and what that makes of a difference between two
//! runs. All in log scale, as percent at the end.

use std::collections::BTreeMap;

use super::student;
use crate::metric::median;

/// A value a generation: the median of its values.
pub(crate) fn by_generation<Generation: Ord>(
    values: impl IntoIterator<Item = (Generation, f64)>,
) -> Vec<f64> {
    let mut generations: BTreeMap<Generation, Vec<f64>> = BTreeMap::new();
    for (generation, value) in values {
        generations.entry(generation).or_default().push(value);
    }
    generations.values().filter_map(|values| median(values)).collect()
}

/// Half the width of the 95 % interval of what the medians of generations say,
/// `t(0.975, G−1) · s / √G` (Student); `None` of fewer than two.
pub(crate) fn half_width(medians: &[f64]) -> Option<f64> {
    let count = medians.len() as f64;
    Some((variance(medians)? / count).sqrt() * student::quantile(0.975, count - 1.0))
}

/// The standard deviation; `None` of fewer than two values.
pub(crate) fn deviation(values: &[f64]) -> Option<f64> {
    variance(values).map(f64::sqrt)
}

fn variance(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| squares / (count - 1.0))
}

/// The smallest difference between the figures of two runs, in percent, whose
/// 95 % interval leaves out 0, if runs differ by no more than the generations
/// of one do: Student's t for two means of `generations` values each, which
/// deviate like `log_medians`. `None` of fewer than two.
pub(crate) fn between_runs_percent(log_medians: &[f64], generations: usize) -> Option<f64> {
    let error = deviation(log_medians)? * (2.0 / generations as f64).sqrt();
    (generations > 1).then(|| percent(student::quantile(0.975, (2 * (generations - 1)) as f64) * error))
}

/// A distance in log scale, as percent.
pub(crate) fn percent(half: f64) -> f64 {
    100.0 * half.exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_of_two_generations_each() {
        assert_eq!(deviation(&[1.0, 3.0]), Some(2f64.sqrt()));
        assert_eq!(deviation(&[1.0]), None);
        // s = 0.01 · √2 / 2 · √(2/2), and t with 2 degrees of freedom has a closed form.
        let t = 0.95 / (2.0 * 0.975 * 0.025f64).sqrt();
        let found = between_runs_percent(&[0.0, 0.01], 2).unwrap();
        assert!((found - 100.0 * (t * 0.01 / 2f64.sqrt()).exp_m1()).abs() < 1e-9, "{found}");
        assert_eq!(between_runs_percent(&[0.0, 0.01], 1), None);
    }
}
