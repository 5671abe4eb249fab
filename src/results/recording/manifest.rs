//! What a recording was begun with: `recording.json`. It owns which recordings
//! can be added to and which cannot, since passes of two kinds under one name
//! would be one baseline in name only.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{PassId, failed};
use crate::cell::Target;
use crate::error::{Result, if_there};
use crate::profile::Profile;
use crate::results::whole_file;

/// The version of `recording.json`.
const FORMAT_VERSION: u32 = 1;

/// What a recording was begun with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this file's shape: 1.
    pub format_version: u32,
    /// What the order of cells, and of the two sides of a pair, is drawn from.
    pub seed: u64,
    /// Passes a target, planned.
    pub rounds: usize,
    /// The bench targets, in the order in which they run.
    pub targets: Vec<Target>,
    /// Criterion's filter on benchmark ids.
    pub filter: Option<String>,
    /// Every setting in force.
    pub profile: Profile,
    /// The kernel that it was begun under.
    pub kernel_release: Option<String>,
    /// Set if its passes alternate with those of another recording.
    pub pair: Option<Pair>,
    /// Set if it is a side of a group, whose blocks it shares.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group: Option<Membership>,
}

/// That a recording is one side of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The same in all of them.
    pub id: u64,
    /// The group's name where it was recorded.
    pub group: String,
    /// The side's.
    pub side: String,
    /// Which side it is, counted from 0: others are compared with that.
    pub place: usize,
    /// Whether passes were measured in turn, and not within the same blocks.
    pub in_turn: bool,
}

/// One of two recordings whose passes are measured in turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The same in both.
    pub id: u64,
    /// Which of the two.
    pub side: Side,
    /// The shell command that is run before each of its passes.
    pub before: Option<String>,
    /// The passes whose partner was measured before this recording, or the other,
    /// was taken up again: they were not in turn. Absent in recordings that were
    /// begun before this was kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub torn: Option<BTreeSet<PassId>>,
}

/// One side of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What it is compared with.
    A,
    /// What is compared.
    B,
}

impl Manifest {
    /// A recording to be begun now.
    pub fn new(profile: Profile, targets: Vec<Target>, rounds: usize, filter: Option<String>) -> Manifest {
        Manifest {
            format_version: FORMAT_VERSION,
            seed: fastrand::u64(..),
            rounds,
            targets,
            filter,
            profile: profile.without_addresses(),
            kernel_release: crate::environment::kernel_release(),
            pair: None,
            group: None,
        }
    }

    /// Reads the manifest in `directory`, if there is one.
    pub fn read(directory: &Path) -> Result<Option<Manifest>> {
        let path = directory.join("recording.json");
        let Some(text) = if_there(&path, fs::read(&path))? else { return Ok(None) };
        Manifest::parse(&text).map(Some).map_err(|what| failed(&path)(std::io::Error::other(what)))
    }

    /// Reads what `recording.json` holds.
    pub fn parse(text: &[u8]) -> std::result::Result<Manifest, String> {
        let manifest: Manifest = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if manifest.format_version > FORMAT_VERSION {
            return Err(format!(
                "written by a newer copycost (format {}), this one knows up to {FORMAT_VERSION}",
                manifest.format_version
            ));
        }
        Ok(manifest)
    }

    /// How many passes it is to have.
    pub fn planned_passes(&self) -> usize {
        self.rounds.saturating_mul(self.targets.len())
    }

    pub(super) fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join("recording.json");
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| failed(&path)(error.into()))?;
        text.push(b'\n');
        whole_file::write(&path, &text)
    }

    /// Whether passes of `other` may stand beside those of this one, or what
    /// differs.
    pub fn agrees_with(&self, other: &Manifest) -> std::result::Result<(), String> {
        let what = |name: &str, kept: String, asked: String| {
            Err(format!("it was begun with {name} {kept}, and {asked} is asked for now; give another --name"))
        };
        if self.kernel_release != other.kernel_release {
            let name = |release: &Option<String>| release.clone().unwrap_or_else(|| "unknown".into());
            return what("kernel", name(&self.kernel_release), name(&other.kernel_release));
        }
        if self.profile != other.profile {
            let (kept, asked) = match self.profile.name == other.profile.name {
                true => (self.profile.name.clone(), "one of that name that has changed since".into()),
                false => (self.profile.name.clone(), other.profile.name.clone()),
            };
            return what("profile", kept, asked);
        }
        if self.targets != other.targets {
            let names = |targets: &[Target]| targets.iter().map(|t| t.name()).collect::<Vec<_>>().join(", ");
            return what("targets", names(&self.targets), names(&other.targets));
        }
        if self.filter != other.filter {
            let name = |filter: &Option<String>| filter.clone().unwrap_or_else(|| "none".into());
            return what("filter", name(&self.filter), name(&other.filter));
        }
        let before =
            |manifest: &Manifest| manifest.pair.as_ref().map(|pair| (pair.side, pair.before.clone()));
        if before(self) != before(other) {
            return Err("it was begun with other sides of a pair; give another --name".into());
        }
        Ok(())
    }
}
