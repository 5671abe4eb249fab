//! What was found, or the reason why nothing was: never a number that stands for
//! "unknown". It owns that shape in records and JSON; a metric's, which holds words
//! and counts as well, is [`crate::metric::Reading`].

use serde::{Deserialize, Serialize};

/// Something that can be missing, and then for a reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OrAbsent<T> {
    /// What was found.
    Found(T),
    /// Nothing was.
    Absent {
        /// Why, in words.
        absent: String,
    },
}

impl<T> OrAbsent<T> {
    /// Absent for this reason.
    pub fn absent(why: impl Into<String>) -> OrAbsent<T> {
        OrAbsent::Absent { absent: why.into() }
    }

    /// What was found, if anything was.
    pub fn found(&self) -> Option<&T> {
        match self {
            OrAbsent::Found(found) => Some(found),
            OrAbsent::Absent { .. } => None,
        }
    }

    /// Why nothing was.
    pub fn absence(&self) -> Option<&str> {
        match self {
            OrAbsent::Found(_) => None,
            OrAbsent::Absent { absent } => Some(absent),
        }
    }
}
