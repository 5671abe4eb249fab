//! Where every thread of a cell runs. It owns which CPU each client and each server
//! gets, on one machine or, where the servers are at a peer with CPUs of its own, on
//! two; what the threads do there it does not know.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{CoreKind, Cpu, PlacementError, Topology};
use crate::profile::PlacementPolicy;

/// The CPUs of the two ends of one connection; `None` is the scheduler's
/// choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    /// Where the client thread runs.
    pub client: Option<usize>,
    /// Where the server threads of that client's connections run.
    pub server: Option<usize>,
}

/// Where every thread of a cell runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// One entry a client thread.
    pub ends: Vec<Ends>,
    /// Logical CPUs that the plan may use.
    pub cpus: usize,
    /// The CPUs that threads run on, or may: absent from older records.
    #[serde(default)]
    pub on: Vec<PlannedCpu>,
    /// Those of the servers, where they are on another machine: the servers of `ends`
    /// are numbered as they are there, and `cpus` and `on` are the clients' alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<ServerCpus>,
}

/// A CPU of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCpu {
    /// The number by which Linux knows it.
    pub cpu: usize,
    /// Its NUMA node.
    pub node: usize,
    /// What its core is beside others.
    pub kind: CoreKind,
}

/// The CPUs that servers have to themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerCpus {
    /// How many they may use.
    pub cpus: usize,
    /// Those that they run on, or may.
    pub on: Vec<PlannedCpu>,
}

impl Topology {
    /// Plans `threads` clients and their servers. Both ends of a connection are
    /// on one NUMA node and on equal cores where there are such, the largest
    /// first; neighbours in the plan are in one package where it has room.
    pub fn plan(&self, policy: PlacementPolicy, threads: usize) -> Result<Plan, PlacementError> {
        let pools = self.pools();
        let cores: Vec<&Vec<usize>> = pools.iter().flat_map(|pool| &pool.cores).collect();
        let same = |cpu: usize| Ends { client: Some(cpu), server: Some(cpu) };
        let ends: Vec<Ends> = match policy {
            PlacementPolicy::Spread => self.over_pools(&pools, threads),
            PlacementPolicy::AcrossNodes => self.across_nodes(&pools, threads)?,
            PlacementPolicy::SameCore => {
                (0..threads).map(|thread| same(cores[thread % cores.len()][0])).collect()
            }
            PlacementPolicy::Siblings => {
                let pairs: Vec<_> = cores.iter().filter(|core| core.len() > 1).collect();
                if pairs.is_empty() {
                    return Err(PlacementError::NoSiblings { cpus: self.cpus.len() });
                }
                (0..threads)
                    .map(|thread| pairs[thread % pairs.len()])
                    .map(|core| Ends { client: Some(core[0]), server: Some(core[1]) })
                    .collect()
            }
            PlacementPolicy::None => vec![Ends { client: None, server: None }; threads],
        };
        let on = self.that_run(ends.iter().flat_map(|ends| [ends.client, ends.server]));
        Ok(Plan { ends, cpus: self.cpus.len(), on, servers: None })
    }

    /// The same with the servers on the CPUs of another machine: each end has a core
    /// to itself while there are such.
    pub fn plan_apart(
        &self,
        servers: &Topology,
        policy: PlacementPolicy,
        threads: usize,
    ) -> Result<Plan, PlacementError> {
        let apart = |policy| Err(PlacementError::ServersApart { policy });
        let ends: Vec<Ends> = match policy {
            PlacementPolicy::Spread => {
                let (client, server) = (self.each_alone(threads), servers.each_alone(threads));
                client.into_iter().zip(server).map(|(client, server)| Ends { client, server }).collect()
            }
            PlacementPolicy::None => vec![Ends { client: None, server: None }; threads],
            PlacementPolicy::SameCore => return apart("same-core"),
            PlacementPolicy::Siblings => return apart("siblings"),
            PlacementPolicy::AcrossNodes => return apart("across-nodes"),
        };
        let on = self.that_run(ends.iter().map(|ends| ends.client));
        let servers_on = servers.that_run(ends.iter().map(|ends| ends.server));
        let servers = Some(ServerCpus { cpus: servers.cpus.len(), on: servers_on });
        Ok(Plan { ends, cpus: self.cpus.len(), on, servers })
    }

    /// The CPUs that these threads run on, or may.
    fn that_run(&self, threads: impl Iterator<Item = Option<usize>> + Clone) -> Vec<PlannedCpu> {
        let runs_on = |cpu: &&Cpu| threads.clone().any(|of| of.is_none_or(|number| number == cpu.number));
        let planned = |cpu: &Cpu| PlannedCpu { cpu: cpu.number, node: cpu.node, kind: cpu.kind };
        self.cpus.iter().filter(runs_on).map(planned).collect()
    }
}

impl Plan {
    /// CPUs that the clients have among them.
    pub fn client_cpus(&self) -> usize {
        among(self.cpus, self.ends.iter().map(|ends| ends.client))
    }

    /// Clients that share a CPU, at most, if they are spread over theirs.
    pub fn clients_on_a_cpu(&self) -> usize {
        self.ends.len().div_ceil(self.client_cpus()).max(1)
    }

    /// CPUs that the servers of one mode have among them.
    pub fn server_cpus(&self) -> usize {
        let cpus = self.servers.as_ref().map_or(self.cpus, |servers| servers.cpus);
        among(cpus, self.ends.iter().map(|ends| ends.server))
    }

    /// CPUs that both sides of one mode have among them, which run on the same machine;
    /// `None` where they do not.
    pub fn both_sides_cpus(&self) -> Option<usize> {
        let all = self.ends.iter().flat_map(|ends| [ends.client, ends.server]);
        self.servers.is_none().then(|| among(self.cpus, all))
    }

    /// Threads that want to run at once here while a round runs: two a connection, or
    /// its client.
    pub fn busy_threads(&self) -> usize {
        if self.servers.is_some() { self.ends.len() } else { 2 * self.ends.len() }
    }

    /// Threads that want to run at once, and the CPUs that they have: here or, where
    /// they have fewer, at the servers' machine.
    pub fn most_crowded(&self) -> (usize, usize) {
        let there = self.servers.as_ref().map(|servers| (self.ends.len(), servers.cpus));
        match there {
            Some((busy, cpus)) if cpus < self.cpus => (busy, cpus),
            _ => (self.busy_threads(), self.cpus),
        }
    }

    /// The unlike kinds of cores that it runs on, largest first; one if equal.
    pub fn kinds(&self) -> Vec<(CoreKind, Vec<usize>)> {
        let cpu = |on: &PlannedCpu| Cpu { number: on.cpu, node: on.node, kind: on.kind, ..Cpu::default() };
        Topology { cpus: self.on.iter().map(cpu).collect() }.kinds()
    }

    /// The NUMA nodes that it runs on.
    pub fn nodes(&self) -> BTreeSet<usize> {
        self.on.iter().map(|on| on.node).collect()
    }

    /// Whether there are more busy threads than CPUs.
    pub fn is_oversubscribed(&self) -> bool {
        let (busy_threads, cpus) = self.most_crowded();
        busy_threads > cpus
    }
}

/// How many of `cpus` these threads have; unpinned ones may use any.
fn among(cpus: usize, threads: impl Iterator<Item = Option<usize>> + Clone) -> usize {
    let pinned: Option<BTreeSet<usize>> = threads.clone().collect();
    pinned.map_or_else(|| cpus.min(threads.count()), |cpus| cpus.len()).max(1)
}
