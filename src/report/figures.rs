//! Every absolute figure behind the page: a row for each baseline, cell and
//! quantity, with its interval or the reason for its absence. It owns how the
//! records of one or several processes become one figure; figures of one mode
//! against another are `ratios`'s.

use serde::{Deserialize, Serialize};

use super::estimate::Reading;
use crate::cell::Cell;

/// What is given of each cell; a metric that this version does not know has one
/// of its own all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// The name in figures, CSV and JSON.
    pub id: String,
    /// In words.
    pub label: String,
    /// Whether less of it is better; `None` where that is not for it to say.
    pub less_is_better: Option<bool>,
}

/// One quantity of one cell in one baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The baseline's name.
    pub baseline: String,
    /// The cell. Its `mode` can be a reference: `memcpy` or `system-call`,
    /// from the blocks of all cells of that size and thread count.
    pub cell: Cell,
    /// A [`Quantity::id`].
    pub quantity: String,
    /// The unit of the value; `""` where it has none.
    pub unit: String,
    /// The value with its interval, or why there is none.
    #[serde(flatten)]
    pub reading: Reading,
    /// The marks of the cell's doubts.
    pub doubts: String,
}
