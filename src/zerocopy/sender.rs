//! Sends with `MSG_ZEROCOPY` and, in `completions.rs`, reads the error queue. It owns
//! the socket's opt-in, the retry rules (EINTR, EAGAIN, ENOBUFS, partial sends) and
//! the buffers in flight; account of ids is kept in [`super::tracker`].

mod completions;

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use socket2::Socket;
use thiserror::Error;

use super::patience::Patience;
use super::tally::Tally;
use super::tracker::Tracker;
use crate::sys::{self, Run, Segments};

const ZEROCOPY_SEND: &str = "sendmsg with MSG_ZEROCOPY";

/// Whether [`Sender::reclaim`] may block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Read what is there.
    No,
    /// Wait until at least one buffer is back; returns at once if none is out.
    ForOne,
}

/// A connected TCP socket that sends buffers of type `B` without copying them
/// in user space. `B` is `'static` and lends out its [`Segments`], so that no
/// safe code can reach the bytes while the sender owns it.
///
/// Dropping a sender whose buffers are still out *leaks* them: the kernel may
/// go on reading them until the connection is gone, and memory that is freed
/// and used again would be sent in their place. Call [`Sender::reclaim`]
/// until [`Sender::outstanding`] is 0 first.
#[derive(Debug)]
pub struct Sender<B: AsRef<Segments> + 'static> {
    socket: Arc<Socket>,
    tracker: Tracker<B>,
    /// Buffers that were copied in full: nothing of them is out.
    copied: VecDeque<B>,
    tally: Tally,
    wait_limit: Duration,
    patience: Patience,
    copies_small: bool,
}

/// Why a buffer could not be sent. `buffer` is the buffer itself where the
/// kernel has not seen any of it; it is `None` where part of it was sent, for
/// then the sender keeps it until that part is complete.
#[derive(Debug, Error)]
#[error("{operation}: {source}")]
pub struct SendError<B> {
    /// The system call and what it was for.
    pub operation: &'static str,
    /// What the kernel said.
    pub r#source: io::Error,
    /// The buffer, where it is still the caller's to have.
    pub buffer: Option<B>,
}

/// What has gone of a buffer.
struct Sent {
    bytes: usize,
    /// How many completions will come for it.
    ids: usize,
}

impl Sent {
    /// Of runs that were taken whole.
    fn of(runs: &[Run]) -> Sent {
        let ids = runs.iter().filter(|run| !run.is_small()).count();
        Sent { bytes: runs.iter().map(|run| run.bytes).sum(), ids }
    }
}

impl<B: AsRef<Segments> + 'static> Sender<B> {
    /// Opts `socket` in (`SO_ZEROCOPY`). `wait_limit` bounds each wait of the
    /// sender's own, for completions or (on a non-blocking socket) for room to
    /// send, which fail with `TimedOut` past it; how long a blocking socket
    /// blocks in a send is the socket's business (`SO_SNDTIMEO`). Fails with the kernel's error where it refuses the option
    /// (before Linux 4.14: `ENOPROTOOPT`).
    ///
    /// The socket must not have sent with `MSG_ZEROCOPY` before: ids count
    /// from 0.
    pub fn new(socket: Socket, wait_limit: Duration) -> io::Result<Self> {
        Self::shared(Arc::new(socket), wait_limit)
    }

    pub(crate) fn shared(socket: Arc<Socket>, wait_limit: Duration) -> io::Result<Self> {
        sys::enable_zerocopy(socket.as_fd())?;
        Ok(Sender {
            socket,
            tracker: Tracker::default(),
            copied: VecDeque::new(),
            tally: Tally::default(),
            wait_limit,
            patience: Patience::default(),
            copies_small: false,
        })
    }

    /// From now on ranges that are small ([`crate::message::Layout`] says which) are
    /// copied as they are sent, with `MSG_MORE` where others follow, and only the others go
    /// with `MSG_ZEROCOPY`: as many calls a buffer as it has runs of either, in its order.
    pub fn copy_small(&mut self) {
        self.copies_small = true;
    }

    /// The socket, to set options or to shut it down.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Makes room for the account of `sends` more sends, so that none of them
    /// allocates.
    pub fn reserve(&mut self, sends: usize) {
        self.tracker.reserve(sends);
        self.copied.reserve(sends);
    }

    /// How many buffers are not back yet.
    pub fn outstanding(&self) -> usize {
        self.tracker.outstanding_buffers() + self.copied.len()
    }

    /// The counts so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Sends the whole of `buffer`, in as many calls as it takes. Blocks as
    /// the socket does; a non-blocking one is waited for with `poll(2)`.
    /// `ENOBUFS` is back-pressure: completions are read, and the call is tried
    /// again. With none of its own to wait for, the memory may be held by the
    /// user's other sockets (`RLIMIT_MEMLOCK` is accounted by user), or be too
    /// little for even one notification (`net.core.optmem_max`, by socket);
    /// the kernel does not say which. So it waits and tries again, eight times
    /// within 13 ms; then that call is made without the flag, and counted as a
    /// fallback, and so is each refused one after it, without another wait,
    /// until a send succeeds with the flag. An empty buffer is refused
    /// (`InvalidInput`): it would never complete.
    #[inline]
    pub fn send(&mut self, buffer: B) -> Result<(), SendError<B>> {
        let total_bytes = buffer.as_ref().total_bytes();
        if total_bytes == 0 {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "an empty buffer never completes");
            return Err(SendError { operation: ZEROCOPY_SEND, source, buffer: Some(buffer) });
        }
        if self.copies_small {
            return self.send_runs(buffer);
        }
        match self.send_run(buffer.as_ref(), &buffer.as_ref().whole(), 0) {
            Ok(bytes) if bytes == total_bytes => {
                self.tally.count_send(bytes, false);
                self.tracker.sent(buffer);
                Ok(())
            }
            taken => self.send_on(buffer, 0, taken),
        }
    }

    /// A call for each run of small ranges or of others.
    #[inline(never)]
    fn send_runs(&mut self, buffer: B) -> Result<(), SendError<B>> {
        for (number, run) in buffer.as_ref().runs().iter().enumerate() {
            match self.send_run(buffer.as_ref(), run, 0) {
                Ok(bytes) if bytes == run.bytes => {}
                taken => return self.send_on(buffer, number, taken),
            }
            if run.is_small() {
                self.tally.copied_bytes += run.bytes as u64;
                continue;
            }
            self.tally.count_send(run.bytes, false);
            if run.is_last() {
                self.tracker.sent(buffer);
                return Ok(());
            }
            self.tracker.sent_part();
        }
        let sent = Sent::of(buffer.as_ref().runs());
        self.keep(buffer, sent.ids);
        Ok(())
    }

    /// Goes on after a call that did not take all of run `number`. Apart from the ways
    /// that nearly every buffer goes, which its registers would slow down.
    #[inline(never)]
    fn send_on(
        &mut self,
        buffer: B,
        mut number: usize,
        mut taken: io::Result<usize>,
    ) -> Result<(), SendError<B>> {
        let mut sent = Sent::of(&buffer.as_ref().runs()[..number]);
        let mut run = self.run(number, buffer.as_ref());
        let mut sent_of_run_bytes = 0;
        loop {
            match self.or_fallback(taken, buffer.as_ref(), &run, sent_of_run_bytes) {
                Ok((bytes, owns_id)) => {
                    sent_of_run_bytes += bytes;
                    sent.bytes += bytes;
                    if owns_id {
                        sent.ids += 1;
                        self.tracker.sent_part();
                        self.tally.count_send(bytes, sent_of_run_bytes < run.bytes);
                    } else {
                        self.tally.copied_bytes += bytes as u64;
                    }
                }
                Err(error) => {
                    if let Err((operation, source)) = self.make_room(error) {
                        let buffer = if sent.bytes == 0 {
                            Some(buffer)
                        } else {
                            self.keep(buffer, sent.ids);
                            None
                        };
                        return Err(SendError { operation, source, buffer });
                    }
                }
            }
            if sent.bytes == buffer.as_ref().total_bytes() {
                self.keep(buffer, sent.ids);
                return Ok(());
            }
            if sent_of_run_bytes == run.bytes {
                number += 1;
                run = self.run(number, buffer.as_ref());
                sent_of_run_bytes = 0;
            }
            taken = self.send_run(buffer.as_ref(), &run, sent_of_run_bytes);
        }
    }

    /// One call, without the flag if the run is to be copied.
    #[inline(always)]
    fn send_run(&self, segments: &Segments, run: &Run, sent_bytes: usize) -> io::Result<usize> {
        #[allow(clippy::disallowed_methods)] // the one place that owns what it sends
        sys::send_run_zerocopy(self.socket.as_fd(), segments, run, sent_bytes)
    }

    fn run(&self, number: usize, segments: &Segments) -> Run {
        if self.copies_small { segments.runs()[number].clone() } else { segments.whole() }
    }

    /// The bytes that a call took, and whether a completion will come for them. Where
    /// the kernel has nothing to notify with, the call is made anew without the flag.
    fn or_fallback(
        &mut self,
        taken: io::Result<usize>,
        segments: &Segments,
        run: &Run,
        sent_bytes: usize,
    ) -> io::Result<(usize, bool)> {
        let (bytes, owns_id) = match taken {
            Err(error)
                if error.raw_os_error() == Some(libc::ENOBUFS)
                    && !run.is_small()
                    && self.nothing_to_wait_for() =>
            {
                self.tally.enobufs += 1;
                let bytes = sys::send_run(self.socket.as_fd(), segments, run, sent_bytes)?;
                self.tally.fallback_sends += 1;
                (bytes, false)
            }
            taken => (taken?, !run.is_small()),
        };
        match bytes {
            0 => Err(io::ErrorKind::WriteZero.into()),
            _ => Ok((bytes, owns_id)),
        }
    }

    fn nothing_to_wait_for(&self) -> bool {
        self.tracker.pending_ids() == 0 && self.patience.is_over()
    }

    /// Holds a buffer until its `ids`, the newest, are complete; with none, until it is reclaimed.
    #[inline]
    fn keep(&mut self, buffer: B, ids: usize) {
        let waits = if ids > 0 { self.tracker.attach_to_last(buffer) } else { Err(buffer) };
        if let Err(buffer) = waits {
            self.copied.push_back(buffer);
        }
    }
}
