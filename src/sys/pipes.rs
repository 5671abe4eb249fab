//! Pages through a pipe: `vmsplice(2)`, `splice(2)` and the pipe's size
//! (fcntl(2)). The kernel only reads what it is given; that the bytes stay as
//! they are until they are read is the caller's business.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::null_mut;

use super::check;
use super::memory::{MAX_SEGMENTS, Segments};
use super::sending::remaining;

/// The size of a pipe in bytes, `F_GETPIPE_SZ`.
pub(crate) fn pipe_bytes(pipe: BorrowedFd<'_>) -> io::Result<usize> {
    // SAFETY: the command takes no argument and touches no memory of ours.
    check(unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_GETPIPE_SZ) } as isize)
}

/// Asks for a pipe of `bytes`, `F_SETPIPE_SZ`, and returns what it has now.
pub(crate) fn set_pipe_bytes(pipe: BorrowedFd<'_>, bytes: usize) -> io::Result<usize> {
    let bytes = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    // SAFETY: the command takes an integer and touches no memory of ours.
    check(unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETPIPE_SZ, bytes) } as isize)
}

/// Puts the pages of what lies behind the first `taken_bytes` of `segments` into
/// `pipe`, as far as it has room, without waiting for any: `vmsplice(2)`. Returns
/// the bytes that went in.
pub(crate) fn fill_pipe(pipe: BorrowedFd<'_>, segments: &Segments, taken_bytes: usize) -> io::Result<usize> {
    match taken_bytes {
        0 => vmsplice(pipe, segments.table()),
        _ => fill_pipe_on(pipe, segments, taken_bytes),
    }
}

/// With what did not fit the pipe. Apart from the way that every message goes, which
/// the table on the stack would slow down.
#[cold]
#[inline(never)]
fn fill_pipe_on(pipe: BorrowedFd<'_>, segments: &Segments, taken_bytes: usize) -> io::Result<usize> {
    let mut rest = [libc::iovec { iov_base: null_mut(), iov_len: 0 }; MAX_SEGMENTS];
    vmsplice(pipe, remaining(segments.table(), taken_bytes, &mut rest))
}

/// `table` must be made of ranges of a [`Segments`] that outlives the call.
#[inline]
fn vmsplice(pipe: BorrowedFd<'_>, table: &[libc::iovec]) -> io::Result<usize> {
    // SAFETY: the table lives through the call, every entry names bytes that the
    // caller keeps alive, and the kernel takes references to their
    // pages: it reads them later, and never writes.
    check(unsafe { libc::vmsplice(pipe.as_raw_fd(), table.as_ptr(), table.len(), libc::SPLICE_F_NONBLOCK) })
}

/// Moves up to `bytes` from `pipe` to `socket`, `splice(2)`; `more` says that
/// others follow at once. Returns how many it moved.
pub(crate) fn splice(
    pipe: BorrowedFd<'_>,
    socket: BorrowedFd<'_>,
    bytes: usize,
    more: bool,
) -> io::Result<usize> {
    let flags = if more { libc::SPLICE_F_MORE } else { 0 };
    // SAFETY: without offsets the call touches no memory of ours.
    check(unsafe { libc::splice(pipe.as_raw_fd(), null_mut(), socket.as_raw_fd(), null_mut(), bytes, flags) })
}
