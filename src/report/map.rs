//! The map: of each size and thread count the best mode, and how much better it
//! is than the second. It owns when a mode may be called the best; the ratios
//! that it reads are `ratios`'s.

use serde::{Deserialize, Serialize};

use super::estimate::Reading;
use crate::compare::Quantity;

/// One size and thread count of one baseline in one quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapCell {
    /// The baseline's name.
    pub baseline: String,
    /// Throughput, median latency or CPU cost.
    pub quantity: Quantity,
    /// Client threads.
    pub threads: usize,
    /// The size of a message.
    pub message_bytes: usize,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
    /// The marks of the doubts about the modes that the answer names.
    pub doubts: String,
}

/// Which mode is the best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// One mode, by an interval clear of 1 against each other one.
    Best {
        /// The mode.
        mode: String,
        /// The best of the others.
        second: String,
        /// The second's time, or cost, over the best's: above 1.
        advantage: Reading,
        /// What it is of, so that the sign needs no thinking: `1.31 times the
        /// throughput of two-copy`.
        text: String,
    },
    /// Several modes that cannot be told apart, and that no other is better
    /// than.
    NoDifference {
        /// The modes, in the order of the profile.
        modes: Vec<String>,
        /// `two-copy and one-copy: no difference`.
        text: String,
    },
    /// Only one mode was measured.
    OnlyOne {
        /// The mode.
        mode: String,
        /// In words.
        text: String,
    },
    /// There are no intervals to tell by.
    CannotTell {
        /// Why.
        text: String,
    },
}

impl Answer {
    /// In words.
    pub fn text(&self) -> &str {
        match self {
            Answer::Best { text, .. }
            | Answer::NoDifference { text, .. }
            | Answer::OnlyOne { text, .. }
            | Answer::CannotTell { text } => text,
        }
    }
}
