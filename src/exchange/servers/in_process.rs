//! Servers that are threads of this process. It owns their sockets and sees to
//! it that no thread is left behind; what a server does is [`super::server`]'s.

use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use super::listener::Listener;
use super::server::{Account, Server};
use super::{Clients, Progress, Served, Servers};
use crate::cell::Cell;
use crate::error::Result;
use crate::exchange::connection::{Granted, OpenEnd, connect, failure};
use crate::exchange::lane::LaneKind;
use crate::exchange::round::Gate;
use crate::exchange::spec::GenerationSpec;
use crate::exchange::thread::spawn;
use crate::sys::{self, TcpInfo};

pub(super) struct InProcess {
    cell: Cell,
    gate: Arc<Gate>,
    /// By lane and client.
    lanes: Vec<Vec<ServerEnd>>,
    threads: Vec<JoinHandle<()>>,
}

struct ServerEnd {
    end: OpenEnd,
    account: Arc<Account>,
}

pub(super) fn open(spec: &GenerationSpec<'_>, gate: &Arc<Gate>) -> Result<(InProcess, Clients)> {
    let (cell, settings) = (spec.cell, &spec.profile.socket);
    let listener = Listener::open(cell, settings)?;
    let connection = || {
        let client = connect(cell, settings, listener.address())?;
        let server = ServerEnd { end: listener.accept(&client)?, account: Arc::default() };
        let consumed = Arc::clone(&server.account.consumed);
        Ok((server, Served { end: client, consumed }))
    };
    let (mut lanes, mut clients) = (Vec::new(), Vec::new());
    for lane in spec.lanes {
        let count = if matches!(lane.kind, LaneKind::Mode(_)) { spec.plan.ends.len() } else { 0 };
        let connections = (0..count).map(|_| connection()).collect::<Result<Vec<_>>>()?;
        let (servers, served) = connections.into_iter().unzip();
        lanes.push(servers);
        clients.push(served);
    }
    let mut servers = InProcess { cell: cell.clone(), gate: Arc::clone(gate), lanes, threads: Vec::new() };
    servers.start(spec)?;
    Ok((servers, clients))
}

impl InProcess {
    fn start(&mut self, spec: &GenerationSpec<'_>) -> Result<()> {
        let (cell, settings) = (spec.cell, &spec.profile.server);
        for (lane, ends) in spec.lanes.iter().zip(&self.lanes) {
            for (index, (server, plan)) in ends.iter().zip(&spec.plan.ends).enumerate() {
                let server = Server {
                    cell: cell.clone(),
                    name: format!("server {index} of {}", lane.name),
                    socket: Arc::clone(&server.end.socket),
                    account: Arc::clone(&server.account),
                    settings: settings.clone(),
                    fault: spec.fault,
                    counters: Arc::clone(&spec.counters),
                    sampling: spec.sampling,
                };
                let name = server.name.clone();
                self.threads.push(spawn(cell, &self.gate, name, plan.server, |gate| server.run(gate))?);
            }
        }
        Ok(())
    }
}

impl Servers for InProcess {
    fn arm(&self, lane: usize, bytes: &[u64]) {
        for (server, bytes) in self.lanes[lane].iter().zip(bytes) {
            // The message itself carries this to the server: it is stored
            // before the client is released, and read after bytes came.
            server.account.target_bytes.fetch_add(*bytes, Ordering::Release);
        }
    }

    fn progress(&self, lane: usize, client: usize) -> Progress {
        let account = &self.lanes[lane][client].account;
        let target_bytes = account.target_bytes.load(Ordering::Acquire);
        Progress { read_bytes: account.consumed.bytes(), target_bytes }
    }

    fn report(&self, lane: usize, client: usize) -> Result<(Granted, TcpInfo)> {
        let OpenEnd { socket, granted } = &self.lanes[lane][client].end;
        let failed = failure(&self.cell, "connection");
        let info = sys::tcp_info(socket.as_fd()).map_err(failed("getsockopt TCP_INFO"))?;
        Ok((granted.clone(), info))
    }

    fn close(&mut self) {
        self.gate.stop();
        for server in self.lanes.iter().flatten() {
            // An end that is gone already says ENOTCONN: as wished.
            let _ = server.end.socket.shutdown(Shutdown::Both);
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // a panic was caught and reported inside
        }
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.close();
    }
}
