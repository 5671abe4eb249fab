//! What was counted on both sides: completions, copies, calls, switches. It owns
//! which counts those are and over what they stand. They are totals of all
//! processes and no estimates, so they have no verdict; an emulated processor counts
//! as a real one does.

use serde::{Deserialize, Serialize};

use super::Baseline;
use crate::cell::{Cell, Target};
use crate::metric::{self, Metrics};
use crate::results::record::Record;

/// One count of one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountComparison {
    /// The cell.
    pub cell: Cell,
    /// What was counted, and over what: `deferred copies a completion`.
    pub count: String,
    /// Before, if it was counted.
    pub base: Option<f64>,
    /// After.
    pub new: Option<f64>,
}

/// What was counted of one process's cell, and over how many.
type Read = fn(&Metrics) -> Option<(f64, f64)>;

const COUNTS: [(&str, Read); 7] = [
    ("completions a message", |metrics| per_message(metrics, &["zerocopy_completions"])),
    ("deferred copies a completion", |metrics| {
        Some((number(metrics, "zerocopy_deferred_copies")?, number(metrics, "zerocopy_completions")?))
    }),
    ("sends a message", |metrics| per_message(metrics, &["zerocopy_sends", "zerocopy_fallback_sends"])),
    ("refused sends a message", |metrics| per_message(metrics, &["zerocopy_enobufs"])),
    ("error-queue reads a message", |metrics| {
        per_message(metrics, &["zerocopy_error_queue_reads", "zerocopy_empty_error_queue_reads"])
    }),
    ("context switches a message", |metrics| {
        let messages = number(metrics, "own_messages")?;
        Some((number(metrics, "context_switches_per_message")? * messages, messages))
    }),
    ("segments sent again, of all", |metrics| {
        Some((metric::total(metrics, "client_retransmits")?, metric::total(metrics, "client_data_segments")?))
    }),
];

/// Every count of every cell of a target that either side has, but those that are
/// nothing on both.
pub(super) fn of_target(base: &Baseline, new: &Baseline, target: Target) -> Vec<CountComparison> {
    let mut cells: Vec<&Cell> = Vec::new();
    for record in records(base, target).chain(records(new, target)) {
        if !cells.contains(&&record.cell) {
            cells.push(&record.cell);
        }
    }
    cells.sort_by_key(|cell| (cell.threads, cell.message_bytes)); // modes as they come
    let mut counts = Vec::new();
    for cell in cells {
        for (count, read) in COUNTS {
            let [base, new] = [base, new].map(|baseline| pooled(baseline, cell, read));
            if [base, new].into_iter().flatten().any(|counted| counted > 0.0) {
                counts.push(CountComparison { cell: cell.clone(), count: count.to_string(), base, new });
            }
        }
    }
    counts
}

fn records(baseline: &Baseline, target: Target) -> impl Iterator<Item = &Record> {
    let records = baseline.processes.iter().flat_map(|process| &process.records);
    records.filter(move |record| record.cell.target == target)
}

/// Of all processes together.
fn pooled(baseline: &Baseline, cell: &Cell, read: Read) -> Option<f64> {
    let of_cell = records(baseline, cell.target).filter(|record| record.cell == *cell);
    let all: Vec<(f64, f64)> = of_cell.filter_map(|record| read(&record.metrics)).collect();
    let (counted, over) = all.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    (over > 0.0).then_some(counted / over)
}

fn per_message(metrics: &Metrics, names: &[&str]) -> Option<(f64, f64)> {
    let counted: Option<f64> = names.iter().map(|name| number(metrics, name)).sum();
    Some((counted?, number(metrics, "own_messages")?))
}

fn number(metrics: &Metrics, name: &str) -> Option<f64> {
    metric::number(metrics, name)
}
