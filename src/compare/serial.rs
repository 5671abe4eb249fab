//! How much more the mean of a recording's passes varies than passes that know
//! nothing of each other would: a machine that drifts for minutes makes
//! neighbours alike, and their scatter then promises too much; and what lasts for
//! minutes does not stop where a recording ends. It owns that factor; what it is
//! applied to is `statistics`'.

use super::statistics::{mean, variance};

/// Into how many batches of consecutive passes a recording is cut, of a default
/// one some two minutes each; the mean of each is taken as one value.
const BATCHES: usize = 5;

/// Fewer passes make no batch.
const SMALLEST_BATCH: usize = 6;

/// The variance by which recordings differ for what lasts for minutes, over that by which
/// batches within one do. Were it the same at any length (as of flicker noise) it would be 1;
/// measured: docs/METHOD.md, "How often it is wrong, and what it finds".
const OUTLASTS: f64 = 3.0;

/// The factor on the variance of a mean, no less than 1: the variance of the
/// means of batches over what it would be without order (Law and Kelton, the
/// method of batch means), averaged over `series`, since each alone has too few
/// batches to tell; and what is beyond 1 of it and beyond what chance makes of so many
/// series, which more passes of one recording do not average, [`OUTLASTS`] times as of a
/// single batch. Series of fewer than two batches say
/// nothing, of fewer than all nothing of what outlasts them.
pub(super) fn inflation<'a>(series: impl Iterator<Item = &'a [f64]>) -> f64 {
    let (batches, factors): (Vec<usize>, Vec<f64>) = series.filter_map(of_one).unzip();
    if factors.is_empty() {
        return 1.0;
    }
    let factor = mean(&factors).max(1.0);
    if batches.iter().any(|of_one| *of_one < BATCHES) {
        return factor;
    }
    // The deviation of a mean of so many χ² of a degree of freedom less than batches.
    let chance = (2.0 / ((BATCHES - 1) * factors.len()) as f64).sqrt();
    factor + OUTLASTS * BATCHES as f64 * (factor - 1.0 - chance).max(0.0)
}

/// Into how many batches a series was cut, and its factor.
fn of_one(values: &[f64]) -> Option<(usize, f64)> {
    let batch = SMALLEST_BATCH.max(values.len() / BATCHES);
    let batches: Vec<f64> = values.chunks_exact(batch).map(mean).collect();
    if batches.len() < 2 {
        return None;
    }
    let expected = variance(&values[..batches.len() * batch]) / batch as f64;
    (expected > 0.0).then(|| (batches.len(), variance(&batches) / expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(series: &[Vec<f64>]) -> f64 {
        inflation(series.iter().map(Vec::as_slice))
    }

    #[test]
    fn passes_that_know_nothing_of_each_other_need_little() {
        let mut random = fastrand::Rng::with_seed(5);
        let series: Vec<Vec<f64>> = (0..48).map(|_| (0..36).map(|_| random.f64()).collect()).collect();
        assert!(factor(&series) < 1.3, "{}", factor(&series));
    }

    #[test]
    fn neighbours_that_are_alike_need_much() {
        let stairs: Vec<f64> = (0..36).map(|pass| f64::from(pass / 6) + 0.01 * f64::from(pass % 6)).collect();
        assert!(factor(&[stairs]) > 4.0);
    }

    #[test]
    fn what_lasts_for_minutes_is_not_averaged_by_more_of_them() {
        // Half of a batch mean's variance, of 48 rows of 60 passes, is drift.
        let mut random = fastrand::Rng::with_seed(6);
        let mut row = || {
            let drift: Vec<f64> = (0..5).map(|_| random.f64() - 0.5).collect();
            let pass = |pass: usize| drift[pass / 12] + 12f64.sqrt() * (random.f64() - 0.5);
            (0..60).map(pass).collect::<Vec<f64>>()
        };
        let series: Vec<Vec<f64>> = (0..48).map(|_| row()).collect();
        let alike = mean(&series.iter().map(|of| of_one(of).unwrap().1).collect::<Vec<_>>());
        assert!((1.6..2.2).contains(&alike), "{alike}");
        assert!(factor(&series) > 1.0 + OUTLASTS * 5.0 * 0.5, "{}", factor(&series));
        // Of fewer than five batches nothing is said of what outlasts them.
        let short: Vec<Vec<f64>> = series.iter().map(|of| of[6..30].to_vec()).collect();
        assert!(factor(&short) < 4.0, "{}", factor(&short));
    }

    #[test]
    fn batches_are_a_fifth_of_a_recording() {
        // What swings every six passes is over within a batch of twelve.
        let swings: Vec<f64> =
            (0..64).map(|pass| f64::from(pass / 6 % 2) + 0.01 * f64::from(pass % 5)).collect();
        assert!(factor(&[swings[..29].to_vec()]) > 4.0, "batches of six see it");
        assert_eq!(factor(&[swings]), 1.0);
    }

    #[test]
    fn too_few_passes_say_nothing() {
        assert_eq!(factor(&[vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]]), 1.0);
        assert_eq!(factor(&[vec![1.0; 36]]), 1.0);
        assert_eq!(factor(&[]), 1.0);
    }
}
