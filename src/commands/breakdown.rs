//! `copycost breakdown`: where one cell's CPU time goes, by cost class, client and
//! server, without Criterion. What a byte costs is of rounds that are not sampled.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use copycost::breakdown::{Folded, Profiler};
use copycost::cell::{Cell, LARGEST_MESSAGE_BYTES, MOST_THREADS, Target};
use copycost::control::StartedPeer;
use copycost::copy_mode::ModeEntry;
use copycost::cpu::Topology;
use copycost::exchange::{Instruments, SampledCell, SampledLength, secure_open_files};
use copycost::metric::breakdown::{Breakdown, MeasuredCost};
use copycost::profile::ProfileChoice;
use copycost::results::breakdown_text;

use super::known_mode;
use super::number::within;

/// Show where one cell's CPU time goes: copies, pinning, completions and the rest.
#[derive(clap::Args)]
pub(crate) struct BreakDown {
    /// The copy mode.
    #[arg(long, value_parser = known_mode)]
    mode: ModeEntry,
    /// The size of a message, as a profile may have it.
    #[arg(long, value_parser = within(1..=LARGEST_MESSAGE_BYTES), allow_negative_numbers = true)]
    message_bytes: usize,
    /// Client threads, as a profile may have them.
    #[arg(long, default_value_t = 1, value_parser = within(1..=MOST_THREADS), allow_negative_numbers = true)]
    threads: usize,
    /// Settings: a name in criterion-config/, or a path
    /// [default: COPYCOST_PROFILE's, else `default`].
    #[arg(long)]
    profile: Option<String>,
    /// Sample for about this long at most.
    #[arg(
        long, default_value_t = 2.0, value_parser = within(0.1..=600.0_f64), allow_negative_numbers = true
    )]
    seconds: f64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Write the folded stacks there, which programs for flame graphs read.
    #[arg(long, value_name = "FILE")]
    folded: Option<PathBuf>,
}

impl BreakDown {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let choice = ProfileChoice::load(self.profile.as_deref(), "default")?;
        let profile = &choice.profile;
        profile.check_here()?;
        profile.check_message_bytes(self.message_bytes)?;
        let cell = Cell {
            target: Target::CpuCost,
            mode: self.mode.name.to_string(),
            message_bytes: self.message_bytes,
            threads: self.threads,
        };
        let (instruments, _) = Instruments::of_this_machine();
        let peer = StartedPeer::of(profile)?;
        let plan = StartedPeer::plan(&peer, &Topology::read()?, profile.placement.policy, self.threads)?;
        let instruments = StartedPeer::beside(&peer, instruments);
        secure_open_files(&[self.mode], false, self.threads, &instruments.counters)?;
        let profiler = match Profiler::of_this_machine() {
            Ok(profiler) => profiler,
            Err(why) => bail!("{cell} cannot be broken down: {why}"),
        };
        let mut sampled = SampledCell {
            cell: &cell,
            mode: self.mode,
            profile,
            plan: &plan,
            instruments: &instruments,
            messages: 0,
        };
        let length = SampledLength {
            generations: 10,
            samples: u64::MAX,
            limit: Duration::from_secs_f64(self.seconds),
        };
        let cost = sampled.measure(length.limit / 4).context("measure the cell")?;
        sampled.messages = cost.messages_of_a_round;
        let mut folded = Folded::default();
        let wanted = self.folded.is_some().then_some(&mut folded);
        let rounds = sampled.sample(&profiler, length, wanted).context("sample the cell")?;
        let per_byte = cost.per_byte(instruments.cost_unit, self.message_bytes);
        let cost = MeasuredCost::new(per_byte, self.message_bytes);
        let breakdown = match rounds.found().map(|rounds| Breakdown::new(rounds, &cost)) {
            Some(breakdown) => breakdown,
            None => bail!("{cell} cannot be broken down: {}", rounds.absence().unwrap_or_default()),
        };
        let Some(breakdown) = breakdown.found() else {
            bail!("{cell} cannot be broken down: {}", breakdown.absence().unwrap_or_default());
        };
        if let Some(path) = &self.folded {
            breakdown_text::write_folded(path, &folded)?;
        }
        if self.json {
            let unit = instruments.cost_unit;
            let object = serde_json::json!({
                "profile": profile.name, "cell": cell, "counted_in": unit, "breakdown": breakdown,
            });
            println!("{object}");
            return Ok(());
        }
        println!("copycost breakdown: {choice}");
        print!("{}", breakdown_text::tables(&cell, breakdown, instruments.cost_unit));
        Ok(())
    }
}
