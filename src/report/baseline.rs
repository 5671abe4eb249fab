//! What is known of a baseline as a whole: its processes, its conditions, what
//! it could show, what is doubtful and what is missing. It owns how that is put
//! together from several processes; figures of cells are `figures`'s.

use serde::{Deserialize, Serialize};

use crate::cell::{Cell, Target};
use crate::results::resolution::Resolution;

/// One baseline of the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaselineFacts {
    /// Its name; `new` is the last run.
    pub name: String,
    /// The kernel that it was taken under, if that is known.
    pub kernel_release: Option<String>,
    /// The most processes that measured a cell.
    pub processes: usize,
    /// The bench targets that it holds, with how many cells of each.
    pub targets: Vec<(Target, usize)>,
    /// The profile's name.
    pub profile: String,
    /// What `client_cost_per_byte` and the like are in: `cycles` or `ns CPU`.
    pub counted_in: Vec<String>,
    /// What to know of how it was read.
    pub notes: Vec<String>,
    /// The environment in full.
    pub conditions: Vec<Condition>,
    /// Every setting in force, as `table.key` and its value.
    pub settings: Vec<(String, String)>,
    /// The commands that measure it again.
    pub commands: Vec<String>,
}

/// One condition: docs/RECORD.md, "Environment", has the names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Its name.
    pub name: String,
    /// What it was; several values if it changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// Why it is not known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub absent: Option<String>,
}

/// How small a difference one bench target of a baseline could show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResolution {
    /// The baseline's name.
    pub baseline: String,
    /// The bench target.
    pub target: Target,
    /// The processes that it rests on.
    pub processes: usize,
    /// The figures.
    pub resolution: Resolution,
    /// In words.
    pub text: String,
}

/// One kind of doubt in one baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoubtNote {
    /// The baseline's name.
    pub baseline: String,
    /// The letter that marks it.
    pub mark: char,
    /// Its heading in docs/METHOD.md.
    pub title: String,
    /// What to do about it.
    pub remedy: String,
    /// The cells that it is about.
    pub cells: Vec<DoubtfulCell>,
}

/// A cell with a doubt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoubtfulCell {
    /// The cell.
    pub cell: Cell,
    /// The doubt with its figures, of the first process that has it.
    pub text: String,
    /// In how many processes.
    pub processes: usize,
    /// Of how many that measured the cell.
    pub of_processes: usize,
}

/// Figures that are absent for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Absence {
    /// The baseline's name.
    pub baseline: String,
    /// Why.
    pub reason: String,
    /// The [`super::figures::Quantity::id`]s, sorted.
    pub quantities: Vec<String>,
    /// In how many cells.
    pub cells: usize,
}
