//! When two modes are told apart: by an interval clear of 1, made wider first
//! where a mode was found to differ from itself. It owns this one rule; table,
//! map, crossovers and findings ask it, and show the interval that it used.

use std::cmp::Ordering;

use super::Ratio;

impl Ratio {
    /// Less where the interval is clear below 1, greater where it is above:
    /// else the two are not told apart.
    pub fn told(&self) -> Ordering {
        if self.upper < 1.0 {
            Ordering::Less
        } else if self.lower > 1.0 {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }

    /// With both ends further out by this much in log scale.
    pub fn widened(&self, margin: f64) -> Ratio {
        Ratio {
            estimate: self.estimate,
            lower: self.lower * (-margin).exp(),
            upper: self.upper * margin.exp(),
        }
    }
}

/// By how much a mode differs from itself beyond chance, in log scale, given
/// its self check: every interval that it is in is as much wider.
pub(crate) fn disagreement(self_check: Option<Ratio>) -> f64 {
    let off = self_check.filter(|ratio| ratio.told() != Ordering::Equal);
    off.map_or(0.0, |ratio| ratio.estimate.ln().abs())
}
