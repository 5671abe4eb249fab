//! Receiving without a copy to user space: bytes that are dropped (`MSG_TRUNC` of
//! tcp(7)) and pages that are mapped (`TCP_ZEROCOPY_RECEIVE`). What a server does
//! with them is its own business.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::null_mut;

use super::check;

/// Takes up to `bytes` off the socket and drops them in the kernel, `recv(2)` with
/// `MSG_TRUNC`; blocks as the socket does. Returns how many, 0 at the end.
pub(crate) fn discard(socket: BorrowedFd<'_>, bytes: usize) -> io::Result<usize> {
    // SAFETY: with MSG_TRUNC on a TCP socket nothing is written to the buffer
    // (tcp(7)), so it may be null whatever the length.
    check(unsafe { libc::recv(socket.as_raw_fd(), null_mut(), bytes, libc::MSG_TRUNC) })
}

/// A window of address space into which a socket's pages are mapped, read-only.
pub(crate) struct ReceiveWindow {
    start: *mut libc::c_void,
    bytes: usize,
    mapped_bytes: usize,
}

// SAFETY: the window belongs to this value alone; what is mapped there is read
// through `&self` and replaced through `&mut self`.
unsafe impl Send for ReceiveWindow {}

/// `TCP_ZEROCOPY_RECEIVE` of linux/tcp.h.
const TCP_ZEROCOPY_RECEIVE: libc::c_int = 35;

/// `struct tcp_zerocopy_receive` of linux/tcp.h, as far as every kernel has it.
#[repr(C)]
#[derive(Default)]
struct ZerocopyReceive {
    address: u64,
    length: u32,
    recv_skip_hint: u32,
}

impl ReceiveWindow {
    /// Reserves `bytes`, whole pages, for the pages of `socket`: `mmap(2)` of the
    /// socket itself. Fails with `ENODEV` where the kernel cannot map it.
    pub(crate) fn new(socket: BorrowedFd<'_>, bytes: usize) -> io::Result<ReceiveWindow> {
        // SAFETY: a new mapping at an address of the kernel's choice.
        let start = unsafe {
            libc::mmap(null_mut(), bytes, libc::PROT_READ, libc::MAP_SHARED, socket.as_raw_fd(), 0)
        };
        match start == libc::MAP_FAILED {
            true => Err(io::Error::last_os_error()),
            false => Ok(ReceiveWindow { start, bytes, mapped_bytes: 0 }),
        }
    }

    /// Maps what can be mapped of what has come, in place of what was mapped before.
    /// Never blocks. Returns how many bytes are mapped at the start of the window,
    /// and how many after them are to be read by `recv(2)`.
    pub(crate) fn map(&mut self, socket: BorrowedFd<'_>) -> io::Result<(usize, usize)> {
        self.mapped_bytes = 0;
        let length = u32::try_from(self.bytes).unwrap_or(u32::MAX);
        let mut request = ZerocopyReceive { address: self.start as u64, length, recv_skip_hint: 0 };
        let mut size = size_of::<ZerocopyReceive>() as libc::socklen_t;
        super::resumed(|| {
            // SAFETY: `request` is writable for `size` bytes and names the window,
            // which was mapped from this socket and has no other user.
            check(unsafe {
                libc::getsockopt(
                    socket.as_raw_fd(),
                    libc::IPPROTO_TCP,
                    TCP_ZEROCOPY_RECEIVE,
                    (&raw mut request).cast(),
                    &mut size,
                )
            } as isize)
        })?;
        self.mapped_bytes = (request.length as usize).min(self.bytes);
        Ok((self.mapped_bytes, request.recv_skip_hint as usize))
    }

    /// What the last [`ReceiveWindow::map`] mapped.
    pub(crate) fn mapped(&self) -> &[u8] {
        // SAFETY: the kernel has mapped pages over these bytes of the window, and
        // they stay until the next map, which takes `&mut self`.
        unsafe { std::slice::from_raw_parts(self.start.cast(), self.mapped_bytes) }
    }
}

impl Drop for ReceiveWindow {
    fn drop(&mut self) {
        // SAFETY: mapped by `new`, unmapped once, and no slice outlives the value.
        unsafe { libc::munmap(self.start, self.bytes) };
    }
}
