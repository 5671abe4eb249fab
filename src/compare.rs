//! Two baselines, cell by cell: what changed, by how much, and whether that can
//! be told from chance. It owns the questions and the verdicts; where a
//! baseline comes from is `compare/baseline.rs`'s, the statistics
//! `compare/statistics.rs`'s, what makes two of them differ in more than the
//! kernel `compare/comparability.rs`'s.
//!
//! For each cell and [`Quantity`] two questions are answered apart. *Relative*:
//! did this mode change against the other modes of its blocks? *Absolute*: did
//! its figure change? docs/METHOD.md, "Comparing two baselines", has the method
//! and what was measured of it.

mod answer;
mod baseline;
pub mod comparability;
mod judge;
mod machine;
mod pairs;
mod power;
mod quantity;
pub(crate) mod rows;
mod serial;
pub mod statistics;
pub mod table;
mod verdict;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use baseline::{Baseline, Process};
pub use quantity::Quantity;
pub use verdict::Verdict;

use crate::cell::Cell;
use crate::doubt::DoubtKinds;
use crate::error::{Error, Result};
use crate::results::table::count;
use answer::Sides;
use comparability::Difference;
use judge::judge;
use machine::Machine;
use rows::Rows;
use statistics::Basis;

/// The chance of any false verdict among all cells of one quantity and
/// question.
pub const LEVEL: f64 = 0.05;

/// The confidence of the intervals that are shown: for one cell alone.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// A cell in which no difference was found and in which one of this size could
/// have been missed says nothing: `cannot tell`.
pub const COARSEST: f64 = 0.10;

/// What is asked of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Differences up to this share are not called: 0.01 is 1 %.
    pub threshold: f64,
    /// Compare also what should not be compared.
    pub force: bool,
}

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
    /// What the references did that each quantity is held against, where both
    /// sides measured them.
    #[serde(default)]
    pub references: Vec<ReferenceChange>,
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
    pub ratio: Interval,
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

/// The answer to one question about one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    pub ratio: Option<Interval>,
    /// The chance of so large a difference if there were none, corrected for
    /// the number of cells (Holm).
    pub p_value: Option<f64>,
    /// The smallest change that would have been found in 8 of 10 comparisons
    /// such as this, by all that a verdict takes, as a share: 0.03 is 3 %.
    pub findable: Option<f64>,
    /// Where that is too large to say anything: how many passes a side would find
    /// one of [`COARSEST`], if they vary as these did; none if more than can be
    /// recorded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub passes_needed: Option<usize>,
    /// What the interval rests on.
    pub basis: Option<Basis>,
    /// How many of those either side has.
    #[serde(default)]
    pub counts: Option<[usize; 2]>,
    /// Of an absolute answer: whether the figure changed, by itself or over a
    /// reference, but not surely in all of them, so that a change of the mode
    /// cannot be told from one of the machine.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub confounded: bool,
    /// Why there is no answer, or why it says less than it seems to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// An estimate and its 95 % interval, for this cell alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Interval {
    pub estimate: f64,
    pub lower: f64,
    pub upper: f64,
}

impl Interval {
    /// The ratio whose log the difference is.
    fn of(difference: &statistics::Difference) -> Interval {
        let (lower, upper) = difference.interval(CONFIDENCE);
        Interval { estimate: difference.estimate.exp(), lower: lower.exp(), upper: upper.exp() }
    }
}

/// Compares `new` with `base`. An error if they measured different things and
/// that is not forced.
pub fn compare(base: &Baseline, new: &Baseline, options: Options) -> Result<Comparison> {
    let differences = comparability::differences(base, new);
    let refused: Vec<String> = differences
        .iter()
        .filter(|d| d.weight == comparability::Weight::Refusal)
        .map(Difference::text)
        .collect();
    if !refused.is_empty() && !options.force {
        return Err(Error::Compare {
            base: base.name.clone(),
            new: new.name.clone(),
            what: refused.join("; "),
        });
    }
    let shared = base.processes_of(new);
    if shared == base.processes.len() && shared == new.processes.len() {
        return Err(Error::OneBaseline { base: base.name.clone(), new: new.name.clone(), processes: shared });
    }
    let (in_turn, mut notes) = pairs::in_turn(base, new);
    let (base, new) = (&base.calm(), &new.calm());
    let (mut references, mut cells) = (Vec::new(), Vec::new());
    for quantity in Quantity::ALL {
        let in_turn = in_turn.get(&quantity.target()).cloned().unwrap_or_default();
        let sides = sides(base, new, quantity, in_turn, options.threshold);
        let both = !sides.base.keys().is_empty() && !sides.new.keys().is_empty();
        if both && sides.base.unit() == sides.new.unit() {
            references.extend(sides.machine.changes(quantity, &sides.in_turn));
        }
        cells.extend(judge(&sides));
    }
    if shared > 0 {
        notes.push(format!(
            "{} shared by `{}` and `{}`: what was measured there counts on both sides",
            count(shared, "process"),
            new.name,
            base.name
        ));
    }
    let mut of_new = new.summary();
    of_new.notes.extend(notes);
    Ok(Comparison {
        format_version: 1,
        base: base.summary(),
        new: of_new,
        differences,
        threshold: options.threshold,
        references,
        cells,
    })
}

/// What a comparison of a baseline with another of as many processes, which vary as
/// these do, could find: of use for that alone.
pub(crate) fn with_one_like_it(baseline: &Baseline, quantity: Quantity) -> Vec<CellComparison> {
    judge(&sides(baseline, baseline, quantity, BTreeSet::new(), 0.0))
}

fn sides<'a>(
    base: &'a Baseline,
    new: &'a Baseline,
    quantity: Quantity,
    in_turn: BTreeSet<usize>,
    threshold: f64,
) -> Sides<'a> {
    let rows = |baseline, quantity| Rows::of(baseline, quantity).inflated();
    let (of_base, of_new) = (rows(base, quantity), rows(new, quantity));
    let by = quantity.of_references();
    let machine = match by == quantity {
        true => Machine::of(&of_base, &of_new, [&of_base, &of_new]),
        false => Machine::of(&of_base, &of_new, [&Rows::of(base, by), &Rows::of(new, by)]),
    };
    Sides { base: of_base, new: of_new, machine, in_turn, threshold: threshold.ln_1p() }
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
