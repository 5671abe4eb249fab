//! Options of a socket that `socket2` does not know, `setsockopt(2)` and
//! `getsockopt(2)`, and the one way to read an option into plain integers.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::{check, resumed};

/// Opts the socket in to `MSG_ZEROCOPY`: `SO_ZEROCOPY` of `socket(7)`.
pub(crate) fn enable_zerocopy(socket: BorrowedFd<'_>) -> io::Result<()> {
    let on: libc::c_int = 1;
    resumed(|| {
        // SAFETY: the option value is one int that lives through the call.
        check(unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_ZEROCOPY,
                (&raw const on).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        } as isize)
    })?;
    Ok(())
}

/// `SO_MAX_PACING_RATE` of `socket(7)` in bytes a second; `u64::MAX` means
/// that no pacing was asked for.
pub(crate) fn max_pacing_rate(socket: BorrowedFd<'_>) -> io::Result<u64> {
    let mut rate: u64 = 0;
    let length = option(socket, libc::SOL_SOCKET, libc::SO_MAX_PACING_RATE, &mut rate)?;
    // Kernels before 5.0 give 32 bits, and all ones in them for "none".
    let low = u64::from(u32::MAX);
    Ok(if length == size_of::<u32>() && rate & low == low { u64::MAX } else { rate })
}

/// Types that are plain integers throughout, so that the kernel may write
/// any bytes into them.
///
/// # Safety
///
/// Any bytes must be a valid value of the type.
pub(super) unsafe trait PlainIntegers: Copy {}
// SAFETY: an integer.
unsafe impl PlainIntegers for u64 {}

/// `getsockopt(2)` into `value`; returns how many bytes the kernel wrote.
pub(super) fn option<T: PlainIntegers>(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    name: libc::c_int,
    value: &mut T,
) -> io::Result<usize> {
    let mut length = size_of::<T>() as libc::socklen_t;
    resumed(|| {
        // SAFETY: `value` is writable for `length` bytes, and any bytes are a
        // valid T (PlainIntegers).
        check(unsafe {
            libc::getsockopt(socket.as_raw_fd(), level, name, std::ptr::from_mut(value).cast(), &mut length)
        } as isize)
    })?;
    Ok(length as usize)
}
