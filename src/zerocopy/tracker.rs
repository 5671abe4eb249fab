//! Keeps account of notification ids and of the buffers that wait for them.
//! It owns every buffer between send and completion and makes no system call;
//! [`super::Sender`] does those.

use std::collections::VecDeque;

use thiserror::Error;

/// Buffers in the order in which they were sent, and the ids that each waits
/// for. Buffers come back in that order too: one whose ids are complete waits
/// for those before it (TCP completes nearly in order, so this costs little,
/// and reuse then goes round the ring).
///
/// `send` and `complete` take amortised constant time an id; memory grows to
/// the most ids ever outstanding at once.
#[derive(Debug)]
pub struct Tracker<B> {
    /// The id of the first slot. Ids count up from it and wrap at 2^32.
    first_id: u32,
    slots: VecDeque<Slot<B>>,
    buffers: usize,
    /// Ids whose completion has not come; slots wait longer, for `take_returned`.
    pending: usize,
}

#[derive(Debug)]
struct Slot<B> {
    complete: bool,
    /// The buffer whose last id this is; `None` for a partial send before it.
    buffer: Option<B>,
}

/// A completion that does not fit what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TrackError {
    /// Ids that were never given out, or completed so long ago that their
    /// buffers are back.
    #[error("completion of ids {first}..={last}, but {outstanding} ids from {first_id} on are outstanding")]
    NotOutstanding {
        /// The range's first id.
        first: u32,
        /// The range's last id.
        last: u32,
        /// The oldest id that is outstanding.
        first_id: u32,
        /// How many ids are, at most, outstanding.
        outstanding: usize,
    },
    /// An id in the range was complete already.
    #[error("id {id} completed twice")]
    Twice {
        /// The first such id.
        id: u32,
    },
}

impl<B> Default for Tracker<B> {
    fn default() -> Self {
        Tracker::starting_at(0)
    }
}

impl<B> Tracker<B> {
    /// A tracker whose next id is `first_id`: 0 for a fresh socket.
    pub fn starting_at(first_id: u32) -> Self {
        Tracker { first_id, slots: VecDeque::with_capacity(64), buffers: 0, pending: 0 }
    }

    /// Makes room for `ids` more ids.
    pub fn reserve(&mut self, ids: usize) {
        self.slots.reserve(ids);
    }

    /// Ids given out and not yet retired.
    pub fn outstanding_ids(&self) -> usize {
        self.slots.len()
    }

    /// Ids whose completion has not come.
    pub fn pending_ids(&self) -> usize {
        self.pending
    }

    /// Buffers that are not back yet.
    pub fn outstanding_buffers(&self) -> usize {
        self.buffers
    }

    /// One id for a send that took bytes of a buffer.
    pub fn sent_part(&mut self) {
        self.slots.push_back(Slot { complete: false, buffer: None });
        self.pending += 1;
    }

    /// Gives the newest id the `buffer` whose last bytes it stands for. The
    /// buffer comes back as `Err` if there is no id, or it has a buffer.
    pub fn attach_to_last(&mut self, buffer: B) -> Result<(), B> {
        match self.slots.back_mut() {
            Some(slot) if slot.buffer.is_none() => {
                slot.buffer = Some(buffer);
                self.buffers += 1;
                Ok(())
            }
            _ => Err(buffer),
        }
    }

    /// One id for the send that took the rest of `buffer`.
    pub fn sent(&mut self, buffer: B) {
        self.slots.push_back(Slot { complete: false, buffer: Some(buffer) });
        self.buffers += 1;
        self.pending += 1;
    }

    /// Takes in a completed range, both ends included, and returns how many
    /// ids it held. On an error nothing has changed.
    pub fn complete(&mut self, first: u32, last: u32) -> Result<u32, TrackError> {
        let start = first.wrapping_sub(self.first_id) as usize;
        let steps = last.wrapping_sub(first) as usize;
        let end = start.saturating_add(steps);
        if end >= self.slots.len() {
            return Err(TrackError::NotOutstanding {
                first,
                last,
                first_id: self.first_id,
                outstanding: self.slots.len(),
            });
        }
        if let Some(twice) = self.slots.range(start..=end).position(|slot| slot.complete) {
            return Err(TrackError::Twice { id: first.wrapping_add(twice as u32) });
        }
        self.slots.range_mut(start..=end).for_each(|slot| slot.complete = true);
        self.pending -= steps + 1;
        Ok(steps as u32 + 1)
    }

    /// The oldest buffer, if all its ids and all before them are complete.
    pub fn take_returned(&mut self) -> Option<B> {
        while self.slots.front()?.complete {
            let slot = self.slots.pop_front()?;
            self.first_id = self.first_id.wrapping_add(1);
            if let Some(buffer) = slot.buffer {
                self.buffers -= 1;
                return Some(buffer);
            }
        }
        None
    }

    /// Every buffer that is still out, whatever its ids say.
    pub(super) fn abandon(&mut self) -> impl Iterator<Item = B> + '_ {
        (self.buffers, self.pending) = (0, 0);
        self.slots.drain(..).filter_map(|slot| slot.buffer)
    }
}
