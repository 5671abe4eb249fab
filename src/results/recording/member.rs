//! A recording that is one side of a group: its passes come whole from
//! elsewhere, and its group says which are due. It owns how such a one is opened
//! and what is kept of a pass; the group is `results::group`'s.

use std::path::Path;

use super::{Manifest, PassId, Recording, directory, lock, pass_file, write_records};
use crate::error::Result;
use crate::results::record::Record;
use crate::results::whole_file;

impl Recording {
    /// Opens a side's recording, or begins it, to have so many rounds.
    pub(in crate::results) fn member(
        output: &Path,
        name: &str,
        manifest: Manifest,
        rounds: usize,
    ) -> Result<Recording> {
        let lock = lock(output, name)?;
        let recording = Recording::with(output, name, Manifest { rounds, ..manifest }, Ok(lock))?;
        whole_file::remove_partials(&directory(output, name))?;
        recording.manifest.write(&recording.directory)?;
        Ok(recording)
    }

    /// Holds the place of a group, which has no passes of its own.
    pub(in crate::results) fn hold_place(output: &Path, name: &str, manifest: Manifest) -> Result<Recording> {
        let lock = lock(output, name)?;
        let recording = Recording::with(output, name, manifest, Ok(lock))?;
        whole_file::remove_partials(&recording.directory)?;
        Ok(recording)
    }

    /// Keeps the records of a pass, over what is there of it.
    pub(in crate::results) fn keep_records(&self, pass: PassId, records: &[Record]) -> Result<()> {
        write_records(&pass_file(&self.directory, pass), records)
    }
}
