//! `copycost record --tune`: the same recording by a process of its own, while
//! this one sees to it that the machine is set back.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use copycost::profile::{Profile, ProfileChoice};
use copycost::results::group::Group;
use copycost::results::recording::{self, Manifest};
use copycost::tune::Tuner;

use super::{Record, of_name};
use crate::commands::tune::{print_changes, print_undone};

pub(super) fn run(record: &Record, output: &Path) -> anyhow::Result<()> {
    let steering = profile(record, output)?.placement.receive_steering;
    let mut command = Command::new(std::env::current_exe().context("find this program")?);
    command.args(std::env::args_os().skip(1).filter(|argument| argument != "--tune"));
    let tuner = Tuner::of_this_machine();
    let status = tuner.during(steering, &mut command, print_changes, print_undone)?;
    // What went wrong the recording has said.
    std::process::exit(status.code().unwrap_or(1))
}

/// What is measured with: of a recording that is taken up, what it was begun with.
fn profile(record: &Record, output: &Path) -> anyhow::Result<Profile> {
    if record.resume {
        let name = record.name()?;
        if let Some(group) = Group::read(output, name.as_str())? {
            return Ok(group.manifest.profile);
        }
        for name in of_name(output, &name)? {
            if let Some(manifest) = Manifest::read(&recording::directory(output, name.as_str()))? {
                return Ok(manifest.profile);
            }
        }
    }
    let default = if record.sides.is_given() { "sides" } else { "recording" };
    Ok(ProfileChoice::load(record.profile.as_deref(), default)?.profile)
}
