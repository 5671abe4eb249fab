//! From which size on one mode overtakes another: where their within-block
//! ratio crosses 1. It owns when a crossover may be claimed and how far it is
//! known; sentences about it are `findings/crossovers.rs`'s.

use serde::{Deserialize, Serialize};

use crate::compare::Quantity;

/// Where one mode overtakes another at one thread count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrossoverRow {
    /// The baseline's name.
    pub baseline: String,
    /// Throughput (by the time a message) or CPU cost.
    pub quantity: Quantity,
    /// Client threads.
    pub threads: usize,
    /// The mode that may overtake.
    pub mode: String,
    /// The mode that may be overtaken.
    pub over: String,
    /// What the ratios allow to be said.
    #[serde(flatten)]
    pub crossover: Crossover,
    /// Sizes of the matrix that have no ratio of the two.
    pub missing_bytes: Vec<usize>,
    /// The marks of the doubts about the cells it rests on.
    pub doubts: String,
}

/// What the ratios of two modes over the sizes allow to be said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "crossover", rename_all = "snake_case")]
pub enum Crossover {
    /// The lead changes between sizes at which each lead is told by intervals.
    Crosses {
        /// Each change, from the smallest size on.
        crossings: Vec<Crossing>,
    },
    /// One mode leads at every size at which anything can be told.
    NotInRange {
        /// The mode that leads.
        leader: String,
        /// Where it does.
        clear_bytes: Vec<usize>,
        /// Where the interval holds 1: there it cannot be told.
        unclear_bytes: Vec<usize>,
    },
    /// The interval holds 1 at every size: it cannot be told who leads.
    Flat {
        /// The sizes.
        unclear_bytes: Vec<usize>,
    },
    /// One size alone was measured: nothing can cross.
    OneSize {
        /// The size.
        message_bytes: usize,
        /// Who leads there, if the interval tells.
        leader: Option<String>,
    },
    /// There is no ratio with an interval.
    NotMeasured {
        /// Why.
        absent: String,
    },
}

/// One change of the lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crossing {
    /// Where the interpolated ratio crosses 1, in bytes.
    pub bytes: f64,
    /// Where the interpolated interval begins to hold 1.
    pub lower_bytes: f64,
    /// Where it ceases to.
    pub upper_bytes: f64,
    /// The nearest measured sizes on both sides at which the lead is told.
    pub between_bytes: [usize; 2],
    /// Who leads from there on.
    pub leader_after: String,
    /// Measured sizes in between at which the interval holds 1.
    pub unclear_bytes: Vec<usize>,
    /// Sizes of the matrix in between that were not measured for the two.
    pub missing_bytes: Vec<usize>,
}
