//! What a zero-copy sender counts. It owns the sums and their one invariant,
//! and leaves it to `metric/` to name and report them.

use serde::{Deserialize, Serialize};

/// Counts since the sender was made. Cheap to copy; differences of two
/// tallies are the counts of what lay between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Successful `sendmsg` calls with `MSG_ZEROCOPY`, partial ones included.
    pub sends: u64,
    /// Of those, calls that took only part of what was left of a buffer.
    pub partial_sends: u64,
    /// Completed notification ids; equals `sends` once nothing is outstanding.
    pub notifications: u64,
    /// Of those, ids whose range was flagged `COPIED`. When the kernel
    /// coalesces completions the range keeps its first entry's flag, so where
    /// flags mix this is approximate (by range, not by id).
    pub deferred_copies: u64,
    /// Completion ranges read.
    pub ranges: u64,
    /// Error-queue reads that brought a completion range.
    pub error_queue_reads: u64,
    /// Error-queue reads that found the queue empty.
    pub empty_error_queue_reads: u64,
    /// Sends that the kernel refused for now with `ENOBUFS`.
    pub enobufs: u64,
    /// Calls made without `MSG_ZEROCOPY` because the kernel refused them with
    /// none of the socket's own in flight, however often it was asked; they own
    /// no id and are not among `sends`.
    pub fallback_sends: u64,
    /// Bytes that `sends` took.
    pub sent_bytes: u64,
    /// Bytes that were sent without the flag.
    pub copied_bytes: u64,
}

impl Tally {
    /// The counts since `earlier`, a tally of the same sender.
    pub fn since(&self, earlier: &Tally) -> Tally {
        self.combine(earlier, u64::wrapping_sub)
    }

    /// The sums of two tallies.
    pub fn plus(&self, other: &Tally) -> Tally {
        self.combine(other, u64::wrapping_add)
    }

    /// One more send, which took `bytes`; whether that left some is `partial`.
    pub(crate) fn count_send(&mut self, bytes: usize, partial: bool) {
        self.sends += 1;
        self.sent_bytes += bytes as u64;
        self.partial_sends += u64::from(partial);
    }

    fn combine(&self, other: &Tally, f: impl Fn(u64, u64) -> u64) -> Tally {
        Tally {
            sends: f(self.sends, other.sends),
            partial_sends: f(self.partial_sends, other.partial_sends),
            notifications: f(self.notifications, other.notifications),
            deferred_copies: f(self.deferred_copies, other.deferred_copies),
            ranges: f(self.ranges, other.ranges),
            error_queue_reads: f(self.error_queue_reads, other.error_queue_reads),
            empty_error_queue_reads: f(self.empty_error_queue_reads, other.empty_error_queue_reads),
            enobufs: f(self.enobufs, other.enobufs),
            fallback_sends: f(self.fallback_sends, other.fallback_sends),
            sent_bytes: f(self.sent_bytes, other.sent_bytes),
            copied_bytes: f(self.copied_bytes, other.copied_bytes),
        }
    }
}
