//! What is kept, as a list for people: every name, and how far each recording
//! is. It owns the words and what to do where nothing is kept yet; which names
//! there are is known to `criterion_files`.

use std::path::Path;

use super::criterion_files;
use super::recording::State;
use crate::error::{Error, Result};

/// Every name that something is kept under, recordings with their state:
/// `before (64 passes), new`.
pub fn names(output: &Path) -> Result<String> {
    let described = |name: String| {
        Ok(match State::of(output, &name)? {
            Some(state) => format!("{name} ({state})"),
            None => name,
        })
    };
    let names = criterion_files::baseline_names(output)?.into_iter().map(described);
    Ok(names.collect::<Result<Vec<_>>>()?.join(", "))
}

/// That nothing is kept under a name, and the names that something is kept
/// under, or what to do first.
pub fn unknown_baseline(output: &Path, name: &str) -> Error {
    let what = match names(output) {
        Ok(known) if known.is_empty() => format!(
            "nothing is kept under this name, nor under any in {}: first measure with `cargo bench`, or with \
             `copycost record --name NAME`",
            output.display()
        ),
        Ok(known) => format!("nothing is kept under this name; there are: {known}"),
        Err(error) => return error,
    };
    Error::Recording { name: name.to_string(), what }
}
