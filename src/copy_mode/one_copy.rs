//! *one-copy*: `sendmsg(2)` takes the fields as an iovec; only the kernel's
//! copy is left.

use std::collections::VecDeque;
use std::os::fd::AsFd;

use super::{Connection, CopyMode, Done, Handover, ModeEntry, SendFailure, Tally, Wait, send_all};
use crate::message::Message;
use crate::sys;

pub(super) const MODE: ModeEntry = ModeEntry {
    name: "one-copy",
    summary: "sendmsg(2) with the fields as an iovec",
    handover: Handover::Copied,
    open_files: 0,
    open: |connection| {
        let done = Done::new(&connection);
        Ok(Box::new(OneCopy { connection, done }))
    },
};

struct OneCopy {
    connection: Connection,
    done: Done,
}

impl CopyMode for OneCopy {
    fn send(&mut self, message: Message) -> Result<(), SendFailure> {
        let socket = self.connection.socket.as_fd();
        send_all(&self.connection, "sendmsg", message.total_bytes(), |sent| {
            sys::send_segments(socket, message.as_ref(), sent)
        })?;
        self.done.push(message);
        Ok(())
    }

    fn reclaim(&mut self, _: Wait, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        self.done.give_back(returned);
        Ok(())
    }

    fn outstanding(&self) -> usize {
        self.done.len()
    }

    fn tally(&self) -> Tally {
        self.done.tally()
    }
}
