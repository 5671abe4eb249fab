//! A lane's io_uring, for the modes that send on one: batches, their order, short
//! sends, and which message waits for which notification. How the bytes are
//! sent is the mode's choice of a [`SendKind`].

mod refusal;

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::time::Duration;

use self::refusal::{Stage, refused};
use super::{Connection, CopyMode, SendFailure, Tally, Wait, resume};
use crate::message::Message;
use crate::sys::{self, Completion, SendKind, SendRing};
use crate::zerocopy;

/// How long a wait for a notification may last before the socket is looked at: one
/// that was shut down gives none for what its peer never reads.
const LOOK: Duration = Duration::from_millis(50);

/// Messages on their way over one ring.
pub(super) struct RingSender {
    connection: Connection,
    ring: SendRing,
    kind: SendKind,
    batch: usize,
    /// Oldest first; the first has the number `first`.
    out: VecDeque<Out>,
    first: u64,
    /// How many of `out`, the newest, have not been taken whole.
    unsent: usize,
    copied_bytes: u64,
    reported_bytes: u64,
    completions: zerocopy::Tally,
}

struct Out {
    message: Message,
    sent_bytes: usize,
    /// Notifications that will come for it.
    pending: u32,
    /// What its last send came to, until that is dealt with.
    result: Option<Result<usize, i32>>,
}

impl RingSender {
    /// Opens the ring. Fails with what would change it where the kernel, or who
    /// confines this process, refuses that.
    pub(super) fn open(connection: Connection, kind: SendKind) -> Result<RingSender, SendFailure> {
        let batch = connection.settings.batch_messages;
        // A send has a completion and a notification, unread while others are sent.
        let completions = 2 * connection.ring_messages.max(batch);
        let blocks = !connection
            .socket
            .nonblocking()
            .map_err(|source| SendFailure { operation: "fcntl F_GETFL", source })?;
        let ring = SendRing::new(batch, completions, blocks).map_err(|error| refused(Stage::SetUp, error))?;
        if !ring.knows(kind).map_err(|error| refused(Stage::Probe, error))? {
            return Err(refused(Stage::Unknown, std::io::ErrorKind::Unsupported.into()));
        }
        if let (SendKind::ZeroCopy { registered: true }, Some(memory)) = (kind, &connection.memory) {
            ring.register(memory).map_err(|error| refused(Stage::Register, error))?;
        }
        let out = VecDeque::with_capacity(connection.ring_messages.max(batch));
        let completions = zerocopy::Tally::default();
        let (copied_bytes, reported_bytes) = (0, 0);
        Ok(RingSender {
            connection,
            ring,
            kind,
            batch,
            out,
            first: 0,
            unsent: 0,
            copied_bytes,
            reported_bytes,
            completions,
        })
    }
}

impl CopyMode for RingSender {
    /// Takes the message, and sends what it has once that is a batch.
    fn send(&mut self, message: Message) -> Result<(), SendFailure> {
        self.out.push_back(Out { message, sent_bytes: 0, pending: 0, result: None });
        self.unsent += 1;
        if self.unsent >= self.batch { self.flush() } else { Ok(()) }
    }

    /// Sends all that is not sent: one chain and one system call, unless some of it
    /// is not taken at once.
    fn flush(&mut self) -> Result<(), SendFailure> {
        while self.unsent > 0 {
            let results = self.queue_unsent()?;
            self.await_results(results)?;
            self.settle()?;
        }
        Ok(())
    }

    /// Gives back, oldest first, what was sent and notified of.
    fn reclaim(&mut self, wait: Wait, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        self.flush()?;
        loop {
            while let Some(completion) = self.ring.next() {
                self.take_in(completion)?;
            }
            let before = returned.len();
            while self.out.front().is_some_and(|oldest| oldest.pending == 0) {
                returned.extend(self.out.pop_front().map(|out| out.message));
                self.first += 1;
            }
            if wait == Wait::No || returned.len() > before || self.out.is_empty() {
                return Ok(());
            }
            self.await_notification()?;
        }
    }

    fn outstanding(&self) -> usize {
        self.out.len()
    }

    fn tally(&self) -> Tally {
        Tally {
            copied_bytes: self.copied_bytes,
            reported_bytes: self.reported_bytes,
            completions: (self.kind != SendKind::Copy).then_some(self.completions),
            ..Tally::default()
        }
    }
}

impl RingSender {
    fn queue_unsent(&mut self) -> Result<usize, SendFailure> {
        let failed = |source| SendFailure { operation: "queue a send on the ring", source };
        let begin = self.out.len() - self.unsent;
        for (place, out) in self.out.range(begin..).enumerate() {
            let place = begin + place;
            let (id, chained) = (self.first + place as u64, place + 1 < self.out.len());
            let socket = self.connection.socket.as_fd();
            self.ring
                .queue(socket, out.message.as_ref(), out.sent_bytes, self.kind, id, chained)
                .map_err(failed)?;
        }
        Ok(self.unsent)
    }

    /// Enters the ring until as many sends as were queued have a result. Those of
    /// notifications that come meanwhile are taken in.
    fn await_results(&mut self, mut results: usize) -> Result<(), SendFailure> {
        while results > 0 {
            match self.ring.enter(results) {
                Ok(()) => {}
                Err(error) if matches!(error.raw_os_error(), Some(libc::EINTR | libc::EBUSY)) => {}
                Err(source) => return Err(SendFailure { operation: "io_uring_enter", source }),
            }
            while let Some(completion) = self.ring.next() {
                results -= usize::from(self.take_in(completion)?);
            }
        }
        Ok(())
    }

    /// Notes what is reported of a message; `true` for the result of a send.
    fn take_in(&mut self, completion: Completion) -> Result<bool, SendFailure> {
        let (Completion::Sent { id, .. } | Completion::Released { id, .. }) = completion;
        let out = id.checked_sub(self.first).and_then(|place| self.out.get_mut(place as usize));
        let Some(out) = out else {
            let source = std::io::Error::other("a completion of a message that is not out");
            return Err(SendFailure { operation: "read the ring", source });
        };
        match completion {
            Completion::Sent { result, notification_follows, .. } => {
                out.result = Some(result);
                if notification_follows {
                    out.pending += 1;
                    let taken = result.unwrap_or(0);
                    self.reported_bytes += taken as u64;
                    let partial = out.sent_bytes + taken < out.message.total_bytes();
                    self.completions.count_send(taken, partial);
                } else {
                    self.copied_bytes += result.unwrap_or(0) as u64;
                }
                Ok(true)
            }
            Completion::Released { copied, .. } => {
                out.pending = out.pending.saturating_sub(1);
                self.completions.notifications += 1;
                self.completions.deferred_copies += u64::from(copied);
                Ok(false)
            }
        }
    }

    /// Deals with the results of the unsent, oldest first: what was taken counts,
    /// and what stopped the first that is not whole decides what comes next.
    fn settle(&mut self) -> Result<(), SendFailure> {
        while self.unsent > 0 {
            let place = self.out.len() - self.unsent;
            let out = &mut self.out[place];
            match out.result.take() {
                Some(Ok(0)) => return Err(self.failure(std::io::ErrorKind::WriteZero.into())),
                Some(Ok(taken)) => {
                    out.sent_bytes += taken;
                    if out.sent_bytes < out.message.total_bytes() {
                        break;
                    }
                    self.unsent -= 1;
                }
                // One before it in the chain was not whole.
                Some(Err(libc::ECANCELED)) | None => break,
                Some(Err(libc::ENOBUFS | libc::ENOMEM)) => {
                    self.make_room(place)?;
                    break;
                }
                Some(Err(errno)) => {
                    let error = std::io::Error::from_raw_os_error(errno);
                    let registered = self.kind == SendKind::ZeroCopy { registered: true };
                    if errno == libc::EINVAL && registered {
                        return Err(refused(Stage::SendRegistered, error));
                    }
                    resume(&self.connection, self.operation(), error)?;
                    break;
                }
            }
        }
        let begin = self.out.len() - self.unsent;
        self.out.range_mut(begin..).for_each(|out| out.result = None);
        Ok(())
    }

    /// After a send for which the kernel had no memory: waits for a notification, or
    /// if none will come sends what is left of that message with a copy.
    #[cold]
    fn make_room(&mut self, place: usize) -> Result<(), SendFailure> {
        self.completions.enobufs += 1;
        if self.out.iter().any(|out| out.pending > 0) {
            return self.await_notification();
        }
        let out = &mut self.out[place];
        let sent = sys::send_segments(self.connection.socket.as_fd(), out.message.as_ref(), out.sent_bytes);
        match sent {
            Ok(taken) => {
                out.sent_bytes += taken;
                self.copied_bytes += taken as u64;
                self.completions.copied_bytes += taken as u64;
                self.completions.fallback_sends += 1;
                self.unsent -= usize::from(out.sent_bytes == out.message.total_bytes());
                Ok(())
            }
            Err(error) => resume(&self.connection, "sendmsg", error),
        }
    }

    /// Waits until something is to be read.
    fn await_notification(&mut self) -> Result<(), SendFailure> {
        let failed = |source| SendFailure { operation: "wait for a notification of the ring", source };
        let mut left = self.connection.wait_limit;
        loop {
            let step = left.min(LOOK);
            match self.ring.wait(step) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => left -= step,
                Err(error) if matches!(error.raw_os_error(), Some(libc::EINTR | libc::EBUSY)) => {
                    return Ok(());
                }
                Err(error) => return Err(failed(error)),
            }
            let socket = self.connection.socket.as_fd();
            let ready = sys::poll(socket, false, Duration::ZERO).map_err(failed)?;
            if ready.hung_up || ready.error {
                return Err(failed(std::io::ErrorKind::ConnectionAborted.into()));
            }
            if left.is_zero() {
                return Err(failed(std::io::ErrorKind::TimedOut.into()));
            }
        }
    }

    fn operation(&self) -> &'static str {
        match self.kind {
            SendKind::Copy => "SENDMSG on the ring",
            SendKind::ZeroCopy { .. } => "SENDMSG_ZC on the ring",
        }
    }

    fn failure(&self, source: std::io::Error) -> SendFailure {
        SendFailure { operation: self.operation(), source }
    }
}
