//! What is given of each cell, and how a record gives it: a metric as it
//! stands, a counter over the bytes or messages it was counted over, the cost
//! of the own rounds. It owns names, units and scales; pooling is `estimate`'s.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::estimate::{Reading, Scale, pool};
use crate::cell::Target;
use crate::counter::{self, KINDS};
use crate::exchange::BlockRound;
use crate::metric::busy_share;
use crate::metric::cpu_cost::per_byte_unit;
use crate::metric::{self, Value};
use crate::ratio::spread::by_generation;
use crate::results::record::Record;

/// Throughput, Gbit/s.
pub const THROUGHPUT: &str = "throughput";
/// Time a message of the throughput target, over all connections, ns.
pub const TIME_PER_MESSAGE: &str = "time_per_message";
/// CPU cost a byte of both sides, of the CPU cost target.
pub const COST_PER_BYTE: &str = "cpu_cost_per_byte";
/// CPU cost a message of both sides, of the CPU cost target.
pub const COST_PER_MESSAGE: &str = "cpu_cost_per_message";
/// Context switches of both sides a message.
pub const SWITCHES_PER_MESSAGE: &str = "context_switches_per_message";

/// What is given of each cell; a metric that this version does not know has one
/// of its own all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// The name in figures, CSV and JSON.
    pub id: String,
    /// In words.
    pub label: String,
    /// Whether less of it is better; `None` where that is not for it to say.
    pub less_is_better: Option<bool>,
}

/// A figure of one cell before it has a baseline's name.
pub(super) struct Given {
    pub(super) quantity: String,
    pub(super) unit: String,
    pub(super) reading: Reading,
}

/// How values of several processes become one.
#[derive(Clone, Copy, PartialEq)]
enum Pool {
    Mean(Scale),
    /// A count of what happened in all of them.
    Sum,
    /// The longest of all.
    Longest,
}

/// A metric that is known to mean something of its own: name, words, whether
/// less is better, how it is pooled.
type Known = (&'static str, &'static str, Option<bool>, Pool);

const LOG: Pool = Pool::Mean(Scale::Log);
const LINEAR: Pool = Pool::Mean(Scale::Linear);
const COUNT: Pool = Pool::Mean(Scale::Count);
const SHARE: Pool = Pool::Mean(Scale::Share);

const KNOWN: [Known; 24] = [
    (THROUGHPUT, "throughput", Some(false), LOG),
    ("round_trip_p50", "median round trip", Some(true), LOG),
    ("round_trip_p90", "90th percentile of the round trips", Some(true), LOG),
    ("round_trip_p99", "99th percentile of the round trips", Some(true), LOG),
    ("round_trip_p99_9", "99.9th percentile of the round trips", Some(true), LOG),
    ("round_trip_max", "longest round trip", Some(true), Pool::Longest),
    ("round_trip_mean", "mean round trip", Some(true), LOG),
    ("client_cost_per_byte", "CPU cost a byte, clients", Some(true), LOG),
    ("server_cost_per_byte", "CPU cost a byte, servers", Some(true), LOG),
    (busy_share::CLIENT, "busy share of the clients' CPUs", None, COUNT),
    (busy_share::SERVER, "busy share of the servers' CPUs", None, COUNT),
    (busy_share::CPUS, "busy share of all their CPUs", None, COUNT),
    (SWITCHES_PER_MESSAGE, "context switches a message, both sides", None, COUNT),
    ("copied_on_send_share", "bytes copied as they were sent, over all", None, SHARE),
    ("by_reference_reported_share", "bytes by reference, with a completion, over all", None, SHARE),
    ("by_reference_unreported_share", "bytes by reference and not reported of, over all", None, SHARE),
    ("received_copied_share", "received bytes that were copied, over all", None, SHARE),
    ("received_mapped_share", "received bytes that were mapped, over all", None, SHARE),
    ("received_discarded_share", "received bytes that were dropped in the kernel, over all", None, SHARE),
    ("zerocopy_deferred_share", "deferred copies over completions", None, SHARE),
    ("zerocopy_completions_per_read", "completions an error-queue read", None, COUNT),
    ("counted_share", "least share of the time for which a counter counted", None, SHARE),
    ("counted_rounds", "rounds of threads with a count, of the counter with fewest", None, Pool::Sum),
    ("wanted_rounds", "rounds of threads, with a count or without", None, Pool::Sum),
];

/// Whether a figure in this unit is one of time, or of the work in a time; others
/// are of what happened.
pub(super) fn is_of_time(unit: &str) -> bool {
    ["ns", "us", "bit/s", "cycles"].iter().any(|word| unit.contains(word))
}

/// Everything that a cell's records give, a record a process.
pub(super) fn of_cell(records: &[&Record]) -> Vec<Given> {
    let Some(first) = records.first() else { return Vec::new() };
    let mut given = Vec::new();
    for (name, _, _, pool) in KNOWN {
        if records.iter().any(|record| record.metrics.contains_key(name)) {
            given.push(of_metric(records, name, pool));
        }
    }
    if first.cell.target == Target::Throughput {
        given.push(of_rounds(records, TIME_PER_MESSAGE, "ns".into(), |_, round| round.per_message()));
    }
    if first.cell.target == Target::CpuCost {
        let unit = first.cost_unit.unwrap_or(first.counted_in);
        let bytes = first.cell.message_bytes as f64;
        given.push(of_rounds(records, COST_PER_BYTE, per_byte_unit(unit), move |_, round| {
            round.per_message() / bytes
        }));
        let unit = unit.name().to_string();
        given.push(of_rounds(records, COST_PER_MESSAGE, unit, |_, round| round.per_message()));
    }
    given.extend(counters(records));
    given.extend(others(records));
    given
}

/// Every quantity that figures can be of, as they are met: `ids` in order.
pub(super) fn describe<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<Quantity> {
    let mut found: Vec<Quantity> = Vec::new();
    for id in ids {
        if !found.iter().any(|quantity| quantity.id == id) {
            found.push(described(id));
        }
    }
    found
}

fn described(id: &str) -> Quantity {
    let quantity = |label: &str, less_is_better| Quantity {
        id: id.to_string(),
        label: label.to_string(),
        less_is_better,
    };
    if let Some((_, label, less_is_better, _)) = KNOWN.iter().find(|(name, ..)| *name == id) {
        return quantity(label, *less_is_better);
    }
    match id {
        TIME_PER_MESSAGE => return quantity("time a message, all connections together", Some(true)),
        COST_PER_BYTE => return quantity("CPU cost a byte, both sides", Some(true)),
        COST_PER_MESSAGE => return quantity("CPU cost a message, both sides", Some(true)),
        _ => {}
    }
    for (kind, described) in KINDS.iter().enumerate() {
        for (name, side) in [(described.client, "clients"), (described.server, "servers")] {
            if counter_id(name, kind) == id {
                return quantity(&format!("{} a {}, {side}", described.meaning, per(kind).1), Some(true));
            }
        }
    }
    let meaning = metric::SOURCES.iter().flat_map(|source| source.catalogue()).find(|line| line.name == id);
    quantity(meaning.map_or(id, |line| line.meaning), None)
}

fn of_metric(records: &[&Record], name: &str, how: Pool) -> Given {
    let unit = records.iter().find_map(|record| record.metrics.get(name)).map_or("", |metric| &metric.unit);
    let unit = match unit {
        "unit/B" => records.first().map_or(String::new(), |record| per_byte_unit(record.counted_in)),
        unit => unit.to_string(),
    };
    let values: Vec<Result<f64, String>> = records.iter().map(|record| value(record, name)).collect();
    Given { quantity: name.to_string(), unit, reading: pooled(&values, &generations(records, name), how) }
}

/// The number that a record gives, or why it does not.
fn value(record: &Record, name: &str) -> Result<f64, String> {
    match record.metrics.get(name).map(|metric| &metric.reading) {
        Some(metric::Reading::Absent(why)) => Err(why.clone()),
        Some(metric::Reading::Value(_)) => {
            metric::number(&record.metrics, name).ok_or_else(|| "it is not a number".to_string())
        }
        None => Err("the record does not hold it".to_string()),
    }
}

/// Of a single process: a value a generation, for what its blocks say as well.
fn generations(records: &[&Record], name: &str) -> Vec<f64> {
    let [record] = records else { return Vec::new() };
    let bits = record.cell.message_bytes as f64 * 8.0;
    own_rounds(record, |round| match name {
        THROUGHPUT => Some(bits / round.per_message()),
        "round_trip_mean" => Some(round.per_message()),
        "round_trip_p50" => round.p50_ns.map(|ns| ns as f64),
        "round_trip_p99" => round.p99_ns.map(|ns| ns as f64),
        _ => None,
    })
}

fn own_rounds(record: &Record, of: impl Fn(&BlockRound) -> Option<f64>) -> Vec<f64> {
    let own =
        record.blocks.iter().filter_map(|block| Some((block.generation, block.round(&record.cell.mode)?)));
    by_generation(own.filter_map(|(generation, round)| Some((generation, of(round)?))))
}

/// What the own rounds of each process came to in the middle.
fn of_rounds(
    records: &[&Record],
    quantity: &str,
    unit: String,
    of: impl Fn(&Record, &BlockRound) -> f64,
) -> Given {
    let all = |record: &&Record| {
        let own = record.blocks.iter().filter_map(|block| block.round(&record.cell.mode));
        let values: Vec<f64> = own.map(|round| of(record, round)).collect();
        metric::median(&values).ok_or_else(|| "no block was measured".to_string())
    };
    let values: Vec<Result<f64, String>> = records.iter().map(all).collect();
    let generations = match records {
        [record] => own_rounds(record, |round| Some(of(record, round))),
        _ => Vec::new(),
    };
    Given { quantity: quantity.to_string(), unit, reading: pooled(&values, &generations, LOG) }
}

fn pooled(values: &[Result<f64, String>], generations: &[f64], how: Pool) -> Reading {
    let found: Vec<f64> = values.iter().filter_map(|value| value.as_ref().ok().copied()).collect();
    if let (true, Some(Err(why))) = (found.is_empty(), values.first()) {
        return Reading::absent(why);
    }
    let plain =
        |value: f64, why: &str| Reading::Found(super::estimate::Estimate::without_interval(value, why));
    match how {
        Pool::Sum => plain(found.iter().sum(), "a count of all processes, not an estimate"),
        Pool::Longest => plain(found.iter().copied().fold(0.0, f64::max), "the longest of all: no interval"),
        Pool::Mean(scale) => pool(&found, generations, scale, ONE_PROCESS),
    }
}

const ONE_PROCESS: &str = "one process, whose record does not hold it by generation";

/// What a counter is divided by: its name and its word.
fn per(kind: usize) -> (&'static str, &'static str) {
    if kind < counter::MIGRATIONS || kind == counter::CPU_TIME {
        ("per_byte", "byte")
    } else {
        ("per_message", "message")
    }
}

fn counter_id(name: &str, kind: usize) -> String {
    format!("{name}_{}", per(kind).0)
}

fn counters(records: &[&Record]) -> Vec<Given> {
    let mut given = Vec::new();
    for (kind, described) in KINDS.iter().enumerate() {
        for name in [described.client, described.server] {
            if !records.iter().any(|record| record.metrics.contains_key(name)) {
                continue;
            }
            let of = |record: &&Record| {
                let messages = value(record, "own_messages")?;
                let over = if per(kind).1 == "byte" { record.cell.message_bytes as f64 } else { 1.0 };
                Ok(value(record, name)? / (messages * over))
            };
            let values: Vec<Result<f64, String>> = records.iter().map(of).collect();
            let unit = match (described.unit, per(kind).1) {
                ("", _) => String::new(),
                (unit, "byte") => format!("{unit}/B"),
                (unit, _) => unit.to_string(),
            };
            let reading = pooled(&values, &[], COUNT);
            given.push(Given { quantity: counter_id(name, kind), unit, reading });
        }
    }
    given
}

/// Metrics that are numbers and not among the above: a metric of a later
/// version is given as it stands.
fn others(records: &[&Record]) -> Vec<Given> {
    let is_counter = |name: &str| KINDS.iter().any(|kind| kind.client == name || kind.server == name);
    let mut names: BTreeMap<&str, Pool> = BTreeMap::new();
    for (name, metric) in records.iter().flat_map(|record| &record.metrics) {
        if KNOWN.iter().any(|(known, ..)| known == name) || is_counter(name) {
            continue;
        }
        match metric.reading {
            metric::Reading::Value(Value::Count(_)) => names.insert(name, Pool::Sum),
            metric::Reading::Value(Value::Number(_)) => names.insert(name, LINEAR),
            // It may be a number elsewhere.
            metric::Reading::Absent(_) if !names.contains_key(name.as_str()) => names.insert(name, Pool::Sum),
            _ => None,
        };
    }
    names.into_iter().map(|(name, how)| of_metric(records, name, how)).collect()
}
