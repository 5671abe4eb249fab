//! How far a recording is, in words: for lists of what is kept. It owns the
//! words; which passes are done is the recording's.

use std::fmt;
use std::path::Path;

use super::{Manifest, directory, passes};
use crate::error::Result;

/// How many of its passes a recording has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Passes that count.
    pub done: usize,
    /// Passes that it was to have.
    pub planned: usize,
}

impl State {
    /// Of the recording called `name`; none if there is no such recording.
    pub fn of(output: &Path, name: &str) -> Result<Option<State>> {
        let directory = directory(output, name);
        let Some(manifest) = Manifest::read(&directory)? else { return Ok(None) };
        Ok(Some(State { done: passes(&directory)?.len(), planned: manifest.planned_passes() }))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.done, self.planned) {
            (0, _) => write!(f, "empty"),
            (done, planned) if done < planned => write!(f, "unfinished: {done} of {planned} passes"),
            (1, _) => write!(f, "1 pass"),
            (done, _) => write!(f, "{done} passes"),
        }
    }
}
