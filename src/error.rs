//! The library's one error type: what was done, for which cell, and what the
//! system said. The program adds context with `anyhow`. A text here holds its
//! cause, so no field is the error's `source`, which `anyhow` would print once
//! more: `r#source` is how `thiserror` is told.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cell::Cell;
use crate::cpu::PlacementError;
use crate::profile::ProfileError;

/// Everything that can go wrong in the library.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A flag of a bench target cannot be followed.
    #[error("{flag} {value}: {what}")]
    Flag {
        /// The flag, or `FILTER`.
        flag: &'static str,
        /// What was given.
        value: String,
        /// What is wrong, and what is allowed.
        what: String,
    },
    /// A setting of the machine could not be changed, or set back.
    #[error("tune: {what}")]
    Tune {
        /// What is wrong, and what may be done.
        what: String,
    },
    /// The pinning that the profile asks for is not possible here.
    #[error(transparent)]
    Placement(#[from] PlacementError),
    /// A system call failed.
    #[error("{cell}: {end}: {operation}: {source}")]
    System {
        /// The cell that was being measured.
        cell: Cell,
        /// Which thread or connection.
        end: String,
        /// The call and what it was for.
        operation: &'static str,
        /// What the kernel said.
        r#source: io::Error,
    },
    /// Two sockets on the loopback device do not come to a connection.
    #[error("{cell}: {operation} {address}: {source}: {why}")]
    NoConnection {
        /// The cell that was to be measured.
        cell: Cell,
        /// The call.
        operation: &'static str,
        /// The profile's `socket.address`.
        address: IpAddr,
        /// What the kernel said.
        r#source: io::Error,
        /// What is wrong, and the command that changes it.
        why: Box<str>,
    },
    /// The servers' ends, at a peer, cannot be had or did not hold.
    #[error("peer: {what}")]
    AtPeer {
        /// The cell and what went wrong.
        what: String,
    },
    /// The message that is sent before anything is measured, to see whether the
    /// kernel takes a mode, did not come through.
    #[error("probe of {mode}, one message before anything is measured: {what}")]
    Probe {
        /// The copy mode.
        mode: String,
        /// What went wrong.
        what: String,
    },
    /// The largest cell has more files open than this process may.
    #[error(
        "{threads} client thread(s) have up to {needed} files open at once (two sockets a connection, the \
         counters of every thread), and at most {limit} are allowed: ulimit -n {needed} as root, or prlimit \
         --nofile={needed} --pid $$, or fewer threads in the profile"
    )]
    OpenFiles {
        /// The clients of the largest cell.
        threads: usize,
        /// How many it needs.
        needed: u64,
        /// The hard limit, `RLIMIT_NOFILE` of getrlimit(2).
        limit: u64,
    },
    /// The kernel refuses a setting of the profile.
    #[error("{cell}: `{key}` = {value} was refused: {source}; {allowed}")]
    Setting {
        /// The cell that was to be measured.
        cell: Cell,
        /// The profile's key.
        key: &'static str,
        /// The profile's value.
        value: String,
        /// What the kernel said.
        r#source: io::Error,
        /// What is allowed.
        allowed: String,
    },
    /// A round made no progress for the profile's `rounds.stall_timeout_s`.
    #[error("{cell}: {lane} round stood still for {waited:?}; outstanding: {outstanding}")]
    Stalled {
        /// The cell that was being measured.
        cell: Cell,
        /// Whose round it was: the cell's own, or a companion's.
        lane: String,
        /// How long nothing moved.
        waited: Duration,
        /// What was missing for the round to end.
        outstanding: String,
    },
    /// Threads had not their memory and counters within the profile's
    /// `rounds.stall_timeout_s`.
    #[error(
        "{cell}: {missing} of {threads} threads were not set up within {waited:?}; a larger \
         rounds.stall_timeout_s gives them longer, a smaller message.ring_bytes less to do"
    )]
    NotSetUp {
        /// The cell that was to be measured.
        cell: Cell,
        /// Threads that were waited for.
        missing: usize,
        /// All of them.
        threads: usize,
        /// How long nothing moved.
        waited: Duration,
    },
    /// The other end closed its connection before the round was over.
    #[error("{cell}: {end}: peer closed the connection {missing_bytes} bytes before the end of the round")]
    PeerClosed {
        /// The cell that was being measured.
        cell: Cell,
        /// Which thread or connection.
        end: String,
        /// What had not arrived.
        missing_bytes: u64,
    },
    /// A thread panicked.
    #[error("{cell}: {thread} panicked: {message}")]
    Panicked {
        /// The cell that was being measured.
        cell: Cell,
        /// The thread.
        thread: String,
        /// The panic's message.
        message: String,
    },
    /// Something is not as the harness itself promises: bytes out of order, a
    /// lost message, more bytes than were sent, tallies that do not add up.
    #[error("{cell}: {end}: {what}")]
    Broken {
        /// The cell that was being measured.
        cell: Cell,
        /// Which thread or connection.
        end: String,
        /// What is wrong.
        what: String,
    },
    /// What an agent and who controls it have to say to each other is not as it
    /// should be.
    #[error("{what}")]
    Control {
        /// What is wrong, and what was expected.
        what: String,
    },
    /// Something went wrong at a side.
    #[error("side {side}: {what}")]
    AtSide {
        /// The side's name.
        side: String,
        /// What its agent said, or what became of it.
        what: String,
    },
    /// A file of Criterion's or of ours cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        r#source: io::Error,
    },
    /// There is no place for results.
    #[error("results cannot be kept in {path}: {source}; CRITERION_HOME=DIR keeps them in another directory")]
    Unwritable {
        /// The nearest directory that is there.
        path: PathBuf,
        /// What the system said.
        r#source: io::Error,
    },
    /// A cell was measured and is lost.
    #[error("{cell}: measured, but not kept: {what}")]
    NotKept {
        /// The cell.
        cell: Cell,
        /// Which file, and what the system said.
        what: String,
    },
    /// Two baselines do not compare.
    #[error("{base} and {new} do not compare: {what} (--force compares them all the same, and says so)")]
    Compare {
        /// What was to be compared with.
        base: String,
        /// What was to be compared.
        new: String,
        /// What differs.
        what: String,
    },
    /// A baseline is to be compared with itself.
    #[error(
        "{base} and {new} are one: every process of either is one of the other's, so there is nothing to compare"
    )]
    OneBaseline {
        /// What was to be compared with.
        base: String,
        /// What was to be compared; the same name, or a copy's.
        new: String,
        /// How many processes it has.
        processes: usize,
    },
    /// No name for a baseline.
    #[error("{name:?} cannot be a baseline's name: {what}")]
    BaselineName {
        /// What was given.
        name: String,
        /// What is wrong, and what is allowed.
        what: String,
    },
    /// An archive of a baseline is not made, or not taken in.
    #[error("{archive}: {what}")]
    Archive {
        /// The archive's file.
        archive: PathBuf,
        /// Which file in it, what is wrong and what is allowed.
        what: String,
    },
    /// A recording cannot be made, taken up again or added to.
    #[error("recording `{name}`: {what}")]
    Recording {
        /// The baseline's name.
        name: String,
        /// What is wrong, and what is allowed.
        what: String,
    },
}

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;

/// What was asked for at `path`, if it is there: that it is not is no error.
pub(crate) fn if_there<T>(path: &Path, found: io::Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}

/// What becomes of an error of the system about `path`.
pub(crate) fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = path.to_path_buf();
    move |source| Error::File { path, source }
}
