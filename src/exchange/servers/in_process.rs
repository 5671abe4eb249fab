//! Servers that are threads of this process. It owns their sockets and sees to
//! it that no thread is left behind; what a server does is [`super::server`]'s.

use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use super::listener::Listener;
use super::server::{Account, Server};
use super::{Clients, EndReport, Progress, Served, Servers, connections_of};
use crate::cell::Cell;
use crate::error::Result;
use crate::exchange::connection::{OpenEnd, connect, failure};
use crate::exchange::round::Gate;
use crate::exchange::spec::GenerationSpec;
use crate::exchange::thread::spawn;
use crate::sys;

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
        let client = connect(cell, settings, listener.address(), None)?;
        let server = listener.accept(&client)?;
        Ok((server, client))
    };
    let (mut lanes, mut clients) = (Vec::new(), Vec::new());
    for count in connections_of(spec.lanes, spec.plan) {
        let connections = (0..count).map(|_| connection()).collect::<Result<Vec<_>>>()?;
        let (servers, ends): (Vec<_>, Vec<_>) = connections.into_iter().unzip();
        lanes.push(servers);
        clients.push(ends);
    }
    drop(listener);
    let servers = start(spec, gate, lanes)?;
    let served =
        |(end, server): (OpenEnd, &ServerEnd)| Served { end, consumed: Arc::clone(&server.account.consumed) };
    let served = clients
        .into_iter()
        .zip(&servers.lanes)
        .map(|(ends, servers)| ends.into_iter().zip(servers).map(served).collect());
    let served = served.collect();
    Ok((servers, served))
}

/// Starts a server at each of `ends`, by lane and client.
pub(super) fn start(
    spec: &GenerationSpec<'_>,
    gate: &Arc<Gate>,
    ends: Vec<Vec<OpenEnd>>,
) -> Result<InProcess> {
    let server = |end| ServerEnd { end, account: Arc::default() };
    let lanes = ends.into_iter().map(|ends| ends.into_iter().map(server).collect()).collect();
    let mut servers =
        InProcess { cell: spec.cell.clone(), gate: Arc::clone(gate), lanes, threads: Vec::new() };
    servers.start(spec)?;
    Ok(servers)
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

    fn report(&self) -> Result<Vec<Vec<EndReport>>> {
        let failed = failure(&self.cell, "connection");
        let of_end = |server: &ServerEnd| {
            let OpenEnd { socket, granted } = &server.end;
            let info = sys::tcp_info(socket.as_fd()).map_err(failed("getsockopt TCP_INFO"))?;
            Ok((granted.clone(), info))
        };
        self.lanes.iter().map(|lane| lane.iter().map(of_end).collect()).collect()
    }

    fn threads_here(&self) -> usize {
        self.threads.len()
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
