//! A lane's io_uring, for the modes that send on one: batches, their order, short
//! sends, and waiting for notifications. How the bytes are sent is the mode's
//! choice of a [`SendKind`]; which message waits for what is [`account`]'s.

mod account;
mod refusal;

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use self::account::Account;
use self::refusal::{Stage, refused};
use super::{Connection, CopyMode, SendFailure, Tally, Wait, resume};
use crate::message::Message;
use crate::sys::{self, SendKind, SendRing};

/// How long a wait for a notification may last before the socket is looked at: one
/// that was shut down gives none for what its peer never reads.
const LOOK: Duration = Duration::from_millis(50);

/// Messages on their way over one ring.
pub(super) struct RingSender {
    connection: Connection,
    ring: SendRing,
    kind: SendKind,
    batch: usize,
    account: Account,
}

impl RingSender {
    /// Opens the ring. Fails with what would change it where the kernel, or who
    /// confines this process, refuses that.
    pub(super) fn open(connection: Connection, kind: SendKind) -> Result<RingSender, SendFailure> {
        let blocks = !connection
            .socket
            .nonblocking()
            .map_err(|source| SendFailure { operation: "fcntl F_GETFL", source })?;
        // A send that takes what there is room for does not end its chain: the next
        // one's bytes would follow a part of a message.
        let batch = if blocks { connection.settings.batch_messages } else { 1 };
        let messages = connection.ring_messages.max(batch);
        // A send has a completion and a notification, unread while others are sent.
        let ring = SendRing::new(Arc::clone(&connection.socket), kind, batch, 2 * messages, blocks)
            .map_err(|error| refused(Stage::SetUp, error))?;
        if !ring.knows(kind).map_err(|error| refused(Stage::Probe, error))? {
            return Err(refused(Stage::Unknown, std::io::ErrorKind::Unsupported.into()));
        }
        if let (SendKind::ZeroCopy { registered: true }, Some(memory)) = (kind, &connection.memory) {
            ring.register(memory).map_err(|error| refused(Stage::Register, error))?;
        }
        Ok(RingSender {
            connection,
            ring,
            kind,
            batch,
            account: Account::new(messages, kind != SendKind::Copy),
        })
    }
}

impl CopyMode for RingSender {
    /// Takes the message, and sends what it has once that is a batch.
    fn send(&mut self, message: Message) -> Result<(), SendFailure> {
        if self.batch == 1 && self.account.unsent() == 0 {
            // The way of nearly every message, without a list of one.
            let queued = self.ring.queue(message.as_ref(), 0, self.account.next(), false);
            self.account.push(message);
            queued.map_err(no_room)?;
            self.await_results()?;
        } else {
            self.account.push(message);
        }
        if self.account.unsent() >= self.batch { self.flush() } else { Ok(()) }
    }

    /// Sends all that is not sent: one chain and one system call, unless some of it
    /// is not taken at once.
    fn flush(&mut self) -> Result<(), SendFailure> {
        while self.account.unsent() > 0 {
            self.queue_unsent()?;
            self.await_results()?;
        }
        Ok(())
    }

    /// Gives back, oldest first, what was sent and notified of.
    fn reclaim(&mut self, wait: Wait, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        self.flush()?;
        loop {
            self.take_in_late()?;
            let some = self.account.give_back(returned);
            if wait == Wait::No || some || self.account.len() == 0 {
                return Ok(());
            }
            self.await_notification()?;
        }
    }

    fn outstanding(&self) -> usize {
        self.account.len()
    }

    fn tally(&self) -> Tally {
        self.account.tally()
    }
}

impl RingSender {
    fn queue_unsent(&mut self) -> Result<(), SendFailure> {
        let mut left = self.account.unsent();
        for (id, message, sent_bytes) in self.account.each_unsent() {
            left -= 1;
            self.ring.queue(message.as_ref(), sent_bytes, id, left > 0).map_err(no_room)?;
        }
        Ok(())
    }

    /// Enters the ring until each of the unsent, which are queued, has a result; if they
    /// are to be tried again, returns when it is time for that.
    #[inline(always)] // into the way of every message, as what it calls
    fn await_results(&mut self) -> Result<(), SendFailure> {
        let mut results = self.account.unsent();
        while results > 0 {
            self.enter(results)?;
            results = results.saturating_sub(self.take_in_all()?);
        }
        if self.account.unsent() > 0 { self.settle() } else { Ok(()) }
    }

    #[inline]
    fn enter(&mut self, results: usize) -> Result<(), SendFailure> {
        match self.ring.enter(results) {
            Ok(()) => Ok(()),
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINTR | libc::EBUSY)) => Ok(()),
            Err(source) => Err(SendFailure { operation: "io_uring_enter", source }),
        }
    }

    /// Notes all that is reported; how many of it are results of sends.
    #[inline(always)]
    fn take_in_all(&mut self) -> Result<usize, SendFailure> {
        let mut results = 0;
        for completion in self.ring.completions() {
            match self.account.take_in(completion) {
                Some(is_result) => results += usize::from(is_result),
                None => return Err(stranger()),
            }
        }
        Ok(results)
    }

    /// As [`Self::take_in_all`], apart from the way of every message.
    #[inline(never)]
    fn take_in_late(&mut self) -> Result<(), SendFailure> {
        self.take_in_all().map(|_| ())
    }

    /// What comes after sends of which the oldest was not taken whole: another try, or
    /// the end, and then the unsent are given up and come back.
    #[cold]
    fn settle(&mut self) -> Result<(), SendFailure> {
        while self.account.awaits_strays() {
            self.await_notification()?;
            self.take_in_late()?;
        }
        let settled = self.wait_or_fail();
        if settled.is_err() {
            self.account.abandon_unsent();
        }
        settled
    }

    fn wait_or_fail(&mut self) -> Result<(), SendFailure> {
        let error = match self.account.take_stopped() {
            None => return Ok(()),
            Some(0) => return Err(self.failure(std::io::ErrorKind::WriteZero.into())),
            Some(libc::ENOBUFS | libc::ENOMEM) => return self.make_room(),
            Some(errno) => std::io::Error::from_raw_os_error(errno),
        };
        let registered = self.kind == SendKind::ZeroCopy { registered: true };
        if error.raw_os_error() == Some(libc::EINVAL) && registered {
            return Err(refused(Stage::SendRegistered, error));
        }
        resume(&self.connection, self.operation(), error)
    }

    /// After a send for which the kernel had no memory: waits for a notification, or
    /// if none will come sends what is left of that message with a copy.
    #[cold]
    fn make_room(&mut self) -> Result<(), SendFailure> {
        if self.account.was_refused_memory() {
            return self.await_notification();
        }
        let Some((_, message, sent_bytes)) = self.account.each_unsent().next() else { return Ok(()) };
        match sys::send_segments(self.connection.socket.as_fd(), message.as_ref(), sent_bytes) {
            Ok(taken) => {
                self.account.fell_back(taken);
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

#[cold]
fn stranger() -> SendFailure {
    let source = std::io::Error::other("a completion of a message that is not out, or whose turn it is not");
    SendFailure { operation: "read the ring", source }
}

#[cold]
fn no_room(source: std::io::Error) -> SendFailure {
    SendFailure { operation: "queue a send on the ring", source }
}
