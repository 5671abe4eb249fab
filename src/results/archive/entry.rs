//! The paths in an archive: which there can be. It owns their spelling, which
//! follows benchmark ids and not Criterion's layout, so that no other path,
//! such as one that leads out of the target directory, can even be asked for.

use std::fmt;
use std::str::FromStr;

use super::limits;
use crate::cell::Cell;
use crate::results::criterion_files::{self, BASELINE_FILES};
use crate::results::recording::PassId;

/// One file of a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryPath {
    /// `recording/recording.json`.
    Recording,
    /// `recording/pass-003-throughput.jsonl`.
    Pass(PassId),
    /// `cells/throughput/4-threads/zero-copy/65536/sample.json`.
    Cell {
        /// The cell.
        cell: Cell,
        /// One of [`BASELINE_FILES`].
        file: &'static str,
    },
}

impl EntryPath {
    /// The most that such a file may hold.
    pub(super) fn largest_bytes(&self) -> u64 {
        match self {
            EntryPath::Pass(_) => limits::LARGEST_PASS_FILE_BYTES,
            EntryPath::Recording | EntryPath::Cell { .. } => limits::LARGEST_CELL_FILE_BYTES,
        }
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryPath::Recording => f.write_str("recording/recording.json"),
            EntryPath::Pass(pass) => write!(f, "recording/{}", pass.file_name()),
            EntryPath::Cell { cell, file } => write!(f, "cells/{cell}/{file}"),
        }
    }
}

impl FromStr for EntryPath {
    type Err = String;

    fn from_str(path: &str) -> Result<EntryPath, String> {
        let found = if path == EntryPath::Recording.to_string() {
            Some(EntryPath::Recording)
        } else if let Some(file) = path.strip_prefix("recording/") {
            PassId::from_file_name(file).map(EntryPath::Pass)
        } else {
            path.strip_prefix("cells/").and_then(cell_file)
        };
        // Cells and passes are read in one spelling only: no file has two paths.
        found.ok_or_else(|| {
            let leaves = path.starts_with('/') || path.split('/').any(|part| part == "..");
            let why =
                if leaves { "leads out of the archive's place" } else { "is none that an archive holds" };
            format!(
                "the path {path:?} {why}; allowed: recording/recording.json, \
                 recording/pass-NNN-TARGET.jsonl, cells/TARGET/N-threads/MODE/BYTES/FILE with one of {}",
                BASELINE_FILES.join(", ")
            )
        })
    }
}

fn cell_file(path: &str) -> Option<EntryPath> {
    let (cell, file) = path.rsplit_once('/')?;
    let file = BASELINE_FILES.into_iter().find(|known| *known == file)?;
    let cell: Cell = cell.parse().ok()?;
    (!criterion_files::is_reserved(&cell.mode)).then_some(EntryPath::Cell { cell, file })
}
