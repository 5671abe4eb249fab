//! Pairs of CPUs for the two ends of each connection, out of pools of cores that
//! are equal and near each other. It owns in which order they are taken.

use std::collections::BTreeMap;

use super::{Cpu, Ends, PlacementError, Topology};

/// The CPU numbers of each core, by package and core.
type Cores = BTreeMap<(usize, usize), Vec<usize>>;

/// Cores that are equal and near each other.
pub(super) struct Pool {
    node: usize,
    /// The CPU numbers of each physical core.
    pub(super) cores: Vec<Vec<usize>>,
}

impl Topology {
    /// The cores of each kind and node, the largest kind first.
    pub(super) fn pools(&self) -> Vec<Pool> {
        let kinds = self.kinds();
        let rank = |cpu: &Cpu| kinds.iter().position(|(_, cpus)| cpus.contains(&cpu.number));
        let mut pools: BTreeMap<(Option<usize>, usize), Cores> = BTreeMap::new();
        for cpu in &self.cpus {
            let cores = pools.entry((rank(cpu), cpu.node)).or_default();
            cores.entry((cpu.package, cpu.core)).or_default().push(cpu.number);
        }
        let pool = |((_, node), cores): ((Option<usize>, usize), Cores)| Pool {
            node,
            cores: cores.into_values().collect(),
        };
        pools.into_iter().map(pool).collect()
    }

    /// A connection lies within one pool. Each pool takes as many as it has
    /// pairs of cores before the next is begun; then it goes round again. A pool
    /// of one core takes none, unless there is no other.
    pub(super) fn over_pools(&self, pools: &[Pool], threads: usize) -> Vec<Ends> {
        let mut usable: Vec<&Pool> = pools.iter().filter(|pool| pool.cores.len() > 1).collect();
        let whole = Pool { node: 0, cores: pools.iter().flat_map(|pool| pool.cores.clone()).collect() };
        if usable.is_empty() {
            usable = vec![&whole];
        }
        let order = usable.iter().enumerate().flat_map(|(at, pool)| vec![at; (pool.cores.len() / 2).max(1)]);
        let order: Vec<usize> = order.cycle().take(threads).collect();
        let mut ends: Vec<_> = (0..usable.len())
            .map(|at| {
                self.spread(&usable[at].cores, order.iter().filter(|of| **of == at).count()).into_iter()
            })
            .collect();
        order.into_iter().filter_map(|at| ends[at].next()).collect()
    }

    /// A CPU for each of so many threads that nothing ties to another: the first of
    /// each core, pool by pool, then the second of each, and so on round again.
    pub(super) fn each_alone(&self, threads: usize) -> Vec<Option<usize>> {
        let cores: Vec<Vec<usize>> = self.pools().into_iter().flat_map(|pool| pool.cores).collect();
        in_turn(&cores).into_iter().map(Some).cycle().take(threads).collect()
    }

    /// The two ends on the first two nodes of the largest kind that has two.
    pub(super) fn across_nodes(&self, pools: &[Pool], threads: usize) -> Result<Vec<Ends>, PlacementError> {
        let one_node = PlacementError::OneNode { cpus: self.cpus.len() };
        let near = pools.first().ok_or_else(|| one_node.clone())?;
        let far = pools.iter().find(|pool| pool.node != near.node).ok_or(one_node)?;
        let cpu = |pool: &Pool, thread: usize| Some(pool.cores[thread % pool.cores.len()][0]);
        Ok((0..threads).map(|thread| Ends { client: cpu(near, thread), server: cpu(far, thread) }).collect())
    }

    /// Ends go to the first CPU of each core in turn, then to the second of
    /// each, and so on. Once all are taken it starts again with client and
    /// server exchanged, so that no CPU gets clients only.
    fn spread(&self, cores: &[Vec<usize>], threads: usize) -> Vec<Ends> {
        let order = in_turn(cores);
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

/// The first CPU of each core, then the second of each, and so on.
fn in_turn(cores: &[Vec<usize>]) -> Vec<usize> {
    let deepest = cores.iter().map(Vec::len).max().unwrap_or(0);
    (0..deepest).flat_map(|sibling| cores.iter().filter_map(move |core| core.get(sibling).copied())).collect()
}
