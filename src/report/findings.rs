//! Findings: what the figures answer to the questions people come with, each a
//! sentence assembled from figures with the cells it rests on. It owns their
//! shape and order; what each says is in `findings/`, one file a kind.

mod comparison;
mod copies;
mod crossovers;
mod limited_by;
mod small_messages;
mod threads;
mod zero_copy;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Compared;
use super::breakdown::CellBreakdown;
use super::crossover::CrossoverRow;
use super::estimate::{Estimate, Reading};
use super::figures::Figure;
use super::index::{Index, Lookup};
use super::ratios::RatioFigure;
use super::words;
use crate::cell::{Cell, Target};
use crate::compare::{Baseline, Quantity};
use crate::doubt::{DoubtKind, DoubtKinds};

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Whether zero-copy was.
    ZeroCopy,
    /// Which copies are made where, and what they cost.
    Copies,
    /// What a mode pays that does not copy in the send.
    PaidInstead,
    /// From which size on one mode overtakes another.
    Crossover,
    /// What limits the cells, and whether that is the same for the modes of a row.
    LimitedBy,
    /// What further threads do.
    Threads,
    /// What a small message pays for.
    SmallMessages,
    /// What changed from the first baseline to another.
    Comparison,
}

impl FindingKind {
    /// Every kind, in the order of a reader's questions.
    pub const ALL: [FindingKind; 8] = [
        FindingKind::ZeroCopy,
        FindingKind::Copies,
        FindingKind::PaidInstead,
        FindingKind::Crossover,
        FindingKind::LimitedBy,
        FindingKind::Threads,
        FindingKind::SmallMessages,
        FindingKind::Comparison,
    ];

    /// The question that it answers.
    pub fn title(self) -> &'static str {
        match self {
            FindingKind::ZeroCopy => "Was zero-copy real?",
            FindingKind::Copies => "Where are the bytes copied?",
            FindingKind::PaidInstead => "What is paid instead of the send copy?",
            FindingKind::Crossover => "From which size on does a mode pay?",
            FindingKind::LimitedBy => "What limits the modes that are compared?",
            FindingKind::Threads => "What do further threads do?",
            FindingKind::SmallMessages => "What does a small message pay for?",
            FindingKind::Comparison => "What changed?",
        }
    }
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
    /// These cells' doubts.
    pub doubts: DoubtKinds,
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

/// What the findings of one baseline are made from.
pub(super) struct Evidence<'a> {
    pub(super) baseline: &'a Baseline,
    pub(super) modes: &'a [String],
    pub(super) figures: &'a [Figure],
    pub(super) ratios: &'a [RatioFigure],
    pub(super) index: &'a Index<'a>,
    pub(super) crossovers: &'a [CrossoverRow],
    pub(super) breakdowns: &'a [CellBreakdown],
}

/// Every finding of one baseline by itself, in the order in which a reader
/// needs them: whether the figures mean what their names say comes first.
pub(super) fn gather(evidence: &Evidence<'_>) -> Vec<Finding> {
    let kinds = [
        zero_copy::findings,
        copies::findings,
        crossovers::findings,
        limited_by::findings,
        threads::findings,
        small_messages::findings,
    ];
    kinds.iter().flat_map(|findings| findings(evidence)).collect()
}

/// What changed from the first baseline to each other.
pub(super) fn of_comparisons(comparisons: &[Compared]) -> Vec<Finding> {
    comparisons.iter().map(comparison::finding).collect()
}

impl Evidence<'_> {
    fn name(&self) -> &str {
        &self.baseline.name
    }

    fn lookup(&self, quantity: Quantity) -> Lookup<'_> {
        self.index.lookup(self.name(), quantity)
    }

    fn figure(&self, cell: &Cell, quantity: &str) -> Option<&Figure> {
        self.index.figure(self.name(), cell, quantity)
    }

    fn value(&self, cell: &Cell, quantity: &str) -> Option<f64> {
        self.figure(cell, quantity)?.reading.value()
    }

    /// The cells of a target that have records, references left out.
    fn cells(&self, target: Target) -> BTreeSet<Cell> {
        let of_target = self.figures.iter().map(|figure| &figure.cell).filter(|cell| cell.target == target);
        of_target.filter(|cell| self.modes.contains(&cell.mode)).cloned().collect()
    }

    /// These cells' doubts.
    fn doubts<'a>(&self, cells: impl Iterator<Item = &'a Cell>) -> DoubtKinds {
        let cells: BTreeSet<&Cell> = cells.collect();
        let of_cells = self.figures.iter().filter(|figure| cells.contains(&figure.cell));
        DoubtKinds::of_all(of_cells.map(|figure| &figure.doubts))
    }

    /// `2 threads (oversubscribed)`, `1, 2 and 4 threads (2 and 4 oversubscribed)`:
    /// where threads have no CPU each, it is said.
    fn thread_counts(&self, target: Target, counts: &[usize]) -> String {
        let is_marked = |count: &&usize| {
            let of = |figure: &&Figure| figure.cell.target == target && figure.cell.threads == **count;
            self.figures.iter().filter(of).any(|figure| figure.doubts.contains(DoubtKind::Oversubscribed))
        };
        let marked: Vec<usize> = counts.iter().filter(is_marked).copied().collect();
        words::thread_counts(counts, &marked)
    }
}

impl Finding {
    /// A sentence that nothing is said to rest on yet.
    fn new(kind: FindingKind, baseline: &str, headline: String) -> Finding {
        let (baseline, doubts) = (baseline.to_string(), DoubtKinds::default());
        Finding {
            kind,
            baseline,
            headline,
            details: Vec::new(),
            figures: Vec::new(),
            cells: Vec::new(),
            doubts,
        }
    }
}

impl FindingFigure {
    fn counted(label: impl Into<String>, count: f64) -> FindingFigure {
        let reading = Reading::Found(Estimate::without_interval(count, "a count, not an estimate"));
        FindingFigure::measured(label.into(), "", reading)
    }

    fn measured(label: String, unit: &str, reading: Reading) -> FindingFigure {
        FindingFigure { label, unit: unit.to_string(), reading, derived: None }
    }

    fn derived(label: String, unit: &str, reading: Reading, how: &str) -> FindingFigure {
        FindingFigure { derived: Some(how.to_string()), ..FindingFigure::measured(label, unit, reading) }
    }
}
