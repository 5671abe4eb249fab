//! Every absolute figure behind the page: a row for each baseline, cell and
//! quantity, with its interval or the reason for its absence. It owns how the
//! records of one or several processes become one figure; figures of one mode
//! against another are `ratios`'s.

use serde::{Deserialize, Serialize};

use super::cells::cells;
use super::estimate::{Reading, TOO_FEW_GENERATIONS, of_side};
use super::quantities::{
    self, COST_PER_BYTE, COST_PER_MESSAGE, Given, THROUGHPUT, TIME_PER_MESSAGE, is_of_time,
};
use super::ratios::no_limit;
use crate::cell::{Cell, Target};
use crate::compare::rows::Rows;
use crate::compare::{self, Baseline};
use crate::doubt::{DoubtKind, DoubtKinds};
use crate::exchange::{REFERENCES, Reference};
use crate::metric::cpu_cost::per_byte_unit;
use crate::results::record::Record;

/// One quantity of one cell in one baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The baseline's name.
    pub baseline: String,
    /// The cell. Its `mode` can be a reference: `memcpy` or `system-call`,
    /// from the blocks of all cells of that size and thread count.
    pub cell: Cell,
    /// A [`quantities::Quantity::id`].
    pub quantity: String,
    /// The unit of the value; `""` where it has none.
    pub unit: String,
    /// The value with its interval, or why there is none.
    #[serde(flatten)]
    pub reading: Reading,
    /// The cell's doubts, as far as they concern such a figure.
    pub doubts: DoubtKinds,
}

/// Every figure of one baseline.
pub(super) fn gather(baseline: &Baseline) -> Vec<Figure> {
    let mut figures = Vec::new();
    let cells = cells(baseline);
    for of_cell in &cells {
        let doubts = of_cell.doubts();
        let given = quantities::of_cell(&of_cell.records);
        figures.extend(given.into_iter().map(|given| figure(baseline, &of_cell.cell, given, &doubts)));
    }
    for quantity in [compare::Quantity::Throughput, compare::Quantity::CpuCost] {
        figures.extend(references(baseline, quantity));
    }
    figures
}

fn figure(baseline: &Baseline, cell: &Cell, given: Given, doubts: &DoubtKinds) -> Figure {
    Figure {
        baseline: baseline.name.clone(),
        cell: cell.clone(),
        doubts: if is_of_time(&given.unit) { doubts.clone() } else { doubts.of_counts() },
        quantity: given.quantity,
        unit: given.unit,
        reading: given.reading,
    }
}

/// The references of each row, from the blocks of all its cells.
fn references(baseline: &Baseline, quantity: compare::Quantity) -> Vec<Figure> {
    let rows = Rows::of(baseline, quantity);
    let mut figures = Vec::new();
    for key in rows.keys() {
        let Some(first) = rows.records(key).next() else { continue };
        // The only doubts of a cell that concern a reference too.
        let shared = [DoubtKind::Oversubscribed, DoubtKind::Emulated];
        let doubts = first.doubt_kinds().iter().filter(|kind| shared.contains(kind)).collect();
        for reference in REFERENCES {
            let mut per_message = of_side(&rows.absolute(key, reference.name()), TOO_FEW_GENERATIONS);
            if per_message.absence().is_some() {
                continue; // the blocks have no such rounds
            }
            if let Some(why) = no_limit(&rows, key, reference.name()) {
                per_message = Reading::absent(why);
            }
            let cell = rows.cell(key, reference.name());
            for given in reference_figures(reference, first, &per_message) {
                figures.push(figure(baseline, &cell, given, &doubts));
            }
        }
    }
    figures
}

fn reference_figures(reference: Reference, record: &Record, per_message: &Reading) -> Vec<Given> {
    let bytes = record.cell.message_bytes as f64;
    let given = |quantity: &str, unit: &str, reading: Reading| Given {
        quantity: quantity.to_string(),
        unit: unit.to_string(),
        reading,
    };
    let (whole, part) = match record.cell.target {
        Target::CpuCost => {
            let unit = record.cost_unit.unwrap_or(record.counted_in);
            let per_byte = given(COST_PER_BYTE, &per_byte_unit(unit), per_message.map(|cost| cost / bytes));
            (given(COST_PER_MESSAGE, unit.name(), per_message.clone()), per_byte)
        }
        Target::Throughput | Target::Latency => (
            given(TIME_PER_MESSAGE, "ns", per_message.clone()),
            given(THROUGHPUT, "Gbit/s", per_message.map(|ns| 8.0 * bytes / ns)),
        ),
    };
    match reference {
        Reference::Memcpy => vec![whole, part],
        Reference::SystemCall => vec![whole], // it moves no bytes
    }
}
