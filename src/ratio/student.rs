//! Student's t distribution, as far as an interval of 95 % needs it.

/// The 0.975 quantile of Student's t distribution: from a table to 30 degrees
/// of freedom, beyond that by the expansion of Abramowitz and Stegun 26.7.5
/// about the normal quantile (error below 1e-4 there).
pub(crate) fn student_t_975(degrees_of_freedom: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788,
        2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639,
        2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
    ];
    if let Some(exact) = TABLE.get(degrees_of_freedom.wrapping_sub(1)) {
        return *exact;
    }
    if degrees_of_freedom == 0 {
        return f64::INFINITY;
    }
    let (x, n) = (1.959_964_f64, degrees_of_freedom as f64);
    let (first, second) = ((x.powi(3) + x) / 4.0, (5.0 * x.powi(5) + 16.0 * x.powi(3) + 3.0 * x) / 96.0);
    x + first / n + second / (n * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn student_quantiles_join_smoothly() {
        assert_eq!(student_t_975(1), 12.7062);
        assert!((student_t_975(31) - 2.0395).abs() < 1e-3);
        assert!((student_t_975(120) - 1.9799).abs() < 1e-3);
        assert!((student_t_975(100_000) - 1.96).abs() < 1e-3);
    }
}
