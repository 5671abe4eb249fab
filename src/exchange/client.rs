//! A client thread: one ring, and a copy mode on its own connection for each
//! lane. It owns the loop that is measured; when a round starts and ends is
//! the gate's business.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::Socket;

use super::block::Round;
use super::reference::{Reference, ReferenceLane};
use super::round::{Gate, Job, now, thread_cpu_time};
use super::slowdown::{burn, slowed};
use crate::breakdown::{Sampling, ThreadSampler};
use crate::cell::{Cell, Target};
use crate::copy_mode::{Connection, CopyMode, ModeEntry, SendFailure, Tally, Wait};
use crate::counter::{self, CounterSource, Opened};
use crate::error::{Error, Result};
use crate::message::{Layout, Message, Ring};
use crate::sys;

pub(super) struct Client {
    pub(super) cell: Cell,
    pub(super) index: usize,
    pub(super) clients: usize,
    pub(super) layout: Layout,
    pub(super) ring_bytes: usize,
    pub(super) staging_offset_bytes: usize,
    pub(super) lanes: Vec<ClientWork>,
    pub(super) nagle: bool,
    pub(super) counters: Arc<Vec<Box<dyn CounterSource>>>,
    pub(super) sampling: Option<Sampling>,
}

/// What a client does in a lane's rounds.
pub(super) enum ClientWork {
    /// Sends by a mode on a connection, whose `ring_messages` is filled in here;
    /// its round trips are slowed on purpose by so many percent.
    Mode(ModeEntry, Connection, f64),
    Reference(Reference),
}

enum ClientLane {
    Mode(ModeLane),
    Reference(ReferenceLane),
}

/// A client's connection for one lane.
struct ModeLane {
    mode: Box<dyn CopyMode>,
    socket: Arc<Socket>,
    /// Messages sent since the connection was opened: the next one's stamp.
    sequence: u64,
    tally: Tally,
    slowed_percent: f64,
}

impl Client {
    /// Sets up, then runs rounds until the generation ends.
    pub(super) fn run(mut self, gate: &Gate) -> Result<()> {
        let cell = self.cell.clone();
        let end = format!("client {}", self.index);
        let failed = |failure: SendFailure| Error::System {
            cell: cell.clone(),
            end: end.clone(),
            operation: failure.operation,
            source: failure.source,
        };
        let mut ring = Ring::new(&self.layout, self.ring_bytes)
            .map_err(|source| failed(SendFailure { operation: "map the ring", source }))?;
        let system = |operation| move |source| SendFailure { operation, source };
        let mut lanes = Vec::new();
        for work in std::mem::take(&mut self.lanes) {
            lanes.push(self.open_lane(work, &ring).map_err(&failed)?);
        }
        if !gate.await_release() {
            return Ok(());
        }
        let read = system("read the thread's counters");
        let mut counters = Opened::new(&self.counters);
        let first = counters.read().map_err(read).map_err(&failed)?;
        let mut sampler = self.sampling.map(Sampling::open);
        gate.set_up(counters.new_absences(&first));
        let mut seen = 0;
        while let Some(job) = gate.next_job(&mut seen) {
            let lane = &mut lanes[job.lane];
            let mut round_trips_ns = Vec::new();
            let share = job.share(self.index, self.clients);
            if self.cell.target == Target::Latency {
                round_trips_ns.reserve_exact(usize::try_from(share).unwrap_or(0));
            }
            let mut before = counters.read().map_err(read).map_err(&failed)?;
            sampler.iter_mut().for_each(ThreadSampler::begin);
            if !gate.await_release() {
                break;
            }
            burn(job.burn);
            let mut reference_cpu_time = Duration::ZERO;
            let ended = match (&mut *lane, self.cell.target) {
                (ClientLane::Reference(lane), _) => {
                    // Its count, like its time, begins where the work does.
                    before = counters.read().map_err(read).map_err(&failed)?;
                    let begun = thread_cpu_time().map_err(read).map_err(&failed)?;
                    let ended = reference_round(lane, share, &mut ring, gate);
                    reference_cpu_time = thread_cpu_time().map_err(read).map_err(&failed)? - begun;
                    ended
                }
                (ClientLane::Mode(lane), Target::Latency) => {
                    lane.ping_pong(share, &mut ring, &mut round_trips_ns).map_err(&failed)?
                }
                (ClientLane::Mode(lane), _) => lane.stream(share, &mut ring, self.nagle).map_err(&failed)?,
            };
            let after = counters.read().map_err(read).map_err(&failed)?;
            let samples = sampler.as_mut().map(ThreadSampler::end);
            let counts = counter::between(&before, &after);
            let tally = self.settle(job, share, lane, &ring)?;
            gate.note_absences(counters.new_absences(&before));
            gate.note_absences(counters.new_absences(&after));
            gate.ended(ended, round_trips_ns, |round: &mut Round| {
                round.reference_cpu_time += reference_cpu_time;
                round.add_client(&counts, samples);
                if let Some(tally) = tally {
                    round.tally = Some(round.tally.unwrap_or_default().plus(&tally));
                }
            });
        }
        Ok(())
    }

    fn open_lane(&self, work: ClientWork, ring: &Ring) -> std::result::Result<ClientLane, SendFailure> {
        match work {
            ClientWork::Mode(entry, mut connection, slowed_percent) => {
                connection.ring_messages = ring.size();
                connection.memory = ring.memory();
                let socket = Arc::clone(&connection.socket);
                let mode = (entry.open)(connection)?;
                let tally = mode.tally();
                Ok(ClientLane::Mode(ModeLane { mode, socket, sequence: 0, tally, slowed_percent }))
            }
            ClientWork::Reference(reference) => {
                ReferenceLane::new(reference, self.cell.message_bytes, self.staging_offset_bytes)
                    .map(ClientLane::Reference)
                    .map_err(|source| SendFailure { operation: "map the reference's buffer", source })
            }
        }
    }

    /// Sees that every message is back, every byte of the `messages` accounted for
    /// and every zero-copy send complete, after the clock has stopped, and
    /// returns the round's tally.
    fn settle(&self, job: Job, messages: u64, lane: &mut ClientLane, ring: &Ring) -> Result<Option<Tally>> {
        let broken = |what| Error::Broken {
            cell: self.cell.clone(),
            end: format!("client {} lane {}", self.index, job.lane),
            what,
        };
        if ring.available() != ring.size() {
            let what = format!("{} of {} messages came back", ring.available(), ring.size());
            return Err(broken(what));
        }
        let ClientLane::Mode(lane) = lane else { return Ok(None) };
        let before = std::mem::replace(&mut lane.tally, lane.mode.tally());
        let tally = lane.tally.since(&before);
        let bytes = messages * self.cell.message_bytes as u64;
        if tally.bytes() != bytes {
            return Err(broken(format!(
                "{bytes} bytes were to be sent, {} are accounted for",
                tally.bytes()
            )));
        }
        let completions = tally.completions.unwrap_or_default();
        if completions.sends != completions.notifications
            || completions.deferred_copies > completions.notifications
        {
            let what = format!(
                "{} sends by reference, {} completions, {} of them deferred copies: these do not add up",
                completions.sends, completions.notifications, completions.deferred_copies
            );
            return Err(broken(what));
        }
        Ok(Some(tally))
    }
}

/// Does the reference once for each of `messages`, round the ring.
fn reference_round(lane: &mut ReferenceLane, messages: u64, ring: &mut Ring, gate: &Gate) -> Instant {
    for number in 0..messages {
        // No server reads bytes that would show the round to move; seldom
        // enough that it costs nothing.
        if number % 1024 == 1023 {
            gate.moved();
        }
        if let Some(message) = ring.take() {
            lane.run(&message);
            ring.returned().push_back(message);
        }
    }
    now()
}

impl ModeLane {
    /// Sends `messages` as fast as the connection takes them, and returns
    /// when all are back and nothing waits to be sent. Its own function, so that its
    /// loop has the registers to itself.
    #[inline(never)]
    fn stream(
        &mut self,
        messages: u64,
        ring: &mut Ring,
        nagle: bool,
    ) -> std::result::Result<Instant, SendFailure> {
        for _ in 0..messages {
            self.send_next(ring)?;
        }
        self.mode.flush()?;
        if nagle {
            // The last short segment would wait for a delayed acknowledgement,
            // up to 40 ms; setting TCP_NODELAY pushes it out (tcp(7)).
            push(&self.socket).map_err(|source| SendFailure { operation: "push by TCP_NODELAY", source })?;
        }
        self.mode.finish(ring.returned())?;
        Ok(now())
    }

    /// Sends `messages` one at a time, each once the server has answered the
    /// one before, and notes every round trip.
    fn ping_pong(
        &mut self,
        messages: u64,
        ring: &mut Ring,
        round_trips_ns: &mut Vec<u64>,
    ) -> std::result::Result<Instant, SendFailure> {
        let failed = |source| SendFailure { operation: "recv the answer", source };
        for _ in 0..messages {
            let sent = now();
            self.send_next(ring)?;
            self.mode.flush()?;
            let mut answer = [0; 8];
            (&*self.socket).read_exact(&mut answer).map_err(failed)?;
            round_trips_ns.push(slowed(sent, self.slowed_percent).duration_since(sent).as_nanos() as u64);
            if u64::from_le_bytes(answer) != self.sequence {
                return Err(failed(io::Error::other("the answer is to another message")));
            }
        }
        self.mode.finish(ring.returned())?;
        Ok(now())
    }

    #[inline]
    fn send_next(&mut self, ring: &mut Ring) -> std::result::Result<(), SendFailure> {
        let mut message = match ring.take() {
            Some(message) => message,
            None => self.take_back(ring)?,
        };
        message.stamp(self.sequence);
        self.sequence += 1;
        self.mode.send(message)
    }

    /// A message, once the mode has given one or many back.
    #[cold]
    fn take_back(&mut self, ring: &mut Ring) -> std::result::Result<Message, SendFailure> {
        self.mode.reclaim(Wait::ForOne, ring.returned())?;
        ring.take().ok_or_else(|| SendFailure {
            operation: "reclaim",
            source: io::Error::other("the mode gave no message back"),
        })
    }
}

fn push(socket: &Socket) -> io::Result<()> {
    sys::resumed(|| socket.set_tcp_nodelay(true))?;
    sys::resumed(|| socket.set_tcp_nodelay(false))
}
