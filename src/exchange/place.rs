//! Where the generations of a cell are: in this process, or wherever else
//! something answers the same three calls. It owns that trait and the place that
//! needs nothing else; an agent's end of it is `control`'s.

use std::sync::Arc;

use super::block::{CostUnit, GenerationReport, Round};
use super::generation::Generation;
use super::instruments::Instruments;
use super::lane::Lane;
use super::spec::{Fault, GenerationSpec};
use crate::cell::Cell;
use crate::cpu::Plan;
use crate::error::{Error, Result};
use crate::profile::Profile;

/// A place that can hold one generation at a time. After an error of `open` or
/// `run` none is open.
pub trait Place {
    /// Opens a generation of these lanes and says where its threads run.
    fn open(&mut self, cell: &Cell, lanes: &[Lane]) -> Result<Plan>;

    /// Runs one round of a lane of the open generation.
    fn run(&mut self, lane: usize, messages: u64) -> Result<Round>;

    /// Ends the open generation.
    fn close(&mut self) -> Result<Ended>;

    /// What CPU cost is counted in there.
    fn cost_unit(&self) -> CostUnit;
}

/// What is left of a generation.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// What the kernel said of its connections.
    pub report: GenerationReport,
    /// What its threads could not count, by its place in
    /// [`crate::counter::KINDS`], and why.
    pub absent_counters: Vec<(usize, String)>,
}

impl<P: Place + ?Sized> Place for &mut P {
    fn open(&mut self, cell: &Cell, lanes: &[Lane]) -> Result<Plan> {
        (**self).open(cell, lanes)
    }

    fn run(&mut self, lane: usize, messages: u64) -> Result<Round> {
        (**self).run(lane, messages)
    }

    fn close(&mut self) -> Result<Ended> {
        (**self).close()
    }

    fn cost_unit(&self) -> CostUnit {
        (**self).cost_unit()
    }
}

/// This process.
pub struct Here {
    profile: Arc<Profile>,
    plan: Plan,
    instruments: Instruments,
    open: Option<(Cell, Generation)>,
}

impl Here {
    /// Generations whose threads run as `plan` says.
    pub fn new(profile: &Arc<Profile>, plan: &Plan, instruments: &Instruments) -> Here {
        let (profile, plan, instruments) = (Arc::clone(profile), plan.clone(), instruments.clone());
        Here { profile, plan, instruments, open: None }
    }

    /// What the threads of the next generations run on.
    pub fn set_plan(&mut self, plan: Plan) {
        self.plan = plan;
    }
}

impl Place for Here {
    fn open(&mut self, cell: &Cell, lanes: &[Lane]) -> Result<Plan> {
        self.open = None;
        let generation = Generation::open(&GenerationSpec {
            cell,
            profile: &self.profile,
            plan: &self.plan,
            lanes,
            peer: self.instruments.peer.as_deref(),
            fault: Fault::None,
            counters: Arc::clone(&self.instruments.counters),
            sampling: None,
        })?;
        self.open = Some((cell.clone(), generation));
        Ok(self.plan.clone())
    }

    fn run(&mut self, lane: usize, messages: u64) -> Result<Round> {
        let Some((cell, mut generation)) = self.open.take() else { return Err(none_is_open()) };
        if lane >= generation.lanes() {
            let what = format!("a round of lane {lane} of {}", generation.lanes());
            return Err(Error::Broken { cell, end: "coordinator".into(), what });
        }
        let round = generation.run(lane, messages)?;
        self.open = Some((cell, generation));
        Ok(round)
    }

    fn close(&mut self) -> Result<Ended> {
        let Some((_, generation)) = self.open.take() else { return Err(none_is_open()) };
        let absent_counters = generation.absent_counters();
        Ok(Ended { report: generation.close()?, absent_counters })
    }

    fn cost_unit(&self) -> CostUnit {
        self.instruments.cost_unit
    }
}

fn none_is_open() -> Error {
    Error::Control { what: "no generation is open".into() }
}
