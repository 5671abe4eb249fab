//! The door of a peer's servers: who connects is let in by a nonce, each good once.
//! It owns that strangers, however many, cost next to nothing and delay nobody; it is
//! shut as soon as all are in, before anything is measured.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::Socket;

use super::listener::Listener;
use super::words::Nonce;
use crate::cell::Cell;
use crate::error::{Error, Result};
use crate::exchange::connection::OpenEnd;
use crate::exchange::round::now;
use crate::profile::SocketSettings;
use crate::sys;

/// Connections that have not shown a nonce yet. The one that has waited longest is let
/// go for a new one: who belongs here shows its own at once.
const MOST_UNKNOWN: usize = 64;

/// How often it is looked whether the door is still wanted.
const LOOK: Duration = Duration::from_millis(50);

pub(super) struct Door {
    pub(super) port: u16,
    /// By lane and client.
    pub(super) nonces: Vec<Vec<Nonce>>,
    is_unwanted: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<LetIn>>>,
}

/// Who came.
pub(super) struct LetIn {
    /// By lane and client.
    pub(super) ends: Vec<Vec<OpenEnd>>,
    /// Who was not let in.
    pub(super) strangers: u64,
}

impl Door {
    /// Opens a door for so many connections of each lane, for `limit` at most.
    pub(super) fn open(
        cell: &Cell,
        settings: &SocketSettings,
        connections: &[usize],
        limit: Duration,
    ) -> Result<Door> {
        let broken = |what: String| Error::Broken { cell: cell.clone(), end: "door".into(), what };
        let listener = Listener::open(cell, settings)?;
        let port = listener.address().as_socket().map_or(0, |address| address.port());
        let mut nonces = Vec::new();
        for count in connections {
            let drawn: io::Result<Vec<Nonce>> = (0..*count).map(|_| drawn()).collect();
            nonces.push(drawn.map_err(|error| broken(format!("draw a nonce: {error}")))?);
        }
        let is_unwanted = Arc::new(AtomicBool::new(false));
        let entry = Entry {
            listener,
            expected: nonces.iter().map(|nonces| nonces.iter().copied().map(Some).collect()).collect(),
            ends: connections.iter().map(|count| (0..*count).map(|_| None).collect()).collect(),
            unknown: VecDeque::new(),
            strangers: 0,
        };
        let (unwanted, until) = (Arc::clone(&is_unwanted), now() + limit);
        let thread = std::thread::Builder::new()
            .name("door".into())
            .spawn(move || entry.let_in(until, &unwanted))
            .map_err(|error| broken(format!("start its thread: {error}")))?;
        Ok(Door { port, nonces, is_unwanted, thread: Some(thread) })
    }

    /// Waits until everybody is in.
    pub(super) fn shut(mut self) -> Result<LetIn> {
        let thread = self.thread.take();
        let panicked = || Error::Control { what: "the door's thread panicked".into() };
        thread.and_then(|thread| thread.join().ok()).ok_or_else(panicked)?
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.is_unwanted.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn drawn() -> io::Result<Nonce> {
    let mut nonce = Nonce::default();
    std::fs::File::open("/dev/urandom")?.read_exact(&mut nonce)?;
    Ok(nonce)
}

struct Entry {
    listener: Listener,
    /// By lane and client; none where that one is in.
    expected: Vec<Vec<Option<Nonce>>>,
    ends: Vec<Vec<Option<OpenEnd>>>,
    unknown: VecDeque<Unknown>,
    strangers: u64,
}

/// Who has connected and not shown enough yet.
struct Unknown {
    socket: Socket,
    shown: Nonce,
    shown_bytes: usize,
}

enum Shown {
    NotYet,
    Nonce(Nonce),
    Gone,
}

impl Entry {
    fn let_in(mut self, until: Instant, is_unwanted: &AtomicBool) -> Result<LetIn> {
        self.listener.make("fcntl O_NONBLOCK", |socket| socket.set_nonblocking(true))?;
        while self.missing() > 0 {
            if is_unwanted.load(Ordering::Relaxed) || now() >= until {
                let all: usize = self.ends.iter().map(Vec::len).sum();
                let came = all - self.missing();
                return Err(self.listener.broken(format!("{came} of {all} connections came in time")));
            }
            let waited_for: Vec<_> = [self.listener.as_fd()]
                .into_iter()
                .chain(self.unknown.iter().map(|unknown| unknown.socket.as_fd()))
                .collect();
            self.listener.make("poll", |_| sys::wait_any_readable(&waited_for, LOOK))?;
            drop(waited_for);
            for _ in 0..self.unknown.len() {
                if let Some(unknown) = self.unknown.pop_front() {
                    self.look_at(unknown)?;
                }
            }
            self.accept()?;
        }
        let ends = self.ends.into_iter().map(|lane| lane.into_iter().flatten().collect()).collect();
        Ok(LetIn { ends, strangers: self.strangers + self.unknown.len() as u64 })
    }

    fn missing(&self) -> usize {
        self.ends.iter().flatten().filter(|end| end.is_none()).count()
    }

    /// Takes in those who knock, as many as may wait.
    fn accept(&mut self) -> Result<()> {
        for _ in 0..MOST_UNKNOWN {
            let Some(socket) = self.listener.try_accept()? else { return Ok(()) };
            self.listener.make("fcntl O_NONBLOCK", |_| socket.set_nonblocking(true))?;
            self.look_at(Unknown { socket, shown: Nonce::default(), shown_bytes: 0 })?;
            if self.unknown.len() > MOST_UNKNOWN {
                self.unknown.pop_front();
                self.strangers += 1;
            }
        }
        Ok(())
    }

    fn look_at(&mut self, mut unknown: Unknown) -> Result<()> {
        match unknown.look() {
            Shown::NotYet => self.unknown.push_back(unknown),
            Shown::Gone => self.strangers += 1,
            Shown::Nonce(nonce) => match self.place_of(nonce) {
                None => self.strangers += 1,
                Some((lane, client)) => {
                    self.expected[lane][client] = None;
                    let socket = unknown.socket;
                    self.listener.make("fcntl O_NONBLOCK", |_| socket.set_nonblocking(false))?;
                    self.ends[lane][client] = Some(self.listener.connected(socket)?);
                }
            },
        }
        Ok(())
    }

    fn place_of(&self, nonce: Nonce) -> Option<(usize, usize)> {
        let clients = self.expected.iter().enumerate().flat_map(|(lane, nonces)| {
            nonces.iter().enumerate().map(move |(client, expected)| (lane, client, expected))
        });
        let mut found = clients.filter(|(.., expected)| **expected == Some(nonce));
        found.next().map(|(lane, client, _)| (lane, client))
    }
}

impl Unknown {
    /// Reads what has come, and not a byte beyond the nonce.
    fn look(&mut self) -> Shown {
        loop {
            let rest = &mut self.shown[self.shown_bytes..];
            if rest.is_empty() {
                return Shown::Nonce(self.shown);
            }
            match (&self.socket).read(rest) {
                Ok(0) => return Shown::Gone,
                Ok(bytes) => self.shown_bytes += bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Shown::NotYet,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Shown::Gone,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpStream;

    use super::*;
    use crate::cell::Target;
    use crate::profile::Profile;

    const LIMIT: Duration = Duration::from_secs(60);

    fn door(connections: &[usize], limit: Duration) -> Door {
        let cell = Cell { target: Target::Throughput, mode: "any".into(), message_bytes: 4096, threads: 1 };
        Door::open(&cell, &Profile::load("default").unwrap().socket, connections, limit).unwrap()
    }

    fn knock(door: &Door, shown: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", door.port)).unwrap();
        stream.write_all(shown).unwrap();
        stream
    }

    /// Whether the door has closed the connection.
    fn is_turned_away(mut stream: &TcpStream) -> bool {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        match stream.read(&mut [0]) {
            Ok(bytes) => bytes == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    #[test]
    fn who_shows_a_nonce_is_let_in_at_its_place_and_who_shows_it_again_is_not() {
        let door = door(&[2, 0, 1], LIMIT);
        let nonces = door.nonces.clone();
        assert_eq!(nonces.iter().map(Vec::len).collect::<Vec<_>>(), [2, 0, 1]);
        let last = knock(&door, &nonces[2][0]);
        let replayed = knock(&door, &nonces[2][0]);
        assert!(is_turned_away(&replayed));
        let mut slow = knock(&door, &nonces[0][1][..7]);
        slow.write_all(&nonces[0][1][7..]).unwrap();
        let mut first = knock(&door, &nonces[0][0]);
        first.write_all(b"what follows is the server's").unwrap();
        let let_in = door.shut().unwrap();
        assert_eq!(let_in.strangers, 1);
        let port = |end: &OpenEnd| end.socket.peer_addr().unwrap().as_socket().unwrap().port();
        let ports: Vec<Vec<u16>> = let_in.ends.iter().map(|lane| lane.iter().map(port).collect()).collect();
        let own = |stream: &TcpStream| stream.local_addr().unwrap().port();
        assert_eq!(ports, [vec![own(&first), own(&slow)], vec![], vec![own(&last)]]);
        let mut text = [0; 28];
        (&*let_in.ends[0][0].socket).read_exact(&mut text).unwrap();
        assert_eq!(&text, b"what follows is the server's");
    }

    #[test]
    fn strangers_in_numbers_keep_nobody_out_and_hold_nothing() {
        let door = door(&[1], LIMIT);
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let (before, mut silent) = (open(), Vec::new());
        for number in 0..1500 {
            let stranger = knock(&door, if number % 3 == 0 { b"" } else { b"GET / HTTP/1.1\r\n\r\n" });
            if number % 15 == 0 {
                silent.push(stranger); // says no more and does not leave
            }
        }
        std::thread::sleep(Duration::from_millis(200));
        // Others' tests have files too; those that the kernel holds back are none yet.
        let held = open().saturating_sub(before + silent.len());
        assert!(held <= 2 * MOST_UNKNOWN + 50, "{held} files for strangers");
        let _own = knock(&door, &door.nonces[0][0].clone());
        let let_in = door.shut().unwrap();
        assert_eq!(let_in.ends[0].len(), 1);
        assert!(let_in.strangers >= 1000, "{}", let_in.strangers);
    }

    #[test]
    fn a_door_at_which_not_all_come_ends_in_an_error_and_one_unwanted_at_once() {
        let shut = door(&[2], Duration::from_millis(200));
        let _own = knock(&shut, &shut.nonces[0][0].clone());
        let error = shut.shut().err().unwrap().to_string();
        assert!(error.contains("1 of 2 connections came in time"), "{error}");
        drop(door(&[2], LIMIT));
    }
}
