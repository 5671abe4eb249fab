//! Which profile a command or a bench takes: its own flag, else the variable
//! `COPYCOST_PROFILE`, else its default. It owns that rule alone, so that it is
//! the same everywhere, and how a choice is shown.

use std::fmt;

use super::{Profile, ProfileError};

/// The variable that a profile can be named in.
const VARIABLE: &str = "COPYCOST_PROFILE";

/// A profile, and who chose it.
#[derive(Clone, Debug)]
pub struct ProfileChoice {
    /// The profile.
    pub profile: Profile,
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Flag,
    Variable,
    Default,
}

impl ProfileChoice {
    /// Loads what `flag` names, or else the variable if it is set and not
    /// empty, or else `default`.
    pub fn load(flag: Option<&str>, default: &str) -> Result<ProfileChoice, ProfileError> {
        let variable = std::env::var_os(VARIABLE).filter(|name| !name.is_empty());
        let variable = variable.map(|name| name.to_string_lossy().into_owned());
        let (name, source) = match (flag, &variable) {
            (Some(name), _) => (name, Source::Flag),
            (None, Some(name)) => (name.as_str(), Source::Variable),
            (None, None) => (default, Source::Default),
        };
        match Profile::load(name) {
            Ok(profile) => Ok(ProfileChoice { profile, source }),
            Err(error) if source == Source::Variable => {
                Err(ProfileError::OfVariable { variable: VARIABLE, error: Box::new(error) })
            }
            Err(error) => Err(error),
        }
    }
}

/// `profile default`, or `profile quick (from COPYCOST_PROFILE)`.
impl fmt::Display for ProfileChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "profile {}", self.profile.name)?;
        match self.source {
            Source::Flag => f.write_str(" (from the command line)"),
            Source::Variable => write!(f, " (from {VARIABLE})"),
            Source::Default => Ok(()),
        }
    }
}
