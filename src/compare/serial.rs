//! How much more the mean of a recording's passes varies than passes that know
//! nothing of each other would: a machine that drifts for minutes makes
//! neighbours alike, and their scatter then promises too much. It owns that
//! factor; what it is applied to is `statistics`'.

use super::statistics::{mean, variance};

/// Into how many batches of consecutive passes a recording is cut, of a default
/// one some two minutes each; the mean of each is taken as one value.
const BATCHES: usize = 5;

/// Fewer passes make no batch.
const SMALLEST_BATCH: usize = 6;

/// The factor on the variance of a mean, no less than 1: the variance of the
/// means of batches over what it would be without order (Law and Kelton, the
/// method of batch means), averaged over `series`, since each alone has too few
/// batches to tell. Series of fewer than two batches say nothing.
pub(super) fn inflation<'a>(series: impl Iterator<Item = &'a [f64]>) -> f64 {
    let factors: Vec<f64> = series.filter_map(of_one).collect();
    if factors.is_empty() { 1.0 } else { mean(&factors).max(1.0) }
}

fn of_one(values: &[f64]) -> Option<f64> {
    let batch = SMALLEST_BATCH.max(values.len() / BATCHES);
    let batches: Vec<f64> = values.chunks_exact(batch).map(mean).collect();
    if batches.len() < 2 {
        return None;
    }
    let expected = variance(&values[..batches.len() * batch]) / batch as f64;
    (expected > 0.0).then(|| variance(&batches) / expected)
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
