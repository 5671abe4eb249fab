//! What became of the bytes that a mode sent, as far as its interface says. It
//! owns the three kinds and their sums; counting completions is `zerocopy`'s.

use serde::{Deserialize, Serialize};

use crate::zerocopy;

/// What a mode did with the bytes that it sent, and what it was told of them.
/// Every byte is in one of the first three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Bytes that were copied as they were sent.
    pub copied_bytes: u64,
    /// Bytes handed over by reference, each with a completion that says whether
    /// the kernel copied it after all.
    pub reported_bytes: u64,
    /// Bytes handed over by reference, of which nothing is reported.
    pub unreported_bytes: u64,
    /// The size of the pipe that they went through, if they did: the smallest of all.
    pub pipe_bytes: Option<u64>,
    /// What sends with completions came to; `None` for a mode that makes none.
    pub completions: Option<zerocopy::Tally>,
}

impl Tally {
    /// All that was sent.
    pub fn bytes(&self) -> u64 {
        self.copied_bytes + self.reported_bytes + self.unreported_bytes
    }

    /// The counts since `earlier`, a tally of the same mode.
    #[must_use]
    pub fn since(&self, earlier: &Tally) -> Tally {
        let completions = self.completions.map(|now| now.since(&earlier.completions.unwrap_or_default()));
        self.combine(earlier, u64::wrapping_sub, completions)
    }

    /// The sums of two tallies.
    #[must_use]
    pub fn plus(&self, other: &Tally) -> Tally {
        let completions = match (self.completions, other.completions) {
            (Some(one), Some(other)) => Some(one.plus(&other)),
            (one, other) => one.or(other),
        };
        self.combine(other, u64::wrapping_add, completions)
    }

    fn combine(
        &self,
        other: &Tally,
        f: impl Fn(u64, u64) -> u64,
        completions: Option<zerocopy::Tally>,
    ) -> Tally {
        Tally {
            copied_bytes: f(self.copied_bytes, other.copied_bytes),
            reported_bytes: f(self.reported_bytes, other.reported_bytes),
            unreported_bytes: f(self.unreported_bytes, other.unreported_bytes),
            pipe_bytes: match (self.pipe_bytes, other.pipe_bytes) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
            completions,
        }
    }
}
