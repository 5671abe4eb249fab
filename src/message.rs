//! [`Message`] and the ring that a client thread cycles through. It owns how
//! fields lie in memory and what their bytes are; how they reach the socket is
//! `copy_mode/`'s business.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

use crate::sys::{self, Mapping, Segments};

/// A cache line, the least distance between two fields: closer, the kernel
/// merges neighbours into one page fragment (`skb_can_coalesce`), and the
/// iovec is one in name only.
pub const CACHE_LINE_BYTES: usize = 64;

/// The stamp at the start of each message: its sequence number, little-endian,
/// as much of it as the message has room for.
pub const STAMP_BYTES: usize = 8;

/// How a message's fields are laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The length of each field. Fields can be empty where a message has fewer
    /// bytes than fields.
    pub field_bytes: Vec<usize>,
    /// Unused bytes between two fields, at least [`CACHE_LINE_BYTES`].
    pub gap_bytes: usize,
    /// Where the first message begins within a page.
    pub offset_bytes: usize,
    /// Fields of fewer bytes are small, for a mode that tells them apart.
    pub small_below_bytes: usize,
}

impl Layout {
    /// The sum of the fields.
    fn message_bytes(&self) -> usize {
        self.field_bytes.iter().sum()
    }

    /// Where the fields of the message that starts at `start` lie, and where
    /// the next message may start.
    fn place(&self, start: usize) -> (Vec<Range<usize>>, usize) {
        let mut at = start;
        let ranges = self.field_bytes.iter().map(|length| {
            let range = at..at + *length;
            at = (range.end - self.offset_bytes).next_multiple_of(CACHE_LINE_BYTES)
                + self.offset_bytes
                + self.gap_bytes;
            range
        });
        (ranges.collect(), at)
    }
}

/// `fields` of one length that add up to `message_bytes`; the last takes the
/// remainder.
pub fn even_fields(message_bytes: usize, fields: usize) -> Vec<usize> {
    let each = message_bytes / fields;
    let last = message_bytes - each * (fields - 1);
    (0..fields).map(|field| if field + 1 == fields { last } else { each }).collect()
}

/// One message: its own fields in the ring's memory, which nobody else can
/// reach. It moves into a copy mode with the send and comes back when the mode
/// is done with it.
///
/// ```compile_fail,E0382
/// # use copycost::message::Message;
/// # fn send(message: Message) {}
/// # fn never(mut message: Message) {
/// send(message);
/// message.stamp(1); // use of moved value
/// # }
/// ```
#[derive(Debug)]
pub struct Message(Box<Inner>); // one word, so that moving a message is free

#[derive(Debug)]
struct Inner {
    segments: Segments,
    file: Arc<File>,
    ranges: Vec<Range<usize>>,
}

impl Message {
    /// Writes the sequence number at the start of the message.
    #[inline]
    pub fn stamp(&mut self, sequence: u64) {
        let stamp = sequence.to_le_bytes();
        match self.0.segments.segment_mut(0).and_then(|field| field.first_chunk_mut()) {
            Some(start) => *start = stamp,
            None => self.stamp_short_fields(&stamp),
        }
    }

    /// The stamp where the first field has no room for all of it.
    #[cold]
    fn stamp_short_fields(&mut self, mut stamp: &[u8]) {
        let mut index = 0;
        while let Some(field) = self.0.segments.segment_mut(index) {
            let length = field.len().min(stamp.len());
            field[..length].copy_from_slice(&stamp[..length]);
            stamp = &stamp[length..];
            if stamp.is_empty() {
                return;
            }
            index += 1;
        }
    }

    /// The fields in order, empty ones left out.
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        self.0.segments.iter()
    }

    /// Copies the fields one behind the other to the start of `place`, which
    /// has room for [`Message::total_bytes`]. Its own function, so that
    /// profilers tell the copy from the harness.
    #[inline(never)]
    pub fn gather(&self, mut place: &mut [u8]) {
        for field in self.fields() {
            let (start, rest) = place.split_at_mut(field.len());
            start.copy_from_slice(field);
            place = rest;
        }
    }

    /// The sum of the fields in bytes.
    pub fn total_bytes(&self) -> usize {
        self.0.segments.total_bytes()
    }

    /// Where the same bytes lie in the ring's memory file, for a mode that
    /// sends from a descriptor (`sendfile(2)`). A raw one, valid for as long as
    /// the message lives: with a `File` safe code could write behind the back
    /// of [`Message::fields`].
    pub fn file_ranges(&self) -> (RawFd, &[Range<usize>]) {
        (self.0.file.as_raw_fd(), &self.0.ranges)
    }
}

impl AsRef<Segments> for Message {
    fn as_ref(&self) -> &Segments {
        &self.0.segments
    }
}

/// The messages that one client thread cycles through, all of one size. The
/// ring's payload is the same number of bytes for every message size, so that
/// every size has the same working set.
#[derive(Debug)]
pub struct Ring {
    messages: VecDeque<Message>,
    size: usize,
}

impl Ring {
    /// Maps a memory file and lays `ring_bytes / message_bytes` messages (at
    /// least two) out in it, filled with [`pattern`]. Fails if the kernel
    /// refuses the memory.
    pub fn new(layout: &Layout, ring_bytes: usize) -> io::Result<Ring> {
        let size = (ring_bytes / layout.message_bytes()).max(2);
        let mut at = layout.offset_bytes;
        let lists: Vec<_> = (0..size)
            .map(|_| {
                let (ranges, next) = layout.place(at);
                at = next;
                ranges
            })
            .collect();
        let file = Arc::new(sys::memory_file(c"copycost-ring", at.next_multiple_of(sys::page_bytes()))?);
        let segments = Segments::divide(&file, &lists, layout.small_below_bytes)?;
        let messages = segments.into_iter().zip(lists).map(|(mut segments, ranges)| {
            let mut position = 0;
            for index in 0..segments.len() {
                for byte in segments.segment_mut(index).unwrap_or_default() {
                    *byte = pattern(position);
                    position += 1;
                }
            }
            Message(Box::new(Inner { segments, file: Arc::clone(&file), ranges }))
        });
        Ok(Ring { messages: messages.collect(), size })
    }

    /// How many messages belong to the ring, in it or not.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many messages are in it now.
    pub fn available(&self) -> usize {
        self.messages.len()
    }

    /// What the messages lie in, while one is here.
    pub fn memory(&self) -> Option<Mapping> {
        self.messages.front()?.0.segments.mapping()
    }

    /// The message that came back first, if any is here.
    pub fn take(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    /// Where messages are given back, in the order they come back.
    pub fn returned(&mut self) -> &mut VecDeque<Message> {
        &mut self.messages
    }
}

/// The byte at `position` of every message, wherever no stamp covers it. It
/// does not repeat within a message, so bytes out of order are seen.
pub fn pattern(position: usize) -> u8 {
    ((position as u32).wrapping_mul(0x9E37_79B1) >> 23) as u8
}

/// The byte at `position` of the message that carries `sequence`.
pub fn expected_byte(sequence: u64, position: usize) -> u8 {
    match sequence.to_le_bytes().get(position) {
        Some(stamp) => *stamp,
        None => pattern(position),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    fn layout(message_bytes: usize, fields: usize) -> Layout {
        Layout {
            field_bytes: even_fields(message_bytes, fields),
            gap_bytes: 64,
            offset_bytes: 16,
            small_below_bytes: 0,
        }
    }

    #[test]
    fn fields_add_up_and_never_come_within_a_cache_line() {
        for message_bytes in [1, 7, 8, 9, 1000, 1024, 65536] {
            let (ranges, next) = layout(message_bytes, 8).place(16);
            assert_eq!(ranges.iter().map(ExactSizeIterator::len).sum::<usize>(), message_bytes);
            let starts = ranges.iter().skip(1).map(|range| range.start).chain([next]);
            for (range, start) in ranges.iter().zip(starts) {
                assert!(start >= range.end + CACHE_LINE_BYTES, "{message_bytes}: {ranges:?}");
            }
        }
    }

    #[test]
    fn every_size_has_the_same_payload_in_the_ring() {
        for message_bytes in [1024, 4096, 16384, 65536] {
            let ring = Ring::new(&layout(message_bytes, 8), 4 << 20).unwrap();
            assert_eq!(ring.size() * message_bytes, 4 << 20);
            assert_eq!(ring.available(), ring.size());
        }
    }

    #[test]
    fn a_stamp_spreads_over_short_fields_and_shows_through_the_file() {
        for (message_bytes, fields) in [(1, 8), (7, 8), (8, 8), (1000, 8), (64, 1)] {
            let mut ring = Ring::new(&layout(message_bytes, fields), 4096).unwrap();
            ring.take().unwrap();
            let mut message = ring.take().unwrap();
            message.stamp(0x0102_0304_0506_0708);
            let expected: Vec<u8> =
                (0..message_bytes).map(|i| expected_byte(0x0102_0304_0506_0708, i)).collect();
            assert_eq!(message.fields().flatten().copied().collect::<Vec<u8>>(), expected);
            let (descriptor, ranges) = message.file_ranges();
            let file = File::open(format!("/proc/self/fd/{descriptor}")).unwrap();
            let mut through_file = Vec::new();
            for range in ranges {
                let mut bytes = vec![0; range.len()];
                file.read_exact_at(&mut bytes, range.start as u64).unwrap();
                through_file.extend(bytes);
            }
            assert_eq!(through_file, expected);
        }
    }
}
