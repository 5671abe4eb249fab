//! The copy modes: one trait, one registry, one file a mode. A mode owns how a
//! message reaches its socket and when the message may be written again; it
//! knows nothing of rounds, rings, clocks or other modes.

mod consumed;
mod hybrid;
mod io_uring;
mod io_uring_copy;
mod io_uring_zero_copy;
mod one_copy;
mod sendfile;
mod splice;
mod tally;
mod two_copy;
mod until_consumed;
mod zero_copy;

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use socket2::Socket;

pub use self::consumed::Consumed;
pub use self::tally::Tally;
pub use self::until_consumed::UntilConsumed;
use crate::message::Message;
use crate::sys;
pub use crate::sys::Mapping;
pub use crate::zerocopy::Wait;

/// Every copy mode, in the order of tables and plots. A new mode is one file
/// beside this one and one line here.
pub static REGISTRY: &[ModeEntry] = &[
    two_copy::MODE,
    one_copy::MODE,
    zero_copy::MODE,
    hybrid::MODE,
    sendfile::MODE,
    splice::MODE,
    io_uring_copy::MODE,
    io_uring_zero_copy::MODE,
];

/// The entry of the mode called `name`.
pub fn find(name: &str) -> Option<&'static ModeEntry> {
    REGISTRY.iter().find(|mode| mode.name == name)
}

/// The entries of the modes called `names`, in their order; a name that is none,
/// which a profile's check refuses, is left out.
pub fn entries(names: &[String]) -> Vec<ModeEntry> {
    names.iter().filter_map(|name| find(name)).copied().collect()
}

/// One way to hand a message to TCP, over one connection.
pub trait CopyMode: Send {
    /// Hands the whole message to the kernel, continuing exactly where a
    /// partial send, EINTR or EAGAIN stopped it. The message is the mode's
    /// until [`CopyMode::reclaim`] gives it back.
    fn send(&mut self, message: Message) -> Result<(), SendFailure>;

    /// Hands over what `send` has put by to make one call of several; most modes
    /// put nothing by. Until then such messages may not be on their way.
    fn flush(&mut self) -> Result<(), SendFailure> {
        Ok(())
    }

    /// Appends the messages that may be written again, oldest first. With
    /// [`Wait::ForOne`] at least one, unless none is out.
    fn reclaim(&mut self, wait: Wait, returned: &mut VecDeque<Message>) -> Result<(), SendFailure>;

    /// How many messages are out.
    fn outstanding(&self) -> usize;

    /// Returns when all messages are back.
    fn finish(&mut self, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        while self.outstanding() > 0 {
            self.reclaim(Wait::ForOne, returned)?;
        }
        Ok(())
    }

    /// What became of every byte of the messages sent so far.
    fn tally(&self) -> Tally;
}

/// How a mode hands the bytes of a message to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// They are copied.
    Copied,
    /// By reference, at least some of them; completions say whether the kernel
    /// copied them all the same.
    Reported,
    /// By reference, and nothing says what became of them.
    Unreported,
}

/// A line of the registry.
#[derive(Clone, Copy)]
pub struct ModeEntry {
    /// The name in profiles, benchmark ids, records and tables.
    pub name: &'static str,
    /// What it sends how, in one line. Records carry it, and so reports say it.
    pub summary: &'static str,
    /// What it asks of the kernel.
    pub handover: Handover,
    /// How many files it opens for one connection, the socket not among them.
    pub open_files: usize,
    /// Makes the mode for one connection; fails where the kernel refuses it.
    pub open: fn(Connection) -> Result<Box<dyn CopyMode>, SendFailure>,
}

impl std::fmt::Debug for ModeEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ModeEntry({})", self.name)
    }
}

/// By its name: both ends of a control connection have the same registry.
impl Serialize for ModeEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for ModeEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ModeEntry, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown = || de::Error::custom(format_args!("{name:?} is no copy mode here"));
        find(&name).copied().ok_or_else(unknown)
    }
}

/// What a mode may use: the client's end of its connection and what it needs
/// to know of the cell.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The connected socket.
    pub socket: Arc<Socket>,
    /// How many bytes of this connection the server has read so far, for
    /// a mode whose kernel interface reports no completion.
    pub consumed: Arc<Consumed>,
    /// The most messages that can be out at once, to reserve room for them.
    pub ring_messages: usize,
    /// The size of every message.
    pub message_bytes: usize,
    /// How many fields each has at most.
    pub fields: usize,
    /// What all messages lie in, for a mode that says so to the kernel beforehand;
    /// the client that owns it puts it in.
    pub memory: Option<Mapping>,
    /// What profiles set of modes alone.
    pub settings: ModeSettings,
    /// Where staging memory begins within a page.
    pub staging_offset_bytes: usize,
    /// How long a single wait may take.
    pub wait_limit: Duration,
}

/// Settings that bear on some mode and on nothing else.
#[derive(Clone, Copy, Debug)]
pub struct ModeSettings {
    /// `io_uring.batch_messages`.
    pub batch_messages: usize,
    /// `io_uring.registered_buffers`.
    pub registered_buffers: bool,
}

/// A system call of a mode that failed for good.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {source}")]
pub struct SendFailure {
    /// The system call and what it was for.
    pub operation: &'static str,
    /// What the kernel said.
    pub r#source: io::Error,
}

/// Messages of a copying mode, which may be written again as soon as `send`
/// returns: they wait here until the client asks for them.
#[derive(Debug)]
struct Done {
    messages: VecDeque<Message>,
    bytes: u64,
}

impl Done {
    fn new(connection: &Connection) -> Done {
        Done { messages: VecDeque::with_capacity(connection.ring_messages), bytes: 0 }
    }

    fn push(&mut self, message: Message) {
        self.bytes += message.total_bytes() as u64;
        self.messages.push_back(message);
    }

    fn give_back(&mut self, returned: &mut VecDeque<Message>) {
        returned.append(&mut self.messages);
    }

    fn len(&self) -> usize {
        self.messages.len()
    }

    fn tally(&self) -> Tally {
        Tally { copied_bytes: self.bytes, ..Tally::default() }
    }
}

/// Moves the oldest `count` of `out` to `returned`: all of them in one go, and those that
/// stay back again, unless these are more. One by one a message takes 20 to 50 instructions.
fn give_back(count: usize, out: &mut VecDeque<Message>, returned: &mut VecDeque<Message>) {
    let kept = out.len().saturating_sub(count);
    if kept > count {
        returned.extend(out.drain(..count));
        return;
    }
    returned.append(out);
    for _ in 0..kept {
        returned.pop_back().into_iter().for_each(|message| out.push_front(message));
    }
}

/// Calls `attempt` with the bytes sent so far until `total_bytes` are sent,
/// whatever interrupts it; `attempt` returns how many bytes one call took.
#[inline]
fn send_all(
    connection: &Connection,
    operation: &'static str,
    total_bytes: usize,
    mut attempt: impl FnMut(usize) -> io::Result<usize>,
) -> Result<(), SendFailure> {
    let mut sent_bytes = 0;
    while sent_bytes < total_bytes {
        match attempt(sent_bytes) {
            Ok(0) => return Err(SendFailure { operation, source: io::ErrorKind::WriteZero.into() }),
            Ok(taken) => sent_bytes += taken,
            Err(error) => resume(connection, operation, error)?,
        }
    }
    Ok(())
}

/// After a call that failed: nothing if it is to be tried again at once, or
/// after waiting; the failure if it is one.
#[cold]
fn resume(connection: &Connection, operation: &'static str, error: io::Error) -> Result<(), SendFailure> {
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        io::ErrorKind::WouldBlock => wait_for_room(connection),
        _ => Err(SendFailure { operation, source: error }),
    }
}

/// Blocks until the send buffer has room or the wait limit is over; a socket with an error counts as having room, so that the next call
/// says which.
fn wait_for_room(connection: &Connection) -> Result<(), SendFailure> {
    let failed = |source| SendFailure { operation: "poll for room in the send buffer", source };
    match sys::poll(connection.socket.as_fd(), true, connection.wait_limit) {
        Ok(ready) if ready.timed_out() => Err(failed(io::ErrorKind::TimedOut.into())),
        Ok(_) => Ok(()),
        Err(error) => Err(failed(error)),
    }
}
