//! Where clients connect to: a listening socket on an ephemeral port, and the
//! servers' ends of what connects. It lives no longer than that takes.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};

use socket2::{SockAddr, Socket};

use crate::cell::Cell;
use crate::error::{Error, Result};
use crate::exchange::connection::{
    Call, OpenEnd, congestion_control, connected, new_socket, set_before_connect,
};
use crate::profile::SocketSettings;
use crate::sys;

/// How many the kernel holds until they are accepted, where it may.
const MOST_WAITING: i32 = 4096;

pub(super) struct Listener {
    socket: Socket,
    address: SockAddr,
    congestion_control: String,
    cell: Cell,
    settings: SocketSettings,
}

impl Listener {
    pub(super) fn open(cell: &Cell, settings: &SocketSettings) -> Result<Listener> {
        let call = Call { cell, end: "listener", address: settings.address };
        let socket = call.make("socket", || new_socket(settings))?;
        set_before_connect(cell, settings, &socket)?;
        let any = SocketAddr::new(settings.address, 0).into();
        call.make("bind", || socket.bind(&any))?;
        call.make("listen", || socket.listen(MOST_WAITING))?;
        let address = call.make("getsockname", || socket.local_addr())?;
        let congestion_control =
            congestion_control(&socket).map_err(call.failed("getsockopt TCP_CONGESTION"))?;
        Ok(Listener { socket, address, congestion_control, cell: cell.clone(), settings: settings.clone() })
    }

    pub(super) fn address(&self) -> &SockAddr {
        &self.address
    }

    /// The other end of `client`, which has connected to the address.
    pub(super) fn accept(&self, client: &OpenEnd) -> Result<OpenEnd> {
        let own = self.call().make("getsockname", || client.socket.local_addr())?;
        let server = loop {
            let (socket, peer) = self.call().make("accept", || self.socket.accept())?;
            if peer.as_socket() == own.as_socket() {
                break socket; // a stranger who found the port is let go
            }
        };
        self.connected(server)
    }

    /// Whoever has connected, without waiting, once the socket does not wait.
    pub(super) fn try_accept(&self) -> Result<Option<Socket>> {
        match sys::resumed(|| self.socket.accept()) {
            Ok((socket, _)) => Ok(Some(socket)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            // Who has gone again before it was accepted: accept(2).
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => Ok(None),
            Err(error) => Err(self.call().failed("accept")(error)),
        }
    }

    /// A socket that was accepted here, as a server's end.
    pub(super) fn connected(&self, socket: Socket) -> Result<OpenEnd> {
        connected(&self.call(), &self.settings, socket, self.congestion_control.clone())
    }

    /// A call for it, with an error that says what it was for.
    pub(super) fn make<T>(
        &self,
        operation: &'static str,
        mut call: impl FnMut(&Socket) -> io::Result<T>,
    ) -> Result<T> {
        self.call().make(operation, || call(&self.socket))
    }

    pub(super) fn broken(&self, what: String) -> Error {
        Error::Broken { cell: self.cell.clone(), end: "listener".into(), what }
    }

    fn call(&self) -> Call<'_> {
        Call { cell: &self.cell, end: "connection", address: self.settings.address }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
