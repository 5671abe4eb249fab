//! The program's commands, one file each. They read arguments and print; what
//! they print comes from the library.

pub(crate) mod breakdown;
pub(crate) mod compare;
pub(crate) mod connect;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod guard;
pub(crate) mod import;
mod number;
pub(crate) mod pass;
pub(crate) mod profile;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod serve;
pub(crate) mod stream;
pub(crate) mod tune;

use copycost::copy_mode::{self, ModeEntry};
use copycost::profile::ProfileError;

/// What could be refused before anything was done: exit status 2, as of a wrong
/// argument.
#[derive(Debug)]
pub(crate) struct WrongUsage(pub(crate) String);

impl std::fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// Whether `error` is of what was asked for, in whichever command: a profile that
/// is none, more threads than there may be open files.
pub(crate) fn is_wrong_usage(error: &anyhow::Error) -> bool {
    error.is::<WrongUsage>()
        || error.is::<ProfileError>()
        || matches!(error.downcast_ref(), Some(copycost::Error::OpenFiles { .. }))
}

/// A parser for clap of a copy mode's name.
pub(crate) fn known_mode(word: &str) -> Result<ModeEntry, String> {
    let known: Vec<_> = copy_mode::REGISTRY.iter().map(|mode| mode.name).collect();
    copy_mode::find(word).copied().ok_or_else(|| format!("no such copy mode; allowed: {}", known.join(", ")))
}
