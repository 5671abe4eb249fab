//! What a bench target prints of its own: the heading before the first cell,
//! and the lines under Criterion's.

use std::collections::BTreeSet;

use super::Bench;
use super::invocation::Mode;
use super::progress::{Progress, guessed_time_of_a_cell, place_of};
use crate::cell::{Filter, Target};
use crate::copy_mode::Handover;
use crate::counter;
use crate::doctor;
use crate::exchange::CostUnit;
use crate::metric::busy_share::{self, Shares};
use crate::metric::cpu_cost::per_byte_unit;
use crate::metric::{self, Metrics, Reading};
use crate::or_absent::OrAbsent;
use crate::profile::{PlacementPolicy, ReceiveMethod};
use crate::results::breakdown_text;
use crate::results::record::Record;
use crate::results::table::{digits, minutes};

/// Criterion indents its figures by this much.
const INDENT: &str = "                        ";

/// All that is said before the first cell.
pub(super) fn opening(bench: &Bench, profile: &str, asked_for: usize, absences: &[(usize, String)]) {
    heading(bench, profile, asked_for);
    counters(bench.instruments.cost_unit, absences);
    let findings = doctor::findings(&bench.environment, &bench.profile);
    println!("copycost {}\n", doctor::summary_line(&findings));
}

/// What is about to be measured, of which `asked_for` cells, and the first
/// thing to know of it.
fn heading(bench: &Bench, profile: &str, asked_for: usize) {
    let (matrix, target) = (&bench.profile.matrix, bench.target);
    println!(
        "copycost {}: {profile}, {} × {:?} bytes × {:?} threads, {} congestion control on {}",
        target.name(),
        bench.modes.iter().map(|mode| mode.name).collect::<Vec<_>>().join(", "),
        matrix.message_bytes,
        matrix.threads,
        bench.profile.socket.congestion_control,
        bench.profile.socket.address,
    );
    let mut which = match bench.invocation.filter {
        Filter::All => format!("{asked_for} cells"),
        ref filter => format!("{asked_for} of {} cells match `{filter}`", bench.cells.len()),
    };
    if bench.invocation.mode == Mode::Measure {
        let time = guessed_time_of_a_cell(target, &bench.profile).mul_f64(asked_for as f64);
        which += &format!(", about {}", minutes(time));
    }
    if !bench.invocation.is_pass() {
        which += &format!("; {}", place_of(target));
    }
    println!("copycost: {which}");
    if bench.profile.peer.is_some() {
        let kind = bench.environment.text("path.kind").unwrap_or("unknown");
        println!("copycost: the servers are at a peer, the path is {kind}");
    }
    let is_asked_for = |threads: usize| {
        let mut cells = bench.cells.iter().filter(|cell| cell.threads == threads);
        cells.any(|cell| bench.invocation.filter.matches(cell))
    };
    let plans: Vec<_> = bench.plans.iter().filter(|(threads, _)| is_asked_for(*threads)).collect();
    if let Some((threads, plan)) = plans.iter().find(|(_, plan)| plan.is_oversubscribed()) {
        let (busy, cpus) = plan.most_crowded();
        println!(
            "copycost: from {threads} threads on ({busy} busy threads on {cpus} CPUs) cells are oversubscribed"
        );
    }
    let nodes: BTreeSet<usize> = plans.iter().flat_map(|(_, plan)| plan.nodes()).collect();
    if nodes.len() > 1 || nodes.iter().any(|node| *node > 0) {
        let nodes: Vec<String> = nodes.iter().map(usize::to_string).collect();
        let policy = bench.profile.placement.policy;
        let ends = match policy {
            _ if plans.iter().any(|(_, plan)| plan.servers.is_some()) => "those of the servers at the peer",
            PlacementPolicy::Spread | PlacementPolicy::SameCore | PlacementPolicy::Siblings => {
                "both ends of a connection on one node"
            }
            PlacementPolicy::AcrossNodes => "the ends of a connection on two nodes",
            PlacementPolicy::None => "left to the scheduler",
        };
        println!("copycost: threads run on NUMA node {}, {ends}", nodes.join(", "));
    }
    let asking: Vec<&str> =
        bench.modes.iter().filter(|mode| mode.handover == Handover::Reported).map(|mode| mode.name).collect();
    if !asking.is_empty() && bench.environment.text("path.kind") == Some("loopback") {
        println!(
            "copycost: on loopback every completion of {} is a deferred copy; see README.md",
            asking.join(", ")
        );
    }
}

/// What CPU cost is counted in, and what is missing and why.
fn counters(unit: CostUnit, absences: &[(usize, String)]) {
    println!("copycost: CPU cost is in {}{}", unit.name(), missing(absences));
}

/// One line under a cell's Criterion lines: the figure in our units, ratios,
/// and what makes it doubtful.
pub(super) fn under_criterion(record: &Record, progress: &Progress, saved: bool) {
    let figure = match record.cell.target {
        Target::Throughput => throughput(record),
        Target::Latency => percentiles(&record.metrics),
        Target::CpuCost => String::new(),
    };
    if !figure.is_empty() {
        println!("{INDENT}{figure}");
    }
    if record.cell.target == Target::CpuCost {
        println!("{INDENT}above, time is the CPU cost a message and thrpt the CPU cost a byte");
    }
    println!("{INDENT}{}", cost(record));
    println!("{INDENT}{}", busy(&record.metrics));
    for line in time_by_class(record) {
        println!("{INDENT}{line}");
    }
    let ratios: Vec<String> = record
        .ratios
        .iter()
        .map(|(lane, reading)| match reading.found() {
            Some(ratio) => format!("{lane} {}", ratio.times()),
            None => format!("{lane} absent"),
        })
        .collect();
    let measured = match record.cell.target {
        Target::CpuCost => "CPU cost a message",
        Target::Throughput => "time a message",
        Target::Latency => "median round trip",
    };
    // The table's ratios are from the blocks of the whole row, which is not measured yet.
    println!("{INDENT}{measured}, in this cell's own blocks, over: {}", ratios.join("  "));
    for written in &record.doubts {
        println!("{INDENT}{}: {}", written.doubt.kind().title(), written.text);
    }
    let unsaved = if saved { "" } else { "; not saved, as Criterion kept no sample" };
    println!("{INDENT}{}{unsaved}\n", progress.line());
}

/// Where the time goes, a line a side, or why that is not known.
fn time_by_class(record: &Record) -> Vec<String> {
    match &record.breakdown {
        None => Vec::new(),
        Some(OrAbsent::Found(breakdown)) => breakdown_text::lines(breakdown),
        Some(OrAbsent::Absent { absent }) => vec![format!("breakdown absent: {absent}")],
    }
}

fn throughput(record: &Record) -> String {
    let metrics = &record.metrics;
    let deferred = metric::number(metrics, "zerocopy_deferred_share");
    let deferred = deferred.map_or(String::new(), |share| {
        let reads = metric::number(metrics, "zerocopy_completions_per_read");
        let reads = reads.map_or(String::new(), |reads| format!(", {} completions a read", digits(reads)));
        format!(", {:.0} % deferred copies{reads}", share * 100.0)
    });
    let received = match (record.profile.server.receive, metric::number(metrics, "received_mapped_share")) {
        (ReceiveMethod::Mapped, Some(mapped)) => {
            format!(", {:.1} % of the received bytes mapped, the others copied", mapped * 100.0)
        }
        (ReceiveMethod::Discard, _) => ", every byte dropped by the receiver's kernel".into(),
        _ => String::new(),
    };
    match metric::number(metrics, "throughput") {
        Some(gbit_per_s) => format!("median {} Gbit/s{deferred}{received}", digits(gbit_per_s)),
        None => "throughput absent".into(),
    }
}

/// `p50 23.4  p90 …` in microseconds; an absent one says why.
fn percentiles(metrics: &Metrics) -> String {
    let names = [
        ("p50", "round_trip_p50"),
        ("p90", "round_trip_p90"),
        ("p99", "round_trip_p99"),
        ("p99.9", "round_trip_p99_9"),
        ("max", "round_trip_max"),
    ];
    let each = names.iter().map(|(label, name)| match metric::number(metrics, name) {
        Some(ns) => format!("{label} {} µs", digits(ns / 1e3)),
        None => match metrics.get(*name).map(|metric| &metric.reading) {
            Some(Reading::Absent(why)) => format!("{label} absent ({why})"),
            _ => format!("{label} absent"),
        },
    });
    format!("round trips: {}", each.collect::<Vec<_>>().join("  "))
}

/// `busy: client 98 %, server 47 %: limited by the client`.
fn busy(metrics: &Metrics) -> String {
    let absent = || match metrics.get(busy_share::LIMITED_BY).map(|metric| &metric.reading) {
        Some(Reading::Absent(why)) => format!("busy shares absent ({why})"),
        _ => "busy shares absent".to_string(),
    };
    Shares::of(metrics).map_or_else(absent, |shares| shares.sentence())
}

/// Which counters this machine lacks, and why, in one line.
fn missing(absences: &[(usize, String)]) -> String {
    let Some((_, why)) = absences.first() else { return String::new() };
    let same = absences.iter().filter(|(_, other)| other == why);
    let names: Vec<&str> = same.map(|(kind, _)| counter::KINDS[*kind].name).collect();
    let others = absences.len() - names.len();
    let more = if others > 0 { format!("; {others} more for other reasons") } else { String::new() };
    format!("; absent: {} ({why}){more}", names.join(", "))
}

/// `cost 0.31 + 0.42 ns CPU/B (client + server), 0.02 context switches a message`.
fn cost(record: &Record) -> String {
    let number = |name: &str| metric::number(&record.metrics, name);
    let unit = per_byte_unit(record.counted_in);
    let both = number("client_cost_per_byte").zip(number("server_cost_per_byte"));
    let cost = match both {
        Some((client, server)) => {
            format!("cost {} + {} {unit} (client + server)", digits(client), digits(server))
        }
        None => "cost absent".to_string(),
    };
    let switches = number("context_switches_per_message");
    let switches = switches.map_or("absent".to_string(), digits);
    format!("{cost}, {switches} context switches a message")
}
