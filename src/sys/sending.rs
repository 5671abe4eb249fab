//! Sending bytes, `send(2)`, and the ranges of a [`Segments`], from where a
//! partial send stopped, `sendmsg(2)`. The caller's borrow keeps the bytes alive while a call reads
//! them; that they stay as they are after it is `zerocopy/`'s business.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::check;
use super::memory::{MAX_SEGMENTS, Run, Segments};

/// Sends `bytes`, `send(2)`, and returns how many the kernel took. As socket2's
/// `send`, which is a call of its own, as it lies in another crate.
#[inline]
pub(crate) fn send_bytes(socket: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: pointer and length are of one borrowed slice, and send only reads.
    check(unsafe { libc::send(socket.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) })
}

/// Sends what lies behind the first `sent_bytes` of `segments`, `sendmsg(2)`;
/// the kernel copies before it returns. Returns the bytes that it took.
pub(crate) fn send_segments(
    socket: BorrowedFd<'_>,
    segments: &Segments,
    sent_bytes: usize,
) -> io::Result<usize> {
    sendmsg(socket, segments.table(), sent_bytes, libc::MSG_NOSIGNAL)
}

/// Sends what lies behind the first `sent_bytes` of a run, with `MSG_MORE` where others
/// follow it; the kernel copies before it returns.
pub(crate) fn send_run(
    socket: BorrowedFd<'_>,
    segments: &Segments,
    run: &Run,
    sent_bytes: usize,
) -> io::Result<usize> {
    let table = &segments.table()[run.ranges.clone()];
    sendmsg(socket, table, sent_bytes, run.flags & !libc::MSG_ZEROCOPY)
}

/// As [`send_run`] with `MSG_ZEROCOPY`, unless the run is of small ranges: the kernel
/// goes on reading the bytes until it says on the error queue that it is done. Memory-safe
/// whatever the caller does (the kernel holds the pages), but the *data* is
/// right only if the bytes stay as they are: only `zerocopy/` may call it.
#[inline(always)] // a message may take two
pub(crate) fn send_run_zerocopy(
    socket: BorrowedFd<'_>,
    segments: &Segments,
    run: &Run,
    sent_bytes: usize,
) -> io::Result<usize> {
    sendmsg(socket, &segments.table()[run.ranges.clone()], sent_bytes, run.flags)
}

#[inline(always)]
fn sendmsg(
    socket: BorrowedFd<'_>,
    table: &[libc::iovec],
    sent_bytes: usize,
    flags: libc::c_int,
) -> io::Result<usize> {
    match sent_bytes {
        0 => sendmsg_table(socket, table, flags),
        _ => sendmsg_rest(socket, table, sent_bytes, flags),
    }
}

/// What a partial send left over. Apart from the way that every message goes,
/// which the table on the stack would slow down.
#[cold]
#[inline(never)]
fn sendmsg_rest(
    socket: BorrowedFd<'_>,
    table: &[libc::iovec],
    sent_bytes: usize,
    flags: libc::c_int,
) -> io::Result<usize> {
    let mut rest = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; MAX_SEGMENTS];
    sendmsg_table(socket, remaining(table, sent_bytes, &mut rest), flags)
}

/// `table` must be made of ranges of a [`Segments`] that outlives the call.
#[inline]
fn sendmsg_table(socket: BorrowedFd<'_>, table: &[libc::iovec], flags: libc::c_int) -> io::Result<usize> {
    // SAFETY: msghdr is plain data for which all-zero is a valid value.
    let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    header.msg_iov = table.as_ptr().cast_mut();
    header.msg_iovlen = table.len() as _;
    // SAFETY: `header` and the table behind it live through the call, every
    // entry names bytes that a `Segments` borrowed by the caller keeps alive,
    // and sendmsg only reads.
    check(unsafe { libc::sendmsg(socket.as_raw_fd(), &header, flags) })
}

/// The table without its first `sent_bytes`, written into `rest`.
pub(super) fn remaining<'a>(
    table: &[libc::iovec],
    mut sent_bytes: usize,
    rest: &'a mut [libc::iovec; MAX_SEGMENTS],
) -> &'a [libc::iovec] {
    let mut used = 0;
    for part in table {
        let skip = sent_bytes.min(part.iov_len);
        sent_bytes -= skip;
        if skip < part.iov_len {
            rest[used] = libc::iovec {
                // SAFETY: `skip` is less than the length of this range.
                iov_base: unsafe { part.iov_base.cast::<u8>().add(skip) }.cast(),
                iov_len: part.iov_len - skip,
            };
            used += 1;
        }
    }
    &rest[..used]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::memory_file;

    #[test]
    fn the_remaining_table_starts_where_the_send_stopped() {
        let file = memory_file(c"test", 4096).unwrap();
        let segments = &Segments::divide(&file, &[vec![0..3, 3..3, 10..14, 20..25]], 0).unwrap()[0];
        assert_eq!((segments.len(), segments.total_bytes()), (3, 12));
        let base = segments.table()[0].iov_base as usize;
        for sent in 1..12 {
            let mut rest = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; MAX_SEGMENTS];
            let got: Vec<usize> = remaining(segments.table(), sent, &mut rest)
                .iter()
                .flat_map(|part| (0..part.iov_len).map(|i| part.iov_base as usize + i - base))
                .collect();
            let all: Vec<usize> = (0..3).chain(10..14).chain(20..25).collect();
            assert_eq!(got, all[sent..], "after {sent}");
        }
    }
}
