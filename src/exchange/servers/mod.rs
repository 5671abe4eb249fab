//! Where the servers of a generation are: what the exchange asks of them, and
//! the places, of which this process is the only one. A place owns the servers'
//! ends and their threads; rounds and clocks are the exchange's.

mod in_process;
mod listener;
mod receiver;
mod server;

use std::sync::Arc;

use super::connection::{Granted, OpenEnd};
use super::round::Gate;
use super::spec::GenerationSpec;
use crate::copy_mode::Consumed;
use crate::error::Result;
use crate::sys::TcpInfo;

/// The servers of a generation, one a connection; connections are known by their
/// lane and client. Each says at the gate that it is set up, that it has
/// ended its part of a round, and why it cannot go on. Dropping them ends them.
pub(super) trait Servers {
    /// Before the clients of a round are released: connection `client` of `lane`
    /// will carry `bytes[client]` more.
    fn arm(&self, lane: usize, bytes: &[u64]);

    /// How far the server of a connection is.
    fn progress(&self, lane: usize, client: usize) -> Progress;

    /// What was granted to the server's end of a connection, and its `TCP_INFO`.
    fn report(&self, lane: usize, client: usize) -> Result<(Granted, TcpInfo)>;

    /// Ends every server, whatever it waits for, and returns when none is left.
    fn close(&mut self);
}

/// What a server has read since its connection was opened, and what it will
/// have read when the present round is over.
pub(super) struct Progress {
    pub(super) read_bytes: u64,
    pub(super) target_bytes: u64,
}

/// A client's end of a connection that has a server.
pub(super) struct Served {
    pub(super) end: OpenEnd,
    /// What the server has read, for a mode that asks.
    pub(super) consumed: Arc<Consumed>,
}

/// The clients' ends by lane, each lane's in the order of the clients.
type Clients = Vec<Vec<Served>>;

/// Opens the connections of every lane with a server at the other end of each.
/// On an error nothing is left behind.
pub(super) fn open(spec: &GenerationSpec<'_>, gate: &Arc<Gate>) -> Result<(Box<dyn Servers>, Clients)> {
    let (servers, clients) = in_process::open(spec, gate)?;
    Ok((Box::new(servers), clients))
}
