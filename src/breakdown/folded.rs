//! Folded stacks, a line a call chain with what it weighs: the form that programs
//! for flame graphs read.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::classify::{Frame, Space};

/// Call chains and what they weigh.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Folded(BTreeMap<String, u64>);

impl Folded {
    /// Counts a chain of `side` in, its leaf first.
    pub fn add(&mut self, side: &str, frames: &[Frame<'_>], weight: u64) {
        let mut line = side.to_string();
        for frame in frames.iter().rev() {
            line.push(';');
            // The form's own two separators.
            line.push_str(&frame.name.as_deref().unwrap_or("[unknown]").replace(';', ":"));
            if frame.space == Space::Kernel {
                line.push_str("_[k]"); // as perf's own scripts mark it
            }
        }
        *self.0.entry(line).or_default() += weight;
    }

    /// Adds those of another round.
    pub fn plus(&mut self, other: &Folded) {
        for (line, weight) in &other.0 {
            *self.0.entry(line.clone()).or_default() += weight;
        }
    }

    /// Each chain as a line, and its weight.
    pub(crate) fn lines(&self) -> impl ExactSizeIterator<Item = (&str, u64)> {
        self.0.iter().map(|(line, weight)| (line.as_str(), *weight))
    }
}

impl fmt::Display for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(line, weight)| writeln!(f, "{line} {weight}"))
    }
}
