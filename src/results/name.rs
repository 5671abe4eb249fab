//! The name of a baseline that the program makes: what is allowed in it. It
//! owns that rule alone; which names exist, and where they lie, others know.
//! Names that exist already, such as those of `cargo bench -- --save-baseline`,
//! are only looked up and need not follow it.

use std::fmt;
use std::str::FromStr;

use super::criterion_files;
use crate::error::{Error, Result};

/// A file system takes 255 bytes a name; files in the making have longer names.
const LONGEST_BYTES: usize = 100;

/// What a name may hold beside letters and digits: what kernel releases are
/// made of, and what reads as `key=value`.
const MARKS: &str = "._+~=@-";

/// A checked name: it is one part of a path, leads nowhere else, takes no place
/// of Criterion's or ours, and is no option on a command line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaselineName(String);

impl BaselineName {
    /// Checks `name`.
    pub fn new(name: &str) -> Result<BaselineName> {
        let refuse = |what: String| Err(Error::BaselineName { name: name.to_string(), what });
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || MARKS.as_bytes().contains(&byte);
        if name.is_empty() || name.len() > LONGEST_BYTES {
            return refuse(format!("it has {} bytes; allowed: 1 to {LONGEST_BYTES}", name.len()));
        }
        if let Some(refused) = name.chars().find(|c| u8::try_from(*c).map_or(true, |byte| !allowed(byte))) {
            return refuse(format!("{refused:?} is in it; allowed: ASCII letters, digits and {MARKS}"));
        }
        if name.starts_with(['.', '-']) {
            return refuse(
                "it begins with `.` or `-`; allowed at its start: a letter, a digit or _+~=@".into(),
            );
        }
        if criterion_files::is_reserved(name) {
            let reserved = criterion_files::RESERVED_NAMES.join(", ");
            return refuse(format!("the directory of that name is another's; not allowed: {reserved}"));
        }
        Ok(BaselineName(name.to_string()))
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of one side of a pair: `NAME-a`.
    pub fn with_suffix(&self, suffix: &str) -> Result<BaselineName> {
        BaselineName::new(&format!("{}-{suffix}", self.0))
    }
}

impl FromStr for BaselineName {
    type Err = Error;

    fn from_str(name: &str) -> Result<BaselineName> {
        BaselineName::new(name)
    }
}

impl fmt::Display for BaselineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
