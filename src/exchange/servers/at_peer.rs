//! The servers at a peer: what it does when its harness asks. It owns the servers of
//! one generation at a time, threads of this process as those of any other, and a gate
//! without clients; no clock of a round is read here.

use std::sync::Arc;
use std::time::Duration;

use super::Servers;
use super::connections_of;
use super::door::{Door, LetIn};
use super::in_process::{self, InProcess};
use super::words::{ServerAnswer, ServerOrder, ServerRequest, ServerWord};
use crate::breakdown::{Profiler, SampledEvent, Sampling};
use crate::cell::Cell;
use crate::counter::CounterSource;
use crate::cpu::Plan;
use crate::error::{Error, Result};
use crate::exchange::block::Round;
use crate::exchange::lane::Lane;
use crate::exchange::round::{Gate, Outcome};
use crate::exchange::spec::{Fault, GenerationSpec};
use crate::profile::Profile;

/// Answers a harness for as long as its session lasts.
pub struct PeerServers {
    profile: Profile,
    counters: Arc<Vec<Box<dyn CounterSource>>>,
    /// Found when it is first wanted.
    profiler: Option<std::result::Result<Arc<Profiler>, String>>,
    stage: Stage,
}

enum Stage {
    Closed,
    /// Connections are being made.
    Listening(Box<Order>, Door),
    Open(Box<Open>),
}

/// What was asked for.
struct Order {
    cell: Cell,
    lanes: Vec<Lane>,
    plan: Plan,
    fault: Fault,
    is_counted: bool,
    sampled_by: Option<SampledEvent>,
}

struct Open {
    servers: InProcess,
    gate: Arc<Gate>,
    /// By lane.
    connections: Vec<usize>,
    round: RoundStage,
    /// As they were said last.
    absences: Vec<(usize, String)>,
    /// What names samples, or why nothing does; of servers that are sampled.
    profiler: Option<std::result::Result<Arc<Profiler>, String>>,
}

enum RoundStage {
    None,
    Running(usize),
    Read(Box<Round>),
}

impl PeerServers {
    /// Servers set up by a profile, which says where they listen.
    pub fn new(profile: Profile, counters: Arc<Vec<Box<dyn CounterSource>>>) -> PeerServers {
        PeerServers { profile, counters, profiler: None, stage: Stage::Closed }
    }

    /// Does what is asked. After an error no generation is open.
    pub fn answer(&mut self, request: ServerRequest) -> Result<ServerAnswer> {
        let answer = self.answered(request);
        if answer.is_err() {
            self.stage = Stage::Closed;
        }
        answer
    }

    /// Whether a round runs, so that there are words to come.
    pub fn is_in_round(&self) -> bool {
        matches!(&self.stage, Stage::Open(open) if !matches!(open.round, RoundStage::None))
    }

    /// What is to be said next, at the latest after `step`; `None` between rounds.
    pub fn next_word(&mut self, step: Duration) -> Option<ServerWord> {
        let Stage::Open(open) = &mut self.stage else { return None };
        match std::mem::replace(&mut open.round, RoundStage::None) {
            RoundStage::None => None,
            RoundStage::Read(round) => Some(open.round_word(&round)),
            RoundStage::Running(lane) => Some(match open.gate.await_servers(step) {
                Some(Ok(round)) => {
                    open.round = RoundStage::Read(Box::new(round));
                    ServerWord::Read {}
                }
                Some(Err(error)) => ServerWord::Failed { what: error.to_string() },
                None => {
                    open.round = RoundStage::Running(lane);
                    ServerWord::Progress { read_bytes: open.read_bytes(lane) }
                }
            }),
        }
    }

    fn answered(&mut self, request: ServerRequest) -> Result<ServerAnswer> {
        match (request, &mut self.stage) {
            (ServerRequest::Ping {}, _) => Ok(ServerAnswer::Pong {}),
            (ServerRequest::Close {}, _) => {
                self.stage = Stage::Closed;
                Ok(ServerAnswer::Closed {})
            }
            (ServerRequest::Listen(order), Stage::Closed) => self.listen(*order),
            (ServerRequest::SetUp {}, Stage::Listening(..)) => self.set_up(),
            (ServerRequest::Arm { lane, bytes }, Stage::Open(open)) => open.arm(lane, &bytes),
            (ServerRequest::Report {}, Stage::Open(open)) => {
                Ok(ServerAnswer::Report { ends: open.servers.report()? })
            }
            (request, _) => Err(out_of_turn(&request)),
        }
    }

    fn profiler(&mut self) -> std::result::Result<Arc<Profiler>, String> {
        let found = || Profiler::of_this_machine().map(Arc::new);
        self.profiler.get_or_insert_with(found).clone()
    }

    fn listen(&mut self, order: ServerOrder) -> Result<ServerAnswer> {
        let ServerOrder { cell, lanes, plan, fault, is_counted, sampled_by } = order;
        let mut settings = self.profile.socket.clone();
        settings.address = self.profile.peer.as_ref().map_or(settings.address, |peer| peer.address());
        let connections = connections_of(&lanes, &plan);
        let door = Door::open(&cell, &settings, &connections, self.profile.stall_timeout())?;
        let answer = ServerAnswer::Listening { port: door.port, nonces: door.nonces.clone() };
        let order = Box::new(Order { cell, lanes, plan, fault, is_counted, sampled_by });
        self.stage = Stage::Listening(order, door);
        Ok(answer)
    }

    fn set_up(&mut self) -> Result<ServerAnswer> {
        let Stage::Listening(order, door) = std::mem::replace(&mut self.stage, Stage::Closed) else {
            return Err(out_of_turn(&ServerRequest::SetUp {}));
        };
        let LetIn { ends, strangers } = door.shut()?;
        let gate = Arc::default();
        let connections = ends.iter().map(Vec::len).collect();
        let spec = GenerationSpec {
            cell: &order.cell,
            profile: &self.profile,
            plan: &order.plan,
            lanes: &order.lanes,
            peer: None,
            fault: order.fault,
            counters: if order.is_counted { Arc::clone(&self.counters) } else { Arc::default() },
            sampling: order.sampled_by.map(|event| Sampling { event }),
        };
        let servers = in_process::start(&spec, &gate, ends)?;
        let (threads, waited) = (servers.threads_here(), self.profile.stall_timeout());
        match gate.await_set_up(threads, waited) {
            Outcome::Done => {}
            Outcome::Failed(error) => return Err(error),
            Outcome::Stalled(waited) => {
                let missing = threads - gate.waiting().min(threads);
                return Err(Error::NotSetUp { cell: order.cell, missing, threads, waited });
            }
        }
        let round = RoundStage::None;
        let profiler = order.sampled_by.map(|_| self.profiler());
        let absences = Vec::new();
        self.stage = Stage::Open(Box::new(Open { servers, gate, connections, round, absences, profiler }));
        Ok(ServerAnswer::SetUp { strangers })
    }
}

impl Open {
    fn arm(&mut self, lane: usize, bytes: &[u64]) -> Result<ServerAnswer> {
        let connections = self.connections.get(lane).copied().unwrap_or(0);
        if !matches!(self.round, RoundStage::None) || connections == 0 || bytes.len() != connections {
            let what = format!("{} numbers of bytes for lane {lane}, which has {connections}", bytes.len());
            return Err(Error::Control { what });
        }
        self.gate.begin_servers(bytes.iter().filter(|bytes| **bytes > 0).count());
        self.servers.arm(lane, bytes);
        self.round = RoundStage::Running(lane);
        Ok(ServerAnswer::Armed {})
    }

    fn read_bytes(&self, lane: usize) -> Vec<u64> {
        (0..self.connections[lane]).map(|client| self.servers.progress(lane, client).read_bytes).collect()
    }

    fn round_word(&mut self, round: &Round) -> ServerWord {
        let absences = self.gate.absences(self.servers.threads_here());
        let is_new = absences != self.absences;
        self.absences.clone_from(&absences);
        ServerWord::Round {
            counts: Box::new(round.server_counts),
            received: round.received,
            sampled: self.profiler.as_ref().map(|profiler| {
                let named = |profiler: &Arc<Profiler>| profiler.named(&round.server_samples, "server");
                Box::new(profiler.as_ref().map_err(Clone::clone).and_then(named))
            }),
            absences: is_new.then_some(absences),
        }
    }
}

fn out_of_turn(request: &ServerRequest) -> Error {
    let shown: String = format!("{request:?}").chars().take(40).collect();
    Error::Control { what: format!("not now: {shown}") }
}
