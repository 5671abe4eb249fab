//! `copycost record`: a baseline of several fresh processes. It owns which
//! process runs when and what is shown meanwhile; what is kept, and what still
//! is to be measured, is `results::recording`'s.

mod progress;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use copycost::cell::Target;
use copycost::profile::{Profile, ProfileChoice, overrides};
use copycost::results::criterion_files;
use copycost::results::name::BaselineName;
use copycost::results::recording::{Manifest, Pair, PassId, Recording, Side};

use progress::Progress;

/// Measure the matrix in several fresh processes, in random order, and keep
/// every one: a baseline that `copycost compare` can judge.
#[derive(clap::Args)]
pub(crate) struct Record {
    /// Passes of each bench target, each a process of its own.
    #[arg(long, default_value = "64", value_parser = rounds)]
    rounds: usize,
    /// What to keep it as [default: the kernel's release]. A recording of that
    /// name that is finished is added to.
    #[arg(long)]
    name: Option<BaselineName>,
    /// Settings of each pass: a name in criterion-config/, or a path
    /// [default: COPYCOST_PROFILE's, else `recording`].
    #[arg(long)]
    profile: Option<String>,
    /// A bench target: throughput, latency or cpu_cost; can be given several
    /// times [default: all three].
    #[arg(long = "target")]
    targets: Vec<Target>,
    /// Only cells whose benchmark id matches: a regular expression.
    #[arg(long)]
    filter: Option<String>,
    /// Take up a recording that was broken off.
    #[arg(long, conflicts_with_all = ["rounds", "profile", "targets", "filter", "interleave"])]
    resume: bool,
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
}

/// One process to come, and whose.
struct Step {
    side: usize,
    pass: PassId,
}

impl Record {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let output = criterion_files::output_directory();
        let mut recordings = if self.resume { self.resume(&output)? } else { self.begin(&output)? };
        let steps = steps(&recordings)?;
        tear_apart(&mut recordings, &steps)?;
        let Manifest { profile, filter, .. } = recordings[0].manifest().clone();
        let targets: Vec<Target> = steps.iter().map(|step| step.pass.target).collect();
        let mut progress = Progress::begin(&targets, &profile, filter.is_some());
        for step in &steps {
            let recording = &recordings[step.side];
            run_before(recording)?;
            progress.pass(recording.name(), step.pass);
            let cells = measure(recording, step.pass, &profile.name, &mut progress)?;
            progress.pass_done(cells);
        }
        for recording in &recordings {
            let passes = recording.manifest().rounds;
            println!("recorded {}: {passes} pass(es) of each target", recording.name());
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
        let mut targets = if self.targets.is_empty() { Target::ALL.to_vec() } else { self.targets.clone() };
        targets.sort_unstable();
        targets.dedup();
        let manifest = Manifest::new(profile, targets, self.rounds, self.filter.clone());
        let name = self.name()?;
        if !self.interleave {
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

    /// What was begun is taken up with what it was begun with; of a pair both.
    fn resume(&self, output: &Path) -> anyhow::Result<Vec<Recording>> {
        let name = self.name()?.to_string();
        let (a, b) = (format!("{name}-a"), format!("{name}-b"));
        let is_there = |name: &str| copycost::results::recording::directory(output, name).is_dir();
        let recordings = match !is_there(&name) && is_there(&a) && is_there(&b) {
            true => vec![Recording::resume(output, &a)?, Recording::resume(output, &b)?],
            false => vec![Recording::resume(output, &name)?],
        };
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

    fn name(&self) -> anyhow::Result<BaselineName> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        let release = copycost::environment::kernel_release();
        let release = release.context("the kernel's release cannot be read; give --name")?;
        BaselineName::new(&release).context("the kernel's release is no name; give --name")
    }
}

fn rounds(word: &str) -> Result<usize, String> {
    let rounds = word.parse().ok().filter(|rounds| (1..=999).contains(rounds));
    rounds.ok_or_else(|| "must be 1 to 999".to_string())
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

fn run_before(recording: &Recording) -> anyhow::Result<()> {
    let pair = recording.manifest().pair.as_ref();
    let Some(before) = pair.and_then(|pair| pair.before.as_deref()) else { return Ok(()) };
    let status = Command::new("sh").args(["-c", before]).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("run `{before}`"))?;
    if !status.success() {
        bail!("`{before}`, to be run before each pass of {}, failed: {status}", recording.name());
    }
    Ok(())
}

/// Runs one pass to its end in a process of its own, and keeps it.
fn measure(
    recording: &Recording,
    pass: PassId,
    profile: &str,
    progress: &mut Progress,
) -> anyhow::Result<usize> {
    let staging = recording.stage(pass)?;
    let log_path = recording.log(pass);
    let mut log = File::create(&log_path).with_context(|| format!("create {}", log_path.display()))?;
    let program = std::env::current_exe().context("find this program, to start it once more")?;
    let mut command = Command::new(program);
    command.args(["pass", "--target", pass.target.name(), "--baseline", recording.name()]);
    command.args(["--seed", &recording.seed(pass).to_string()]);
    if let Some(filter) = &recording.manifest().filter {
        command.args(["--filter", filter]);
    }
    command.args(["--profile", profile]).env("CRITERION_HOME", &staging);
    let errors = log.try_clone().context("write the log of the pass")?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
    let mut child = command.spawn().context("start a pass")?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.context("read what the pass prints")?;
            log.write_all(&line).and_then(|()| log.write_all(b"\n")).context("write the log of the pass")?;
            progress.line(&String::from_utf8_lossy(&line));
        }
    }
    let status = child.wait().context("wait for the pass")?;
    if !status.success() {
        // A cell that failed has no figures; the others stand.
        progress.note(&format!("a pass ended with {status}; see {}", log_path.display()));
        if status.code() != Some(1) {
            bail!("the pass is not kept; `copycost record --resume --name NAME` measures it again");
        }
    }
    Ok(recording.keep(pass)?)
}
