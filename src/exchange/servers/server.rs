//! A server thread: reads one connection until the round's last byte, and
//! answers each message in a latency cell. It owns its receive memory; whether
//! a round is over is the gate's business.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use socket2::Socket;

use super::receiver::Receiver;
use crate::breakdown::{Sampling, ThreadSampler};
use crate::cell::{Cell, Target};
use crate::copy_mode::Consumed;
use crate::counter::{self, CounterSource, Opened};
use crate::error::{Error, Result};
use crate::exchange::round::{Gate, now};
use crate::exchange::spec::Fault;
use crate::message::expected_byte;
use crate::profile::ServerSettings;
use crate::sys;

/// What a server thread has read of its connection, and is to read.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// What was read since the connection was opened.
    pub(super) consumed: Arc<Consumed>,
    /// Bytes that will have been read when the present round is over.
    pub(super) target_bytes: AtomicU64,
}

pub(super) struct Server {
    pub(super) cell: Cell,
    pub(super) name: String,
    pub(super) socket: Arc<Socket>,
    pub(super) account: Arc<Account>,
    pub(super) settings: ServerSettings,
    pub(super) fault: Fault,
    pub(super) counters: Arc<Vec<Box<dyn CounterSource>>>,
    pub(super) sampling: Option<Sampling>,
}

/// However a server ends, whoever waits for it to read on is told.
struct EndOfReading(Arc<Consumed>);

impl Drop for EndOfReading {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Server {
    /// Serves until the connection is shut down.
    pub(super) fn run(self, gate: &Gate) -> Result<()> {
        let _ended = EndOfReading(Arc::clone(&self.account.consumed));
        let failed = |operation| {
            let (cell, end) = (self.cell.clone(), self.name.clone());
            move |source| Error::System { cell, end, operation, source }
        };
        let mut receiver =
            Receiver::new(&self.socket, &self.settings).map_err(failed("map the receive memory"))?;
        let message_bytes = self.cell.message_bytes as u64;
        let mut consumed = 0;
        let mut answered = 0;
        if !gate.await_release() {
            return Ok(());
        }
        let mut counters = Opened::new(&self.counters);
        let mut before = counters.read().map_err(failed("read the thread's counters"))?;
        let mut sampler = self.sampling.map(Sampling::open);
        sampler.iter_mut().for_each(ThreadSampler::begin);
        gate.set_up(counters.new_absences(&before));
        loop {
            let received = match receiver.receive() {
                Ok(0) => return self.closed(consumed),
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed("recv")(error)),
            };
            if self.settings.verify {
                self.check(consumed, receiver.last())?;
            }
            consumed += received as u64;
            self.account.consumed.advance(consumed);
            if self.cell.target == Target::Latency {
                while (answered + 1) * message_bytes <= consumed {
                    answered += 1;
                    (&*self.socket)
                        .write_all(&u64::to_le_bytes(answered))
                        .map_err(failed("send the answer"))?;
                }
            }
            if self.fault != Fault::None && self.misbehave(consumed, gate) {
                return Ok(());
            }
            let target = self.account.target_bytes.load(Ordering::Acquire);
            if consumed >= target {
                if consumed > target {
                    let what = format!("{} bytes more than were sent", consumed - target);
                    return Err(self.broken(what));
                }
                let end = now();
                if self.cell.target != Target::Latency {
                    // A zero-copy completion waits for the acknowledgement,
                    // and that of a lone segment is delayed by 40 ms; every
                    // mode's server sends it at once (TCP_QUICKACK of tcp(7)).
                    sys::resumed(|| self.socket.set_tcp_quickack(true))
                        .map_err(failed("setsockopt TCP_QUICKACK"))?;
                }
                let after = counters.read().map_err(failed("read the thread's counters"))?;
                let counts = counter::between(&std::mem::replace(&mut before, after), &after);
                gate.note_absences(counters.new_absences(&after));
                let samples = sampler.as_mut().map(ThreadSampler::end);
                if let Some(sampler) = &mut sampler {
                    // What handing the samples over cost is in no round.
                    sampler.begin();
                    before = counters.read().map_err(failed("read the thread's counters"))?;
                }
                let received = receiver.take_received();
                gate.ended(end, Vec::new(), |round| {
                    round.add_server(&counts, samples);
                    round.received = round.received.plus(&received);
                });
            }
        }
    }

    /// The end of the stream: fine between rounds.
    fn closed(&self, consumed: u64) -> Result<()> {
        match self.account.target_bytes.load(Ordering::Acquire) - consumed {
            0 => Ok(()),
            missing_bytes => {
                let (cell, end) = (self.cell.clone(), self.name.clone());
                Err(Error::PeerClosed { cell, end, missing_bytes })
            }
        }
    }

    /// Compares what came with what must have been sent.
    fn check(&self, consumed: u64, bytes: &[u8]) -> Result<()> {
        let size = self.cell.message_bytes as u64;
        for (at, byte) in (consumed..).zip(bytes) {
            let expected = expected_byte(at / size, (at % size) as usize);
            if *byte != expected {
                let (message, position) = (at / size, at % size);
                let what = format!("byte {position} of message {message} is {byte}, not {expected}");
                return Err(self.broken(what));
            }
        }
        Ok(())
    }

    fn broken(&self, what: String) -> Error {
        Error::Broken { cell: self.cell.clone(), end: self.name.clone(), what }
    }

    #[cold]
    fn misbehave(&self, consumed: u64, gate: &Gate) -> bool {
        match self.fault {
            Fault::CloseAfter(bytes) if consumed >= bytes => {
                let _ = self.socket.shutdown(std::net::Shutdown::Both);
                true
            }
            Fault::StopReadingAfter(bytes) if consumed >= bytes => {
                gate.await_stop();
                true
            }
            _ => false,
        }
    }
}
