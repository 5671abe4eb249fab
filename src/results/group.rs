//! The sides of one recording, which share their blocks: each is a baseline of its
//! own, and a group says which they are and how they are reached. It owns
//! `group.json` and the names of the sides' baselines; passes are added by
//! `group/recording.rs`.

mod recording;

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use self::recording::{GroupRecording, SidePass};
use super::name::BaselineName;
use super::recording::{Manifest, directory, passes};
use super::whole_file;
use crate::cell::check_mode_name;
use crate::error::{Error, Result, failed};

const FORMAT_VERSION: u32 = 1;

pub(super) const FILE: &str = "group.json";

/// What a group was begun with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The version of this file's shape: 1.
    pub format_version: u32,
    /// The sides, in the order in which they were given; the others are compared
    /// with the first.
    pub sides: Vec<GroupSide>,
    /// Runners are started anew after so many passes; absent: only where one failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reboot_every: Option<usize>,
    /// How long a runner may take until an agent shows itself.
    pub start_timeout_s: f64,
    /// What every side's recording is begun with, but for its kernel.
    pub manifest: Manifest,
}

/// One side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSide {
    /// Its name within the group.
    pub name: String,
    /// The words in front of the command; absent: here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub runner: Option<String>,
    /// Where the program lies at the side; absent: where this one lies.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub program: Option<String>,
    /// The shell command to be run before each of its passes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<String>,
}

impl Group {
    /// A group to be begun.
    pub fn new(
        sides: Vec<GroupSide>,
        reboot_every: Option<usize>,
        start_timeout_s: f64,
        manifest: Manifest,
    ) -> Group {
        Group { format_version: FORMAT_VERSION, sides, reboot_every, start_timeout_s, manifest }
    }

    /// Reads the group called `name`, if there is one.
    pub fn read(output: &Path, name: &str) -> Result<Option<Group>> {
        let path = directory(output, name).join(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path)(error)),
        };
        Group::parse(&text).map(Some).map_err(|what| failed(&path)(std::io::Error::other(what)))
    }

    /// Reads what `group.json` holds: two sides or more, each with a name of its own.
    pub fn parse(text: &[u8]) -> std::result::Result<Group, String> {
        let group: Group = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if group.format_version > FORMAT_VERSION {
            return Err(format!(
                "written by a newer copycost (format {}), this one knows up to {FORMAT_VERSION}",
                group.format_version
            ));
        }
        for (place, side) in group.sides.iter().enumerate() {
            BaselineName::new(&side.name).map_err(|error| error.to_string())?;
            if group.sides[..place].iter().any(|other| other.name == side.name) {
                return Err(format!("side {} is there twice", side.name));
            }
        }
        group.manifest.profile.matrix.modes.iter().try_for_each(|mode| check_mode_name(mode))?;
        match group.sides.len() {
            0 | 1 => Err("a group has two sides or more".to_string()),
            _ => Ok(group),
        }
    }

    fn write(&self, output: &Path, name: &BaselineName) -> Result<()> {
        let path = directory(output, name.as_str()).join(FILE);
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| failed(&path)(error.into()))?;
        text.push(b'\n');
        whole_file::write(&path, &text)
    }

    /// Whether passes are measured side by side in turn, not within blocks: a
    /// setting that a command makes does not change within milliseconds.
    pub fn is_in_turn(&self) -> bool {
        self.sides.iter().any(|side| side.before.is_some())
    }

    /// The baselines of its sides, in their order.
    pub fn baselines(&self, name: &BaselineName) -> Result<Vec<BaselineName>> {
        self.sides.iter().map(|side| name.with_suffix(&side.name)).collect()
    }

    /// The names of its sides that have any passes, in their order.
    pub(super) fn sides_with_passes(&self, output: &Path, name: &BaselineName) -> Result<Vec<BaselineName>> {
        let mut found = Vec::new();
        for (side, baseline) in self.sides.iter().zip(self.baselines(name)?) {
            if !passes(&directory(output, baseline.as_str()))?.is_empty() {
                found.push(BaselineName::new(&side.name)?);
            }
        }
        Ok(found)
    }
}

/// The baselines that `name` stands for: a group's are those of its sides that
/// have any passes, another name's is itself.
pub fn baselines_of(output: &Path, name: &str) -> Result<Vec<String>> {
    let group = BaselineName::new(name).ok().zip(Group::read(output, name)?);
    let Some((group_name, group)) = group else { return Ok(vec![name.to_string()]) };
    let sides = group.sides_with_passes(output, &group_name)?;
    let found = sides.iter().map(|side| group_name.with_suffix(side.as_str()).map(|name| name.to_string()));
    let found: Vec<String> = found.collect::<Result<_>>()?;
    match found.is_empty() {
        true => Err(Error::Recording {
            name: name.to_string(),
            what: "no pass of any of its sides is done yet".to_string(),
        }),
        false => Ok(found),
    }
}
