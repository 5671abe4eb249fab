//! A file that is found whole or not at all, whatever ends the process that
//! writes it: written beside its place, synced, read back and renamed into it.
//! It owns this one way; in which order several files are written is known to
//! who writes them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Error as IoError, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result, failed};

/// Writes `text` to `path`, over what is there. Where that fails nothing is left
/// beside.
pub(crate) fn write(path: &Path, text: &[u8]) -> Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(PARTIAL);
    let write = || {
        let mut file = File::create(&partial)?;
        file.write_all(text)?;
        file.sync_all()?;
        if fs::read(&partial)? != text {
            return Err(IoError::other("what was written is not what is read back"));
        }
        fs::rename(&partial, path) // rename(2): what is there is replaced in one step
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&partial);
        failed(path)(error)
    })
}

const PARTIAL: &str = ".partial";

/// Tries whether a file can be written in each of `places`, or in the nearest
/// directory above it that is there. Nothing is left behind.
pub(super) fn try_places(places: impl Iterator<Item = PathBuf>) -> Result<()> {
    let nearest = |place: PathBuf| {
        let there = place.ancestors().find(|path| path.exists() || path.as_os_str().is_empty());
        there.map(|path| if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_path_buf() })
    };
    for place in places.filter_map(nearest).collect::<BTreeSet<PathBuf>>() {
        let trial = place.join(TRIAL);
        let tried = fs::write(&trial, vec![0; TRIAL_BYTES]);
        let _ = fs::remove_file(&trial);
        tried.map_err(|source| Error::Unwritable { path: place, source })?;
    }
    Ok(())
}

const TRIAL: &str = ".copycost-trial";

/// Room for the files of a few cells.
const TRIAL_BYTES: usize = 1 << 20;

/// Removes what a process that was killed has left beside the files of
/// `directory`; nobody else may be writing there.
pub(super) fn remove_partials(directory: &Path) -> Result<()> {
    for entry in fs::read_dir(directory).map_err(failed(directory))? {
        let path = entry.map_err(failed(directory))?.path();
        if path.is_file() && path.to_string_lossy().ends_with(PARTIAL) {
            fs::remove_file(&path).map_err(failed(&path))?;
        }
    }
    Ok(())
}
