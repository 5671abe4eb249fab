//! What is compared of a cell: one of four quantities, each of one bench
//! target. It owns which figure of a round or a record that is.

use serde::{Deserialize, Serialize};

use crate::cell::Target;
use crate::exchange::BlockRound;
use crate::metric;
use crate::results::record::Record;

/// A quantity; less is better in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Time a message of the throughput target, ns.
    Throughput,
    /// Median round trip, ns.
    LatencyMedian,
    /// 99th percentile of the round trips, ns.
    LatencyP99,
    /// CPU cost a message, in the record's unit.
    CpuCost,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Quantity; 4] =
        [Quantity::Throughput, Quantity::LatencyMedian, Quantity::LatencyP99, Quantity::CpuCost];

    /// The one of each target that maps, crossovers and tables are of.
    pub const MAIN: [Quantity; 3] = [Quantity::Throughput, Quantity::LatencyMedian, Quantity::CpuCost];

    /// That of this target.
    pub(crate) fn main_of(target: Target) -> Quantity {
        match target {
            Target::Throughput => Quantity::Throughput,
            Target::Latency => Quantity::LatencyMedian,
            Target::CpuCost => Quantity::CpuCost,
        }
    }

    /// The bench target that measures it.
    pub fn target(self) -> Target {
        match self {
            Quantity::Throughput => Target::Throughput,
            Quantity::LatencyMedian | Quantity::LatencyP99 => Target::Latency,
            Quantity::CpuCost => Target::CpuCost,
        }
    }

    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Throughput => "throughput",
            Quantity::LatencyMedian => "latency, median",
            Quantity::LatencyP99 => "latency, p99",
            Quantity::CpuCost => "CPU cost",
        }
    }

    /// Of what the ratios are.
    pub(super) fn of_message(self) -> &'static str {
        match self {
            Quantity::Throughput => "time a message",
            Quantity::LatencyMedian => "median round trip",
            Quantity::LatencyP99 => "99th percentile of the round trips",
            Quantity::CpuCost => "CPU cost a message",
        }
    }

    /// The unit that figures are shown in.
    pub(super) fn shown_in(self) -> &'static str {
        match self {
            Quantity::Throughput => "Gbit/s",
            Quantity::LatencyMedian | Quantity::LatencyP99 => "µs",
            Quantity::CpuCost => "a byte",
        }
    }

    /// What is compared, in that unit.
    pub(super) fn shown(self, per_message: f64, message_bytes: usize) -> f64 {
        match self {
            Quantity::Throughput => message_bytes as f64 * 8.0 / per_message,
            Quantity::LatencyMedian | Quantity::LatencyP99 => per_message / 1e3,
            Quantity::CpuCost => per_message / message_bytes as f64,
        }
    }

    /// Its value in one round of any lane, a message.
    pub(super) fn of_round(self, round: &BlockRound) -> Option<f64> {
        match self {
            Quantity::Throughput | Quantity::CpuCost => Some(round.per_message()),
            Quantity::LatencyMedian => round.p50_ns.map(|ns| ns as f64),
            Quantity::LatencyP99 => round.p99_ns.map(|ns| ns as f64),
        }
    }

    /// The quantity whose blocks hold the references that it is held against:
    /// latency has none in its own, and takes those of the same process.
    pub(super) fn of_references(self) -> Quantity {
        match self {
            Quantity::Throughput | Quantity::LatencyMedian | Quantity::LatencyP99 => Quantity::Throughput,
            Quantity::CpuCost => Quantity::CpuCost,
        }
    }

    /// Its value over a whole cell, where the cell's record says it better than
    /// its rounds do: percentiles of all round trips.
    pub(super) fn of_record(self, record: &Record) -> Option<f64> {
        match self {
            Quantity::Throughput | Quantity::CpuCost => None,
            Quantity::LatencyMedian => metric::number(&record.metrics, "round_trip_p50"),
            Quantity::LatencyP99 => metric::number(&record.metrics, "round_trip_p99"),
        }
    }
}
