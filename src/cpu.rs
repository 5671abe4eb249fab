//! CPU topology from sysfs and the pinning plan made of it. It owns which CPU
//! each client and server thread runs on; threads pin themselves with
//! [`pin`] and the plan says nothing of what they do.

mod kind;
mod pool;

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use kind::{CoreClass, CoreKind};
pub(crate) use kind::{list, numbers};

use crate::profile::PlacementPolicy;

/// One logical CPU that this process may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cpu {
    /// The socket it is in.
    pub package: usize,
    /// The physical core, unique within the package.
    pub core: usize,
    /// The number by which Linux knows it.
    pub number: usize,
    /// Its NUMA node; the package, where the kernel names none.
    pub node: usize,
    /// What its core is beside others.
    pub kind: CoreKind,
}

/// The logical CPUs in this process's own mask, by package and core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Topology {
    cpus: Vec<Cpu>,
}

/// A pinning that the topology does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlacementError {
    /// No CPU to run on: `sched_getaffinity(2)` gave none.
    #[error("the process's CPU mask cannot be read or is empty")]
    NoCpu,
    /// `siblings` on a machine, or within a mask, without SMT.
    #[error(
        "placement.policy = \"siblings\" needs a core with two CPUs, and none of {cpus} CPUs in \
         this process's mask shares one; allowed here: spread, same-core, none"
    )]
    NoSiblings {
        /// How many CPUs the mask has.
        cpus: usize,
    },
    /// `across-nodes` on a machine, or within a mask, of one node.
    #[error(
        "placement.policy = \"across-nodes\" needs CPUs on two NUMA nodes, and all {cpus} CPUs in this \
         process's mask are on one; allowed here: spread, same-core, none"
    )]
    OneNode {
        /// How many CPUs the mask has.
        cpus: usize,
    },
}

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

impl Topology {
    /// Reads the process's own CPU mask and sysfs. A CPU whose topology sysfs
    /// does not give counts as a core of its own.
    pub fn read() -> Result<Topology, PlacementError> {
        let allowed = core_affinity::get_core_ids().unwrap_or_default();
        Topology::from_sysfs(Path::new("/sys/devices"), allowed.iter().map(|id| id.id))
    }

    /// The topology of those of the `allowed` CPUs that are online, from sysfs's
    /// `devices` directory.
    pub fn from_sysfs(
        devices: &Path,
        allowed: impl Iterator<Item = usize>,
    ) -> Result<Topology, PlacementError> {
        let sysfs = kind::Sysfs::new(devices);
        let cpus = allowed.filter(|number| sysfs.is_online(*number)).map(|number| {
            let package = sysfs.number(number, "topology/physical_package_id").unwrap_or(0);
            Cpu {
                package,
                core: sysfs.number(number, "topology/core_id").unwrap_or(1_000_000 + number),
                number,
                node: sysfs.node(number).unwrap_or(package),
                kind: sysfs.kind(number),
            }
        });
        Topology::new(cpus.collect())
    }

    /// A topology of these CPUs.
    pub fn new(mut cpus: Vec<Cpu>) -> Result<Topology, PlacementError> {
        cpus.sort();
        match cpus.is_empty() {
            true => Err(PlacementError::NoCpu),
            false => Ok(Topology { cpus }),
        }
    }

    /// The CPUs, by package and core.
    pub fn cpus(&self) -> &[Cpu] {
        &self.cpus
    }

    /// The kinds of cores, the largest first, and the CPUs of each.
    pub fn kinds(&self) -> Vec<(CoreKind, Vec<usize>)> {
        let mut cpus = self.cpus.clone();
        cpus.sort_by_key(|cpu| (std::cmp::Reverse(cpu.kind), cpu.number));
        let mut kinds: Vec<(CoreKind, Vec<usize>)> = Vec::new();
        for cpu in cpus {
            match kinds.last_mut().filter(|(kind, _)| kind.is_like(cpu.kind)) {
                Some((_, alike)) => alike.push(cpu.number),
                None => kinds.push((cpu.kind, vec![cpu.number])),
            }
        }
        kinds
    }

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
        let runs_on = |cpu: &&Cpu| {
            ends.iter().any(|ends| {
                [ends.client, ends.server].iter().any(|end| end.is_none_or(|end| end == cpu.number))
            })
        };
        let planned = |cpu: &Cpu| PlannedCpu { cpu: cpu.number, node: cpu.node, kind: cpu.kind };
        let on = self.cpus.iter().filter(runs_on).map(planned).collect();
        Ok(Plan { ends, cpus: self.cpus.len(), on })
    }
}

impl Plan {
    /// CPUs that the clients have among them.
    pub fn client_cpus(&self) -> usize {
        self.among(self.ends.iter().map(|ends| ends.client))
    }

    /// CPUs that the servers of one mode have among them.
    pub fn server_cpus(&self) -> usize {
        self.among(self.ends.iter().map(|ends| ends.server))
    }

    /// CPUs that both sides of one mode have among them.
    pub fn both_sides_cpus(&self) -> usize {
        self.among(self.ends.iter().flat_map(|ends| [ends.client, ends.server]))
    }

    /// How many CPUs these threads have; unpinned ones may use any.
    fn among(&self, threads: impl Iterator<Item = Option<usize>> + Clone) -> usize {
        let pinned: Option<BTreeSet<usize>> = threads.clone().collect();
        pinned.map_or_else(|| self.cpus.min(threads.count()), |cpus| cpus.len()).max(1)
    }

    /// Threads that want to run at once while a round runs: two a connection.
    pub fn busy_threads(&self) -> usize {
        2 * self.ends.len()
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

    /// Whether there are more of them than CPUs.
    pub fn is_oversubscribed(&self) -> bool {
        self.busy_threads() > self.cpus
    }
}

/// How many CPUs the calling thread may run on; 0 if the kernel does not say.
pub fn allowed_here() -> usize {
    core_affinity::get_core_ids().map_or(0, |cpus| cpus.len())
}

/// Pins the calling thread; `false` if the kernel refused.
pub fn pin(cpu: Option<usize>) -> bool {
    cpu.is_none_or(|id| core_affinity::set_for_current(core_affinity::CoreId { id }))
}

#[cfg(test)]
mod tests;
