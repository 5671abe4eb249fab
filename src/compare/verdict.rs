//! What can be said of a change. It owns the verdicts and their words; which one a cell
//! gets is `judge`'s business.

use serde::{Deserialize, Serialize};

/// What can be said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It takes, or costs, less than before.
    Faster,
    /// It takes, or costs, more than before.
    Slower,
    /// None was found, and one of [`super::COARSEST`] would have been.
    NoDifferenceFound,
    /// Too little was measured, or it varied too much.
    #[default]
    CannotTell,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 4] =
        [Verdict::Slower, Verdict::Faster, Verdict::NoDifferenceFound, Verdict::CannotTell];

    /// Whether it is that something changed.
    pub fn is_change(self) -> bool {
        matches!(self, Verdict::Slower | Verdict::Faster)
    }

    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::NoDifferenceFound => "no difference found",
            Verdict::CannotTell => "cannot tell",
        }
    }
}
