//! CPU topology from sysfs and the pinning plan made of it. It owns which CPU
//! each client and server thread runs on; threads pin themselves with
//! [`pin`] and the plan says nothing of what they do.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::profile::PlacementPolicy;

/// One logical CPU that this process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cpu {
    /// The socket it is in.
    pub package: usize,
    /// The physical core, unique within the package.
    pub core: usize,
    /// The number by which Linux knows it.
    pub number: usize,
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
}

impl Topology {
    /// Reads the process's own CPU mask and sysfs. A CPU whose topology sysfs
    /// does not give counts as a core of its own.
    pub fn read() -> Result<Topology, PlacementError> {
        let allowed = core_affinity::get_core_ids().unwrap_or_default();
        Topology::from_sysfs(Path::new("/sys/devices/system/cpu"), allowed.iter().map(|id| id.id))
    }

    /// The topology of the `allowed` CPUs from sysfs at `root`.
    pub(crate) fn from_sysfs(
        root: &Path,
        allowed: impl Iterator<Item = usize>,
    ) -> Result<Topology, PlacementError> {
        let read = |number: usize, name: &str| {
            let path = root.join(format!("cpu{number}/topology/{name}"));
            std::fs::read_to_string(path).ok()?.trim().parse::<usize>().ok()
        };
        let cpus = allowed.map(|number| Cpu {
            package: read(number, "physical_package_id").unwrap_or(0),
            core: read(number, "core_id").unwrap_or(1_000_000 + number),
            number,
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

    /// Plans `threads` clients and their servers. Neighbours in the plan are
    /// in one package where it has room.
    pub fn plan(&self, policy: PlacementPolicy, threads: usize) -> Result<Plan, PlacementError> {
        let cores = self.cores();
        let ends: Vec<Ends> = match policy {
            PlacementPolicy::Spread => self.spread(&cores, threads),
            PlacementPolicy::SameCore => (0..threads)
                .map(|thread| cores[thread % cores.len()][0])
                .map(|cpu| Ends { client: Some(cpu), server: Some(cpu) })
                .collect(),
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
        Ok(Plan { ends, cpus: self.cpus.len() })
    }

    /// The CPU numbers of each physical core.
    fn cores(&self) -> Vec<Vec<usize>> {
        let mut cores: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for cpu in &self.cpus {
            cores.entry((cpu.package, cpu.core)).or_default().push(cpu.number);
        }
        cores.into_values().collect()
    }

    /// Ends go to the first CPU of each core in turn, then to the second of
    /// each, and so on. Once all are taken it starts again with client and
    /// server exchanged, so that no CPU gets clients only.
    fn spread(&self, cores: &[Vec<usize>], threads: usize) -> Vec<Ends> {
        let deepest = cores.iter().map(Vec::len).max().unwrap_or(0);
        let order: Vec<usize> = (0..deepest)
            .flat_map(|sibling| cores.iter().filter_map(move |core| core.get(sibling).copied()))
            .collect();
        let core_of = |cpu: usize| cores.iter().position(|core| core.contains(&cpu));
        (0..threads)
            .map(|thread| {
                let at = |end: usize| order[end % order.len()];
                let first = at(2 * thread);
                // Where cores differ in their number of siblings the next CPU
                // can lie on the same core: go on to one that does not.
                let others = (1..order.len()).map(|step| at(2 * thread + step));
                let second = others
                    .clone()
                    .find(|cpu| core_of(*cpu) != core_of(first))
                    .or_else(|| others.clone().next())
                    .unwrap_or(first);
                let again = !(2 * thread / order.len()).is_multiple_of(2) && order.len().is_multiple_of(2);
                let (client, server) = if again { (second, first) } else { (first, second) };
                Ends { client: Some(client), server: Some(server) }
            })
            .collect()
    }
}

impl Plan {
    /// Threads that want to run at once while a round runs: two a connection.
    pub fn busy_threads(&self) -> usize {
        2 * self.ends.len()
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
mod tests {
    use super::*;

    fn topology(cpus: &[(usize, usize, usize)]) -> Topology {
        let cpu = |&(package, core, number)| Cpu { package, core, number };
        Topology::new(cpus.iter().map(cpu).collect()).unwrap()
    }

    fn ends(plan: &Plan) -> Vec<(usize, usize)> {
        plan.ends.iter().map(|ends| (ends.client.unwrap(), ends.server.unwrap())).collect()
    }

    #[test]
    fn two_cpus_alternate_client_and_server() {
        let plan = topology(&[(0, 0, 0), (0, 1, 1)]).plan(PlacementPolicy::Spread, 4).unwrap();
        assert_eq!(ends(&plan), [(0, 1), (1, 0), (0, 1), (1, 0)]);
        assert!(plan.is_oversubscribed());
    }

    #[test]
    fn spread_leaves_siblings_alone_while_cores_are_free() {
        // 4 cores, 8 CPUs, numbered as x86 does: the siblings of 0..4 are 4..8.
        let cpus: Vec<_> = (0..8).map(|n| (0, n % 4, n)).collect();
        let plan = topology(&cpus).plan(PlacementPolicy::Spread, 4).unwrap();
        assert_eq!(ends(&plan), [(0, 1), (2, 3), (4, 5), (6, 7)]);
        assert!(!plan.is_oversubscribed());
    }

    #[test]
    fn the_ends_of_a_connection_never_share_a_core_if_there_are_two() {
        for cores in 2..6 {
            for siblings in 1..3 {
                let cpus: Vec<_> = (0..cores * siblings).map(|n| (0, n % cores, n)).collect();
                let plan = topology(&cpus).plan(PlacementPolicy::Spread, 9).unwrap();
                for (client, server) in ends(&plan) {
                    assert_ne!(client % cores, server % cores, "{cores} cores × {siblings}");
                }
            }
        }
    }

    #[test]
    fn cores_with_and_without_siblings_mix() {
        let uneven = topology(&[(0, 0, 0), (0, 1, 1), (0, 0, 2)]);
        let plan = uneven.plan(PlacementPolicy::Spread, 3).unwrap();
        assert_eq!(ends(&plan), [(0, 1), (2, 1), (1, 2)]);
        let one = topology(&[(0, 0, 5)]);
        assert_eq!(ends(&one.plan(PlacementPolicy::Spread, 2).unwrap()), [(5, 5), (5, 5)]);
    }

    #[test]
    fn same_core_siblings_and_none() {
        let smt = topology(&[(0, 0, 0), (0, 1, 1), (0, 0, 2), (0, 1, 3)]);
        assert_eq!(ends(&smt.plan(PlacementPolicy::SameCore, 3).unwrap()), [(0, 0), (1, 1), (0, 0)]);
        assert_eq!(ends(&smt.plan(PlacementPolicy::Siblings, 3).unwrap()), [(0, 2), (1, 3), (0, 2)]);
        assert_eq!(smt.plan(PlacementPolicy::None, 1).unwrap().ends[0].client, None);
        let plain = topology(&[(0, 0, 0), (0, 1, 1)]);
        let error = plain.plan(PlacementPolicy::Siblings, 1).unwrap_err();
        assert_eq!(error, PlacementError::NoSiblings { cpus: 2 });
        assert_eq!(Topology::new(vec![]).unwrap_err(), PlacementError::NoCpu);
    }

    #[test]
    fn this_machine_has_the_cpus_of_this_process() {
        let topology = Topology::read().unwrap();
        let allowed = std::thread::available_parallelism().unwrap().get();
        assert!(topology.cpus().len() >= allowed);
    }
}
