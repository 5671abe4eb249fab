//! Messages that the kernel reads until the server has them, and of which
//! nothing is reported: they come back when the server has read them.

use std::collections::VecDeque;

use super::{Connection, SendFailure, Wait, give_back};
use crate::message::Message;

/// Messages that are out, oldest first.
#[derive(Debug)]
pub struct UntilConsumed {
    connection: Connection,
    out: VecDeque<Message>,
    sent_bytes: u64,
    /// Bytes of the messages that are back.
    returned_bytes: u64,
}

impl UntilConsumed {
    /// None is out yet. Fails where nobody will say how far the server is: no message
    /// could ever be written again.
    pub fn new(connection: &Connection) -> Result<UntilConsumed, SendFailure> {
        if connection.consumed.is_unseen() {
            let why = "the server is at a peer, and nothing else says when a message may be written again";
            let source = std::io::Error::new(std::io::ErrorKind::Unsupported, why);
            return Err(SendFailure { operation: "look how far the server has read", source });
        }
        Ok(UntilConsumed {
            connection: connection.clone(),
            out: VecDeque::with_capacity(connection.ring_messages),
            sent_bytes: 0,
            returned_bytes: 0,
        })
    }

    /// The message was sent in full.
    pub fn push(&mut self, message: Message) {
        self.sent_bytes += message.total_bytes() as u64;
        self.out.push_back(message);
    }

    /// How many are out.
    #[allow(clippy::len_without_is_empty)] // nobody asks
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Bytes of every message so far.
    pub fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    /// Gives back what the server has read, and with [`Wait::ForOne`] waits for
    /// the oldest.
    pub fn give_back(&mut self, wait: Wait, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        let Some(oldest) = self.out.front() else { return Ok(()) };
        if wait == Wait::ForOne {
            self.await_server(self.returned_bytes + oldest.total_bytes() as u64)?;
        }
        let consumed = self.connection.consumed.bytes();
        let mut count = 0;
        for message in &self.out {
            let end = self.returned_bytes + message.total_bytes() as u64;
            if end > consumed {
                break;
            }
            self.returned_bytes = end;
            count += 1;
        }
        give_back(count, &mut self.out, returned);
        Ok(())
    }

    /// Gives back everything, once the server has read it all: one wait, where
    /// one for each message would wake this thread as often.
    pub fn finish(&mut self, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        self.await_server(self.sent_bytes)?;
        self.give_back(Wait::No, returned)
    }

    fn await_server(&self, bytes: u64) -> Result<(), SendFailure> {
        let failed = |source| SendFailure { operation: "wait until the server has read the message", source };
        self.connection.consumed.wait_for(bytes, self.connection.wait_limit).map_err(failed)
    }
}
