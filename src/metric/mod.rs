//! Metrics: one trait, one file a source. A source reads what a cell's blocks
//! and generations came to; each reading is a value or the reason for its
//! absence, never a zero that stands for "unknown".

mod between_rounds;
pub mod breakdown;
pub mod busy_share;
pub mod cpu_cost;
mod peer;
pub mod pooled_breakdown;
mod processed_packets;
mod received;
pub(crate) mod round_trip;
mod tcp_info;
mod throughput;
mod zerocopy_tally;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::exchange::CellMeasurement;

/// Every source. A new one is one file beside this one and one line here.
pub static SOURCES: &[&dyn Source] = &[
    &throughput::Throughput,
    &round_trip::RoundTrip,
    &tcp_info::TcpInfoSource,
    &processed_packets::ProcessedPacketsSource,
    &zerocopy_tally::ZeroCopyTally,
    &received::ReceivedSource,
    &cpu_cost::CpuCost,
    &busy_share::BusyShare,
    &peer::PeerSource,
    &between_rounds::BetweenRounds,
];

/// Something that metrics are read from.
pub trait Source: Sync {
    /// Every metric that it can give: name, unit, meaning.
    fn catalogue(&self) -> &'static [Described];

    /// The readings of one cell. A metric that does not apply to the cell's
    /// target is left out; one that applies but is not to be had is absent
    /// with its reason.
    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)>;
}

/// A line of a source's catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The key in the record.
    pub name: &'static str,
    /// The unit of the value; `""` where it has none.
    pub unit: &'static str,
    /// What it says.
    pub meaning: &'static str,
}

/// A metric's value, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// What was measured.
    Value(Value),
    /// Why nothing was.
    Absent(String),
}

/// A number, a word, or one of either for each generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A count.
    Count(u64),
    /// A measured quantity.
    Number(f64),
    /// A name, such as the congestion control's.
    Text(String),
    /// One value for each generation.
    Generations(Vec<Value>),
}

impl Reading {
    /// The number that was measured, if it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Reading::Value(value) => value.number(),
            Reading::Absent(_) => None,
        }
    }
}

impl Value {
    fn number(&self) -> Option<f64> {
        match self {
            Value::Count(count) => Some(*count as f64),
            Value::Number(number) => Some(*number),
            Value::Text(_) | Value::Generations(_) => None,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Count(count) => write!(f, "{count}"),
            Value::Number(number) => write!(f, "{number}"),
            Value::Text(text) => write!(f, "{text}"),
            Value::Generations(values) => {
                let words: Vec<String> = values.iter().map(Value::to_string).collect();
                write!(f, "{}", words.join(", "))
            }
        }
    }
}

/// A reading with its unit, as it stands in the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// The value or the reason for its absence.
    #[serde(flatten)]
    pub reading: Reading,
    /// The unit; `""` where there is none.
    pub unit: String,
}

/// A cell's metrics by name.
pub type Metrics = BTreeMap<String, Metric>;

/// Reads every source.
pub fn read_all(measurement: &CellMeasurement) -> Metrics {
    let mut metrics = Metrics::new();
    for source in SOURCES {
        for (name, reading) in source.read(measurement) {
            let described = source.catalogue().iter().find(|described| described.name == name);
            let unit = described.map_or("", |described| described.unit).to_string();
            metrics.insert(name.to_string(), Metric { reading, unit });
        }
    }
    metrics
}

/// The number called `name`, if it was measured.
pub fn number(metrics: &Metrics, name: &str) -> Option<f64> {
    metrics.get(name)?.reading.number()
}

/// The sum over all generations of the metric called `name`; `None` if it is
/// absent or not a number.
pub fn total(metrics: &Metrics, name: &str) -> Option<f64> {
    match &metrics.get(name)?.reading {
        Reading::Value(Value::Generations(values)) => values.iter().map(Value::number).sum(),
        reading => reading.number(),
    }
}

/// The median of `values`: the mean of the middle two where their number is
/// even. `None` of an empty slice.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (upper, lower) = (sorted.get(sorted.len() / 2)?, sorted.get((sorted.len() - 1) / 2)?);
    Some((upper + lower) / 2.0)
}
