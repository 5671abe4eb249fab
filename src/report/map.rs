//! The map: of each size and thread count the best mode, and how much better it
//! is than the second. It owns when a mode may be called the best; the ratios
//! that it reads are `ratios`'s.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::estimate::Reading;
use super::index::Lookup;
use super::ratios::NO_ROUND_OF_BOTH;
use super::words;
use crate::compare::Quantity;
use crate::doubt::DoubtKinds;
use crate::exchange::SELF_LANE;

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
    /// The doubts about the modes that the answer names.
    pub doubts: DoubtKinds,
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

    /// The modes that it is about; all of `modes` where it cannot tell.
    fn named(&self, modes: &[String]) -> Vec<String> {
        match self {
            Answer::Best { mode, second, .. } => vec![mode.clone(), second.clone()],
            Answer::NoDifference { modes, .. } => modes.clone(),
            Answer::OnlyOne { mode, .. } => vec![mode.clone()],
            Answer::CannotTell { .. } => modes.to_vec(),
        }
    }
}

/// The map of one baseline in one quantity. `rows` are the thread counts and
/// sizes that were measured, each with the modes that have a cell there.
pub(super) fn gather(lookup: &Lookup<'_>, rows: &[((usize, usize), Vec<String>)]) -> Vec<MapCell> {
    let cell = |(row, modes): &((usize, usize), Vec<String>)| {
        let answer = answer(lookup, *row, modes);
        MapCell {
            baseline: lookup.baseline.to_string(),
            quantity: lookup.quantity,
            threads: row.0,
            message_bytes: row.1,
            doubts: doubts(lookup, *row, &answer.named(modes)),
            answer,
        }
    };
    rows.iter().map(cell).collect()
}

/// The best mode is the one that takes least against the others taken together.
/// It may be called so only where it is told apart from each of them; else all
/// that it is not told apart from share the place.
fn answer(lookup: &Lookup<'_>, row: (usize, usize), modes: &[String]) -> Answer {
    if let [mode] = modes {
        let text = format!("{mode} alone was measured");
        return Answer::OnlyOne { mode: mode.clone(), text };
    }
    let against_all = |mode: &String| -> Result<f64, String> {
        let others = modes.iter().filter(|other| *other != mode);
        others.map(|other| log_ratio(lookup, row, mode, other)).sum()
    };
    let scores: Result<Vec<(f64, &String)>, String> =
        modes.iter().map(|mode| Ok((against_all(mode)?, mode))).collect();
    let scores = match scores {
        Ok(scores) => scores,
        Err(text) => return Answer::CannotTell { text },
    };
    let Some((_, best)) = scores.iter().min_by(|a, b| a.0.total_cmp(&b.0)) else {
        return Answer::CannotTell { text: "no mode was measured".into() };
    };
    let told_worse =
        |mode: &String| lookup.told(row, best, mode).is_some_and(|ratio| ratio.told() == Ordering::Less);
    let together: Vec<String> =
        modes.iter().filter(|mode| mode == best || !told_worse(mode)).cloned().collect();
    if together.len() > 1 {
        let text = format!("{}: no difference", words::list(&together));
        return Answer::NoDifference { modes: together, text };
    }
    let others = modes.iter().filter(|mode| mode != best);
    let over_best = |mode: &String| lookup.get(row, mode, best).and_then(|ratio| ratio.reading.value());
    let second = others.filter_map(|mode| Some((over_best(mode)?, mode))).min_by(|a, b| a.0.total_cmp(&b.0));
    match second.and_then(|(_, second)| Some((second, lookup.get(row, second, best)?.reading.clone()))) {
        Some((second, advantage)) => Answer::Best {
            mode: best.to_string(),
            second: second.clone(),
            text: better(lookup.quantity, best, second, &advantage),
            advantage,
        },
        None => Answer::CannotTell { text: "no ratio was measured".into() },
    }
}

fn log_ratio(lookup: &Lookup<'_>, row: (usize, usize), mode: &str, other: &str) -> Result<f64, String> {
    if let Some(told) = lookup.told(row, mode, other) {
        return Ok(told.estimate.ln());
    }
    let why = lookup.get(row, mode, other).and_then(|ratio| ratio.reading.no_interval());
    Err(format!("{mode} over {other}: {}", why.unwrap_or(NO_ROUND_OF_BOTH)))
}

fn better(quantity: Quantity, best: &str, second: &str, advantage: &Reading) -> String {
    let times = words::times(advantage);
    match quantity {
        Quantity::Throughput => format!("{best}: {times} the throughput of {second}"),
        Quantity::LatencyMedian | Quantity::LatencyP99 => {
            format!("{best}: {second}'s round trip takes {times} as long")
        }
        Quantity::CpuCost => format!("{best}: {second} costs {times} as much CPU"),
    }
}

fn doubts(lookup: &Lookup<'_>, row: (usize, usize), named: &[String]) -> DoubtKinds {
    let lanes = |mode| named.iter().map(move |other| (mode, other.as_str())).chain([(mode, SELF_LANE)]);
    let ratios = named.iter().flat_map(lanes).filter_map(|(mode, over)| lookup.get(row, mode, over));
    DoubtKinds::of_all(ratios.map(|ratio| &ratio.doubts))
}
