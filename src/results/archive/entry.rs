//! The paths in an archive: which there can be. It owns their spelling, which
//! follows benchmark ids and not Criterion's layout, so that no other path,
//! such as one that leads out of the target directory, can even be asked for.

use std::fmt;
use std::str::FromStr;

use super::limits;
use crate::cell::Cell;
use crate::results::criterion_files::{self, BASELINE_FILES};
use crate::results::name::BaselineName;
use crate::results::recording::PassId;

/// One file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryPath {
    /// `group/group.json`: which sides belong together.
    Group,
    /// A file of the one baseline, or of a side's: then below `sides/NAME/`.
    Of {
        /// The side's name within its group.
        side: Option<BaselineName>,
        /// Which of its files.
        file: BaselineFile,
    },
}

/// One file of a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaselineFile {
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
            EntryPath::Of { file: BaselineFile::Pass(_), .. } => limits::LARGEST_PASS_FILE_BYTES,
            EntryPath::Group | EntryPath::Of { .. } => limits::LARGEST_CELL_FILE_BYTES,
        }
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryPath::Group => f.write_str("group/group.json"),
            EntryPath::Of { side: None, file } => write!(f, "{file}"),
            EntryPath::Of { side: Some(side), file } => write!(f, "sides/{side}/{file}"),
        }
    }
}

impl fmt::Display for BaselineFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BaselineFile::Recording => f.write_str("recording/recording.json"),
            BaselineFile::Pass(pass) => write!(f, "recording/{}", pass.file_name()),
            BaselineFile::Cell { cell, file } => write!(f, "cells/{cell}/{file}"),
        }
    }
}

impl FromStr for EntryPath {
    type Err = String;

    fn from_str(path: &str) -> Result<EntryPath, String> {
        let found = match path.strip_prefix("sides/").and_then(|rest| rest.split_once('/')) {
            _ if path == EntryPath::Group.to_string() => Some(EntryPath::Group),
            Some((side, file)) => BaselineName::new(side)
                .ok()
                .zip(baseline_file(file))
                .map(|(side, file)| EntryPath::Of { side: Some(side), file }),
            None => baseline_file(path).map(|file| EntryPath::Of { side: None, file }),
        };
        // Cells and passes are read in one spelling only: no file has two paths.
        found.ok_or_else(|| {
            let leaves = path.starts_with('/') || path.split('/').any(|part| part == "..");
            let why =
                if leaves { "leads out of the archive's place" } else { "is none that an archive holds" };
            format!(
                "the path {path:?} {why}; allowed: recording/recording.json, \
                 recording/pass-NNN-TARGET.jsonl, cells/TARGET/N-threads/MODE/BYTES/FILE with one of {}, all \
                 of them below sides/NAME/ as well, and group/group.json",
                BASELINE_FILES.join(", ")
            )
        })
    }
}

fn baseline_file(path: &str) -> Option<BaselineFile> {
    if path == BaselineFile::Recording.to_string() {
        return Some(BaselineFile::Recording);
    }
    match path.strip_prefix("recording/") {
        Some(file) => PassId::from_file_name(file).map(BaselineFile::Pass),
        None => path.strip_prefix("cells/").and_then(cell_file),
    }
}

fn cell_file(path: &str) -> Option<BaselineFile> {
    let (cell, file) = path.rsplit_once('/')?;
    let file = BASELINE_FILES.into_iter().find(|known| *known == file)?;
    let cell: Cell = cell.parse().ok()?;
    (!criterion_files::is_reserved(&cell.mode)).then_some(BaselineFile::Cell { cell, file })
}
