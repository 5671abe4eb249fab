//! What a cell's measurement is made of: rounds in blocks, blocks in
//! generations. Plain data; [`super::cell_run`] makes it, `metric/` and
//! `ratio` read it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::connection::Granted;
use super::processed_packets::ProcessedPackets;
use crate::breakdown::{NamedSamples, Samples};
use crate::cell::Cell;
use crate::copy_mode::Tally;
use crate::counter::{self, Counts, Sums};
use crate::cpu::Plan;
use crate::sys::TcpInfo;

/// The lane of the self check: the cell's own mode once more, on connections
/// of its own, as if it were another mode.
pub const SELF_LANE: &str = "self";

/// The lane of the self check across sides: the first side's own mode once more,
/// at an agent of its own.
pub const ACROSS_LANE: &str = "self-across";

/// What one round measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Messages, over all clients.
    pub messages: u64,
    /// From the release of all clients until every server had read its last
    /// byte and every client had its messages back.
    pub wall: Duration,
    /// Of a reference's round the CPU time that the clients spent in the work
    /// itself, summed over them: neither waking up nor waiting is in it.
    pub reference_cpu_time: Duration,
    /// Every round trip in nanoseconds, of a latency round; else empty.
    pub round_trips_ns: Vec<u64>,
    /// What became of the bytes that were sent; `None` of a reference.
    pub tally: Option<Tally>,
    /// How what the servers took came to them.
    pub received: Received,
    /// What the clients' threads spent in this round, from just before they
    /// are released to just after they have ended; summed over them.
    pub client_counts: Option<Sums>,
    /// What the servers' threads spent, from one round of theirs to the next:
    /// in between they sleep.
    pub server_counts: Option<Sums>,
    /// Samples of the clients' threads, where those are sampled: addresses, which
    /// mean nothing elsewhere.
    #[serde(skip)]
    pub client_samples: Samples,
    /// Samples of the servers' threads.
    #[serde(skip)]
    pub server_samples: Samples,
    /// The same of servers at a peer, named there.
    #[serde(skip)]
    pub named_server_samples: Option<NamedSamples>,
}

impl Round {
    pub(super) fn add_client(&mut self, counts: &Counts, samples: Option<Samples>) {
        add(&mut self.client_counts, &Sums::of(counts));
        samples.into_iter().for_each(|samples| self.client_samples.add(samples));
    }

    pub(super) fn add_server(&mut self, counts: &Counts, samples: Option<Samples>) {
        add(&mut self.server_counts, &Sums::of(counts));
        samples.into_iter().for_each(|samples| self.server_samples.add(samples));
    }

    /// Adds what the threads of `other` spent.
    pub fn add_counts_of(&mut self, other: &Round) {
        if let Some(sums) = &other.client_counts {
            add(&mut self.client_counts, sums);
        }
        if let Some(sums) = &other.server_counts {
            add(&mut self.server_counts, sums);
        }
    }

    /// What clients and servers spent together on the counter at `kind` of
    /// [`crate::counter::KINDS`]; `None` if one thread has no count of it.
    pub fn cost(&self, kind: usize) -> Option<f64> {
        let servers = self.server_counts.map_or(Some(0.0), |sums| sums[kind].whole())?;
        Some(self.client_counts?[kind].whole()? + servers)
    }
}
fn add(side: &mut Option<Sums>, sums: &Sums) {
    *side = Some(side.map_or(*sums, |so_far| so_far.plus(sums)));
}

/// Bytes that servers took, by the way they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// To their memory.
    pub copied_bytes: u64,
    /// Into their memory, page by page.
    pub mapped_bytes: u64,
    /// Nowhere.
    pub discarded_bytes: u64,
}

impl Received {
    /// The sums of two.
    #[must_use]
    pub fn plus(&self, other: &Received) -> Received {
        Received {
            copied_bytes: self.copied_bytes + other.copied_bytes,
            mapped_bytes: self.mapped_bytes + other.mapped_bytes,
            discarded_bytes: self.discarded_bytes + other.discarded_bytes,
        }
    }
}

/// One round of a block, in the order in which they ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BlockRound {
    /// The mode's name, or [`SELF_LANE`].
    pub lane: String,
    /// Messages, over all clients.
    pub messages: u64,
    /// Of a latency cell the sum of the round's round trips, of a reference
    /// the CPU time of its work for each CPU of the clients, else wall time.
    pub time_ns: u64,
    /// Of a CPU cost cell what clients and servers spent, in the cell's unit;
    /// else left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cost: Option<u64>,
    /// Of a latency cell the median round trip of the round.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p50_ns: Option<u64>,
    /// Of a latency cell the 99th percentile; left out under 100 round trips,
    /// where it would be the longest under another name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub p99_ns: Option<u64>,
}

impl BlockRound {
    /// What the cell's target measures, for each message: nanoseconds, or the
    /// unit of the CPU cost.
    pub fn per_message(&self) -> f64 {
        self.measured() as f64 / self.messages as f64
    }

    /// What lanes are compared by: of a latency round its median round trip, as
    /// in reports and comparisons, else what the target measures, for each
    /// message.
    pub fn compared(&self) -> f64 {
        self.p50_ns.map_or_else(|| self.per_message(), |ns| ns as f64)
    }

    /// What the cell's target measures, of the whole round.
    pub fn measured(&self) -> u64 {
        self.cost.unwrap_or(self.time_ns)
    }
}

/// What CPU cost is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CostUnit {
    /// Hardware cycles, user and kernel.
    #[serde(rename = "cycles")]
    Cycles,
    /// Nanoseconds of CPU time, where the CPU counts no cycles.
    #[serde(rename = "ns CPU")]
    CpuNanoseconds,
}

impl CostUnit {
    /// Its place in [`counter::KINDS`].
    pub fn kind(self) -> usize {
        match self {
            CostUnit::Cycles => counter::CYCLES,
            CostUnit::CpuNanoseconds => counter::CPU_TIME,
        }
    }

    /// As records and plots name it.
    pub fn name(self) -> &'static str {
        match self {
            CostUnit::Cycles => "cycles",
            CostUnit::CpuNanoseconds => "ns CPU",
        }
    }
}

/// One round of each lane, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// The generation that it ran in, counted from 0.
    pub generation: usize,
    /// The rounds as they ran.
    pub rounds: Vec<BlockRound>,
    /// The own round's round trips, of a latency cell.
    #[serde(skip)]
    pub round_trips_ns: Vec<u64>,
    /// What became of the bytes that the own round sent.
    #[serde(skip)]
    pub tally: Option<Tally>,
    /// How what the servers took in the own round came to them.
    #[serde(skip)]
    pub received: Received,
    /// What the clients spent in the own round.
    #[serde(skip)]
    pub client_counts: Option<Sums>,
    /// What the servers spent in the own round.
    #[serde(skip)]
    pub server_counts: Option<Sums>,
    /// How long the own round took, in every target.
    #[serde(skip)]
    pub wall: Duration,
}

impl Block {
    /// The round of `lane`, if the block has one.
    pub fn round(&self, lane: &str) -> Option<&BlockRound> {
        self.rounds.iter().find(|round| round.lane == lane)
    }
}

/// What a cell's blocks and generations came to.
#[derive(Clone, Debug)]
pub struct CellMeasurement {
    /// The cell.
    pub cell: Cell,
    /// Where its threads ran.
    pub plan: Plan,
    /// What the order inside the blocks was drawn from.
    pub seed: u64,
    /// The blocks, oldest first; generations count from 0.
    pub blocks: Vec<Block>,
    /// What the kernel said at the end of each generation.
    pub generations: Vec<GenerationReport>,
    /// What CPU cost is counted in.
    pub cost_unit: CostUnit,
    /// Counters that are absent, by their place in [`counter::KINDS`], and why.
    pub absent_counters: Vec<(usize, String)>,
}

/// What the kernel says of the connections when the generation ends.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerationReport {
    /// Every connection of every lane.
    pub connections: Vec<ConnectionReport>,
    /// Of a generation at an agent, the CPU time that the agent spent while other
    /// sides had their rounds, over that time.
    pub busy_share_between_rounds: Option<f64>,
    /// Of an agent under another kernel than its controller's, the time that all CPUs
    /// there were busy meanwhile, over the same; counted in hundredths of a second.
    pub machine_busy_share_between_rounds: Option<f64>,
    /// Packets that the machine processed while it lasted, by CPU; `None` where that
    /// cannot be read.
    pub processed_packets: Option<ProcessedPackets>,
    /// Of a generation whose servers are at a peer.
    pub peer: Option<PeerReport>,
}

/// What a peer added to a generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerReport {
    /// A round trip on the control connection, with everything at rest: what is read
    /// at the peer is known here half of it later.
    pub control_round_trip: Duration,
    /// Connections to the peer's servers that were not this session's.
    pub strangers: u64,
}

/// One connection at the end of its generation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionReport {
    /// The lane that it carried.
    pub lane: String,
    /// The client's socket as granted.
    pub client_granted: Granted,
    /// The server's socket as granted.
    pub server_granted: Granted,
    /// `TCP_INFO` of the client's end.
    pub client_info: TcpInfo,
    /// `TCP_INFO` of the server's end.
    pub server_info: TcpInfo,
}

/// The value that `share` of `values` do not exceed (nearest rank); none of
/// fewer than `fewest`.
pub(super) fn percentile(values: &[u64], share: f64, fewest: usize) -> Option<u64> {
    if values.len() < fewest {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(((values.len() as f64 * share).ceil() as usize).saturating_sub(1)).copied()
}
