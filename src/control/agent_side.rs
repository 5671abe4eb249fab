//! A side as its controller sees it: an agent, asked what a place is asked. It
//! owns how long an answer may take, and that what comes back is checked before
//! it is believed: it is data from elsewhere.

use std::time::Duration;

use super::answer_limits::{check_closed, check_plan, check_ready, check_round};
use super::message::{Ready, Reply, Request};
use super::peer_session::START as PEER_START;
use super::runner::{Runner, ended};
use super::{PROGRAM, frame, peer_limits};
use crate::cell::{Cell, Target};
use crate::copy_mode::{self, ModeEntry};
use crate::cpu::Plan;
use crate::environment::{self, Environment};
use crate::error::{Error, Result};
use crate::exchange::{CostUnit, Ended, Lane, Place, Round};
use crate::metric::Reading;
use crate::profile::Profile;
use crate::profile::check::limits::STALL_TIMEOUT_S;

/// How long either end waits for the other, as a share of the stall timeout: within
/// that it is said and done.
pub(super) const SHARE: f64 = 0.9;

/// The stall timeout of an agent itself, which says first what stands still.
pub(super) const OWN_SHARE: f64 = 0.8;

/// So many words reach an agent in the time after which it takes its controller for
/// gone, every other of which may be late.
pub(super) const WORDS: u32 = 4;

/// A side with its runner.
pub struct AgentSide {
    name: String,
    runner: Runner,
    /// How long an answer may take, and how long an agent waits for a word.
    limit: Duration,
    has_peer: bool,
    conditions: Option<Conditions>,
    /// The open generation's, or the last one's.
    cell: Option<Cell>,
    lanes: Vec<Lane>,
    steal_percent: Reading,
    /// Why nothing more can be asked of it.
    broken: Option<String>,
}

/// What was found at a side.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// Its conditions, read by its agent.
    pub environment: Environment,
    /// What CPU cost is counted in there.
    pub cost_unit: CostUnit,
    /// The copy modes that the kernel there takes.
    pub modes: Vec<ModeEntry>,
    /// The others, each with the kernel's refusal.
    pub refused: Vec<(String, String)>,
}

impl AgentSide {
    /// A side called `name`, whose runner has shown an agent's keeper.
    pub fn new(name: &str, runner: Runner) -> AgentSide {
        AgentSide {
            name: name.to_string(),
            runner,
            limit: Duration::ZERO,
            has_peer: false,
            conditions: None,
            cell: None,
            lanes: Vec::new(),
            steal_percent: Reading::Absent("no generation has ended yet".into()),
            broken: None,
        }
    }

    /// Begins a pass: a fresh agent, which says where it is. Neither end waits for the
    /// other for longer than the stall timeout from here on.
    pub fn begin(&mut self, target: Target, profile: &Profile) -> Result<&Conditions> {
        let limit = profile.stall_timeout().mul_f64(SHARE);
        (self.limit, self.cell, self.conditions) = (limit, None, None);
        self.has_peer = profile.peer.is_some();
        match self.ask(&Request::Start { program: PROGRAM.to_string() })? {
            Reply::Started {} => {}
            other => return Err(self.unexpected(&other)),
        }
        if let Some(input) = &self.runner.input {
            input.begin_pass(self.limit / WORDS);
        }
        let (mut sent, silence_s) = (Box::new(profile.clone()), self.limit.as_secs_f64());
        sent.rounds.stall_timeout_s = (OWN_SHARE * profile.rounds.stall_timeout_s).max(STALL_TIMEOUT_S.0);
        let boot_id = environment::boot_id();
        let request = Request::Prepare { target, profile: sent, silence_s, boot_id };
        if self.has_peer {
            self.limit *= 1 + PEER_START; // its runner may have to reach a host
        }
        let ready = self.ask(&request)?;
        self.limit = limit;
        let conditions = match ready {
            Reply::Ready(ready) => checked(*ready, profile).map_err(|what| self.breaks(what))?,
            other => return Err(self.unexpected(&other)),
        };
        Ok(self.conditions.insert(conditions))
    }

    /// Ends a pass: the agent, not the runner.
    pub fn end(&mut self) -> Result<()> {
        if let Some(input) = &self.runner.input {
            input.end_pass();
        }
        match self.ask(&Request::End {})? {
            Reply::Ended {} => Ok(()),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was found there, once a pass has begun.
    pub fn conditions(&self) -> Option<&Conditions> {
        self.conditions.as_ref()
    }

    /// CPU time that a hypervisor gave to others since the pass began.
    pub fn steal_percent(&self) -> Reading {
        self.steal_percent.clone()
    }

    /// Why nothing more can be asked of it, if that is so.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    fn ask(&mut self, request: &Request) -> Result<Reply> {
        if let Some(what) = &self.broken {
            return Err(Error::AtSide { side: self.name.clone(), what: what.clone() });
        }
        match self.exchange(request) {
            Ok(Reply::Failed { what }) => Err(Error::AtSide { side: self.name.clone(), what }),
            Ok(Reply::Refused { what }) => Err(self.breaks(format!("the agent refused: {what}"))),
            Ok(reply) => Ok(reply),
            Err(error) => Err(self.breaks(error.to_string())),
        }
    }

    fn exchange(&mut self, request: &Request) -> Result<Reply> {
        let (Some(input), Some(output)) = (&self.runner.input, &mut self.runner.output) else {
            return Err(ended());
        };
        input.ask(request)?;
        output.wait_for(self.limit);
        let reply = frame::read(output)?.ok_or_else(ended);
        input.answered();
        reply
    }

    /// Nothing more is asked of it after this.
    fn breaks(&mut self, what: String) -> Error {
        let cell = self.cell.as_ref().map(|cell| format!("{cell}: ")).unwrap_or_default();
        let what = format!("{cell}{what}{}", self.runner.last_words());
        self.broken = Some(what.clone());
        Error::AtSide { side: self.name.clone(), what }
    }

    /// What was answered stands, or the side is broken.
    fn believed(&mut self, checked: std::result::Result<(), String>) -> Result<()> {
        checked.map_err(|what| self.breaks(what))
    }

    fn unexpected(&mut self, reply: &Reply) -> Error {
        let shown: String = format!("{reply:?}").chars().take(80).collect();
        self.breaks(format!("an answer to another question: {shown}"))
    }
}

impl Place for AgentSide {
    fn open(&mut self, cell: &Cell, lanes: &[Lane]) -> Result<Plan> {
        (self.cell, self.lanes) = (Some(cell.clone()), lanes.to_vec());
        match self.ask(&Request::Open { cell: cell.clone(), lanes: lanes.to_vec() })? {
            Reply::Opened { plan } => self.believed(check_plan(cell, &plan, self.has_peer)).map(|()| plan),
            other => Err(self.unexpected(&other)),
        }
    }

    fn run(&mut self, lane: usize, messages: u64) -> Result<Round> {
        let (Some(cell), Some(asked)) = (self.cell.clone(), self.lanes.get(lane).cloned()) else {
            return Err(self.breaks(format!("a round of lane {lane} of {}", self.lanes.len())));
        };
        match self.ask(&Request::Round { lane, messages })? {
            Reply::Round(round) => {
                let checked = check_round(&cell, &asked, messages, &round);
                let checked = checked.map_err(|what| format!("a round of {}: {what}", asked.name));
                self.believed(checked).map(|()| *round)
            }
            other => Err(self.unexpected(&other)),
        }
    }

    fn close(&mut self) -> Result<Ended> {
        let Some(cell) = self.cell.clone() else {
            return Err(self.breaks("no generation is open".to_string()));
        };
        match self.ask(&Request::Close {})? {
            Reply::Closed { report, absent_counters, steal_percent } => {
                let checked = check_closed(&cell, &self.lanes, &report, &absent_counters, &steal_percent);
                self.believed(checked)?;
                self.believed(peer_limits::check_report(report.peer.as_ref(), self.has_peer))?;
                self.steal_percent = steal_percent;
                Ok(Ended { report, absent_counters })
            }
            other => Err(self.unexpected(&other)),
        }
    }

    fn cost_unit(&self) -> CostUnit {
        self.conditions.as_ref().map_or(CostUnit::CpuNanoseconds, |conditions| conditions.cost_unit)
    }
}

fn checked(ready: Ready, profile: &Profile) -> std::result::Result<Conditions, String> {
    check_ready(&ready, profile)?;
    let Ready { environment, cost_unit, modes, refused } = ready;
    Ok(Conditions { environment, cost_unit, modes: copy_mode::entries(&modes), refused })
}
