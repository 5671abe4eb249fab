//! `copycost record --side A --side B`: passes that several sides share, block by
//! block. It owns which sides take part in a pass and what is said of those that
//! fail; what a pass is belongs to `copycost::sides`, what is kept to
//! `results::group`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use copycost::cell::{Filter, Target};
use copycost::control::AgentSide;
use copycost::profile::{PeerSettings, Profile, ProfileChoice};
use copycost::results::group::{Group, GroupRecording, SidePass};
use copycost::results::name::BaselineName;
use copycost::results::recording::{self, Manifest, PassId};
use copycost::results::table::count;
use copycost::sides::{OfSide, SidedPass, Told};

use super::progress::Progress;
use super::selection;
use super::sitting::{MOST_FAILURES, SittingSide};
use super::{Record, WrongUsage};

/// How a failure of the first side's second agent is told.
const ACROSS: &str = "the self check across sides";

/// Records what is due of the group that the arguments begin or take up.
pub(super) fn run(record: &Record, output: &Path) -> anyhow::Result<()> {
    let name = record.name()?;
    let (recording, peer) = match record.resume {
        true => resume(output, &name)?,
        false => begin(record, output, &name)?,
    };
    let due = recording.due()?;
    let Manifest { profile, targets, filter, .. } = recording.group().manifest.clone();
    let profile = Profile { peer, ..profile };
    let cells = selection::cells(&profile, &targets, filter.as_deref())?;
    let due_targets: Vec<Target> = due.iter().map(|pass| pass.target).collect();
    let sides = u32::try_from(recording.group().sides.len())?;
    let mut session = Session {
        sides: recording.group().sides.iter().map(SittingSide::new).collect(),
        across: SittingSide::new(&recording.group().sides[0]),
        program: std::env::current_exe().context("find this program, to start it once more")?,
        progress: Progress::begin(&due_targets, &profile, &cells, sides),
        profile: Arc::new(profile),
        filter: filter.as_deref().map_or(Ok(Filter::All), Filter::pattern).map_err(WrongUsage)?,
        recording,
        name: name.clone(),
    };
    for pass in due {
        let measured = session.pass(pass);
        measured.with_context(|| format!("`copycost record --resume --name {name}` goes on"))?;
    }
    session.conclude()
}

/// A recording, and what the peer of each side is started with: that is not kept.
type Begun = (GroupRecording, Option<PeerSettings>);

fn begin(record: &Record, output: &Path, name: &BaselineName) -> anyhow::Result<Begun> {
    let sides = record.sides.sides()?;
    let choice = ProfileChoice::load(record.profile.as_deref(), "sides")?;
    eprintln!("copycost record: {choice}");
    let (profile, targets) = (choice.profile, record.targets());
    let slowed = &profile.slowdown.side;
    if !slowed.is_empty() && sides.iter().all(|side| side.name != *slowed) {
        let names: Vec<&str> = sides.iter().map(|side| side.name.as_str()).collect();
        let what = format!("slowdown.side = {slowed:?}: must be empty or one of: {}", names.join(", "));
        return Err(WrongUsage(what).into());
    }
    let cells = selection::cells(&profile, &targets, record.filter.as_deref())?;
    recording::try_writing(output, name, &cells).map_err(|error| WrongUsage(error.to_string()))?;
    let peer = profile.peer.clone();
    let manifest = Manifest::new(profile, targets, record.rounds, record.filter.clone());
    let group = Group::new(sides, record.sides.reboot_every, record.sides.start_timeout, manifest);
    Ok((GroupRecording::begin(output, name, group)?, peer))
}

/// What was begun is taken up with what it was begun with.
fn resume(output: &Path, name: &BaselineName) -> anyhow::Result<Begun> {
    let recording = GroupRecording::resume(output, name)?;
    let kept = &recording.group().manifest;
    let profile = Profile::load(&kept.profile.name)?;
    let peer = profile.peer.clone();
    let now = Manifest::new(profile, kept.targets.clone(), kept.rounds, kept.filter.clone());
    match kept.agrees_with(&now) {
        Ok(()) => Ok((recording, peer)),
        Err(what) => bail!("recording `{name}`: {what}"),
    }
}

struct Session {
    recording: GroupRecording,
    name: BaselineName,
    sides: Vec<SittingSide>,
    /// The first side's mode once more, through an agent of its own.
    across: SittingSide,
    program: PathBuf,
    profile: Arc<Profile>,
    filter: Filter,
    progress: Progress,
}

impl Session {
    /// Measures one pass at every side that is not set aside, and keeps it.
    fn pass(&mut self, pass: PassId) -> anyhow::Result<()> {
        self.progress.pass(self.name.as_str(), pass);
        let there: Vec<usize> =
            (0..self.sides.len()).filter(|side| !self.sides[*side].is_set_aside()).collect();
        if there.len() < 2 {
            bail!("{} left, which is none to compare", count(there.len(), "side"));
        }
        let mut sittings = vec![there.clone()];
        if self.recording.group().is_in_turn() {
            sittings = there.iter().map(|side| vec![*side]).collect();
            fastrand::Rng::with_seed(self.recording.seed(pass)).shuffle(&mut sittings);
        }
        let mut kept: Vec<SidePass> = Vec::new();
        for sitting in &sittings {
            kept.extend(self.sitting(pass, sitting)?);
        }
        for side in there {
            let is_failed = kept.iter().all(|(kept, _)| *kept != side);
            self.sides[side].note(is_failed);
            if self.sides[side].is_set_aside() {
                let name = &self.sides[side].side.name;
                self.progress
                    .note(&format!("side {name} failed {MOST_FAILURES} passes in a row and is set aside"));
            }
        }
        if !kept.is_empty() {
            kept.sort_by_key(|(side, _)| *side);
            self.recording.keep(pass, &kept)?;
        }
        self.progress.pass_done(kept.iter().map(|(_, records)| records.len()).sum());
        Ok(())
    }

    /// Measures a pass at these sides together. Those that failed are not in what
    /// is returned.
    fn sitting(&mut self, pass: PassId, sides: &[usize]) -> anyhow::Result<Vec<SidePass>> {
        self.run_before(sides)?;
        let measured = SidedPass {
            target: pass.target,
            profile: &self.profile,
            filter: &self.filter,
            seed: self.recording.seed(pass),
        };
        let is_checked_across = sides.len() > 1 && sides[0] == 0 && self.profile.rounds.self_check;
        let is_checked_across = is_checked_across && !self.across.is_set_aside();
        let reboot_every = self.recording.group().reboot_every;
        let start_timeout = Duration::from_secs_f64(self.recording.group().start_timeout_s);
        let mut failed = Vec::new();
        let numbered = self.sides.iter_mut().enumerate();
        let mut started: Vec<&mut SittingSide> =
            numbered.filter(|(side, _)| sides.contains(side)).map(|(_, side)| side).collect();
        if is_checked_across {
            started.push(&mut self.across);
        }
        for side in &mut started {
            let started = side.start(&self.program, reboot_every);
            failed.extend(started.err().map(|what| (side.side.name.clone(), what)));
        }
        // All of them boot at once; no agent begins to wait before all are there.
        for side in &mut started {
            failed.extend(side.greet(start_timeout).err().map(|what| (side.side.name.clone(), what)));
        }
        if is_checked_across {
            self.across.make_way_for(&mut self.sides[0]);
        }
        for (name, what) in failed {
            let of_across = self.sides.iter().any(|side| side.side.name == name && side.agent.is_some());
            let who = if of_across { ACROSS.to_string() } else { format!("side {name}") };
            self.progress.note(&format!("{who}: {what}"));
        }
        let (mut numbers, mut agents) = (Vec::new(), Vec::new());
        for number in sides {
            let begun = begun(&mut self.sides[*number], &measured, |release| {
                self.recording.check_kernel(*number, release)
            });
            match begun {
                None => {} // said above
                Some(Ok(agent)) => {
                    numbers.push(*number);
                    agents.push(agent);
                }
                Some(Err(what)) => self.progress.note(&what),
            }
        }
        let mut across = None;
        if is_checked_across && numbers.first() == Some(&0) {
            match begun(&mut self.across, &measured, |_| Ok(())) {
                None => {}
                Some(Ok(agent)) => across = Some(agent),
                Some(Err(what)) => self.progress.note(&format!("{ACROSS}: {what}")),
            }
        }
        let progress = &mut self.progress;
        let told = |told: Told<'_>| match told {
            Told::Cell { number, of } => progress.line(&format!("cell {number} of {of}")),
            Told::Broken { side, what } => progress.note(&format!("side {side}: {what}")),
        };
        let outcomes = measured.measure(&mut agents, across.as_mut(), told);
        if is_checked_across {
            self.across.note(across.is_none());
            self.across.agent = across.filter(|across| across.broken().is_none());
        }
        let mut kept = Vec::new();
        for ((number, agent), outcome) in numbers.into_iter().zip(agents).zip(outcomes) {
            let OfSide { records, failures, is_broken } = outcome;
            if let Some(first) = failures.first() {
                let more = match failures.len() {
                    1 => String::new(),
                    failures => format!(" (and {} more)", failures - 1),
                };
                self.progress.note(&format!("{first}{more}"));
            }
            if !is_broken && !records.is_empty() {
                kept.push((number, records));
            }
            self.sides[number].agent = Some(agent);
        }
        Ok(kept)
    }

    fn run_before(&self, sides: &[usize]) -> anyhow::Result<()> {
        for side in sides.iter().map(|side| &self.sides[*side].side) {
            let Some(before) = &side.before else { continue };
            let command =
                Command::new("sh").args(["-c", before]).stdin(Stdio::null()).stdout(Stdio::null()).status();
            let status = command.with_context(|| format!("run `{before}`"))?;
            if !status.success() {
                bail!("`{before}`, to be run before each pass of {}, failed: {status}", side.name);
            }
        }
        Ok(())
    }

    fn conclude(self) -> anyhow::Result<()> {
        let rounds = self.recording.group().manifest.planned_passes();
        let recorded = self.recording.passes()?;
        for (side, passes) in self.recording.group().baselines(&self.name)?.iter().zip(&recorded) {
            println!("recorded {side}: {passes} of {}", count(rounds, "pass"));
        }
        println!("compare: copycost compare {}", self.name);
        let aside = self.sides.iter().filter(|side| side.is_set_aside());
        let aside: Vec<&str> = aside.map(|side| side.side.name.as_str()).collect();
        if !aside.is_empty() {
            bail!("set aside after {MOST_FAILURES} failures in a row: {}", aside.join(", "));
        }
        if recorded.iter().all(|passes| *passes == 0) {
            bail!("no side has a pass: see above");
        }
        Ok(())
    }
}

/// The agent of a side, in which the pass has begun; none if it did not start.
fn begun(
    sitting: &mut SittingSide,
    measured: &SidedPass<'_>,
    check_kernel: impl FnOnce(Option<&str>) -> Result<(), String>,
) -> Option<Result<AgentSide, String>> {
    let mut agent = sitting.agent.take()?;
    let begun = measured.begin(&mut agent).map_err(|error| error.to_string()).and_then(|()| {
        let environment = agent.conditions().map(|conditions| &conditions.environment);
        let release = environment.and_then(|environment| environment.text("kernel_release"));
        check_kernel(release).map_err(|what| format!("side {}: {what}", sitting.side.name))
    });
    Some(begun.map(|()| agent))
}
