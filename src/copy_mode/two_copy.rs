//! *two-copy*: the fields are gathered into one contiguous staging buffer
//! (copy 1), then `send(2)` copies that into the kernel (copy 2).

use std::collections::VecDeque;
use std::os::fd::AsFd;

use super::{Connection, CopyMode, Done, Handover, ModeEntry, SendFailure, Tally, Wait, send_all};
use crate::memory::PageBuffer;
use crate::message::Message;
use crate::sys;

pub(super) const MODE: ModeEntry = ModeEntry {
    name: "two-copy",
    summary: "gathers the fields into a staging buffer, then send(2)",
    handover: Handover::Copied,
    open_files: 0,
    open: |connection| {
        let staging = PageBuffer::new(connection.message_bytes, connection.staging_offset_bytes)
            .map_err(|source| SendFailure { operation: "map the staging buffer", source })?;
        let done = Done::new(&connection);
        Ok(Box::new(TwoCopy { connection, staging, done }))
    },
};

struct TwoCopy {
    connection: Connection,
    staging: PageBuffer,
    done: Done,
}

impl CopyMode for TwoCopy {
    fn send(&mut self, message: Message) -> Result<(), SendFailure> {
        message.gather(self.staging.as_mut_slice()); // copy 1
        let staged = &self.staging.as_slice()[..message.total_bytes()];
        send_all(&self.connection, "send", staged.len(), |sent| {
            sys::send_bytes(self.connection.socket.as_fd(), &staged[sent..])
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
