//! *io-uring-zero-copy*: `SENDMSG_ZC` on a ring. Each send has two completions: how
//! many bytes it took, and later that the kernel is done with them, and whether
//! it copied them after all. Everything hard is in [`super::io_uring`].

use std::collections::VecDeque;

use super::io_uring::RingSender;
use super::{CopyMode, Handover, ModeEntry, SendFailure, Tally, Wait};
use crate::message::Message;
use crate::sys::SendKind;

pub(super) const MODE: ModeEntry = ModeEntry {
    name: "io-uring-zero-copy",
    summary: "SENDMSG_ZC with the fields as an iovec on an io_uring, notifications that report copies",
    handover: Handover::Reported,
    open_files: 1,
    open: |connection| {
        let kind = SendKind::ZeroCopy { registered: connection.settings.registered_buffers };
        Ok(Box::new(IoUringZeroCopy(RingSender::open(connection, kind)?)))
    },
};

struct IoUringZeroCopy(RingSender);

impl CopyMode for IoUringZeroCopy {
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
