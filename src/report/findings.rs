//! Findings: what the figures answer to the questions people come with, each a
//! sentence assembled from figures with the cells it rests on. It owns their
//! shape and order; what each says is in `findings/`, one file a kind.

use serde::{Deserialize, Serialize};

use super::estimate::Reading;
use crate::cell::Cell;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Whether zero-copy was.
    ZeroCopy,
    /// From which size on one mode overtakes another.
    Crossover,
    /// What further threads do.
    Threads,
    /// What a small message pays for.
    SmallMessages,
    /// What changed from the first baseline to another.
    Comparison,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is about.
    pub kind: FindingKind,
    /// The baseline that it is of.
    pub baseline: String,
    /// The answer in a sentence.
    pub headline: String,
    /// Further sentences: what it rests on, what follows for reading the rest.
    pub details: Vec<String>,
    /// Its figures.
    pub figures: Vec<FindingFigure>,
    /// The cells that it rests on.
    pub cells: Vec<Cell>,
    /// The marks of these cells' doubts, each once.
    pub doubts: String,
}

/// A figure that a finding rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FindingFigure {
    /// What it is.
    pub label: String,
    /// Its unit; `""` where it has none.
    pub unit: String,
    /// Its value and interval, or why there is none.
    #[serde(flatten)]
    pub reading: Reading,
    /// How it was worked out, if it was not measured as it stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub derived: Option<String>,
}
