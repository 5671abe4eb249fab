//! *hybrid*: one message, in its own order, of which the small fields are copied and
//! the large ones go by reference. Everything hard is in `zerocopy/`.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{CopyMode, Handover, ModeEntry, SendFailure, Tally, Wait};
use crate::message::Message;
use crate::zerocopy::Sender;

pub(super) const MODE: ModeEntry = ModeEntry {
    name: "hybrid",
    summary: "sendmsg(2), small fields copied with MSG_MORE, large ones with MSG_ZEROCOPY",
    handover: Handover::Reported,
    open_files: 0,
    open: |connection| {
        let mut sender = Sender::shared(Arc::clone(&connection.socket), connection.wait_limit)
            .map_err(|source| SendFailure { operation: "setsockopt SO_ZEROCOPY", source })?;
        sender.copy_below(connection.settings.zero_copy_from_bytes);
        // A run of small fields between two others makes as many calls more.
        sender.reserve(connection.ring_messages * connection.fields.div_ceil(2));
        Ok(Box::new(Hybrid { sender }))
    },
};

struct Hybrid {
    sender: Sender<Message>,
}

impl CopyMode for Hybrid {
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
