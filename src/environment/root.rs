//! Reads small files of `/proc` and `/sys`, or of a directory that stands in
//! for `/`. It owns the words for what cannot be read; what a file means is
//! its callers' business.

use std::io;
use std::path::{Path, PathBuf};

use super::{reading, value};
use crate::metric::Reading;

/// Where `proc` and `sys` are.
pub(super) struct Root {
    path: PathBuf,
}

impl Root {
    pub(super) fn new(path: &Path) -> Root {
        Root { path: path.to_path_buf() }
    }

    /// Whether it is this machine, and no directory that stands in for it.
    pub(super) fn is_this_machine(&self) -> bool {
        self.path == Path::new("/")
    }

    /// Where `file`, such as `proc/stat`, lies.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.path.join(file)
    }

    /// The whole file, or why it cannot be had. Bytes that are no text are
    /// replaced, and so are control characters, as firmware may have them.
    pub(super) fn raw(&self, file: &str) -> Result<String, String> {
        match std::fs::read(self.path(file)) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes)
                .replace(|c: char| c.is_control() && !c.is_whitespace(), "\u{fffd}")),
            Err(error) => Err(why(file, &error)),
        }
    }

    /// A short file as one line, its words parted by single spaces.
    pub(super) fn line(&self, file: &str) -> Result<String, String> {
        let line = self.raw(file)?.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.is_empty() {
            true => Err(format!("/{file} is empty")),
            false => Ok(line),
        }
    }

    /// A short file as a reading.
    pub(super) fn reading(&self, file: &str) -> Reading {
        reading(self.line(file), |line| value(&line))
    }

    /// The names in a directory, sorted.
    pub(super) fn names(&self, directory: &str) -> Result<Vec<String>, String> {
        let entries = std::fs::read_dir(self.path(directory)).map_err(|error| why(directory, &error))?;
        let name = |entry: io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
        let mut names: Vec<String> = entries.filter_map(name).collect();
        names.sort();
        Ok(names)
    }
}

fn why(file: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("this kernel has no /{file}"),
        _ => format!("/{file}: {error}"),
    }
}
