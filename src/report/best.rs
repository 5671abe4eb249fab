//! The map in a sentence: which mode up to which size, for each thread count.
//! Who is the best is `map`'s; this reads it along the sizes.

use serde::{Deserialize, Serialize};

use super::map::{Answer, MapCell};
use super::words;
use crate::compare::Quantity;
use crate::doubt::DoubtKind;

/// The best modes of one baseline in one quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestModes {
    /// The baseline's name.
    pub baseline: String,
    /// Throughput, median latency or CPU cost.
    pub quantity: Quantity,
    /// `On 1 thread two-copy up to 4 KiB, one-copy from 16 KiB on.`
    pub text: String,
}

/// What `map` says of one quantity; nothing if none of it was measured.
pub(super) fn sentence(baseline: &str, quantity: Quantity, map: &[MapCell]) -> Option<BestModes> {
    let mut threads: Vec<usize> = map.iter().map(|cell| cell.threads).collect();
    threads.sort_unstable();
    threads.dedup();
    let each = threads.into_iter().map(|count| {
        let mut cells: Vec<&MapCell> = map.iter().filter(|cell| cell.threads == count).collect();
        cells.sort_by_key(|cell| cell.message_bytes);
        let is_marked = cells.iter().all(|cell| cell.doubts.contains(DoubtKind::Oversubscribed));
        ((count, is_marked), along_sizes(&cells))
    });
    let said = words::grouped(each).into_iter().map(|(counts, what)| {
        let marked: Vec<usize> =
            counts.iter().filter(|(_, marked)| *marked).map(|(count, _)| *count).collect();
        let counts: Vec<usize> = counts.into_iter().map(|(count, _)| count).collect();
        format!("on {} {what}", words::thread_counts(&counts, &marked))
    });
    let text = format!("{}.", words::capital(&said.collect::<Vec<_>>().join("; ")));
    (!map.is_empty()).then(|| BestModes { baseline: baseline.to_string(), quantity, text })
}

/// `two-copy up to 4 KiB, no difference between two-copy and one-copy at 16 KiB,
/// one-copy from 64 KiB on`.
fn along_sizes(cells: &[&MapCell]) -> String {
    let mut runs: Vec<(String, usize, usize)> = Vec::new();
    for cell in cells {
        let (who, bytes) = (who(&cell.answer), cell.message_bytes);
        match runs.last_mut() {
            Some((same, _, last)) if *same == who => *last = bytes,
            _ => runs.push((who, bytes, bytes)),
        }
    }
    let last_run = runs.len().saturating_sub(1);
    let each = runs.iter().enumerate().map(|(number, (who, first, last))| {
        let place = match (number, first == last) {
            (0, false) if last_run == 0 => "at every size".to_string(),
            (0, false) => format!("up to {}", words::size(*last)),
            (_, false) if number == last_run => format!("from {} on", words::size(*first)),
            (_, false) => format!("from {} to {}", words::size(*first), words::size(*last)),
            (_, true) => format!("at {}", words::size(*first)),
        };
        format!("{who} {place}")
    });
    each.collect::<Vec<_>>().join(", ")
}

fn who(answer: &Answer) -> String {
    match answer {
        Answer::Best { mode, .. } => mode.clone(),
        Answer::NoDifference { modes, .. } => format!("no difference between {}", words::list(modes)),
        Answer::OnlyOne { mode, .. } => format!("{mode} alone was measured"),
        Answer::CannotTell { .. } => "it cannot be told".to_string(),
    }
}
