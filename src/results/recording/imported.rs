//! A recording that came from elsewhere: `imported.json` beside its passes. It
//! owns that nothing is added to one, since passes of two machines under one
//! name would be one baseline in name only.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{directory, failed};
use crate::error::{Error, Result, if_there};
use crate::results::whole_file;

const FILE: &str = "imported.json";

/// Where a recording came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The archive's file name; where it lay is nobody's business.
    pub archive: String,
    /// The baseline's name where it was exported.
    pub baseline: String,
    /// When it was exported, in UTC.
    pub exported_utc: String,
    /// The program that exported it.
    pub exported_by_copycost_version: String,
    /// When it was imported, in UTC.
    pub imported_utc: String,
    /// The program that imported it.
    pub copycost_version: String,
}

impl Imported {
    /// Reads it in a recording's directory; none if it was recorded here.
    pub fn read(directory: &Path) -> Result<Option<Imported>> {
        let path = directory.join(FILE);
        let Some(text) = if_there(&path, fs::read(&path))? else { return Ok(None) };
        serde_json::from_slice(&text).map(Some).map_err(|error| failed(&path)(error.into()))
    }

    /// Writes it into the directory of a recording that is being brought in.
    pub(in crate::results) fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join(FILE);
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| failed(&path)(error.into()))?;
        text.push(b'\n');
        whole_file::write(&path, &text)
    }

    /// An error if the recording called `name` was imported.
    pub(in crate::results) fn refuse(output: &Path, name: &str) -> Result<()> {
        let Some(found) = Imported::read(&directory(output, name))? else { return Ok(()) };
        let what = format!(
            "it was imported from {} on {}, and passes measured here would not be of the same machine; \
             give another --name",
            found.archive, found.imported_utc
        );
        Err(Error::Recording { name: name.to_string(), what })
    }
}
