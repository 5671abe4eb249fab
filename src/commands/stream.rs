//! `copycost stream`: one copy mode, one size, one thread count, without
//! Criterion, blocks or statistics: a load for perf, strace or valgrind, and
//! for a look beside another tool. Its figure is a single one and proves
//! nothing about another mode.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use copycost::cell::{Cell, LARGEST_MESSAGE_BYTES, MOST_THREADS, Target};
use copycost::control::StartedPeer;
use copycost::copy_mode::{ModeEntry, Tally};
use copycost::counter::{self, Sums};
use copycost::cpu::Topology;
use copycost::exchange::{Fault, Generation, GenerationSpec, Instruments, Lane, Round, secure_open_files};
use copycost::profile::{Profile, ProfileChoice};
use copycost::results::table;

use super::known_mode;
use super::number::within;

/// Drive one copy mode without Criterion: a load for perf, strace or valgrind.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("length").required(true)))]
pub(crate) struct Stream {
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
    /// Send this many messages, in one round.
    #[arg(
        long, group = "length", value_parser = within(1..=1_000_000_000_000_u64), allow_negative_numbers = true
    )]
    messages: Option<u64>,
    /// Send for about this long, in rounds of the profile's length at most.
    #[arg(long, group = "length", value_parser = within(0.001..=3600.0_f64), allow_negative_numbers = true)]
    seconds: Option<f64>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What came of it.
#[derive(Default)]
struct Total {
    messages: u64,
    wall: Duration,
    tally: Option<Tally>,
    counts: Round,
}

impl Stream {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mode = self.mode;
        let choice = ProfileChoice::load(self.profile.as_deref(), "default")?;
        let profile = &choice.profile;
        profile.check_here()?;
        profile.check_message_bytes(self.message_bytes)?;
        let cell = Cell {
            target: Target::Throughput,
            mode: mode.name.to_string(),
            message_bytes: self.message_bytes,
            threads: self.threads,
        };
        let lanes = [Lane::mode(mode)];
        let (instruments, _) = Instruments::of_this_machine();
        let peer = StartedPeer::of(profile)?;
        let plan = StartedPeer::plan(&peer, &Topology::read()?, profile.placement.policy, self.threads)?;
        secure_open_files(&[mode], false, self.threads, &instruments.counters)?;
        let spec = GenerationSpec {
            cell: &cell,
            profile,
            plan: &plan,
            lanes: &lanes,
            peer: StartedPeer::asked(&peer),
            fault: Fault::None,
            counters: instruments.counters,
            sampling: None,
        };
        let mut generation = Generation::open(&spec).context("open the connections")?;
        let total = self.send(&mut generation, profile)?;
        // Those of the threads that were counted: a pinned one needs no event for its migrations.
        let absences = generation.absent_counters();
        let report = generation.close()?;
        let retransmits: u32 = report.connections.iter().map(|c| c.client_info.retransmits).sum();
        self.print(&choice, &cell, &total, retransmits, &by_reason(absences));
        Ok(())
    }

    fn send(&self, generation: &mut Generation, profile: &Profile) -> anyhow::Result<Total> {
        let mut total = Total::default();
        let mut messages = self.messages.unwrap_or(1);
        loop {
            let round = generation.run(0, messages)?;
            total.messages += round.messages;
            total.wall += round.wall;
            total.counts.add_counts_of(&round);
            if let Some(tally) = round.tally {
                total.tally = Some(total.tally.unwrap_or_default().plus(&tally));
            }
            match self.seconds {
                Some(seconds) if total.wall.as_secs_f64() < seconds => {
                    let left = seconds - total.wall.as_secs_f64();
                    let length = profile.round_length(Target::Throughput).as_secs_f64().min(left);
                    let longer = length / round.wall.as_secs_f64();
                    messages = ((messages as f64 * longer.min(2.0)) as u64).max(1);
                }
                _ => return Ok(total),
            }
        }
    }

    fn print(
        &self,
        choice: &ProfileChoice,
        cell: &Cell,
        total: &Total,
        retransmits: u32,
        absent: &[(String, Vec<&str>)],
    ) {
        let bits = (total.messages * cell.message_bytes as u64) as f64 * 8.0;
        let gbit_per_s = bits / total.wall.as_secs_f64() / 1e9;
        if self.json {
            let sent = total.tally.unwrap_or_default();
            let completions = sent.completions.map(|tally| {
                serde_json::json!({
                    "sends": tally.sends,
                    "partial_sends": tally.partial_sends,
                    "notifications": tally.notifications,
                    "deferred_copies": tally.deferred_copies,
                    "error_queue_reads": tally.error_queue_reads,
                    "enobufs": tally.enobufs,
                    "fallback_sends": tally.fallback_sends,
                })
            });
            let object = serde_json::json!({
                "profile": choice.profile.name, "mode": cell.mode, "message_bytes": cell.message_bytes, "threads": cell.threads,
                "messages": total.messages, "wall_s": total.wall.as_secs_f64(),
                "gbit_per_s": gbit_per_s, "retransmits": retransmits,
                "copied_bytes": sent.copied_bytes, "by_reference_reported_bytes": sent.reported_bytes,
                "by_reference_unreported_bytes": sent.unreported_bytes, "pipe_bytes": sent.pipe_bytes,
                "zero_copy": completions,
                "client": counts_object(&total.counts.client_counts),
                "server": counts_object(&total.counts.server_counts),
                "absent": absent.iter().flat_map(|(why, names)| names.iter().map(move |name| (name, why)))
                    .collect::<BTreeMap<_, _>>(),
            });
            println!("{object}");
            return;
        }
        println!("copycost stream: {choice}");
        println!(
            "{} {} bytes, {}: {} messages in {:.3} s, {gbit_per_s:.2} Gbit/s, {retransmits} retransmits",
            cell.mode,
            cell.message_bytes,
            table::count(cell.threads, "thread"),
            total.messages,
            total.wall.as_secs_f64(),
        );
        let sides = [total.counts.client_counts, total.counts.server_counts].map(Option::unwrap_or_default);
        let both = |kind: usize| sides.iter().map(|side| side[kind].total()).sum::<Option<f64>>();
        let count = |kind| both(kind).map_or("absent".into(), |count| format!("{count:.0}"));
        println!(
            "client + server: {} ns CPU, {} cycles, {} voluntary and {} involuntary context switches",
            count(counter::CPU_TIME),
            count(counter::CYCLES),
            count(counter::VOLUNTARY_SWITCHES),
            count(counter::INVOLUNTARY_SWITCHES),
        );
        for (why, names) in absent {
            println!("absent: {}: {why}", names.join(", "));
        }
        let sent = total.tally.unwrap_or_default();
        println!(
            "{} bytes copied as they were sent, {} handed over by reference, of {} of which nothing is reported",
            sent.copied_bytes,
            sent.reported_bytes + sent.unreported_bytes,
            sent.unreported_bytes,
        );
        if let Some(tally) = sent.completions {
            println!(
                "completions: {} sends by reference ({} partial), {} completions, {} of them deferred copies, \
                 {} error-queue reads, {} ENOBUFS, {} sends fell back to a copy",
                tally.sends,
                tally.partial_sends,
                tally.notifications,
                tally.deferred_copies,
                tally.error_queue_reads,
                tally.enobufs,
                tally.fallback_sends,
            );
        }
    }
}

/// The names of absent counters, reason by reason.
fn by_reason(absences: Vec<(usize, String)>) -> Vec<(String, Vec<&'static str>)> {
    let mut reasons: Vec<(String, Vec<&'static str>)> = Vec::new();
    for (kind, why) in absences {
        let name = counter::KINDS[kind].name;
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    reasons
}

/// The counts of one side by name, `null` where one is absent, and the least
/// share of the time for which one of them counted.
fn counts_object(counts: &Option<Sums>) -> serde_json::Value {
    let sums = counts.unwrap_or_default();
    let named = counter::KINDS.iter().enumerate();
    let mut object: serde_json::Map<_, _> =
        named.map(|(kind, described)| (described.name.to_string(), sums[kind].total().into())).collect();
    let given = (0..counter::COUNT).map(|kind| sums[kind]).filter(|sum| sum.total().is_some());
    let share = given.map(|sum| sum.time_share()).reduce(f64::min);
    object.insert("counted_share".into(), share.into());
    object.into()
}
