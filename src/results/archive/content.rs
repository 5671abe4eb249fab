//! Whether an archive's files make a baseline: each is what its path says, and
//! none is missing. It owns what the files say about each other; the same checks
//! hold on the way out, so that what is exported can be imported.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::BaselineFile;
use crate::cell::{Cell, check_mode_name};
use crate::elsewhere;
use crate::results::criterion_files::{self, BASELINE_FILES, RECORD_FILE};
use crate::results::record::{Record, SCHEMA_VERSION};
use crate::results::recording::{Manifest, PassId};

/// A record is a few kilobytes; parsed it takes some ten times what it has as
/// text, and a pass's file could be one line.
const LARGEST_RECORD_BYTES: usize = 16 << 20;

/// What was seen so far.
#[derive(Default)]
pub(super) struct Content {
    pub(super) cells: BTreeMap<Cell, BTreeSet<&'static str>>,
    pub(super) passes: BTreeSet<PassId>,
    pub(super) recording: Option<Manifest>,
    pub(super) kernel_release: Option<String>,
}

impl Content {
    /// Looks at one file, by itself.
    pub(super) fn take(&mut self, file: &BaselineFile, text: &[u8]) -> Result<(), String> {
        // Before anything else reads it: what a reader refuses, it may quote.
        match file {
            BaselineFile::Pass(_) => {} // line by line
            BaselineFile::Recording | BaselineFile::Cell { .. } => elsewhere::check_json(text)?,
        }
        match file {
            BaselineFile::Recording => {
                let recording = Manifest::parse(text)?;
                recording.profile.matrix.modes.iter().try_for_each(|mode| check_mode_name(mode))?;
                self.recording = Some(recording);
            }
            BaselineFile::Pass(pass) => {
                self.check_pass(*pass, text)?;
                self.passes.insert(*pass);
            }
            BaselineFile::Cell { cell, file } => {
                if *file == RECORD_FILE {
                    let found = self.record(text)?;
                    if found.cell != *cell {
                        return Err(format!(
                            "the record is of {}, and lies where {cell} belongs",
                            found.cell
                        ));
                    }
                } else {
                    criterion_files::check_criterions(cell, file, text)?;
                }
                self.cells.entry(cell.clone()).or_default().insert(file);
            }
        }
        Ok(())
    }

    /// Looks at what all files come to.
    pub(super) fn finish(&self) -> Result<(), String> {
        for (cell, files) in &self.cells {
            if let Some(missing) = BASELINE_FILES.iter().find(|file| !files.contains(*file)) {
                return Err(format!(
                    "cells/{cell} lacks {missing}: a cell has {}",
                    BASELINE_FILES.join(", ")
                ));
            }
        }
        match &self.recording {
            None if self.passes.is_empty() => {}
            None => return Err(format!("there are passes and no {}", BaselineFile::Recording)),
            Some(recording) => {
                let planned = |pass: &&PassId| {
                    pass.round <= recording.rounds && recording.targets.contains(&pass.target)
                };
                if let Some(other) = self.passes.iter().find(|pass| !planned(pass)) {
                    let file = BaselineFile::Pass(*other);
                    return Err(format!("{file} is no pass that {} plans", BaselineFile::Recording));
                }
            }
        }
        match self.cells.is_empty() && self.passes.is_empty() {
            true => Err("there is no cell and no pass in it".to_string()),
            false => Ok(()),
        }
    }

    fn check_pass(&mut self, pass: PassId, text: &[u8]) -> Result<(), String> {
        let mut cells = BTreeSet::new();
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let in_line = |what: String| format!("line {}: {what}", index + 1);
            elsewhere::check_json(line).map_err(in_line)?;
            let Record { cell, .. } = self.record(line).map_err(in_line)?;
            if cell.target != pass.target {
                return Err(in_line(format!("the record is of {cell}, in a pass of {}", pass.target.name())));
            }
            if let Some(twice) = cells.replace(cell) {
                return Err(in_line(format!("{twice} is there twice")));
            }
        }
        Ok(())
    }

    fn record(&mut self, text: &[u8]) -> Result<Record, String> {
        if text.len() > LARGEST_RECORD_BYTES {
            return Err(format!(
                "the record has {} bytes, and at most {LARGEST_RECORD_BYTES} are allowed",
                text.len()
            ));
        }
        #[derive(serde::Deserialize)]
        struct Version {
            schema_version: u32,
        }
        let version = serde_json::from_slice::<Version>(text).map_err(|error| error.to_string())?;
        if version.schema_version > SCHEMA_VERSION {
            return Err(format!(
                "the record was written by a newer copycost (schema {}), this one knows up to {SCHEMA_VERSION}",
                version.schema_version
            ));
        }
        let record: Record = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        check_names(&record)?;
        if self.kernel_release.is_none() {
            self.kernel_release = record.environment.text("kernel_release").map(str::to_string);
        }
        Ok(record)
    }
}

/// What a record calls its cell and the lanes beside it: they become paths and
/// columns.
fn check_names(record: &Record) -> Result<(), String> {
    record.cell.check()?;
    if criterion_files::is_reserved(&record.cell.mode) {
        return Err(format!("the name of the mode {:?} is taken by a directory", record.cell.mode));
    }
    let lanes = record.blocks.iter().flat_map(|block| &block.rounds).map(|round| &round.lane);
    let keys = record.modes.keys().chain(record.ratios.keys()).chain(record.row_ratios.keys());
    lanes.chain(keys).chain(&record.profile.matrix.modes).try_for_each(|name| check_mode_name(name))
}
