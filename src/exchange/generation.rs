//! A generation: one set of connections, threads and buffers, which runs
//! rounds until it is closed. It owns the clients' sockets and threads, and sees
//! to it that none is left behind; the servers are where [`super::servers`] says.

use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::block::{ConnectionReport, GenerationReport, Round};
use super::client::{Client, ClientWork};
use super::connection::failure;
use super::lane::LaneKind;
use super::processed_packets::ProcessedPackets;
use super::round::{Gate, Job, Outcome};
use super::servers::{self, Progress, Served, Servers};
use super::slowdown::Slowdown;
use super::spec::GenerationSpec;
use super::thread::spawn;
use crate::cell::{Cell, Target};
use crate::copy_mode::{Connection, ModeSettings};
use crate::error::{Error, Result};
use crate::message::Layout;
use crate::profile::Profile;
use crate::sys;

/// A running generation. Dropping it ends its threads and connections.
pub struct Generation {
    cell: Cell,
    profile: Profile,
    gate: Arc<Gate>,
    clients: usize,
    lanes: Vec<OpenLane>,
    servers: Box<dyn Servers>,
    threads: Vec<JoinHandle<()>>,
    /// What the machine had processed when it began.
    packets_before: Option<ProcessedPackets>,
}

struct OpenLane {
    name: String,
    /// One a client, or none.
    connections: Vec<Served>,
    slowdown: Slowdown,
}

impl Generation {
    /// Connects every lane, starts every thread and waits until all are set
    /// up. On an error nothing is left behind.
    pub fn open(spec: &GenerationSpec<'_>) -> Result<Generation> {
        let (cell, profile, sharing) = (spec.cell, spec.profile, spec.plan.clients_on_a_cpu());
        let gate = Arc::default();
        let (servers, connections) = servers::open(spec, &gate)?;
        let lanes = spec.lanes.iter().zip(connections).map(|(lane, connections)| {
            let slowdown = match lane.kind {
                LaneKind::Mode(mode) if cell.target != Target::Latency => {
                    Slowdown::by(profile.slowed_percent(mode.name, cell.message_bytes), sharing)
                }
                LaneKind::Mode(_) | LaneKind::Reference(_) => Slowdown::by(0.0, sharing),
            };
            OpenLane { name: lane.name.clone(), connections, slowdown }
        });
        let mut generation = Generation {
            cell: cell.clone(),
            profile: profile.clone(),
            gate,
            clients: spec.plan.ends.len(),
            lanes: lanes.collect(),
            servers,
            threads: Vec::new(),
            packets_before: ProcessedPackets::now(),
        };
        generation.start(spec)?;
        let limit = profile.stall_timeout();
        match generation.gate.await_set_up(generation.threads_here(), limit) {
            Outcome::Done => Ok(generation),
            outcome => Err(generation.give_up(None, outcome)),
        }
    }

    /// Runs one round of lane `lane` with `messages` spread over the clients.
    /// After an error the generation is over: its threads are gone.
    pub fn run(&mut self, lane: usize, messages: u64) -> Result<Round> {
        let burn = self.lanes[lane].slowdown.of(messages);
        let job = Job { lane, messages, burn };
        let connections = self.lanes[lane].connections.len();
        let bytes_of = |client| job.share(client, self.clients) * self.cell.message_bytes as u64;
        let bytes: Vec<u64> = (0..connections).map(bytes_of).collect();
        self.servers.arm(lane, &bytes);
        let servers = bytes.iter().filter(|bytes| **bytes > 0).count();
        let read_bytes = |client| self.servers.progress(lane, client).read_bytes;
        let progress = || (0..connections).map(read_bytes).sum();
        let limit = self.profile.stall_timeout();
        match self.gate.run(job, self.clients, servers, limit, progress) {
            Ok(round) => {
                self.lanes[lane].slowdown.learn(round.wall, burn, messages);
                Ok(round)
            }
            Err(outcome) => {
                let name = self.lanes[lane].name.clone();
                Err(self.give_up(Some(name), outcome))
            }
        }
    }

    /// Counters that some thread lacks, or lacked in some round, by their
    /// place in [`crate::counter::KINDS`], and why.
    pub fn absent_counters(&self) -> Vec<(usize, String)> {
        let mut absences = self.gate.absences(self.threads_here());
        absences.extend(self.servers.absent_counters());
        absences
    }

    /// How many lanes there are.
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// The clients', and those servers' that are here.
    fn threads_here(&self) -> usize {
        self.clients + self.servers.threads_here()
    }

    /// Reads `TCP_INFO` of every connection, then ends the generation.
    pub fn close(mut self) -> Result<GenerationReport> {
        let report = self.report();
        self.shut_down();
        report
    }

    fn report(&self) -> Result<GenerationReport> {
        let failed = failure(&self.cell, "connection");
        let packets = self.packets_before.as_ref().zip(ProcessedPackets::now());
        let processed_packets = packets.map(|(before, now)| now.since(before));
        let peer = self.servers.peer_report();
        let mut report = GenerationReport { processed_packets, peer, ..GenerationReport::default() };
        let servers = self.servers.report()?;
        for (lane, servers) in self.lanes.iter().zip(servers) {
            for (Served { end, .. }, (server_granted, server_info)) in lane.connections.iter().zip(servers) {
                let client_info = sys::tcp_info(end.socket.as_fd()).map_err(failed("getsockopt TCP_INFO"))?;
                report.connections.push(ConnectionReport {
                    lane: lane.name.clone(),
                    client_granted: end.granted.clone(),
                    server_granted,
                    client_info,
                    server_info,
                });
            }
        }
        Ok(report)
    }

    fn start(&mut self, spec: &GenerationSpec<'_>) -> Result<()> {
        let (cell, profile) = (spec.cell, spec.profile);
        for (index, ends) in spec.plan.ends.iter().enumerate() {
            let client = Client {
                cell: cell.clone(),
                index,
                clients: self.clients,
                layout: Layout {
                    field_bytes: profile.message.field_bytes(cell.message_bytes),
                    gap_bytes: profile.message.gap_bytes,
                    offset_bytes: profile.message.ring_offset_bytes,
                    small_below_bytes: profile.message.zero_copy_from_bytes,
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
                            profile.slowed_percent(mode.name, cell.message_bytes)
                                / spec.plan.clients_on_a_cpu() as f64,
                        ),
                        LaneKind::Reference(reference) => ClientWork::Reference(reference),
                    })
                    .collect(),
                nagle: cell.target != Target::Latency && profile.socket.nagle_throughput,
                counters: Arc::clone(&spec.counters),
                sampling: spec.sampling,
            };
            let name = format!("client {index}");
            self.threads.push(spawn(cell, &self.gate, name, ends.client, |gate| client.run(gate))?);
        }
        Ok(())
    }

    /// Ends a round of `lane`, or the set-up, that did not come to its end.
    fn give_up(&mut self, lane: Option<String>, outcome: Outcome) -> Error {
        let cell = self.cell.clone();
        let threads = self.threads_here();
        let error = match (outcome, lane) {
            (Outcome::Failed(error), _) => self.servers.explained(error),
            (Outcome::Stalled(waited), Some(lane)) => {
                Error::Stalled { cell, lane, waited, outstanding: self.outstanding() }
            }
            (Outcome::Stalled(waited), None) => {
                Error::NotSetUp { cell, missing: threads - self.gate.waiting().min(threads), threads, waited }
            }
            (Outcome::Done, _) => Error::Broken {
                cell,
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
        let at = if self.servers.peer_report().is_some() { " at the peer" } else { "" };
        for (number, lane) in self.lanes.iter().enumerate() {
            for client in 0..lane.connections.len() {
                let Progress { read_bytes, target_bytes } = self.servers.progress(number, client);
                if read_bytes < target_bytes {
                    parts.push(format!(
                        "{} connection {client}: {read_bytes} of {target_bytes} bytes read{at}",
                        lane.name
                    ));
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
            let _ = connection.end.socket.shutdown(Shutdown::Both);
        }
        self.servers.close();
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
fn client_connection(cell: &Cell, profile: &Profile, open: &Served) -> Connection {
    Connection {
        socket: Arc::clone(&open.end.socket),
        consumed: Arc::clone(&open.consumed),
        ring_messages: 0, // the client knows once it has the ring
        memory: None,     // and this, too
        message_bytes: cell.message_bytes,
        fields: profile.message.fields,
        staging_offset_bytes: profile.message.staging_offset_bytes,
        settings: ModeSettings {
            batch_messages: profile.io_uring.batch_messages,
            registered_buffers: profile.io_uring.registered_buffers,
        },
        wait_limit: profile.stall_timeout(),
    }
}
