//! A cell that was measured is kept, or the run says that it is not and why.
//! Criterion says on the way what it could not write, and goes on: its files are
//! looked at again here.

use std::path::Path;
use std::process::ExitCode;

use super::invocation::Invocation;
use crate::cell::Cell;
use crate::error::{Error, Result};
use crate::results::criterion_files;
use crate::results::record::Record;

/// Writes the record beside Criterion's files of this run, which must be there
/// under the name that the run is saved as.
pub(super) fn save(output: &Path, record: &Record, saved_as: Option<&str>) -> Result<()> {
    let cell = &record.cell;
    let places = criterion_files::save_record(output, record)
        .map_err(|error| Error::NotKept { cell: cell.clone(), what: error.to_string() })?;
    match saved_as {
        Some(name) if !places.iter().any(|place| place.ends_with(name)) => Err(not_kept(output, cell, None)),
        _ => Ok(()),
    }
}

/// What became of a cell whose samples Criterion has not kept; why is found by
/// trying once more.
pub(super) fn not_kept(output: &Path, cell: &Cell, unreadable: Option<Error>) -> Error {
    let tried = criterion_files::try_writing(output, std::slice::from_ref(cell), &[]).err();
    let directory = criterion_files::cell_directory(output, cell);
    let what = match tried.or(unreadable) {
        Some(Error::Unwritable { path, source }) => format!("{}: {source}", path.display()),
        Some(error) => error.to_string(),
        None => format!("Criterion did not write all of {}", directory.display()),
    };
    Error::NotKept { cell: cell.clone(), what }
}

/// Of a run with failures. A pass that has lost a cell is no pass; one in which a
/// cell failed is.
pub(super) fn exit_status(invocation: &Invocation, failures: &[Error]) -> ExitCode {
    let is_lost = |failure: &Error| matches!(failure, Error::NotKept { .. } | Error::File { .. });
    match invocation.is_pass() && failures.iter().any(is_lost) {
        true => ExitCode::from(2),
        false => ExitCode::FAILURE,
    }
}

/// The fewest samples that Criterion takes of a benchmark.
pub(super) const SMALLEST_SAMPLE: usize = 10;

/// How many rounds at the end are of one length: the sample, where Criterion
/// has not kept it (`--discard-baseline`).
pub(super) fn equal_at_the_end(own: &[(u64, u64)]) -> usize {
    let last = own.last().map(|(messages, _)| *messages);
    own.iter().rev().take_while(|(messages, _)| Some(*messages) == last).count()
}
