//! *sendfile*: `sendfile(2)` from the ring's memory file, one call a field; the
//! socket takes the pages themselves. Nothing is reported, so a message is back
//! once the server has read it.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use super::{Connection, CopyMode, Handover, ModeEntry, SendFailure, Tally, UntilConsumed, Wait, send_all};
use crate::message::Message;
use crate::sys;

pub(super) const MODE: ModeEntry = ModeEntry {
    name: "sendfile",
    summary: "sendfile(2) from the memory file of the fields, one call a field",
    handover: Handover::Unreported,
    open_files: 0,
    open: |connection| {
        let failed = |source| SendFailure { operation: "getsockopt TCP_NODELAY", source };
        let corks = sys::resumed(|| connection.socket.tcp_nodelay()).map_err(failed)?;
        let out = UntilConsumed::new(&connection)?;
        Ok(Box::new(Sendfile { connection, corks, out }))
    },
};

struct Sendfile {
    connection: Connection,
    /// Without Nagle's algorithm each call would send a segment of its own.
    corks: bool,
    out: UntilConsumed,
}

impl Sendfile {
    fn cork(&self, on: bool) -> Result<(), SendFailure> {
        let failed = |source| SendFailure { operation: "setsockopt TCP_CORK", source };
        match self.corks {
            true => sys::resumed(|| self.connection.socket.set_tcp_cork(on)).map_err(failed),
            false => Ok(()),
        }
    }
}

impl CopyMode for Sendfile {
    fn send(&mut self, message: Message) -> Result<(), SendFailure> {
        self.cork(true)?;
        let (file, ranges) = message.file_ranges();
        for range in ranges {
            send_all(&self.connection, "sendfile", range.len(), |sent| {
                let rest = NonZeroUsize::new(range.len() - sent);
                self.connection.socket.sendfile(&file, range.start + sent, rest)
            })?;
        }
        self.out.push(message);
        self.cork(false)
    }

    fn reclaim(&mut self, wait: Wait, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        self.out.give_back(wait, returned)
    }

    fn outstanding(&self) -> usize {
        self.out.len()
    }

    fn finish(&mut self, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        self.out.finish(returned)
    }

    fn tally(&self) -> Tally {
        Tally { unreported_bytes: self.out.sent_bytes(), ..Tally::default() }
    }
}
