//! One mode against another in every row of every baseline, from within-block
//! ratios alone. It owns which blocks and processes they come from; what is
//! claimed from them is `map`'s, `crossover`'s and the findings'.

use serde::{Deserialize, Serialize};

use super::estimate::Reading;
use crate::compare::Quantity;

/// A mode's time, or cost, a message over another lane's, in one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatioFigure {
    /// The baseline's name.
    pub baseline: String,
    /// Of what: the time a message of the throughput target, the median or
    /// 99th percentile of a round's round trips, the CPU cost a message.
    pub quantity: Quantity,
    /// Client threads.
    pub threads: usize,
    /// The size of a message.
    pub message_bytes: usize,
    /// The mode.
    pub mode: String,
    /// What it is over: another mode, a reference, or `self`.
    pub over: String,
    /// Below 1 the mode takes, or costs, less than the other.
    #[serde(flatten)]
    pub reading: Reading,
    /// The marks of the doubts about either mode's cell.
    pub doubts: String,
}
