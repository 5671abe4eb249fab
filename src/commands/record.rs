//! `copycost record`: a baseline of several fresh processes. It owns which
//! process runs when and what is shown meanwhile; what is kept, and what still
//! is to be measured, is `results::recording`'s.

mod discard;
mod pass;
mod progress;
mod selection;
mod side_words;
mod sides;
mod sitting;
mod tuned;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use copycost::cell::Target;
use copycost::control::StartedPeer;
use copycost::copy_mode;
use copycost::cpu::Topology;
use copycost::exchange;
use copycost::profile::{Profile, ProfileChoice, overrides};
use copycost::results::criterion_files;
use copycost::results::group::Group;
use copycost::results::name::BaselineName;
use copycost::results::recording::{self, Manifest, Pair, PassId, Recording, Side};
use copycost::results::table::count;

use super::WrongUsage;
use super::number::within;
use progress::Progress;

/// Measure the matrix in several fresh processes, in random order, and keep
/// every one: a baseline that `copycost compare` can judge.
#[derive(clap::Args)]
pub(crate) struct Record {
    /// Passes of each bench target, each a process of its own.
    #[arg(long, default_value = "64", value_parser = within(1..=999_usize), allow_negative_numbers = true)]
    rounds: usize,
    /// What to keep it as [default: the kernel's release]. A recording of that
    /// name that is finished is added to.
    #[arg(long)]
    name: Option<BaselineName>,
    /// Settings of each pass: a name in criterion-config/, or a path
    /// [default: COPYCOST_PROFILE's, else `recording`, with sides `sides`].
    #[arg(long)]
    profile: Option<String>,
    /// A bench target: throughput, latency or cpu_cost; can be given several
    /// times [default: all three].
    #[arg(long = "target")]
    targets: Vec<Target>,
    /// Only cells whose benchmark id matches: a regular expression.
    #[arg(long)]
    filter: Option<String>,
    /// Tune the machine (`copycost tune`) for as long as the recording takes,
    /// with the receive steering that the profile asks for, and set it back.
    #[arg(long, conflicts_with = "discard")]
    tune: bool,
    /// Take up a recording that was broken off.
    #[arg(long, conflicts_with_all = ["rounds", "profile", "targets", "filter", "interleave"])]
    resume: bool,
    /// Remove a recording, or both sides of a pair, after asking.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["rounds", "name", "profile", "targets", "filter", "resume", "interleave"])]
    discard: Option<BaselineName>,
    /// Discard without asking.
    #[arg(long, requires = "discard")]
    yes: bool,
    /// Record two baselines, NAME-a and NAME-b, pass by pass in turn and in
    /// random order, so that the machine's drift cancels between them.
    #[arg(long, requires = "name")]
    interleave: bool,
    /// Shell command to run before each pass of NAME-a.
    #[arg(long, requires = "interleave", value_name = "CMD")]
    before_a: Option<String>,
    /// Shell command to run before each pass of NAME-b.
    #[arg(long, requires = "interleave", value_name = "CMD")]
    before_b: Option<String>,
    #[command(flatten)]
    sides: side_words::SideWords,
}

/// One process to come, and whose.
struct Step {
    side: usize,
    pass: PassId,
}

impl Record {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let output = criterion_files::output_directory();
        if let Some(name) = &self.discard {
            return discard::run(&output, name, self.yes);
        }
        if self.tune {
            return tuned::run(&self, &output);
        }
        if self.sides.is_given() || self.is_group(&output)? {
            return sides::run(&self, &output);
        }
        let mut recordings = if self.resume { self.resume(&output)? } else { self.begin(&output)? };
        let steps = steps(&recordings)?;
        tear_apart(&mut recordings, &steps)?;
        let mut in_force = None;
        let measured = measure_all(&recordings, &steps, &mut in_force);
        if let Some((recording, before)) = in_force {
            println!("the setting of {recording} is still in force: `{before}` was the last command run");
        }
        let measured = measured.or_else(|error| {
            let left = self::steps(&recordings)?.len();
            let name = self.name()?;
            let (passes, are) = (count(left, "pass"), if left == 1 { "is" } else { "are" });
            bail!("{error:#}\n{passes} {are} still to be measured; `copycost record --resume --name {name}` goes on")
        })?;
        for (recording, measured) in recordings.iter().zip(measured) {
            let rounds = recording.manifest().rounds;
            let measured = count(measured, "pass");
            println!("recorded {}: {measured}; it has {rounds} of each target", recording.name());
        }
        match recordings.as_slice() {
            [a, b] => println!("compare: copycost compare {} {}", a.name(), b.name()),
            _ => println!("compare: copycost compare BASE {}", recordings[0].name()),
        }
        Ok(())
    }

    fn begin(&self, output: &Path) -> anyhow::Result<Vec<Recording>> {
        let choice = ProfileChoice::load(self.profile.as_deref(), "recording")?;
        eprintln!("copycost record: {choice}");
        let profile = choice.profile;
        profile.check_here()?;
        let targets = self.targets();
        let cells = selection::cells(&profile, &targets, self.filter.as_deref())?;
        let manifest = Manifest::new(profile.clone(), targets, self.rounds, self.filter.clone());
        let name = self.name()?;
        recording::try_writing(output, &name, &cells).map_err(|error| WrongUsage(error.to_string()))?;
        if !self.interleave {
            try_exchange(&profile, &manifest.targets)?;
            return Ok(vec![Recording::begin(output, &name, manifest)?]);
        }
        let commands: Vec<&str> =
            [&self.before_a, &self.before_b].into_iter().flatten().map(String::as_str).collect();
        for setting in overrides::overridden_in(&manifest.profile, &commands) {
            eprintln!("copycost: WARNING: {setting}");
        }
        let id = manifest.seed;
        let sides = [(Side::A, "a", &self.before_a), (Side::B, "b", &self.before_b)];
        let begin = |(side, letter, before): (Side, &str, &Option<String>)| {
            let pair = Some(Pair { id, side, before: before.clone(), torn: Some(BTreeSet::new()) });
            Recording::begin(output, &name.with_suffix(letter)?, Manifest { pair, ..manifest.clone() })
        };
        Ok(sides.into_iter().map(begin).collect::<Result<_, _>>()?)
    }

    fn targets(&self) -> Vec<Target> {
        let mut targets = if self.targets.is_empty() { Target::ALL.to_vec() } else { self.targets.clone() };
        targets.sort_unstable();
        targets.dedup();
        targets
    }

    /// What was begun is taken up with what it was begun with; of a pair both.
    fn resume(&self, output: &Path) -> anyhow::Result<Vec<Recording>> {
        let name = self.name()?;
        recording::try_writing(output, &name, &[]).map_err(|error| WrongUsage(error.to_string()))?;
        let names = of_name(output, &name)?.into_iter();
        let recordings: Vec<Recording> =
            names.map(|name| Recording::resume(output, name.as_str())).collect::<Result<_, _>>()?;
        let kept = recordings[0].manifest();
        if recordings.len() == 1 && kept.pair.is_some() {
            bail!("recording `{name}` is one side of a pair; resume it by the pair's name, without -a or -b");
        }
        let now = Manifest {
            pair: kept.pair.clone(),
            ..Manifest::new(
                Profile::load(&kept.profile.name)?,
                kept.targets.clone(),
                kept.rounds,
                kept.filter.clone(),
            )
        };
        if let Err(what) = kept.agrees_with(&now) {
            bail!("recording `{name}`: {what}");
        }
        Ok(recordings)
    }

    /// Whether the name that is taken up is a group's; nothing else is called like one.
    fn is_group(&self, output: &Path) -> anyhow::Result<bool> {
        let name = self.name()?;
        match Group::read(output, name.as_str())? {
            Some(_) if !self.resume => {
                bail!(WrongUsage(format!("`{name}` is a group of sides; give another --name, or its --side")))
            }
            found => Ok(found.is_some()),
        }
    }

    fn name(&self) -> anyhow::Result<BaselineName> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        let release = copycost::environment::kernel_release();
        let release = release.context("the kernel's release cannot be read; give --name")?;
        BaselineName::new(&release).context("the kernel's release is no name; give --name")
    }
}

/// What its first pass would be refused for, while no name is taken yet. Of a
/// pair only the commands before its passes may make it possible.
fn try_exchange(profile: &Profile, targets: &[Target]) -> anyhow::Result<()> {
    let modes = copy_mode::entries(&profile.matrix.modes);
    let refused = |error: copycost::Error| anyhow::Error::from(WrongUsage(error.to_string()));
    let peer = StartedPeer::of(profile).map_err(refused)?;
    let (policy, threads) = (profile.placement.policy, profile.matrix.threads[0]);
    let plan = StartedPeer::plan(&peer, &Topology::read()?, policy, threads).map_err(refused)?;
    let asked = StartedPeer::asked(&peer);
    let taken = exchange::probe_all(targets[0], profile, &plan, modes, asked, |_, _| ());
    taken.map(drop).map_err(refused)
}

/// The recordings that a name stands for: of a pair, which is called by the
/// name without -a and -b, both; of a group its sides' and its own.
fn of_name(output: &Path, name: &BaselineName) -> anyhow::Result<Vec<BaselineName>> {
    let is_there = |name: &BaselineName| recording::directory(output, name.as_str()).is_dir();
    if let Some(group) = Group::read(output, name.as_str())? {
        let sides = group.baselines(name)?.into_iter().filter(is_there);
        return Ok(sides.chain([name.clone()]).collect());
    }
    let sides = [name.with_suffix("a"), name.with_suffix("b")];
    match sides {
        [Ok(a), Ok(b)] if !is_there(name) && is_there(&a) && is_there(&b) => Ok(vec![a, b]),
        _ => Ok(vec![name.clone()]),
    }
}

/// The passes that are due, target by target within a round; of a pair each
/// two in random order.
fn steps(recordings: &[Recording]) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    for (side, recording) in recordings.iter().enumerate() {
        steps.extend(recording.due()?.into_iter().map(|pass| Step { side, pass }));
    }
    let seed = recordings[0].manifest().seed;
    steps.sort_by_key(|step| {
        let place = step.pass.round as u64 * 8 + step.pass.target as u64;
        let b_first = fastrand::Rng::with_seed(seed.wrapping_add(place)).bool();
        (step.pass, step.side ^ usize::from(b_first))
    });
    Ok(steps)
}

/// A pass of a pair whose other one is done already is not in turn with it.
fn tear_apart(recordings: &mut [Recording], steps: &[Step]) -> anyhow::Result<()> {
    let sides = |pass: PassId| steps.iter().filter(|step| step.pass == pass).count();
    let torn: Vec<PassId> = steps.iter().map(|step| step.pass).filter(|pass| sides(*pass) == 1).collect();
    for recording in recordings {
        recording.tear(&torn)?;
    }
    Ok(())
}

/// Measures what is due. Returns how many passes each recording got, and leaves
/// in `in_force` whose command was the last to be run, and which.
fn measure_all(
    recordings: &[Recording],
    steps: &[Step],
    in_force: &mut Option<(String, String)>,
) -> anyhow::Result<Vec<usize>> {
    let Manifest { profile, filter, .. } = recordings[0].manifest().clone();
    let targets: Vec<Target> = steps.iter().map(|step| step.pass.target).collect();
    let asked_for = &recordings[0].manifest().targets;
    let cells = selection::cells(&profile, asked_for, filter.as_deref())?;
    let mut progress = Progress::begin(&targets, &profile, &cells, 1);
    let mut measured = vec![0; recordings.len()];
    for step in steps {
        let recording = &recordings[step.side];
        run_before(recording, in_force)?;
        progress.pass(recording.name(), step.pass);
        let cells = pass::measure(recording, step.pass, &profile.name, &mut progress)?;
        progress.pass_done(cells);
        measured[step.side] += 1;
    }
    Ok(measured)
}

fn run_before(recording: &Recording, in_force: &mut Option<(String, String)>) -> anyhow::Result<()> {
    let pair = recording.manifest().pair.as_ref();
    let Some(before) = pair.and_then(|pair| pair.before.as_deref()) else { return Ok(()) };
    *in_force = Some((recording.name().to_string(), before.to_string()));
    let status = Command::new("sh").args(["-c", before]).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("run `{before}`"))?;
    if !status.success() {
        bail!("`{before}`, to be run before each pass of {}, failed: {status}", recording.name());
    }
    Ok(())
}
