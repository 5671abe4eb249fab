//! What a cell is counted with, found once for a run. Each thread opens the
//! counters anew; what one of them cannot have is the generation's business.

use std::sync::Arc;

use super::block::CostUnit;
use super::servers::Peer;
use crate::counter::{self, CounterSource, Opened};

/// What a cell is measured with beside its own profile.
#[derive(Clone)]
pub struct Instruments {
    /// What is counted in each thread.
    pub counters: Arc<Vec<Box<dyn CounterSource>>>,
    /// What CPU cost is counted in.
    pub cost_unit: CostUnit,
    /// Where the servers are, if not in this process.
    pub peer: Option<Arc<dyn Peer>>,
}

impl Instruments {
    /// The counters of this machine, with those that are absent and why. CPU
    /// cost is in cycles where the CPU counts them.
    pub fn of_this_machine() -> (Instruments, Vec<(usize, String)>) {
        let counters = Arc::new(counter::sources());
        let mut opened = Opened::new(&counters);
        // A pinned counter that finds no room is open, and absent when read.
        let _ = opened.read();
        let absences = opened.absences();
        let no_cycles = absences.iter().any(|(kind, _)| *kind == counter::CYCLES);
        let cost_unit = if no_cycles { CostUnit::CpuNanoseconds } else { CostUnit::Cycles };
        (Instruments { counters, cost_unit, peer: None }, absences)
    }

    /// The same with the servers at `peer`, where CPU cost is counted in `cost_unit`:
    /// in cycles where both ends count them.
    pub fn beside(self, peer: Arc<dyn Peer>, cost_unit: CostUnit) -> Instruments {
        let cost_unit = match self.cost_unit {
            CostUnit::Cycles => cost_unit,
            CostUnit::CpuNanoseconds => CostUnit::CpuNanoseconds,
        };
        Instruments { cost_unit, peer: Some(peer), ..self }
    }
}
