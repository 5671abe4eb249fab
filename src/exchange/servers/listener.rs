//! Where clients connect to: a listening socket on an ephemeral port, and the
//! servers' ends of what connects. It lives no longer than that takes.

use std::net::SocketAddr;

use socket2::{SockAddr, Socket};

use crate::cell::Cell;
use crate::error::Result;
use crate::exchange::connection::{
    Call, OpenEnd, congestion_control, connected, new_socket, set_before_connect,
};
use crate::profile::SocketSettings;

pub(super) struct Listener<'a> {
    socket: Socket,
    address: SockAddr,
    congestion_control: String,
    cell: &'a Cell,
    settings: &'a SocketSettings,
}

impl<'a> Listener<'a> {
    pub(super) fn open(cell: &'a Cell, settings: &'a SocketSettings) -> Result<Listener<'a>> {
        let call = Call { cell, end: "listener", address: settings.address };
        let socket = call.make("socket", || new_socket(settings))?;
        set_before_connect(cell, settings, &socket)?;
        let any = SocketAddr::new(settings.address, 0).into();
        call.make("bind", || socket.bind(&any))?;
        call.make("listen", || socket.listen(16))?;
        let address = call.make("getsockname", || socket.local_addr())?;
        let congestion_control =
            congestion_control(&socket).map_err(call.failed("getsockopt TCP_CONGESTION"))?;
        Ok(Listener { socket, address, congestion_control, cell, settings })
    }

    pub(super) fn address(&self) -> &SockAddr {
        &self.address
    }

    /// The other end of `client`, which has connected to the address.
    pub(super) fn accept(&self, client: &OpenEnd) -> Result<OpenEnd> {
        let call = Call { cell: self.cell, end: "connection", address: self.settings.address };
        let own = call.make("getsockname", || client.socket.local_addr())?;
        let server = loop {
            let (socket, peer) = call.make("accept", || self.socket.accept())?;
            if peer.as_socket() == own.as_socket() {
                break socket; // a stranger who found the port is let go
            }
        };
        connected(&call, self.settings, server, self.congestion_control.clone())
    }
}
