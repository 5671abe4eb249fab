//! *hybrid*: one message, in its own order, of which the small fields are copied and
//! the large ones go by reference. Everything hard is in `zerocopy/`.

use std::sync::Arc;

use super::zero_copy::ZeroCopy;
use super::{Handover, ModeEntry, SendFailure};
use crate::zerocopy::Sender;

pub(super) const MODE: ModeEntry = ModeEntry {
    name: "hybrid",
    summary: "sendmsg(2), small fields copied with MSG_MORE, large ones with MSG_ZEROCOPY",
    handover: Handover::Reported,
    open_files: 0,
    open: |connection| {
        let mut sender = Sender::shared(Arc::clone(&connection.socket), connection.wait_limit)
            .map_err(|source| SendFailure { operation: "setsockopt SO_ZEROCOPY", source })?;
        sender.copy_small();
        // A run of small fields between two others makes as many calls more.
        sender.reserve(connection.ring_messages * connection.fields.div_ceil(2));
        Ok(Box::new(ZeroCopy { sender }))
    },
};
