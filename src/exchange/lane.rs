//! What runs in a block: a lane for each mode, for the self check and for each
//! reference. Plain data that says what a lane's rounds do.

use serde::{Deserialize, Serialize};

use super::reference::Reference;
use crate::copy_mode::ModeEntry;

/// One mode with its own connections, or a reference; the self check's twin is
/// a lane too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// The mode's name, [`super::SELF_LANE`], or the reference's name.
    pub name: String,
    /// What its rounds do.
    pub kind: LaneKind,
}

/// What a lane's rounds do.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaneKind {
    /// Send messages by a copy mode.
    Mode(ModeEntry),
    /// Do what a message cannot cost less than.
    Reference(Reference),
}

impl Lane {
    /// A lane of `mode`, by its own name.
    pub fn mode(mode: ModeEntry) -> Lane {
        Lane { name: mode.name.to_string(), kind: LaneKind::Mode(mode) }
    }

    /// A lane of `reference`, by its own name.
    pub fn reference(reference: Reference) -> Lane {
        Lane { name: reference.name().to_string(), kind: LaneKind::Reference(reference) }
    }
}
