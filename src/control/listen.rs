//! An agent that listens, for one controller at a time, let in by a token. It
//! owns who is let in, and that those who are not cost next to nothing; what is
//! said after that is `keeper`'s.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use super::clock::Timed;
use super::keeper::AgentMay;
use super::token::Token;
use super::{frame, keeper};
use crate::error::{Error, Result};

/// How long a connection may take to show its token.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that have not shown theirs; more are closed at once.
const MOST_UNKNOWN: usize = 32;

/// Connections that the kernel holds until they are accepted. Of strangers in numbers it
/// would drop those beyond, and a controller among them try again a second later.
const MOST_WAITING: i32 = 4096;

/// Of the frame with the token.
const LARGEST_BYTES: usize = 1024;

/// What a controller says first.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hello {
    pub(super) token: String,
}

/// Listens at `address`, and at no other, for ever. `told` hears where that is.
pub fn listen(
    address: SocketAddr,
    token: Token,
    program: PathBuf,
    told: impl FnOnce(SocketAddr),
) -> Result<()> {
    let system = |what: &str, error: io::Error| Error::Control { what: format!("{what} {address}: {error}") };
    let listener = bound(address).map_err(|error| system("bind", error))?;
    told(listener.local_addr().map_err(|error| system("getsockname of", error))?);
    let door =
        Arc::new(Door { token, program, unknown: AtomicUsize::new(0), is_taken: AtomicBool::new(false) });
    loop {
        let Ok((stream, _)) = listener.accept() else {
            std::thread::sleep(Duration::from_millis(50)); // no file descriptor left, for now
            continue;
        };
        if door.unknown.fetch_add(1, Ordering::AcqRel) >= MOST_UNKNOWN {
            door.unknown.fetch_sub(1, Ordering::AcqRel);
            continue; // closed
        }
        let at_door = Arc::clone(&door);
        let started = std::thread::Builder::new().spawn(move || at_door.meet(stream));
        if started.is_err() {
            door.unknown.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(MOST_WAITING)?;
    Ok(socket.into())
}

struct Door {
    token: Token,
    program: PathBuf,
    unknown: AtomicUsize,
    is_taken: AtomicBool,
}

impl Door {
    fn meet(&self, stream: TcpStream) {
        let shown = self.shown(&stream);
        self.unknown.fetch_sub(1, Ordering::AcqRel);
        let mut stream = stream;
        let refusal = match shown {
            Ok(true) if !self.is_taken.swap(true, Ordering::AcqRel) => {
                let kept = self.keep(&stream);
                // Before the connection closes: its controller may be back at once.
                self.is_taken.store(false, Ordering::Release);
                if let Err(error) = kept {
                    eprintln!("copycost serve: {error}");
                }
                return;
            }
            Ok(true) => "another controller is at work here",
            Ok(false) => "wrong token",
            Err(_) => "no token came",
        };
        eprintln!("copycost serve: a controller was not let in: {refusal}");
        let _ = stream.write_all(format!("not let in: {refusal}\n").as_bytes());
    }

    fn shown(&self, stream: &TcpStream) -> Result<bool> {
        let mut timed = Timed::new(stream);
        timed.wait_for(PATIENCE);
        let hello: Option<Hello> = frame::read_up_to(&mut timed, LARGEST_BYTES)?;
        Ok(hello.is_some_and(|hello| self.token.is(&hello.token)))
    }

    fn keep(&self, stream: &TcpStream) -> Result<()> {
        let system = |error: io::Error| Error::Control { what: format!("the connection: {error}") };
        let keepalive = TcpKeepalive::new()
            .with_time(Duration::from_secs(5))
            .with_interval(Duration::from_secs(2))
            .with_retries(3);
        SockRef::from(stream).set_tcp_keepalive(&keepalive).map_err(system)?;
        stream.set_nodelay(true).map_err(system)?;
        let end = || stream.try_clone().map(OwnedFd::from).map_err(system);
        keeper::keep(end()?, end()?, &self.program, AgentMay::Measure)
    }
}
