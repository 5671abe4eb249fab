//! Servers that are at a peer, as their clients' process sees them. It connects the
//! clients' ends and asks for what any place of servers is asked; what is heard of them
//! unasked is `heard`'s.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::heard::{Heard, at_peer};
use super::peer::{Peer, PeerEar, PeerSession};
use super::words::{Nonce, ServerAnswer, ServerOrder, ServerRequest};
use super::{Clients, EndReport, Progress, Served, Servers, connections_of};
use crate::cell::Cell;
use crate::copy_mode::Consumed;
use crate::error::{Error, Result};
use crate::exchange::block::PeerReport;
use crate::exchange::connection::{OpenEnd, connect, failure};
use crate::exchange::round::{Gate, now};
use crate::exchange::spec::GenerationSpec;
use crate::profile::{PeerSettings, SocketSettings};
use crate::sys;

/// Of these the median is how long an answer takes.
const PINGS: usize = 9;

/// How long a peer that is gone may take to be known for it, once its connections are.
const KNOWN_WITHIN: Duration = Duration::from_secs(1);

pub(super) struct Elsewhere {
    cell: Cell,
    session: Arc<dyn PeerSession>,
    gate: Arc<Gate>,
    heard: Arc<Heard>,
    /// Of each lane.
    connections: Vec<usize>,
    report: PeerReport,
    is_open: bool,
}

pub(super) fn open(
    spec: &GenerationSpec<'_>,
    settings: &PeerSettings,
    gate: &Arc<Gate>,
    peer: &dyn Peer,
) -> Result<(Elsewhere, Clients)> {
    let cell = spec.cell;
    let session = peer.session().map_err(|what| at_peer(cell, what))?;
    let connections = connections_of(spec.lanes, spec.plan);
    let heard = Arc::new(Heard::new(cell, gate, &connections));
    // From here on whatever fails closes what the peer has opened.
    let mut servers = Elsewhere {
        cell: cell.clone(),
        session,
        gate: Arc::clone(gate),
        heard,
        connections,
        report: PeerReport::default(),
        is_open: true,
    };
    let ear: Arc<dyn PeerEar> = Arc::clone(&servers.heard) as _;
    servers.session.heard_by(Arc::downgrade(&ear));
    let order = ServerOrder {
        cell: cell.clone(),
        lanes: spec.lanes.to_vec(),
        plan: spec.plan.clone(),
        fault: spec.fault,
        is_counted: !spec.counters.is_empty(),
        sampled_by: spec.sampling.map(|sampling| sampling.event),
    };
    let (port, nonces) = match servers.ask(ServerRequest::Listen(Box::new(order)))? {
        ServerAnswer::Listening { port, nonces } => (port, nonces),
        other => return Err(servers.unexpected(&other)),
    };
    if nonces.iter().map(Vec::len).ne(servers.connections.iter().copied()) {
        return Err(at_peer(cell, "nonces for other connections than were asked for"));
    }
    let mut socket_settings = spec.profile.socket.clone();
    socket_settings.address = settings.address();
    let limit = spec.profile.stall_timeout();
    let address = SocketAddr::new(settings.address(), port);
    let one = |nonce: Nonce| {
        let end = connected(cell, &socket_settings, address, limit, nonce);
        let end = end.map_err(|error| match servers.explained(error) {
            error @ Error::AtPeer { .. } => error,
            error => at_peer(cell, error.to_string()),
        })?;
        Ok(Served { end, consumed: Arc::new(Consumed::unseen()) })
    };
    let clients: Result<Clients> =
        nonces.into_iter().map(|lane| lane.into_iter().map(one).collect()).collect();
    let clients = clients?;
    match servers.ask(ServerRequest::SetUp {})? {
        ServerAnswer::SetUp { strangers } => servers.report.strangers = strangers,
        other => return Err(servers.unexpected(&other)),
    }
    servers.report.control_round_trip = servers.control_round_trip()?;
    Ok((servers, clients))
}

/// A client's end that has shown its nonce.
fn connected(
    cell: &Cell,
    settings: &SocketSettings,
    address: SocketAddr,
    limit: Duration,
    nonce: Nonce,
) -> Result<OpenEnd> {
    let end = connect(cell, settings, &address.into(), Some(limit))?;
    let failed = failure(cell, "connection");
    match sys::resumed(|| end.socket.send(&nonce)) {
        Ok(bytes) if bytes == nonce.len() => Ok(end),
        Ok(_) => Err(failed("send the nonce")(std::io::ErrorKind::WriteZero.into())),
        Err(error) => Err(failed("send the nonce")(error)),
    }
}

impl Elsewhere {
    fn ask(&self, request: ServerRequest) -> Result<ServerAnswer> {
        self.session.ask(request).map_err(|what| at_peer(&self.cell, what))
    }

    fn unexpected(&self, answer: &ServerAnswer) -> Error {
        let shown: String = format!("{answer:?}").chars().take(80).collect();
        at_peer(&self.cell, format!("an answer to another question: {shown}"))
    }

    fn control_round_trip(&self) -> Result<Duration> {
        let mut round_trips = Vec::with_capacity(PINGS);
        for _ in 0..PINGS {
            let asked = now();
            match self.ask(ServerRequest::Ping {})? {
                ServerAnswer::Pong {} => round_trips.push(now().duration_since(asked)),
                other => return Err(self.unexpected(&other)),
            }
        }
        round_trips.sort_unstable();
        Ok(round_trips[PINGS / 2])
    }
}

impl Servers for Elsewhere {
    fn arm(&self, lane: usize, bytes: &[u64]) {
        let servers = bytes.iter().filter(|bytes| **bytes > 0).count();
        if servers == 0 {
            return;
        }
        self.heard.arm(lane, bytes, servers);
        match self.ask(ServerRequest::Arm { lane, bytes: bytes.to_vec() }) {
            Ok(ServerAnswer::Armed {}) => {}
            Ok(other) => self.gate.fail(self.unexpected(&other)),
            Err(error) => self.gate.fail(error),
        }
    }

    fn progress(&self, lane: usize, client: usize) -> Progress {
        self.heard.progress(lane, client)
    }

    fn report(&self) -> Result<Vec<Vec<EndReport>>> {
        match self.ask(ServerRequest::Report {})? {
            ServerAnswer::Report { ends }
                if ends.iter().map(Vec::len).eq(self.connections.iter().copied()) =>
            {
                Ok(ends)
            }
            other => Err(self.unexpected(&other)),
        }
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.is_open) && self.session.broken().is_none() {
            // One that does not answer is broken from then on, and begun anew.
            let _ = self.session.ask(ServerRequest::Close {});
        }
    }

    fn threads_here(&self) -> usize {
        0
    }

    fn absent_counters(&self) -> Vec<(usize, String)> {
        let absences = self.heard.absences();
        absences.into_iter().map(|(kind, why)| (kind, format!("at the peer: {why}"))).collect()
    }

    fn peer_report(&self) -> Option<PeerReport> {
        Some(self.report)
    }

    /// Connections end with a peer that is gone, and say so first.
    fn explained(&self, error: Error) -> Error {
        if matches!(error, Error::AtPeer { .. }) {
            return error;
        }
        let until = now() + KNOWN_WITHIN;
        loop {
            match self.session.broken() {
                Some(why) => return at_peer(&self.cell, why),
                None if now() >= until => return error,
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.close();
    }
}
