//! Reference rounds: what a message cannot cost less than, measured in the same
//! blocks. The plain `memcpy` of the same fields out of the same ring, and one
//! empty system call a message.

use std::io;

use serde::{Deserialize, Serialize};

use super::block::{ACROSS_LANE, SELF_LANE};
use crate::memory::PageBuffer;
use crate::message::Message;
use crate::sys;

/// What a reference does for each message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reference {
    /// Copies the fields into one page-aligned buffer, as two-copy's first
    /// copy does.
    Memcpy,
    /// One `getppid(2)`.
    SystemCall,
}

/// Every reference, in the order of records and tables.
pub const REFERENCES: [Reference; 2] = [Reference::Memcpy, Reference::SystemCall];

impl Reference {
    /// The lane's name in blocks and ratios.
    pub const fn name(self) -> &'static str {
        match self {
            Reference::Memcpy => "memcpy",
            Reference::SystemCall => "system-call",
        }
    }
}

/// Whether a lane is a copy mode: neither a self check nor a reference.
pub fn is_mode(lane: &str) -> bool {
    lane != SELF_LANE && lane != ACROSS_LANE && REFERENCES.iter().all(|reference| reference.name() != lane)
}

/// A reference with what it needs.
pub(super) struct ReferenceLane {
    reference: Reference,
    buffer: PageBuffer,
}

impl ReferenceLane {
    pub(super) fn new(
        reference: Reference,
        message_bytes: usize,
        offset_bytes: usize,
    ) -> io::Result<ReferenceLane> {
        let mut buffer = PageBuffer::new(message_bytes, offset_bytes)?;
        buffer.as_mut_slice().fill(1); // no page fault in a round
        Ok(ReferenceLane { reference, buffer })
    }

    /// Does it once.
    pub(super) fn run(&mut self, message: &Message) {
        match self.reference {
            Reference::Memcpy => {
                message.gather(self.buffer.as_mut_slice());
                std::hint::black_box(self.buffer.as_slice());
            }
            Reference::SystemCall => sys::empty_system_call(),
        }
    }
}
