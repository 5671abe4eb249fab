//! Which cost classes changed in the cells whose CPU cost did. It owns which are
//! listed; it gives no verdict, for nothing here is corrected for how many classes
//! are looked at.

use serde::{Deserialize, Serialize};

use super::{Baseline, CellComparison, Quantity};
use crate::breakdown::CostClass;
use crate::cell::Cell;
use crate::metric::breakdown::{Breakdown, ClassShare};
use crate::metric::pooled_breakdown::pooled;

/// A change of less than this share of the side's cost is not listed.
const LEAST_LISTED: f64 = 0.01;

/// What one class of one side of a changed cell cost a byte, before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassChange {
    /// The cell.
    pub cell: Cell,
    /// `client` or `server`.
    pub side: String,
    /// The class.
    pub class: CostClass,
    /// What it cost a byte before; 0 where it was not seen.
    pub base: f64,
    /// After.
    pub new: f64,
    /// The change over what the side cost before, all classes together.
    pub of_total: f64,
    /// By how much that may be off with 95 % confidence, as far as the shares'
    /// intervals tell: what the whole cost may be off is not in it.
    pub half_width: f64,
}

/// The classes whose cost changed by more than their intervals, in the cells of
/// `cells` whose CPU cost did.
pub(super) fn of_changed(base: &Baseline, new: &Baseline, cells: &[CellComparison]) -> Vec<ClassChange> {
    let changed = cells.iter().filter(|one| {
        let verdicts = [one.relative.verdict, one.absolute.verdict];
        one.quantity == Quantity::CpuCost && verdicts.iter().any(|verdict| verdict.is_change())
    });
    let both = changed.filter_map(|one| Some((&one.cell, of(base, &one.cell)?, of(new, &one.cell)?)));
    both.flat_map(|(cell, base, new)| of_cell(cell, &base, &new)).collect()
}

fn of(baseline: &Baseline, cell: &Cell) -> Option<Breakdown> {
    let records = baseline.processes.iter().flat_map(|process| &process.records);
    let found = records.filter(|record| record.cell == *cell);
    pooled(&found.filter_map(|record| record.breakdown.as_ref()?.found()).collect::<Vec<_>>())
}

fn of_cell(cell: &Cell, base: &Breakdown, new: &Breakdown) -> Vec<ClassChange> {
    let mut changes = Vec::new();
    for ((side, before), (_, after)) in base.sides().into_iter().zip(new.sides()) {
        let total: f64 = before.classes.iter().filter_map(|class| class.per_byte.found()).sum();
        for class in CostClass::ALL {
            let (Some(old), Some(new)) = (cost(before.class(class)), cost(after.class(class))) else {
                continue;
            };
            let change = ClassChange {
                cell: cell.clone(),
                side: side.to_string(),
                class,
                base: old.0,
                new: new.0,
                of_total: (new.0 - old.0) / total,
                half_width: old.1.hypot(new.1) / total,
            };
            if change.of_total.abs() > change.half_width.max(LEAST_LISTED) {
                changes.push(change);
            }
        }
    }
    changes
}

/// What a byte cost in it, and half the width of its interval; `None` if that is not
/// known.
fn cost(class: Option<&ClassShare>) -> Option<(f64, f64)> {
    let Some(class) = class else { return Some((0.0, 0.0)) };
    let cost = *class.per_byte.found()?;
    let half = if class.share > 0.0 { (class.upper - class.lower) / 2.0 / class.share } else { 0.0 };
    Some((cost, cost * half))
}
