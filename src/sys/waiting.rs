//! Waiting for a socket: `poll(2)`. What is done with what it found is the
//! caller's business.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use super::{check, resumed};

/// What [`poll`] found. Several can hold at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ready {
    /// There is room in the send buffer.
    pub(crate) writable: bool,
    /// The error queue holds something, or the socket has an error.
    pub(crate) error: bool,
    /// Both directions are shut down.
    pub(crate) hung_up: bool,
}

impl Ready {
    /// Whether the time ran out with nothing found.
    pub(crate) fn timed_out(self) -> bool {
        self == Ready::default()
    }
}

/// Waits until there is something to read, or the other end is gone: `poll(2)`.
/// `false` if the time ran out.
pub(crate) fn wait_readable(descriptor: BorrowedFd<'_>, timeout: Duration) -> io::Result<bool> {
    let mut entry = libc::pollfd { fd: descriptor.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let timeout_ms = libc::c_int::try_from(timeout.as_millis()).unwrap_or(libc::c_int::MAX);
    // SAFETY: one valid entry, and the count says one.
    let ready = resumed(|| check(unsafe { libc::poll(&mut entry, 1, timeout_ms) } as isize))?;
    Ok(ready > 0)
}

/// Waits until one of several has something to read, or its other end is gone, for so
/// long at most: `poll(2)`.
pub(crate) fn wait_any_readable(descriptors: &[BorrowedFd<'_>], timeout: Duration) -> io::Result<()> {
    let entry = |descriptor: &BorrowedFd<'_>| libc::pollfd {
        fd: descriptor.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    let mut entries: Vec<_> = descriptors.iter().map(entry).collect();
    let timeout_ms = libc::c_int::try_from(timeout.as_millis()).unwrap_or(libc::c_int::MAX);
    // SAFETY: the entries are valid, and the count is theirs.
    check(unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, timeout_ms) } as isize)?;
    Ok(())
}

/// Waits until the error queue has something (always looked for) or, with
/// `for_write`, there is room to send: `poll(2)`. A signal starts the wait anew.
pub(crate) fn poll(socket: BorrowedFd<'_>, for_write: bool, timeout: Duration) -> io::Result<Ready> {
    let events = if for_write { libc::POLLOUT } else { 0 };
    let mut entry = libc::pollfd { fd: socket.as_raw_fd(), events, revents: 0 };
    let timeout_ms = libc::c_int::try_from(timeout.as_millis()).unwrap_or(libc::c_int::MAX);
    resumed(|| {
        // SAFETY: one valid entry, and the count says one.
        check(unsafe { libc::poll(&mut entry, 1, timeout_ms) } as isize)
    })?;
    Ok(Ready {
        writable: entry.revents & libc::POLLOUT != 0,
        error: entry.revents & libc::POLLERR != 0,
        hung_up: entry.revents & libc::POLLHUP != 0,
    })
}
