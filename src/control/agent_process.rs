//! What an agent does for each request: finds out where it runs, opens, runs and
//! closes generations in this process. It owns what an agent knows between two
//! requests; in which order they may come is `agent`'s.

use std::sync::Arc;

use super::between_rounds::BetweenRounds;
use super::keeper::AgentMay;
use super::limits;
use super::message::{Ready, Reply};
use super::peer::StartedPeer;
use crate::cell::{Cell, Target};
use crate::copy_mode;
use crate::cpu::Topology;
use crate::environment::{self, Environment};
use crate::error::Result;
use crate::exchange::{Here, Instruments, Lane, Place, probe_all};
use crate::profile::Profile;

pub(super) struct AgentProcess {
    may: AgentMay,
    prepared: Option<Prepared>,
}

struct Prepared {
    target: Target,
    profile: Arc<Profile>,
    topology: Topology,
    peer: Option<Arc<StartedPeer>>,
    here: Here,
    environment: Environment,
    /// Of the open generation.
    lanes: usize,
    between: BetweenRounds,
}

impl AgentProcess {
    pub(super) fn new(may: AgentMay) -> AgentProcess {
        AgentProcess { may, prepared: None }
    }

    pub(super) fn is_prepared(&self) -> bool {
        self.prepared.is_some()
    }

    pub(super) fn prepare(
        &mut self,
        target: Target,
        profile: Profile,
        silence_s: f64,
        boot_id: Option<&str>,
    ) -> Reply {
        if self.prepared.is_some() {
            return Reply::Refused { what: "it is prepared already".into() };
        }
        if let Err(what) = limits::check_prepare(&profile, silence_s, self.may) {
            return Reply::Refused { what };
        }
        let is_elsewhere =
            boot_id.is_some_and(|of_control| environment::boot_id().as_deref() != Some(of_control));
        self.prepared(target, Arc::new(profile), is_elsewhere).unwrap_or_else(|error| failed(&error))
    }

    fn prepared(&mut self, target: Target, profile: Arc<Profile>, is_elsewhere: bool) -> Result<Reply> {
        let topology = Topology::read()?;
        let peer = StartedPeer::of(&profile)?;
        let plan = StartedPeer::plan(&peer, &topology, profile.placement.policy, profile.matrix.threads[0])?;
        let mut refused = Vec::new();
        let modes = probe_all(
            target,
            &profile,
            &plan,
            copy_mode::entries(&profile.matrix.modes),
            StartedPeer::asked(&peer),
            |mode, refusal| refused.push((mode.name.to_string(), refusal.to_string())),
        )?;
        let (instruments, _) = Instruments::of_this_machine();
        let instruments = StartedPeer::beside(&peer, instruments);
        let environment = StartedPeer::conditions(&peer, &profile);
        let ready = Ready {
            environment: environment.clone(),
            cost_unit: instruments.cost_unit,
            modes: modes.iter().map(|mode| mode.name.to_string()).collect(),
            refused,
        };
        let here = Here::new(&profile, &plan, &instruments);
        let between = BetweenRounds::new(is_elsewhere);
        let prepared = Prepared { target, profile, topology, peer, here, environment, lanes: 0, between };
        self.prepared = Some(prepared);
        Ok(Reply::Ready(Box::new(ready)))
    }

    pub(super) fn open(&mut self, cell: Cell, lanes: &[Lane]) -> Reply {
        let Some(prepared) = &mut self.prepared else { return not_prepared() };
        if prepared.lanes > 0 {
            return Reply::Refused { what: format!("{cell}: a generation is open already") };
        }
        if let Err(what) = limits::check_open(prepared.target, &prepared.profile, &cell, lanes) {
            return Reply::Refused { what };
        }
        match prepared.open(&cell, lanes) {
            Ok(reply) => reply,
            Err(error) => failed(&error),
        }
    }

    pub(super) fn round(&mut self, lane: usize, messages: u64) -> Reply {
        let Some(prepared) = &mut self.prepared else { return not_prepared() };
        if let Err(what) = limits::check_round(prepared.target, prepared.lanes, lane, messages) {
            return Reply::Refused { what };
        }
        prepared.between.end();
        let round = prepared.here.run(lane, messages);
        prepared.between.begin();
        match round {
            Ok(round) => Reply::Round(Box::new(round)),
            Err(error) => {
                prepared.lanes = 0;
                failed(&error)
            }
        }
    }

    pub(super) fn close(&mut self) -> Reply {
        let Some(prepared) = &mut self.prepared else { return not_prepared() };
        if prepared.lanes == 0 {
            return Reply::Refused { what: "no generation is open".into() };
        }
        prepared.lanes = 0;
        let steal_percent = Environment::read_cpu_times().steal_percent_since(&prepared.environment);
        match prepared.here.close() {
            Ok(mut ended) => {
                ended.report.busy_share_between_rounds = prepared.between.share();
                ended.report.machine_busy_share_between_rounds = prepared.between.machine_share();
                let (report, absent_counters) = (ended.report, ended.absent_counters);
                Reply::Closed { report, absent_counters, steal_percent }
            }
            Err(error) => failed(&error),
        }
    }
}

impl Prepared {
    fn open(&mut self, cell: &Cell, lanes: &[Lane]) -> Result<Reply> {
        let policy = self.profile.placement.policy;
        self.here.set_plan(StartedPeer::plan(&self.peer, &self.topology, policy, cell.threads)?);
        let plan = self.here.open(cell, lanes)?;
        self.lanes = lanes.len();
        self.between = BetweenRounds::new(self.between.is_elsewhere);
        Ok(Reply::Opened { plan })
    }
}

fn failed(error: &crate::Error) -> Reply {
    Reply::Failed { what: error.to_string() }
}

fn not_prepared() -> Reply {
    Reply::Refused { what: "nothing is prepared yet".into() }
}
