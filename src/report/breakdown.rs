//! Where the CPU time of each cell went, of one process or of several together. It
//! owns which cells have a breakdown; drawing is `page/`'s.

use serde::{Deserialize, Serialize};

use super::cells::cells;
use crate::cell::Cell;
use crate::compare::Baseline;
use crate::exchange::CostUnit;
use crate::metric::breakdown::Breakdown;
use crate::metric::pooled_breakdown::pooled;
use crate::or_absent::OrAbsent;

/// Where one cell's CPU time went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellBreakdown {
    /// The baseline's name.
    pub baseline: String,
    /// The cell.
    pub cell: Cell,
    /// Processes that it is of.
    pub processes: usize,
    /// What its costs are in.
    pub counted_in: CostUnit,
    /// The shares, or why there are none.
    pub breakdown: OrAbsent<Breakdown>,
}

/// Those of every cell of `baseline` that was to be broken down.
pub(super) fn gather(baseline: &Baseline) -> Vec<CellBreakdown> {
    let mut all = Vec::new();
    for of_cell in cells(baseline) {
        let Some(first) = of_cell.records.iter().find(|record| record.breakdown.is_some()) else { continue };
        let each = of_cell.records.iter().filter_map(|record| record.breakdown.as_ref());
        let found: Vec<&Breakdown> = each.clone().filter_map(OrAbsent::found).collect();
        let why = each.clone().find_map(OrAbsent::absence).unwrap_or_default();
        all.push(CellBreakdown {
            baseline: baseline.name.clone(),
            cell: of_cell.cell.clone(),
            processes: found.len(),
            counted_in: first.counted_in,
            breakdown: pooled(&found).map_or_else(|| OrAbsent::absent(why), OrAbsent::Found),
        });
    }
    all
}
