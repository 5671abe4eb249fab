//! Why a profile cannot be used: each names the file, the key, the value and
//! what is allowed. What is refused is `check`'s to say.

use std::path::PathBuf;

use thiserror::Error;

/// Why a profile cannot be used. Nothing has been measured.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// The file is not there or cannot be read.
    #[error("profile {name:?}: {path}: {source}; a profile is a path or one of: {known}")]
    Unreadable {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
        /// What the system said.
        r#source: std::io::Error,
        /// Names that would have been found.
        known: String,
    },
    /// Not TOML, or a value of the wrong type.
    #[error("profile {file}: {message}")]
    Malformed {
        /// The file.
        file: String,
        /// What and where.
        message: String,
    },
    /// A key or value that is not allowed.
    #[error("profile {file}: `{key}` = {value}: {allowed}")]
    NotAllowed {
        /// The file.
        file: String,
        /// The key, with its table.
        key: String,
        /// What stands there.
        value: String,
        /// What may stand there.
        allowed: String,
    },
    /// The same of a profile that nobody named on the command line.
    #[error("{error} (the profile comes from {variable})")]
    OfVariable {
        /// The variable.
        variable: &'static str,
        /// What is wrong.
        error: Box<ProfileError>,
    },
}
