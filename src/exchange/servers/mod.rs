//! Where the servers of a generation are: what the exchange asks of them, and
//! the places, this process and a peer. A place owns the servers' ends and their
//! threads; rounds and clocks are the exchange's.

mod at_peer;
mod door;
mod elsewhere;
mod heard;
mod in_process;
mod listener;
mod peer;
mod receiver;
mod server;
mod words;

use std::sync::Arc;

pub use self::at_peer::PeerServers;
pub use self::peer::{Peer, PeerEar, PeerSession};
pub use self::words::{ServerAnswer, ServerOrder, ServerRequest, ServerWord};
use super::block::PeerReport;
use super::connection::{Granted, OpenEnd};
use super::lane::{Lane, LaneKind};
use super::round::Gate;
use super::spec::GenerationSpec;
use crate::copy_mode::Consumed;
use crate::cpu::Plan;
use crate::error::{Error, Result};
use crate::sys::TcpInfo;

/// The servers of a generation, one a connection; connections are known by their
/// lane and client. Each says at the gate that it is set up, that it has
/// ended its part of a round, and why it cannot go on; or somebody says so for it.
/// Dropping them ends them.
pub(super) trait Servers {
    /// Before the clients of a round are released: connection `client` of `lane`
    /// will carry `bytes[client]` more. The gate hears why it cannot be.
    fn arm(&self, lane: usize, bytes: &[u64]);

    /// How far the server of a connection is.
    fn progress(&self, lane: usize, client: usize) -> Progress;

    /// What was granted to the servers' ends, and their `TCP_INFO`, by lane and client.
    fn report(&self) -> Result<Vec<Vec<EndReport>>>;

    /// Ends every server, whatever it waits for, and returns when none is left.
    fn close(&mut self);

    /// How many of them are threads of this process, which set themselves up at the
    /// gate.
    fn threads_here(&self) -> usize;

    /// What threads elsewhere could not count, by its place in
    /// [`crate::counter::KINDS`], and why.
    fn absent_counters(&self) -> Vec<(usize, String)> {
        Vec::new()
    }

    /// What is to be known of where they are, if that is not here.
    fn peer_report(&self) -> Option<PeerReport> {
        None
    }

    /// `error`, with what it follows from where that is known.
    fn explained(&self, error: Error) -> Error {
        error
    }
}

/// What was granted to a server's socket, and its `TCP_INFO`.
pub(super) type EndReport = (Granted, TcpInfo);

/// What a server has read since its connection was opened, and what it will
/// have read when the present round is over.
#[derive(Clone, Copy, Debug, Default)]
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
    match (spec.peer, &spec.profile.peer) {
        (Some(peer), Some(settings)) => {
            let (servers, clients) = elsewhere::open(spec, settings, gate, peer)?;
            Ok((Box::new(servers), clients))
        }
        (None, None) => {
            let (servers, clients) = in_process::open(spec, gate)?;
            Ok((Box::new(servers), clients))
        }
        (peer, _) => {
            let only =
                if peer.is_some() { "there is a peer, and none" } else { "no peer was started, and one" };
            let what = format!("{only} in the profile");
            Err(Error::Broken { cell: spec.cell.clone(), end: "servers".into(), what })
        }
    }
}

/// How many connections each lane has.
fn connections_of(lanes: &[Lane], plan: &Plan) -> Vec<usize> {
    let of_lane = |lane: &Lane| if matches!(lane.kind, LaneKind::Mode(_)) { plan.ends.len() } else { 0 };
    lanes.iter().map(of_lane).collect()
}
