//! CPU topology from sysfs. It owns which CPUs there are and what they are to each
//! other; which thread runs where is `plan`'s, and threads pin themselves with [`pin`].

mod kind;
mod plan;
mod pool;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use kind::{CoreClass, CoreKind};
pub(crate) use kind::{list, numbers};
pub use plan::{Ends, Plan, PlannedCpu, ServerCpus};

/// One logical CPU that this process may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A policy for two ends that one machine has, of servers on another.
    #[error(
        "placement.policy = {policy:?} is about CPUs that both ends of a connection may use, and the peer \
         has its own; allowed here: spread, none"
    )]
    ServersApart {
        /// The policy, as a profile has it.
        policy: &'static str,
    },
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
