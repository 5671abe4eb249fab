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
mod classes;
pub mod comparability;
mod comparison;
mod counts;
mod judge;
mod machine;
mod pairs;
mod power;
mod quantity;
pub(crate) mod rows;
mod serial;
mod shared_blocks;
pub mod side_by_side;
mod slope;
pub mod statistics;
pub mod table;
mod verdict;

use std::collections::BTreeSet;

pub use baseline::{Baseline, Process};
pub use classes::ClassChange;
pub use comparison::{BaselineSummary, CellComparison, Comparison, Judged, ReferenceChange};
pub use counts::CountComparison;
pub use quantity::Quantity;
pub use verdict::Verdict;

use crate::cell::Target;
use crate::error::{Error, Result};
use crate::results::table::count;
use answer::Sides;
use comparability::Difference;
use judge::judge;
use machine::Machine;
use rows::Rows;

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
    /// How many comparisons are asked for at once: their verdicts hold together.
    pub comparisons: usize,
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
    let one_emulated = comparability::one_emulated(base, new);
    let times_are_apart = one_emulated.is_some() && !options.force;
    let steered_apart = comparability::steered_apart(base, new);
    let (base, new) = (&base.calm(), &new.calm());
    let counts = Target::ALL.into_iter().flat_map(|target| counts::of_target(base, new, target)).collect();
    let (mut references, mut cells) = (Vec::new(), Vec::new());
    for quantity in Quantity::ALL {
        let in_turn = in_turn.get(&quantity.target()).cloned().unwrap_or_default();
        let mut sides = sides(base, new, quantity, in_turn, options.threshold);
        (sides.times_are_apart, sides.share_blocks) = (times_are_apart, pairs::share_blocks(base, new));
        sides.are_steered_apart = steered_apart.is_some() && !options.force;
        let both = !sides.base.keys().is_empty() && !sides.new.keys().is_empty();
        if both && !times_are_apart && sides.base.unit() == sides.new.unit() {
            references.extend(sides.machine.changes(quantity, &sides.in_turn));
        }
        cells.extend(judge(&sides, options.comparisons));
    }
    notes.extend(one_emulated.map(|what| match times_are_apart {
        true => format!(
            "{what}, and has no verdict (`--force` gives one); what was counted compares all the same"
        ),
        false => format!("{what}; its verdicts are forced"),
    }));
    notes.extend(steered_apart.map(|what| match options.force {
        true => format!("{what}; relative verdicts are forced"),
        false => format!("{what}; so no mode has a relative verdict (`--force` gives one)"),
    }));
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
        comparisons: (options.comparisons > 1).then_some(options.comparisons),
        references,
        classes: classes::of_changed(base, new, &cells),
        counts,
        cells,
    })
}

/// What a comparison of a baseline with another of as many processes, which vary as
/// these do, could find: of use for that alone.
pub(crate) fn with_one_like_it(baseline: &Baseline, quantity: Quantity) -> Vec<CellComparison> {
    judge(&sides(baseline, baseline, quantity, BTreeSet::new(), 0.0), 1)
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
    Sides {
        base: of_base,
        new: of_new,
        machine,
        in_turn,
        share_blocks: false,
        times_are_apart: false,
        are_steered_apart: false,
        threshold: threshold.ln_1p(),
    }
}
