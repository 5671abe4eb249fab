//! The end of a recording that nobody wants. It owns what goes with it:
//! Criterion's files of its passes do, those of a run of `cargo bench` under the
//! same name stay.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{directory, lock, pass_file, passes, read_pass};
use crate::error::{Error, Result, failed};
use crate::results::criterion_files::{self, RECORD_FILE};
use crate::results::name::BaselineName;

/// Beside the recordings; no baseline's name begins with a dot.
const DISCARDED: &str = ".discarded";

/// What went, and what stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discarded {
    /// Passes of the recording.
    pub passes: usize,
    /// Cells that Criterion keeps under the name and that are of no pass.
    pub cells_left: usize,
}

/// Removes the recording called `name`, imported ones included.
pub fn discard(output: &Path, name: &BaselineName) -> Result<Discarded> {
    let place = directory(output, name.as_str());
    if !place.is_dir() {
        let what = "there is no such recording to discard".to_string();
        return Err(Error::Recording { name: name.to_string(), what });
    }
    let _lock = lock(output, name.as_str())?;
    let done = passes(&place)?;
    let mut runs: BTreeSet<(String, u64)> = BTreeSet::new();
    for pass in &done {
        for record in read_pass(&pass_file(&place, *pass))?.into_iter().flatten() {
            runs.insert((record.cell.to_string(), record.seed));
        }
    }
    let mut cells_left = 0;
    for cell in criterion_files::baseline_directories(output, name.as_str())? {
        let is_a_pass = criterion_files::read_record(&cell.join(RECORD_FILE))
            .is_ok_and(|record| runs.contains(&(record.cell.to_string(), record.seed)));
        match is_a_pass {
            true => fs::remove_dir_all(&cell).map_err(failed(&cell))?,
            false => cells_left += 1,
        }
    }
    // Out of sight in one step: what is killed from here on leaves no half of a recording.
    let discarded = directory(output, DISCARDED);
    if discarded.exists() {
        fs::remove_dir_all(&discarded).map_err(failed(&discarded))?;
    }
    fs::rename(&place, &discarded).map_err(failed(&place))?;
    fs::remove_dir_all(&discarded).map_err(failed(&discarded))?;
    Ok(Discarded { passes: done.len(), cells_left })
}
