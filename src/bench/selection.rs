//! Which cells of a bench target are asked for, and what it means if none is:
//! `cargo bench` hands one filter to all three targets, so cells of another are
//! no mistake, and a filter that no cell matches is one.

use super::invocation::{Invocation, Mode};
use crate::cell::{Cell, Filter, Target};
use crate::error::{Error, Result};
use crate::profile::Profile;

/// The cells of `target` that the filter lets through. None is refused if there
/// is none in any target either; a list may be empty.
pub(super) fn asked_for(target: Target, profile: &Profile, invocation: &Invocation) -> Result<Vec<Cell>> {
    let filter = &invocation.filter;
    let of = |target| profile.cells(target).into_iter().filter(|cell| filter.matches(cell)).collect();
    let found: Vec<Cell> = of(target);
    if !found.is_empty() || invocation.mode == Mode::List || matches!(filter, Filter::Nothing) {
        return Ok(found);
    }
    let elsewhere: Vec<String> = Target::ALL
        .into_iter()
        .map(|other| (other, of(other)))
        .filter(|(_, cells): &(_, Vec<Cell>)| !cells.is_empty())
        .map(|(other, cells)| format!("{} has {}", other.name(), cells.len()))
        .collect();
    if elsewhere.is_empty() {
        // This target's first: of equally close ids those stay in front.
        let others = Target::ALL.into_iter().filter(|other| *other != target);
        let every: Vec<Cell> =
            [target].into_iter().chain(others).flat_map(|target| profile.cells(target)).collect();
        let closest = filter.closest(&every).join(", ");
        return Err(no_cell(filter, format!("no cell of any target matches; the closest are {closest}")));
    }
    if !invocation.is_quiet {
        let name = target.name();
        println!("copycost: no cell of {name} matches `{filter}`; {}", elsewhere.join(", "));
    }
    Ok(found)
}

/// Those of `cells` whose copy mode the kernel takes.
pub(super) fn taken(
    mut cells: Vec<Cell>,
    is_taken: impl Fn(&Cell) -> bool,
    invocation: &Invocation,
) -> Result<Vec<Cell>> {
    cells.retain(is_taken);
    match cells.is_empty() {
        true => {
            Err(no_cell(&invocation.filter, "the kernel refuses every copy mode that it asks for".into()))
        }
        false => Ok(cells),
    }
}

/// A list is ids and nothing else, for programs that read it.
pub(super) fn list(cells: &[Cell], invocation: &Invocation) {
    if invocation.mode == Mode::List {
        for cell in cells {
            println!("{cell}: benchmark");
        }
    }
}

fn no_cell(filter: &Filter, what: String) -> Error {
    Error::Flag { flag: "FILTER", value: format!("`{filter}`"), what }
}
