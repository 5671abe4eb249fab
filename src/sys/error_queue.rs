//! What the kernel has to say of earlier sends: one entry of a socket's error
//! queue at a time, as it comes. Taking it apart is `zerocopy/`'s business.

use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsRawFd, BorrowedFd};

use super::{check, resumed};

/// Room for the control messages of one error-queue entry: a
/// `sock_extended_err` and the offender's address, with much to spare.
#[repr(C, align(8))] // cmsg(3): control messages start at the alignment of size_t
pub(crate) struct ControlBuffer(pub(crate) [u8; 512]);

/// Takes one entry off the error queue, `recvmsg(2)` with `MSG_ERRQUEUE`,
/// which never blocks. Returns the bytes of control messages written to
/// `control` and the message flags; `None` if the queue is empty.
pub(crate) fn receive_error_queue(
    socket: BorrowedFd<'_>,
    control: &mut ControlBuffer,
) -> io::Result<Option<(usize, libc::c_int)>> {
    // SAFETY: msghdr is plain data for which all-zero is a valid value.
    let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = size_of::<ControlBuffer>() as _;
    match resumed(|| {
        // SAFETY: `header` lives through the call and names `control` with its
        // true length; there is no iovec and no address to write to.
        check(unsafe { libc::recvmsg(socket.as_raw_fd(), &mut header, libc::MSG_ERRQUEUE) })
    }) {
        Ok(_) => Ok(Some((header.msg_controllen, header.msg_flags))),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
