//! `copycost record --tune`: the same recording by a process of its own, while
//! this one sees to it that the machine is set back.

use std::process::Command;

use anyhow::Context;
use copycost::profile::ProfileChoice;
use copycost::tune::Tuner;

use crate::commands::tune::{print_changes, print_undone};

pub(super) fn run(profile: Option<&str>) -> anyhow::Result<()> {
    let steering = ProfileChoice::load(profile, "recording")?.profile.placement.receive_steering;
    let mut command = Command::new(std::env::current_exe().context("find this program")?);
    command.args(std::env::args_os().skip(1).filter(|argument| argument != "--tune"));
    let tuner = Tuner::of_this_machine();
    let status = tuner.during(steering, &mut command, print_changes, print_undone)?;
    // What went wrong the recording has said.
    std::process::exit(status.code().unwrap_or(1))
}
