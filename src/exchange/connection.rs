//! Connects the clients' ends, and gives either end every option that the
//! profile sets, in the one order that works, reading back what the kernel
//! granted. It knows nothing of threads or messages.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::unreachable;
use crate::cell::{Cell, Target};
use crate::error::{Error, Result};
use crate::profile::{BufferSize, SocketSettings};
use crate::sys;

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Sends messages.
    Client,
    /// Reads them.
    Server,
}

/// What the kernel says of a socket, read back after it was set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Granted {
    /// Congestion control before the connection existed: of the unconnected
    /// client socket, or of the listener. Had it been another, the pacing
    /// that `bbr` switches on would have stayed.
    pub congestion_control_before: String,
    /// Congestion control of the connected socket.
    pub congestion_control: String,
    /// `SO_SNDBUF` as reported: twice what was asked for, if granted in full.
    pub send_buffer_bytes: usize,
    /// `SO_RCVBUF` as reported.
    pub receive_buffer_bytes: usize,
    /// Whether Nagle's algorithm is on (`TCP_NODELAY` off).
    pub nagle: bool,
    /// Whether a pacing rate was set on the socket (`SO_MAX_PACING_RATE`).
    pub pacing_rate_set: bool,
}

/// One end's connected socket.
pub(super) struct OpenEnd {
    pub(super) socket: Arc<Socket>,
    pub(super) granted: Granted,
}

/// Connects a client to the listener at `address`, within `limit` where there is one.
pub(super) fn connect(
    cell: &Cell,
    settings: &SocketSettings,
    address: &SockAddr,
    limit: Option<Duration>,
) -> Result<OpenEnd> {
    let call = Call { cell, end: "connection", address: settings.address };
    let socket = call.make("socket", || new_socket(settings))?;
    set_before_connect(cell, settings, &socket)?;
    let before = congestion_control(&socket).map_err(call.failed("getsockopt TCP_CONGESTION"))?;
    call.make("connect", || match limit {
        Some(limit) => socket.connect_timeout(address, limit),
        None => connect_to(&socket, address),
    })?;
    connected(&call, settings, socket, before)
}

/// A socket that has just been connected, as an end; `before` is the congestion
/// control that it came from.
pub(super) fn connected(
    call: &Call<'_>,
    settings: &SocketSettings,
    socket: Socket,
    before: String,
) -> Result<OpenEnd> {
    let nagle = match call.cell.target {
        Target::Throughput | Target::CpuCost => settings.nagle_throughput,
        Target::Latency => settings.nagle_latency,
    };
    call.make("setsockopt TCP_NODELAY", || socket.set_tcp_nodelay(!nagle))?;
    let granted = granted(&socket, before).map_err(call.failed("getsockopt"))?;
    Ok(OpenEnd { socket: Arc::new(socket), granted })
}

/// A call for a connection: resumed where a signal interrupts it, and with what
/// is known of the cause where it fails.
pub(super) struct Call<'a> {
    pub(super) cell: &'a Cell,
    pub(super) end: &'a str,
    pub(super) address: IpAddr,
}

impl Call<'_> {
    pub(super) fn make<T>(&self, operation: &'static str, call: impl FnMut() -> io::Result<T>) -> Result<T> {
        sys::resumed(call).map_err(self.failed(operation))
    }

    pub(super) fn failed(&self, operation: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |source| {
            let cell = self.cell.clone();
            match unreachable::why(operation, &source, self.address) {
                Some(why) => {
                    let (address, why) = (self.address, why.into());
                    Error::NoConnection { cell, operation, address, source, why }
                }
                None => Error::System { cell, end: self.end.to_string(), operation, source },
            }
        }
    }
}

/// An interrupted `connect` goes on without its caller (connect(2)): asked again
/// it waits for the same connection, or says that it is there.
fn connect_to(socket: &Socket, address: &SockAddr) -> io::Result<()> {
    match socket.connect(address) {
        Err(error) if error.raw_os_error() == Some(libc::EISCONN) => Ok(()),
        outcome => outcome,
    }
}

pub(super) fn new_socket(settings: &SocketSettings) -> io::Result<Socket> {
    let domain = if settings.address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    Socket::new(domain, Type::STREAM, Some(Protocol::TCP))
}

/// What must be set before `connect` or `listen`: congestion control (set
/// later, a `bbr` default leaves its pacing on: `sk_pacing_status`) and the
/// buffers (the window scale is agreed on in the handshake, `tcp(7)`).
pub(super) fn set_before_connect(cell: &Cell, settings: &SocketSettings, socket: &Socket) -> Result<()> {
    let refused = |key, value: String, allowed: String| {
        move |source| Error::Setting { cell: cell.clone(), key, value, source, allowed }
    };
    let name = &settings.congestion_control;
    sys::resumed(|| socket.set_tcp_congestion(name.as_bytes())).map_err(refused(
        "socket.congestion_control",
        format!("{name:?}"),
        allowed_congestion_controls(),
    ))?;
    if let BufferSize::Fixed(bytes) = settings.send_buffer_bytes {
        let refused = refused("socket.send_buffer_bytes", bytes.to_string(), String::new());
        sys::resumed(|| socket.set_send_buffer_size(bytes)).map_err(refused)?;
    }
    if let BufferSize::Fixed(bytes) = settings.receive_buffer_bytes {
        let refused = refused("socket.receive_buffer_bytes", bytes.to_string(), String::new());
        sys::resumed(|| socket.set_recv_buffer_size(bytes)).map_err(refused)?;
    }
    Ok(())
}

fn granted(socket: &Socket, congestion_control_before: String) -> io::Result<Granted> {
    Ok(Granted {
        congestion_control_before,
        congestion_control: congestion_control(socket)?,
        send_buffer_bytes: sys::resumed(|| socket.send_buffer_size())?,
        receive_buffer_bytes: sys::resumed(|| socket.recv_buffer_size())?,
        nagle: !sys::resumed(|| socket.tcp_nodelay())?,
        pacing_rate_set: sys::max_pacing_rate(socket.as_fd())? != u64::MAX,
    })
}

pub(super) fn congestion_control(socket: &Socket) -> io::Result<String> {
    let name = sys::resumed(|| socket.tcp_congestion())?;
    let name: Vec<u8> = name.into_iter().take_while(|byte| *byte != 0).collect();
    Ok(String::from_utf8_lossy(&name).into_owned())
}

fn allowed_congestion_controls() -> String {
    let path = "/proc/sys/net/ipv4/tcp_allowed_congestion_control";
    match std::fs::read_to_string(path) {
        Ok(names) => format!("allowed to every user here: {}", names.trim()),
        Err(error) => format!("the allowed ones cannot be read: {path}: {error}"),
    }
}

/// Makes errors that name `cell`, `end` and the operation.
pub(super) fn failure<'a>(
    cell: &'a Cell,
    end: &'a str,
) -> impl Fn(&'static str) -> Box<dyn FnOnce(io::Error) -> Error + 'a> + 'a {
    move |operation| {
        Box::new(move |source| Error::System { cell: cell.clone(), end: end.to_string(), operation, source })
    }
}
