//! By how much a value rises with the pace of a reference, from pass to pass within two
//! recordings. What it is taken off is `machine`'s.

use super::statistics::mean;
use crate::metric::median;

/// Beyond so many deviations of the middle 68 % a pass draws a slope no further.
const FAR: f64 = 3.0;

/// By how much a mode's value rises with the log of a reference's time, within recordings.
pub(super) struct Slope {
    pub(super) estimate: f64,
    pub(super) standard_error: f64,
}

impl Slope {
    /// Least squares about each side's own middle; `None` of passes too few or too much alike.
    pub(super) fn of(sides: &[Vec<(usize, f64, f64)>; 2]) -> Option<Slope> {
        let mut points: Vec<(f64, f64)> = Vec::new();
        for passes in sides.iter().filter(|passes| !passes.is_empty()) {
            let logs: Vec<f64> = passes.iter().map(|(_, log, _)| *log).collect();
            let values: Vec<f64> = passes.iter().map(|(_, _, value)| *value).collect();
            let (log, value) = (mean(&logs), median(&values)?);
            points.extend(logs.iter().zip(&values).map(|(one, other)| (one - log, other - value)));
        }
        let mut ordered: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        ordered.sort_by(f64::total_cmp);
        let at = |share: f64| ordered.get((share * ordered.len() as f64) as usize).copied();
        let far = FAR * (at(0.84)? - at(0.16)?) / 2.0;
        points.iter_mut().for_each(|(_, value)| *value = value.clamp(-far, far));
        let squares: f64 = points.iter().map(|(log, _)| log * log).sum();
        let left = points.len().checked_sub(3).filter(|left| *left > 0)?;
        if squares <= 0.0 {
            return None;
        }
        let estimate = points.iter().map(|(log, value)| log * value).sum::<f64>() / squares;
        let rest: f64 = points.iter().map(|(log, value)| (value - estimate * log).powi(2)).sum();
        Some(Slope { estimate, standard_error: (rest / left as f64 / squares).sqrt() })
    }
}
