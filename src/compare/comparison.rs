//! What a comparison says, as data: sides, differences, references, cells and
//! their answers. It owns the shape that `--json` prints; what the answers are is
//! `judge`'s.

use serde::{Deserialize, Serialize};

use super::classes::ClassChange;
use super::comparability::{self, Difference};
use super::statistics::Basis;
use super::{CountComparison, Quantity, Verdict};
use crate::cell::Cell;
use crate::doubt::DoubtKinds;
use crate::ratio::Ratio;

/// One baseline against another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The version of this shape: 1.
    pub format_version: u32,
    /// What is compared with.
    pub base: BaselineSummary,
    /// What is compared.
    pub new: BaselineSummary,
    /// What differs between their conditions.
    pub differences: Vec<Difference>,
    /// Differences up to this share are not called.
    pub threshold: f64,
    /// Of how many comparisons this is one, if of several: all their verdicts hold
    /// together.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comparisons: Option<usize>,
    /// What the references did that each quantity is held against, where both
    /// sides measured them.
    #[serde(default)]
    pub references: Vec<ReferenceChange>,
    /// Which cost classes changed in the cells whose CPU cost did: no verdicts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub classes: Vec<ClassChange>,
    /// What was counted on both sides.
    #[serde(default)]
    pub counts: Vec<CountComparison>,
    /// Every cell that either measured, each quantity and question apart.
    pub cells: Vec<CellComparison>,
}

/// What a plain copy or an empty system call changed by: the machine, or what
/// the kernel does for each system call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReferenceChange {
    /// What is held against it.
    pub quantity: Quantity,
    /// The reference's lane.
    pub reference: String,
    /// Time after over before, over all rows, with its 95 % interval.
    pub ratio: Ratio,
}

/// One side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaselineSummary {
    /// Its name.
    pub name: String,
    /// The kernel that it was taken under, if that is known.
    pub kernel_release: Option<String>,
    /// The most processes that measured a cell.
    pub processes: usize,
    /// By what its processors are known for emulated ones, if they are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub emulated: Option<String>,
    /// What to know of how it was read.
    pub notes: Vec<String>,
}

/// One cell in one quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellComparison {
    /// The cell.
    pub cell: Cell,
    /// What of it.
    pub quantity: Quantity,
    /// Against the other modes of its blocks.
    pub relative: Judged,
    /// By itself.
    pub absolute: Judged,
    /// The doubts of either side.
    pub doubts: DoubtKinds,
}

/// The answer to one question about one cell; by default none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// What can be said.
    pub verdict: Verdict,
    /// The other mode that a relative answer is against: of all the one that
    /// this mode changed least against.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub against: Option<String>,
    /// Time or cost a message before, of a relative answer over the other
    /// mode's.
    pub base: Option<f64>,
    /// The same after.
    pub new: Option<f64>,
    /// After over before, with its 95 % interval: above 1 is slower, or dearer.
    pub ratio: Option<Ratio>,
    /// The chance of so large a difference if there were none, corrected for
    /// the number of cells (Holm).
    pub p_value: Option<f64>,
    /// The smallest change that would have been found in 8 of 10 comparisons
    /// such as this, by all that a verdict takes, as a share: 0.03 is 3 %.
    pub findable: Option<f64>,
    /// Where that is too large to say anything: how many passes a side would find
    /// one of [`super::COARSEST`], if they vary as these did; none if more than can be
    /// recorded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub passes_needed: Option<usize>,
    /// What the interval rests on.
    pub basis: Option<Basis>,
    /// How many of those either side has.
    #[serde(default)]
    pub counts: Option<[usize; 2]>,
    /// Whether the figure changed, by itself or over a reference, but not surely in
    /// all of them, or one mode against another, but not surely at one pace of the
    /// plain copy: a change of the mode cannot be told from one of the machine.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub confounded: bool,
    /// Why there is no answer, or why it says less than it seems to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

impl Comparison {
    /// Whether any cell has this verdict, to either question.
    pub fn has(&self, verdict: Verdict) -> bool {
        self.count(verdict) != [0, 0]
    }

    /// How many cells have this verdict, relative and absolute.
    pub fn count(&self, verdict: Verdict) -> [usize; 2] {
        let of = |pick: fn(&CellComparison) -> &Judged| {
            self.cells.iter().filter(|cell| pick(cell).verdict == verdict).count()
        };
        [of(|cell| &cell.relative), of(|cell| &cell.absolute)]
    }

    /// What differs between their conditions and weighs so much.
    pub fn differences_of(&self, weight: comparability::Weight) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |difference| difference.weight == weight)
    }

    /// What was changed between the two, in a sentence: the kernel and its settings,
    /// or whatever else may be the cause.
    pub fn conditions(&self) -> String {
        let of = |weight: comparability::Weight| -> Vec<String> {
            self.differences_of(weight).map(Difference::text).collect()
        };
        let (sought, warned) = (of(comparability::Weight::Sought), of(comparability::Weight::Warning));
        let also = if warned.is_empty() {
            String::new()
        } else {
            format!("; and, not of the kernel: {}", warned.join("; "))
        };
        match sought.as_slice() {
            [] if warned.is_empty() => {
                "Nothing that is recorded of the kernel and its settings differs.".to_string()
            }
            [] => format!("What differs is not of the kernel: {}.", warned.join("; ")),
            sought => format!("What differs of the kernel and its settings: {}{also}.", sought.join("; ")),
        }
    }

    /// What to know of either side before any verdict.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.base.notes.iter().chain(&self.new.notes).cloned().collect();
        if self.base.processes == 1 || self.new.processes == 1 {
            notes.push(
                "one process on a side: what processes differ by is not measured there. Intervals are widened for \
                 it; `copycost record` makes a baseline of several"
                    .to_string(),
            );
        }
        notes
    }
}
