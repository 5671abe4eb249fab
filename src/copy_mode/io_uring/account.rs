//! The account of a ring's messages: which are not sent whole, which wait for
//! notifications, and what became of their bytes. It makes no system call.

use std::collections::VecDeque;

use crate::copy_mode::{Tally, give_back};
use crate::message::Message;
use crate::sys::Completion;
use crate::zerocopy;

/// Messages that were handed to the mode and are not back. They are numbered in the
/// order in which they came, and completions name them by that.
pub(super) struct Account {
    /// Oldest first.
    messages: VecDeque<Message>,
    /// The number of the oldest.
    first: u64,
    /// How many, the newest, have not been taken whole.
    unsent: usize,
    /// By the last bits of their numbers, as many as the length, a power of two, has.
    states: Box<[State]>,
    /// Why the oldest of the unsent was not taken whole, where that is not a short
    /// send: an `errno(3)`, or 0 where nothing was taken.
    stopped: Option<i32>,
    /// Notifications to come of sends that were cancelled: the kernel gives them
    /// (seen in Linux 6.18) without having said so.
    strays: usize,
    /// Whether sends are notified of at all.
    notifies: bool,
    copied_bytes: u64,
    /// Sends that a notification follows, and those that it came for.
    completions: zerocopy::Tally,
}

#[derive(Clone, Copy, Default)]
struct State {
    left_bytes: usize,
    /// Notifications that will come.
    pending: usize,
}

impl Account {
    /// With room for so many messages; more make it grow.
    pub(super) fn new(messages: usize, notifies: bool) -> Account {
        Account {
            messages: VecDeque::with_capacity(messages),
            first: 0,
            unsent: 0,
            states: vec![State::default(); messages.next_power_of_two()].into(),
            stopped: None,
            strays: 0,
            notifies,
            copied_bytes: 0,
            completions: zerocopy::Tally::default(),
        }
    }

    #[inline]
    pub(super) fn push(&mut self, message: Message) {
        if self.messages.len() == self.states.len() {
            self.grow();
        }
        let at = self.at(self.next());
        self.states[at] = State { left_bytes: message.total_bytes(), pending: 0 };
        self.messages.push_back(message);
        self.unsent += 1;
    }

    /// The number of the message that is pushed next.
    #[inline]
    pub(super) fn next(&self) -> u64 {
        self.first + self.messages.len() as u64
    }

    #[cold]
    fn grow(&mut self) {
        let mut states = vec![State::default(); 2 * self.states.len()];
        for id in self.first..self.next() {
            states[id as usize & (2 * self.states.len() - 1)] = self.states[self.at(id)];
        }
        self.states = states.into();
    }

    #[inline]
    fn at(&self, id: u64) -> usize {
        id as usize & (self.states.len() - 1)
    }

    /// How many are out.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    #[inline]
    pub(super) fn unsent(&self) -> usize {
        self.unsent
    }

    /// The unsent, oldest first, with how much of each was taken.
    pub(super) fn each_unsent(&self) -> impl Iterator<Item = (u64, &Message, usize)> {
        let begin = self.messages.len() - self.unsent;
        self.messages
            .range(begin..)
            .zip(self.first + begin as u64..)
            .map(|(message, id)| (id, message, message.total_bytes() - self.states[self.at(id)].left_bytes))
    }

    /// Gives up what is unsent: it comes back as what was sent does.
    pub(super) fn abandon_unsent(&mut self) {
        self.unsent = 0;
    }

    /// Notes what is reported of a message; whether that is the result of a send.
    /// `None` where it fits none that is out, or one before whose turn.
    #[inline]
    pub(super) fn take_in(&mut self, completion: Completion) -> Option<bool> {
        let place = completion.id.wrapping_sub(self.first);
        if place >= self.messages.len() as u64 {
            return None;
        }
        let at = self.at(completion.id);
        let state = self.states.get_mut(at)?;
        if completion.is_notification() {
            let Some(pending) = state.pending.checked_sub(1) else { return self.take_in_stray() };
            state.pending = pending;
            self.completions.notifications += 1;
            if completion.copied() {
                self.completions.deferred_copies += 1;
            }
            return Some(false);
        }
        let taken = completion.taken().unwrap_or(0);
        if completion.notification_follows() {
            state.pending += 1;
            self.completions.count_send(taken, false);
        } else {
            self.copied_bytes += taken as u64;
        }
        let oldest_unsent = self.messages.len() - self.unsent;
        if taken < state.left_bytes || place != oldest_unsent as u64 {
            return self.take_in_part(completion.id, completion.taken(), completion.notification_follows());
        }
        state.left_bytes = 0;
        self.unsent -= 1;
        Some(true)
    }

    /// The rest of it where a send did not take all, or not in its turn.
    #[cold]
    fn take_in_part(&mut self, id: u64, taken: Result<usize, i32>, reported: bool) -> Option<bool> {
        self.completions.partial_sends += u64::from(reported);
        match taken {
            // It was chained to one that was not whole, which says why.
            Err(libc::ECANCELED) => self.strays += usize::from(self.notifies && !reported),
            Err(errno) => _ = self.stopped.get_or_insert(errno),
            Ok(0) => _ = self.stopped.get_or_insert(0),
            Ok(taken) if id == self.oldest_unsent_id() => self.shorten(taken),
            Ok(_) => return None,
        }
        Some(true)
    }

    #[cold]
    fn take_in_stray(&mut self) -> Option<bool> {
        self.strays = self.strays.checked_sub(1)?;
        Some(false)
    }

    /// Whether notifications of cancelled sends are to come. Until then their messages
    /// must not be sent again: those would pass for notifications of that.
    pub(super) fn awaits_strays(&self) -> bool {
        self.strays > 0
    }

    fn oldest_unsent_id(&self) -> u64 {
        self.first + (self.messages.len() - self.unsent) as u64
    }

    /// So many bytes less of the oldest of the unsent are left.
    fn shorten(&mut self, taken: usize) {
        let at = self.at(self.oldest_unsent_id());
        let left = self.states[at].left_bytes.saturating_sub(taken);
        self.states[at].left_bytes = left;
        self.unsent -= usize::from(left == 0);
    }

    /// Why the oldest of the unsent was not taken whole, told once.
    pub(super) fn take_stopped(&mut self) -> Option<i32> {
        self.stopped.take()
    }

    /// A send was refused for lack of memory; whether a notification is to come.
    pub(super) fn was_refused_memory(&mut self) -> bool {
        self.completions.enobufs += 1;
        self.completions.sends > self.completions.notifications
    }

    /// So many bytes of the oldest of the unsent were copied instead.
    pub(super) fn fell_back(&mut self, taken: usize) {
        self.copied_bytes += taken as u64;
        self.completions.copied_bytes += taken as u64;
        self.completions.fallback_sends += 1;
        self.shorten(taken);
    }

    /// Gives back, oldest first, what was sent and notified of; whether any was.
    pub(super) fn give_back(&mut self, returned: &mut VecDeque<Message>) -> bool {
        let end = self.oldest_unsent_id();
        let is_back = |id: &u64| self.states[self.at(*id)].pending == 0;
        let back = (self.first..end).take_while(is_back).count();
        give_back(back, &mut self.messages, returned);
        self.first += back as u64;
        back > 0
    }

    /// What became of the bytes so far.
    pub(super) fn tally(&self) -> Tally {
        Tally {
            copied_bytes: self.copied_bytes,
            reported_bytes: self.completions.sent_bytes,
            completions: self.notifies.then_some(self.completions),
            ..Tally::default()
        }
    }
}
