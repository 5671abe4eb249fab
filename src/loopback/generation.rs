//! A generation: one set of connections, threads and buffers, which runs
//! rounds until it is closed. It owns the sockets and the threads, and sees to
//! it that none is left behind.

use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use super::block::{ConnectionReport, GenerationReport, Round};
use super::client::{Client, ClientWork};
use super::connection::{Listener, Pair, failure};
use super::lane::{Lane, LaneKind};
use super::round::{Gate, Job, Outcome};
use super::server::{Account, Fault, Server};
use super::slowdown::Slowdown;
use super::thread::spawn;
use crate::cell::{Cell, Target};
use crate::copy_mode::Connection;
use crate::counter::CounterSource;
use crate::cpu::Plan;
use crate::error::{Error, Result};
use crate::message::Layout;
use crate::profile::Profile;
use crate::sys;

/// What a generation is made of.
#[derive(Clone)]
pub struct GenerationSpec<'a> {
    /// The cell that it is for.
    pub cell: &'a Cell,
    /// Every setting.
    pub profile: &'a Profile,
    /// Where the threads run; one entry a client.
    pub plan: &'a Plan,
    /// The lanes, one round each in a block.
    pub lanes: &'a [Lane],
    /// A fault of the servers, for tests.
    pub fault: Fault,
    /// What is counted in each thread.
    pub counters: Arc<Vec<Box<dyn CounterSource>>>,
}

/// A running generation. Dropping it ends its threads and connections.
pub struct Generation {
    cell: Cell,
    profile: Profile,
    gate: Arc<Gate>,
    clients: usize,
    lanes: Vec<OpenLane>,
    threads: Vec<JoinHandle<()>>,
}

struct OpenLane {
    name: String,
    connections: Vec<OpenConnection>,
    slowdown: Slowdown,
}

struct OpenConnection {
    pair: Pair,
    account: Arc<Account>,
}

impl Generation {
    /// Connects every lane, starts every thread and waits until all are set
    /// up. On an error nothing is left behind.
    pub fn open(spec: &GenerationSpec<'_>) -> Result<Generation> {
        let (cell, profile) = (spec.cell, spec.profile);
        let clients = spec.plan.ends.len();
        let listener = Listener::open(cell, profile)?;
        let lanes = spec.lanes.iter().map(|lane| {
            let open = || -> Result<OpenConnection> {
                Ok(OpenConnection { pair: listener.connect()?, account: Arc::default() })
            };
            let count = if matches!(lane.kind, LaneKind::Mode(_)) { clients } else { 0 };
            let connections = (0..count).map(|_| open()).collect::<Result<_>>()?;
            let slowdown = match lane.kind {
                LaneKind::Mode(mode) if cell.target != Target::Latency => {
                    Slowdown::by(profile.slowed_percent(mode.name, cell.message_bytes))
                }
                LaneKind::Mode(_) | LaneKind::Reference(_) => Slowdown::default(),
            };
            Ok(OpenLane { name: lane.name.clone(), connections, slowdown })
        });
        let mut generation = Generation {
            cell: cell.clone(),
            profile: profile.clone(),
            gate: Arc::default(),
            clients,
            lanes: lanes.collect::<Result<_>>()?,
            threads: Vec::new(),
        };
        generation.start(spec)?;
        let limit = profile.stall_timeout();
        match generation.gate.await_set_up(generation.threads.len(), limit) {
            Outcome::Done => Ok(generation),
            outcome => Err(generation.give_up("set-up", outcome)),
        }
    }

    /// Runs one round of lane `lane` with `messages` spread over the clients.
    /// After an error the generation is over: its threads are gone.
    pub fn run(&mut self, lane: usize, messages: u64) -> Result<Round> {
        let burn = self.lanes[lane].slowdown.of(messages);
        let job = Job { lane, messages, burn };
        let connections = &self.lanes[lane].connections;
        let mut servers = 0;
        for (index, connection) in connections.iter().enumerate() {
            let bytes = job.share(index, self.clients) * self.cell.message_bytes as u64;
            // The message itself carries this to the server: it is stored
            // before the client is released, and read after bytes came.
            connection.account.target_bytes.fetch_add(bytes, Ordering::Release);
            servers += usize::from(bytes > 0);
        }
        let progress = || connections.iter().map(|connection| consumed(&connection.account)).sum();
        let limit = self.profile.stall_timeout();
        match self.gate.run(job, self.clients, servers, limit, progress) {
            Ok(round) => {
                self.lanes[lane].slowdown.learn(round.wall, burn, messages);
                Ok(round)
            }
            Err(outcome) => {
                let name = self.lanes[lane].name.clone();
                Err(self.give_up(&name, outcome))
            }
        }
    }

    /// Counters that some thread lacks, or lacked in some round, by their
    /// place in [`crate::counter::KINDS`], and why.
    pub fn absent_counters(&self) -> Vec<(usize, String)> {
        self.gate.absences(self.threads.len())
    }

    /// How many lanes there are.
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// Reads `TCP_INFO` of every connection, then ends the generation.
    pub fn close(mut self) -> Result<GenerationReport> {
        let report = self.report();
        self.shut_down();
        report
    }

    fn report(&self) -> Result<GenerationReport> {
        let failed = failure(&self.cell, "connection");
        let mut report = GenerationReport::default();
        for lane in &self.lanes {
            for OpenConnection { pair, .. } in &lane.connections {
                report.connections.push(ConnectionReport {
                    lane: lane.name.clone(),
                    client_granted: pair.client_granted.clone(),
                    server_granted: pair.server_granted.clone(),
                    client_info: sys::tcp_info(pair.client.as_fd()).map_err(failed("getsockopt TCP_INFO"))?,
                    server_info: sys::tcp_info(pair.server.as_fd()).map_err(failed("getsockopt TCP_INFO"))?,
                });
            }
        }
        Ok(report)
    }

    fn start(&mut self, spec: &GenerationSpec<'_>) -> Result<()> {
        let (cell, profile) = (spec.cell, spec.profile);
        for (lane, open) in spec.lanes.iter().zip(&self.lanes) {
            for (index, connection) in open.connections.iter().enumerate() {
                let server = Server {
                    cell: cell.clone(),
                    name: format!("server {index} of {}", lane.name),
                    socket: Arc::clone(&connection.pair.server),
                    account: Arc::clone(&connection.account),
                    read_bytes: profile.server.read_bytes,
                    receive_offset_bytes: profile.server.receive_offset_bytes,
                    verify: profile.server.verify,
                    fault: spec.fault,
                    counters: Arc::clone(&spec.counters),
                };
                let cpu = spec.plan.ends[index].server;
                self.threads
                    .push(spawn(cell, &self.gate, server.name.clone(), cpu, |gate| server.run(gate))?);
            }
        }
        for (index, ends) in spec.plan.ends.iter().enumerate() {
            let client = Client {
                cell: cell.clone(),
                index,
                clients: self.clients,
                layout: Layout {
                    message_bytes: cell.message_bytes,
                    fields: profile.message.fields,
                    gap_bytes: profile.message.gap_bytes,
                    offset_bytes: profile.message.ring_offset_bytes,
                },
                ring_bytes: profile.message.ring_bytes,
                staging_offset_bytes: profile.message.staging_offset_bytes,
                lanes: spec
                    .lanes
                    .iter()
                    .zip(&self.lanes)
                    .map(|(lane, open)| match lane.kind {
                        LaneKind::Mode(mode) => ClientWork::Mode(
                            mode,
                            client_connection(cell, profile, &open.connections[index]),
                            profile.slowed_percent(mode.name, cell.message_bytes),
                        ),
                        LaneKind::Reference(reference) => ClientWork::Reference(reference),
                    })
                    .collect(),
                nagle: cell.target != Target::Latency && profile.socket.nagle_throughput,
                counters: Arc::clone(&spec.counters),
            };
            let name = format!("client {index}");
            self.threads.push(spawn(cell, &self.gate, name, ends.client, |gate| client.run(gate))?);
        }
        Ok(())
    }

    fn give_up(&mut self, lane: &str, outcome: Outcome) -> Error {
        let error = match outcome {
            Outcome::Failed(error) => error,
            Outcome::Stalled(waited) => Error::Stalled {
                cell: self.cell.clone(),
                lane: lane.to_string(),
                waited,
                outstanding: self.outstanding(),
            },
            Outcome::Done => Error::Broken {
                cell: self.cell.clone(),
                end: "coordinator".into(),
                what: "gave up on a round that was done".into(),
            },
        };
        self.shut_down();
        error
    }

    /// What has not arrived, for the error of a stalled round.
    fn outstanding(&self) -> String {
        let mut parts = vec![format!("{} of the round's ends", self.gate.running())];
        for lane in &self.lanes {
            for (index, connection) in lane.connections.iter().enumerate() {
                let target = connection.account.target_bytes.load(Ordering::Acquire);
                let consumed = consumed(&connection.account);
                if consumed < target {
                    parts
                        .push(format!("{} connection {index}: {consumed} of {target} bytes read", lane.name));
                }
            }
        }
        parts.join(", ")
    }

    /// Wakes every thread out of whatever system call or wait it is in, and
    /// joins it.
    fn shut_down(&mut self) {
        self.gate.stop();
        for connection in self.lanes.iter().flat_map(|lane| &lane.connections) {
            // An end that is gone already says ENOTCONN: as wished.
            let _ = connection.pair.client.shutdown(Shutdown::Both);
            let _ = connection.pair.server.shutdown(Shutdown::Both);
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // a panic was caught and reported inside
        }
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// What the client's end of a connection is to its copy mode.
fn client_connection(cell: &Cell, profile: &Profile, open: &OpenConnection) -> Connection {
    Connection {
        socket: Arc::clone(&open.pair.client),
        consumed_bytes: Arc::clone(&open.account.consumed_bytes),
        ring_messages: 0, // the client knows once it has the ring
        message_bytes: cell.message_bytes,
        staging_offset_bytes: profile.message.staging_offset_bytes,
        wait_limit: profile.stall_timeout(),
    }
}

fn consumed(account: &Account) -> u64 {
    account.consumed_bytes.load(Ordering::Acquire)
}
