//! How much an agent's answer may come to: what it says is summed, divided and
//! written into records, so every number is checked here before it is believed.
//! An honest agent's answers meet all of this; requests have `limits`.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::limits::{
    LONGEST_ROUND, LONGEST_WORDS_BYTES, MOST_BUFFER_BYTES, MOST_CONDITIONS, MOST_CONDITIONS_BYTES,
    MOST_COUNT, MOST_COUNTED, MOST_CPUS, MOST_REASONS,
};
use super::message::Ready;
use crate::cell::{Cell, Target};
use crate::copy_mode::Tally;
use crate::counter::{COUNT, KINDS, Sums};
use crate::cpu::Plan;
use crate::environment::Environment;
use crate::exchange::{
    ConnectionReport, GenerationReport, Granted, Lane, LaneKind, ProcessedPackets, Received, Round,
};
use crate::metric::{Reading, Value};
use crate::profile::Profile;
use crate::sys::TcpInfo;
use crate::zerocopy;

pub(super) type Checked = Result<(), String>;

/// What is found where an agent runs: each copy mode of the profile once, taken or
/// refused, and conditions that fit into a record.
pub(super) fn check_ready(ready: &Ready, profile: &Profile) -> Checked {
    let Ready { environment, cost_unit: _, modes, refused } = ready;
    let mut left: BTreeSet<&String> = profile.matrix.modes.iter().collect();
    for mode in modes.iter().chain(refused.iter().map(|(mode, _)| mode)) {
        if !profile.matrix.modes.contains(mode) {
            return Err(format!("it takes or refuses a mode that was not asked for: {mode:?}"));
        }
        if !left.remove(mode) {
            return Err(format!("it names the mode {mode:?} twice"));
        }
    }
    refused.iter().try_for_each(|(mode, why)| words(format_args!("the refusal of {mode}"), why))?;
    check_conditions(environment)
}

/// Where the threads of a cell run.
pub(super) fn check_plan(cell: &Cell, plan: &Plan, has_peer: bool) -> Checked {
    let Plan { ends, cpus, on, servers } = plan;
    if servers.is_some() && !has_peer {
        return Err("a plan with CPUs of a peer, and there is none".into());
    }
    within("threads of the plan", ends.len(), cell.threads..=cell.threads)?;
    let (there, on_there) = servers.as_ref().map_or((1, &[][..]), |servers| (servers.cpus, &servers.on));
    for (cpus, on) in [(*cpus, &on[..]), (there, on_there)] {
        within("CPUs of the plan", cpus, 1..=MOST_CPUS)?;
        within("CPUs that the plan names", on.len(), 0..=MOST_CPUS)?;
    }
    let of_ends = ends.iter().flat_map(|end| [end.client, end.server]).flatten();
    let named = on.iter().chain(on_there).flat_map(|on| [on.cpu, on.node]);
    of_ends.chain(named).try_for_each(|cpu| within("a CPU or node of the plan", cpu, 0..=MOST_CPUS))
}

/// What a round of `messages` in `lane` came to.
pub(super) fn check_round(cell: &Cell, lane: &Lane, messages: u64, round: &Round) -> Checked {
    let Round {
        messages: answered,
        wall,
        reference_cpu_time,
        round_trips_ns,
        tally,
        received,
        client_counts,
        server_counts,
        client_samples: _, // none of these is sent
        server_samples: _,
        named_server_samples: _,
    } = round;
    within("messages of the round", *answered, messages..=messages)?;
    let is_mode = matches!(lane.kind, LaneKind::Mode(_));
    let longest = nanoseconds(LONGEST_ROUND);
    within("the round's time in ns", nanoseconds(*wall), u128::from(is_mode)..=longest)?;
    let of_reference = if is_mode { 0 } else { longest * cell.threads as u128 };
    within("the reference's CPU time in ns", nanoseconds(*reference_cpu_time), 0..=of_reference)?;

    let round_trips = if is_mode && cell.target == Target::Latency { messages } else { 0 };
    within("round trips of the round", round_trips_ns.len() as u64, round_trips..=round_trips)?;
    let mut longest_of_all = 0;
    for ns in round_trips_ns {
        within("a round trip in ns", u128::from(*ns), 1..=longest)?;
        longest_of_all += u128::from(*ns);
    }
    within("all round trips in ns", longest_of_all, 0..=longest * cell.threads as u128)?;

    let bytes = if is_mode { messages.saturating_mul(cell.message_bytes as u64) } else { 0 };
    within("bytes of the round", bytes, 0..=MOST_COUNT)?;
    let Received { copied_bytes, mapped_bytes, discarded_bytes } = received;
    total("bytes received", [*copied_bytes, *mapped_bytes, *discarded_bytes], bytes)?;
    match tally {
        Some(tally) => check_tally(tally, bytes)?,
        None if is_mode => return Err("it says nothing of the bytes that were sent".to_string()),
        None => {}
    }
    for (end, counts) in [("client", client_counts), ("server", server_counts)] {
        counts.as_ref().map_or(Ok(()), |counts| check_counts(cell.threads, end, counts))?;
    }
    Ok(())
}

/// What is left of a generation of `lanes`.
pub(super) fn check_closed(
    cell: &Cell,
    lanes: &[Lane],
    report: &GenerationReport,
    absent_counters: &[(usize, String)],
    steal_percent: &Reading,
) -> Checked {
    let GenerationReport {
        connections,
        busy_share_between_rounds,
        machine_busy_share_between_rounds,
        processed_packets,
        peer: _, // `peer_limits` has those
    } = report;
    let of_modes = lanes.iter().filter(|lane| matches!(lane.kind, LaneKind::Mode(_)));
    let mut all = 0;
    for lane in of_modes {
        let there = connections.iter().filter(|connection| connection.lane == lane.name).count();
        within(format_args!("connections of {}", lane.name), there, cell.threads..=cell.threads)?;
        all += there;
    }
    within("connections", connections.len(), all..=all)?;
    connections.iter().try_for_each(check_connection)?;
    for share in [busy_share_between_rounds, machine_busy_share_between_rounds].into_iter().flatten() {
        within("CPUs busy between rounds", *share, 0.0..=MOST_CPUS as f64)?;
    }
    processed_packets.as_ref().map_or(Ok(()), check_packets)?;
    check_absences(absent_counters)?;
    check_steal(steal_percent)
}

/// Why threads could not count something.
pub(super) fn check_absences(absent_counters: &[(usize, String)]) -> Checked {
    within("reasons for absent counters", absent_counters.len(), 0..=MOST_REASONS)?;
    for (kind, why) in absent_counters {
        within("the place of an absent counter", *kind, 0..=COUNT - 1)?;
        words(format_args!("why {} is absent", KINDS[*kind].name), why)?;
    }
    Ok(())
}

fn check_tally(tally: &Tally, bytes: u64) -> Checked {
    let Tally { copied_bytes, reported_bytes, unreported_bytes, pipe_bytes, completions } = tally;
    total("bytes sent", [*copied_bytes, *reported_bytes, *unreported_bytes], bytes)?;
    within("bytes of the pipe", pipe_bytes.unwrap_or(0), 0..=MOST_BUFFER_BYTES)?;
    let Some(completions) = completions else { return Ok(()) };
    let zerocopy::Tally {
        sends,
        partial_sends,
        notifications,
        deferred_copies,
        ranges,
        error_queue_reads,
        empty_error_queue_reads,
        enobufs,
        fallback_sends,
        sent_bytes,
        copied_bytes,
    } = completions;
    for (what, count) in [
        ("sends by reference", sends),
        ("partial sends", partial_sends),
        ("completion ranges", ranges),
        ("error-queue reads", error_queue_reads),
        ("empty error-queue reads", empty_error_queue_reads),
        ("sends refused with ENOBUFS", enobufs),
        ("fallback sends", fallback_sends),
        ("bytes of sends by reference", sent_bytes),
        ("bytes of other sends", copied_bytes),
    ] {
        within(what, *count, 0..=MOST_COUNT)?;
    }
    within("completions", *notifications, *sends..=*sends)?;
    within("deferred copies", *deferred_copies, 0..=*notifications)
}

/// One end's threads have a count each, or the reason why not.
pub(super) fn check_counts(threads: usize, end: &str, counts: &Sums) -> Checked {
    for (place, kind) in KINDS.iter().enumerate() {
        let sum = &counts[place];
        let name = if end == "client" { kind.client } else { kind.server };
        within(format_args!("threads of {name}"), sum.of, 0..=threads as u64)?;
        within(format_args!("counts of {name}"), sum.rounds, 0..=sum.of)?;
        within(format_args!("the counted share of {name}"), sum.counted_share, 0.0..=1.0)?;
        within(name, sum.counted, 0.0..=MOST_COUNTED)?;
    }
    Ok(())
}

fn check_connection(connection: &ConnectionReport) -> Checked {
    let ConnectionReport { lane: _, client_granted, server_granted, client_info, server_info } = connection;
    check_end(client_granted, client_info)?;
    check_end(server_granted, server_info)
}

/// What the kernel granted to one end of a connection, and says of it.
pub(super) fn check_end(granted: &Granted, info: &TcpInfo) -> Checked {
    let Granted {
        congestion_control_before,
        congestion_control,
        send_buffer_bytes,
        receive_buffer_bytes,
        nagle: _,
        pacing_rate_set: _,
    } = granted;
    for name in [congestion_control_before, congestion_control] {
        // TCP_CA_NAME_MAX of linux/tcp.h, and its end.
        within("bytes of a congestion control's name", name.len(), 0..=15)?;
    }
    for bytes in [send_buffer_bytes, receive_buffer_bytes] {
        within("bytes of a socket's buffer", *bytes as u64, 0..=MOST_BUFFER_BYTES)?;
    }
    // The others have 32 bits, and as many sums of them as there are connections.
    let TcpInfo { busy_us, receive_window_limited_us, send_buffer_limited_us, .. } = info;
    for us in [busy_us, receive_window_limited_us, send_buffer_limited_us].into_iter().flatten() {
        within("a connection's time in us", *us, 0..=MOST_COUNT)?;
    }
    Ok(())
}

fn check_packets(packets: &ProcessedPackets) -> Checked {
    let by_cpu = packets.by_cpu();
    within("CPUs that processed packets", by_cpu.len(), 0..=MOST_CPUS)?;
    let mut seen = BTreeSet::new();
    for (cpu, packets) in by_cpu {
        within("a CPU that processed packets", *cpu, 0..=MOST_CPUS)?;
        within("packets of a CPU", *packets, 1..=u32::MAX)?;
        if !seen.insert(cpu) {
            return Err(format!("CPU {cpu} is there twice among those that processed packets"));
        }
    }
    Ok(())
}

fn check_steal(steal_percent: &Reading) -> Checked {
    match steal_percent {
        Reading::Value(Value::Number(percent)) => within("stolen CPU time in percent", *percent, 0.0..=100.0),
        Reading::Value(other) => Err(format!("stolen CPU time: {:?}; allowed: a number", short(other))),
        Reading::Absent(why) => words("why stolen CPU time is absent", why),
    }
}

/// Every record of the side holds them.
pub(super) fn check_conditions(environment: &Environment) -> Checked {
    within("conditions", environment.items.len(), 0..=MOST_CONDITIONS)?;
    let mut bytes = 0;
    for (name, reading) in &environment.items {
        bytes += name.len();
        bytes += match reading {
            Reading::Value(Value::Text(text)) | Reading::Absent(text) => text.len(),
            Reading::Value(Value::Count(_) | Value::Number(_)) => 0,
            Reading::Value(other @ Value::Generations(_)) => {
                return Err(format!("the condition {name:?}: {:?}; allowed: one value", short(other)));
            }
        };
    }
    within("bytes of the conditions' words", bytes, 0..=MOST_CONDITIONS_BYTES)
}

/// Three parts of exactly so many bytes.
fn total(what: &str, parts: [u64; 3], bytes: u64) -> Checked {
    within(what, parts.into_iter().map(u128::from).sum(), u128::from(bytes)..=u128::from(bytes))
}

pub(super) fn words(what: impl Display, text: &str) -> Checked {
    within(format_args!("bytes of {what}"), text.len(), 0..=LONGEST_WORDS_BYTES)
}

pub(super) fn within<T: PartialOrd + Display>(
    what: impl Display,
    value: T,
    allowed: RangeInclusive<T>,
) -> Checked {
    match (allowed.contains(&value), allowed.start() == allowed.end()) {
        (true, _) => Ok(()),
        (false, true) => Err(format!("{what}: {value}; allowed: {}", allowed.start())),
        (false, false) => Err(format!("{what}: {value}; allowed: {} to {}", allowed.start(), allowed.end())),
    }
}

pub(super) fn nanoseconds(time: Duration) -> u128 {
    time.as_nanos()
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}
