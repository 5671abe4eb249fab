//! *zero-copy*: `sendmsg(2)` with `MSG_ZEROCOPY`; the kernel pins the pages
//! and says on the error queue when it is done with them. Everything hard is
//! in `zerocopy/`.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{CopyMode, Handover, ModeEntry, SendFailure, Tally, Wait};
use crate::message::Message;
use crate::zerocopy::Sender;

pub(super) const MODE: ModeEntry = ModeEntry {
    name: "zero-copy",
    summary: "sendmsg(2) with MSG_ZEROCOPY, completions from the error queue",
    handover: Handover::Reported,
    open_files: 0,
    open: |connection| {
        let mut sender = Sender::shared(Arc::clone(&connection.socket), connection.wait_limit)
            .map_err(|source| SendFailure { operation: "setsockopt SO_ZEROCOPY", source })?;
        sender.reserve(connection.ring_messages);
        Ok(Box::new(ZeroCopy { sender }))
    },
};

/// What goes by reference, all of it or, in the hybrid, the large fields.
pub(super) struct ZeroCopy {
    pub(super) sender: Sender<Message>,
}

impl CopyMode for ZeroCopy {
    fn send(&mut self, message: Message) -> Result<(), SendFailure> {
        self.sender
            .send(message)
            .map_err(|error| SendFailure { operation: error.operation, source: error.source })
    }

    fn reclaim(&mut self, wait: Wait, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        self.sender
            .reclaim(wait, returned)
            .map_err(|source| SendFailure { operation: "read completions", source })
    }

    fn outstanding(&self) -> usize {
        self.sender.outstanding()
    }

    fn tally(&self) -> Tally {
        let completions = self.sender.tally();
        Tally {
            copied_bytes: completions.copied_bytes,
            reported_bytes: completions.sent_bytes,
            completions: Some(completions),
            ..Tally::default()
        }
    }
}
