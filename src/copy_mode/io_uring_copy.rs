//! *io-uring-copy*: `SENDMSG` of the fields on a ring; the kernel copies them as it
//! does for `sendmsg(2)`. Everything hard is in [`super::io_uring`].

use std::collections::VecDeque;

use super::io_uring::RingSender;
use super::{CopyMode, Handover, ModeEntry, SendFailure, Tally, Wait};
use crate::message::Message;
use crate::sys::SendKind;

pub(super) const MODE: ModeEntry = ModeEntry {
    name: "io-uring-copy",
    summary: "SENDMSG with the fields as an iovec on an io_uring",
    handover: Handover::Copied,
    open_files: 1,
    open: |connection| {
        let kind = SendKind::Copy;
        Ok(Box::new(IoUringCopy(RingSender::open(connection, kind)?)))
    },
};

struct IoUringCopy(RingSender);

impl CopyMode for IoUringCopy {
    fn send(&mut self, message: Message) -> Result<(), SendFailure> {
        self.0.send(message)
    }

    fn flush(&mut self) -> Result<(), SendFailure> {
        self.0.flush()
    }

    fn reclaim(&mut self, wait: Wait, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        self.0.reclaim(wait, returned)
    }

    fn outstanding(&self) -> usize {
        self.0.outstanding()
    }

    fn tally(&self) -> Tally {
        self.0.tally()
    }
}
