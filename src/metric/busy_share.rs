//! How busy each side was in the cell's own rounds, and which of the two that
//! limits. It owns the line between busy and waiting and the words for it; the
//! CPU time is [`super::cpu_cost`]'s, and what follows for a comparison of modes
//! is the report's.

use super::cpu_cost::absence;
use super::{Described, Metrics, Reading, Source, Value, median, number};
use crate::counter::{CPU_TIME, Sums};
use crate::exchange::{Block, CellMeasurement};

pub(super) struct BusyShare;

/// The clients' share.
pub const CLIENT: &str = "client_busy_share";
/// The servers' share.
pub const SERVER: &str = "server_busy_share";
/// Both sides' share of all their CPUs, where threads outnumber CPUs.
pub const CPUS: &str = "cpus_busy_share";
/// What [`LimitedBy`] is called.
pub const LIMITED_BY: &str = "limited_by";

/// From here on a side is busy. docs/METHOD.md, "Which end limits a cell", says
/// how the line was chosen.
const BUSY_SHARE: f64 = 0.9;

/// What keeps a cell from moving more bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitedBy {
    /// The clients are busy, the servers are not.
    Client,
    /// The servers are busy, the clients are not.
    Server,
    /// Both are busy, each on CPUs of its own.
    BothEnds,
    /// There are more threads than CPUs, and all of these are busy.
    Cpus,
    /// Nobody is busy.
    Waiting,
}

/// The shares of one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// The clients' CPU time over wall time and the CPUs that they may use.
    pub client: f64,
    /// The same of the servers.
    pub server: f64,
    /// The same of both and all their CPUs; only where threads outnumber CPUs.
    pub cpus: Option<f64>,
}

impl Shares {
    /// Those that a record holds.
    pub fn of(metrics: &Metrics) -> Option<Shares> {
        let (client, server) = (number(metrics, CLIENT)?, number(metrics, SERVER)?);
        Some(Shares { client, server, cpus: number(metrics, CPUS) })
    }

    /// What they say limits the cell. Where threads outnumber CPUs the two
    /// sides take time from each other on the same CPUs, so both together come
    /// first.
    pub fn limited_by(&self) -> LimitedBy {
        let is_busy = |share: f64| share >= BUSY_SHARE;
        match (self.cpus.is_some_and(is_busy), is_busy(self.client), is_busy(self.server)) {
            (true, ..) => LimitedBy::Cpus,
            (false, true, true) => LimitedBy::BothEnds,
            (false, true, false) => LimitedBy::Client,
            (false, false, true) => LimitedBy::Server,
            (false, false, false) => LimitedBy::Waiting,
        }
    }

    /// `client 98 %, server 47 %`, and `all CPUs 99 %` where that is told.
    pub fn figures(&self) -> String {
        let all = self.cpus.map_or(String::new(), |share| format!(", all CPUs {:.0} %", share * 100.0));
        format!("client {:.0} %, server {:.0} %{all}", self.client * 100.0, self.server * 100.0)
    }

    /// `busy: client 98 %, server 47 %: limited by the client`.
    pub fn sentence(&self) -> String {
        format!("busy: {}: limited by {}", self.figures(), self.limited_by().words())
    }
}

impl LimitedBy {
    /// As records and tables name it.
    pub fn name(self) -> &'static str {
        match self {
            LimitedBy::Client => "client",
            LimitedBy::Server => "server",
            LimitedBy::BothEnds => "both ends",
            LimitedBy::Cpus => "CPUs",
            LimitedBy::Waiting => "waiting",
        }
    }

    /// As sentences name it, after "by".
    pub fn words(self) -> &'static str {
        match self {
            LimitedBy::Client => "the client",
            LimitedBy::Server => "the server",
            LimitedBy::BothEnds => "both ends",
            LimitedBy::Cpus => "the CPUs",
            LimitedBy::Waiting => "waiting",
        }
    }
}

impl Source for BusyShare {
    fn catalogue(&self) -> &'static [Described] {
        const CATALOGUE: &[Described] = &[
            Described {
                name: CLIENT,
                unit: "",
                meaning: "the clients' CPU time over wall time and their CPUs",
            },
            Described {
                name: SERVER,
                unit: "",
                meaning: "the servers' CPU time over wall time and their CPUs",
            },
            Described {
                name: CPUS,
                unit: "",
                meaning: "both sides' CPU time over wall time and all their CPUs",
            },
            Described { name: LIMITED_BY, unit: "", meaning: "what these shares say limits the cell" },
        ];
        CATALOGUE
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let plan = &measurement.plan;
        let client = |block: &Block| cpu_time_ns(block.client_counts);
        let server = |block: &Block| cpu_time_ns(block.server_counts);
        let both = |block: &Block| Some(client(block)? + server(block)?);
        // Ends with CPUs of their own wait for none of each other's.
        let crowded = plan.both_sides_cpus().filter(|_| plan.is_oversubscribed());
        let cpus = crowded.map(|cpus| share(measurement, cpus, both));
        let (client, server) =
            (share(measurement, plan.client_cpus(), client), share(measurement, plan.server_cpus(), server));
        let shares = client.clone().and_then(|client| {
            let cpus = cpus.clone().and_then(Result::ok);
            Ok(Shares { client, server: server.clone()?, cpus })
        });
        let number = |share: Result<f64, String>| match share {
            Ok(share) => Reading::Value(Value::Number(share)),
            Err(why) => Reading::Absent(why),
        };
        let limited_by = match shares {
            Ok(shares) => Reading::Value(Value::Text(shares.limited_by().name().into())),
            Err(why) => Reading::Absent(why),
        };
        let mut readings = vec![(CLIENT, number(client)), (SERVER, number(server))];
        readings.extend(cpus.map(|cpus| (CPUS, number(cpus))));
        readings.push((LIMITED_BY, limited_by));
        readings
    }
}

fn cpu_time_ns(counts: Option<Sums>) -> Option<f64> {
    counts?[CPU_TIME].total()
}

/// The median over the own rounds, as the cell's figure is: one round that stood
/// still for as long as all others took is none of a cell that waits.
fn share(
    measurement: &CellMeasurement,
    cpus: usize,
    cpu_time_ns: impl Fn(&Block) -> Option<f64>,
) -> Result<f64, String> {
    let timed = || measurement.blocks.iter().filter(|block| !block.wall.is_zero());
    let wall_ns = |block: &Block| block.wall.as_nanos() as f64 * cpus as f64;
    let shares: Vec<f64> = timed().filter_map(|block| Some(cpu_time_ns(block)? / wall_ns(block))).collect();
    median(&shares).ok_or_else(|| match timed().next() {
        Some(_) => absence(measurement, CPU_TIME, []),
        None => "no own round was timed".to_string(),
    })
}
