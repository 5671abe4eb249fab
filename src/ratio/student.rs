//! Student's t distribution, from the `statrs` crate, in the terms in which
//! intervals and tests here need it.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The value that a t with `degrees_of_freedom` stays below with
/// `probability`. Infinite without a degree of freedom: nothing is known then.
pub(crate) fn quantile(probability: f64, degrees_of_freedom: f64) -> f64 {
    distribution(degrees_of_freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(probability))
}

/// The probability that a t lies beyond `statistic`.
pub(crate) fn upper_tail(statistic: f64, degrees_of_freedom: f64) -> f64 {
    distribution(degrees_of_freedom).map_or(0.5, |t| t.sf(statistic))
}

fn distribution(degrees_of_freedom: f64) -> Option<StudentsT> {
    StudentsT::new(0.0, 1.0, degrees_of_freedom).ok() // an error if it is not above 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against tables: Abramowitz and Stegun, 26.10.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (probability, freedom, expected) in
            [(0.975, 1.0, 12.7062), (0.975, 9.0, 2.2622), (0.975, 120.0, 1.9799), (0.9995, 5.0, 6.869)]
        {
            let found = quantile(probability, freedom);
            assert!((found - expected).abs() < 1e-3, "{probability} {freedom}: {found}");
            assert!((upper_tail(expected, freedom) - (1.0 - probability)).abs() < 1e-5);
        }
    }

    #[test]
    fn without_a_degree_of_freedom_nothing_is_known() {
        assert_eq!(quantile(0.975, 0.0), f64::INFINITY);
        assert_eq!(upper_tail(3.0, 0.0), 0.5);
    }
}
