//! The percentile curve of a latency cell, from the HDR histograms of its
//! records. It owns which points are kept; the histogram is `metric`'s.

use serde::{Deserialize, Serialize};

use crate::cell::Cell;

/// All round trips of a cell, of all processes together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The baseline's name.
    pub baseline: String,
    /// The latency cell.
    pub cell: Cell,
    /// Round trips that it is made of.
    pub round_trips: u64,
    /// Processes whose round trips they are.
    pub processes: usize,
    /// From the shortest to the longest; empty where `absent` says why.
    pub points: Vec<CurvePoint>,
    /// Why there is no curve, or what is missing of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub absent: Option<String>,
    /// The marks of the cell's doubts.
    pub doubts: String,
}

/// One point of a percentile curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The share of round trips, 0 to 1, that took no longer.
    pub share: f64,
    /// The round trip, in nanoseconds.
    pub ns: u64,
}
