//! One process at a time records under a name, and nobody reads half of what it
//! writes. It owns the lock's file; what is done while it is held is others'.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::directory;
use crate::error::{Error, Result, failed};

/// Keeps `record` away from what is read, for as long as the file is open; no
/// file if there is nothing to lock, which is so of imported recordings.
pub fn hold(output: &Path, name: &str) -> Result<Option<File>> {
    let path = directory(output, name).join(LOCK_FILE);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&path)(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(Error::Recording {
            name: name.to_string(),
            what: "another process is recording it; wait until it has ended".to_string(),
        }),
        Err(TryLockError::Error(source)) => Err(failed(&path)(source)),
    }
}

const LOCK_FILE: &str = "recording.lock";

pub(super) fn lock(output: &Path, name: &str) -> Result<File> {
    let directory = directory(output, name);
    fs::create_dir_all(&directory).map_err(failed(&directory))?;
    let path = directory.join(LOCK_FILE);
    let file = File::create(&path).map_err(failed(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Recording {
            name: name.to_string(),
            what: "another process is recording it; wait for it, or give another --name".to_string(),
        }),
        Err(TryLockError::Error(source)) => Err(failed(&path)(source)),
    }
}
