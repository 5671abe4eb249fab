//! `--side` and what goes with it, as given on the command line. It owns what
//! may be given and that each name is a side's; what becomes of it is `sides`'.

use copycost::results::group::GroupSide;
use copycost::results::name::BaselineName;

use crate::commands::WrongUsage;
use crate::commands::number::within;

/// Who are the sides of a recording.
#[derive(clap::Args)]
pub(super) struct SideWords {
    /// A side to measure in the same blocks as the others, two or more times:
    /// its name and the words that run a command there, such as `vng -r VMLINUZ
    /// --`, `ssh -T HOST`, `ip netns exec NAME` [default: here]. Each becomes the
    /// baseline GROUP-NAME, where --name gives GROUP.
    #[arg(long = "side", value_name = "NAME[=RUNNER]", requires = "name", conflicts_with_all = ["interleave", "resume"])]
    sides: Vec<String>,
    /// Where this program lies at a side, or at all of them [default: where it
    /// lies here].
    #[arg(long, value_name = "[NAME=]PATH", requires = "sides")]
    program: Vec<String>,
    /// Shell command to run before each pass of a side: passes are then measured
    /// side by side in turn, as with --interleave.
    #[arg(long, value_name = "NAME=CMD", requires = "sides")]
    before: Vec<String>,
    /// Start the runners anew (boot their guests) after so many passes.
    #[arg(long, value_name = "N", requires = "sides", value_parser = within(1..=999_usize))]
    pub(super) reboot_every: Option<usize>,
    /// How long a runner may take until the agent behind it shows itself: a guest
    /// boots.
    #[arg(long, value_name = "SECONDS", requires = "sides", default_value = "180", value_parser = within(1.0..=3600.0_f64))]
    pub(super) start_timeout: f64,
}

impl SideWords {
    pub(super) fn is_given(&self) -> bool {
        !self.sides.is_empty()
    }

    /// The sides, in order.
    pub(super) fn sides(&self) -> Result<Vec<GroupSide>, WrongUsage> {
        let refuse = |what: String| Err(WrongUsage(what));
        let mut sides: Vec<GroupSide> = Vec::new();
        for given in &self.sides {
            let (name, runner) = match given.split_once('=') {
                Some((name, runner)) => (name, Some(runner.trim()).filter(|runner| !runner.is_empty())),
                None => (given.as_str(), None),
            };
            BaselineName::new(name).map_err(|error| WrongUsage(format!("--side {given}: {error}")))?;
            if sides.iter().any(|side| side.name == name) {
                return refuse(format!("--side {given}: there is a side `{name}` already"));
            }
            let runner = runner.map(str::to_string);
            sides.push(GroupSide { name: name.to_string(), runner, program: None, before: None });
        }
        if sides.len() < 2 {
            return refuse(format!("--side {}: allowed: two sides or more", self.sides.join(" ")));
        }
        for given in &self.program {
            if given.is_empty() || given.ends_with('=') {
                return refuse(format!("--program {given}: a path is missing; allowed: [NAME=]PATH"));
            }
            match given.split_once('=') {
                Some((name, path)) => {
                    side(&mut sides, "--program", given, name)?.program = Some(path.to_string())
                }
                None => sides.iter_mut().for_each(|side| side.program = Some(given.clone())),
            }
        }
        for given in &self.before {
            let Some((name, command)) = given.split_once('=') else {
                return refuse(format!("--before {given}: allowed: NAME=CMD"));
            };
            side(&mut sides, "--before", given, name)?.before = Some(command.to_string());
        }
        Ok(sides)
    }
}

fn side<'a>(
    sides: &'a mut [GroupSide],
    flag: &str,
    given: &str,
    name: &str,
) -> Result<&'a mut GroupSide, WrongUsage> {
    let known = sides.iter().map(|side| side.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = sides.iter_mut().find(|side| side.name == name);
    found.ok_or_else(|| WrongUsage(format!("{flag} {given}: no side is called `{name}`; there are: {known}")))
}
