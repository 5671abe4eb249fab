//! Sends on a ring, io_uring(7): one thread's, with `IORING_SETUP_SINGLE_ISSUER`
//! and `IORING_SETUP_DEFER_TASKRUN` (Linux 6.1), so that completions come when
//! they are asked for. What is sent in which order, and what a completion means
//! for it, is the caller's business.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, Probe, cqueue, opcode, squeue};

use super::memory::{MAX_SEGMENTS, Mapping, Segments};

/// `IORING_SEND_ZC_REPORT_USAGE`: the notification says whether it was copied.
const REPORT_USAGE: u16 = 1 << 3;
/// `IORING_NOTIF_USAGE_ZC_COPIED`, in the result of a notification.
const COPIED: u32 = 1 << 31;

/// How a ring sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendKind {
    /// `SENDMSG`.
    Copy,
    /// `SENDMSG_ZC`; from what was registered (Linux 6.15), or from any memory.
    ZeroCopy { registered: bool },
}

/// What a ring reports of the send that was queued as `id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    /// How many bytes it took, or why none. With `notification_follows` the kernel
    /// goes on reading the bytes until that comes.
    Sent { id: u64, result: Result<usize, i32>, notification_follows: bool },
    /// The kernel is done with the bytes.
    Released { id: u64, copied: bool },
}

/// A ring with room for a few sends at a time.
pub(crate) struct SendRing {
    ring: IoUring,
    /// What queued sends point to: the kernel has its own copy of it once they
    /// are submitted (`IORING_FEAT_SUBMIT_STABLE`, Linux 5.5).
    slots: Box<[Slot]>,
    queued: usize,
    flags: libc::c_int,
}

struct Slot {
    header: libc::msghdr,
    table: [libc::iovec; MAX_SEGMENTS],
}

// SAFETY: the pointers in the slots are written and read by the one thread that
// has `&mut self`, or point to bytes that are only read.
unsafe impl Send for SendRing {}

impl SendRing {
    /// A ring for `sends` at a time and at least `completions` unread ones. The
    /// thread that makes it is the one that uses it. A send takes all of its bytes
    /// if it is to be `whole`, as far as nothing fails, and else what there is room for.
    pub(crate) fn new(sends: usize, completions: usize, whole: bool) -> io::Result<SendRing> {
        let entries = |count: usize| u32::try_from(count.next_power_of_two()).unwrap_or(1 << 15);
        let ring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_clamp()
            .setup_cqsize(entries(completions.max(2 * sends)))
            .build(entries(sends))?;
        let flags = libc::MSG_NOSIGNAL | if whole { libc::MSG_WAITALL } else { 0 };
        let slot = || Slot {
            // SAFETY: msghdr is plain data for which all-zero is a valid value.
            header: unsafe { MaybeUninit::zeroed().assume_init() },
            table: [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; MAX_SEGMENTS],
        };
        Ok(SendRing { ring, slots: (0..sends).map(|_| slot()).collect(), queued: 0, flags })
    }

    /// Whether the kernel knows the operation of `kind`.
    pub(crate) fn knows(&self, kind: SendKind) -> io::Result<bool> {
        let mut probe = Probe::new();
        self.ring.submitter().register_probe(&mut probe)?;
        Ok(probe.is_supported(match kind {
            SendKind::Copy => opcode::SendMsg::CODE,
            SendKind::ZeroCopy { .. } => opcode::SendMsgZc::CODE,
        }))
    }

    /// Registers `memory`, for sends of what lies in it.
    pub(crate) fn register(&self, memory: &Mapping) -> io::Result<()> {
        let whole = libc::iovec { iov_base: memory.start().cast(), iov_len: memory.len() };
        // SAFETY: the range is mapped now, when the kernel takes references to its
        // pages; it only reads them, and they outlive the mapping.
        unsafe { self.ring.submitter().register_buffers(&[whole]) }
    }

    /// Queues a send of what lies behind the first `sent_bytes` of `segments`; in
    /// a chain it begins when the one before has taken all, and fails with
    /// `ECANCELED` if that did not. Fails if there is no room.
    pub(crate) fn queue(
        &mut self,
        socket: BorrowedFd<'_>,
        segments: &Segments,
        sent_bytes: usize,
        kind: SendKind,
        id: u64,
        chained_to_next: bool,
    ) -> io::Result<()> {
        let no_room = || io::Error::from(io::ErrorKind::WouldBlock);
        let slot = self.slots.get_mut(self.queued).ok_or_else(no_room)?;
        let rest = match sent_bytes {
            0 => {
                let table = segments.table();
                slot.table[..table.len()].copy_from_slice(table);
                table.len()
            }
            _ => super::sending::remaining(segments.table(), sent_bytes, &mut slot.table).len(),
        };
        slot.header.msg_iov = slot.table.as_mut_ptr();
        slot.header.msg_iovlen = rest as _;
        let (socket, header) = (Fd(socket.as_raw_fd()), &raw const slot.header);
        let flags = self.flags as u32;
        let entry = match kind {
            SendKind::Copy => opcode::SendMsg::new(socket, header).flags(flags).build(),
            SendKind::ZeroCopy { registered } => opcode::SendMsgZc::new(socket, header)
                .flags(flags)
                .ioprio(REPORT_USAGE)
                .buf_index(registered.then_some(0))
                .build(),
        };
        let chain = if chained_to_next { squeue::Flags::IO_LINK } else { squeue::Flags::empty() };
        let entry = entry.user_data(id).flags(chain);
        // SAFETY: header and table lie in a slot of their own, which stays as it is
        // until the ring is entered; the bytes themselves are only read, and memory
        // that has gone meanwhile is an error of the send.
        unsafe { self.ring.submission().push(&entry) }.map_err(|_| no_room())?;
        self.queued += 1;
        Ok(())
    }

    /// Submits what is queued and waits until `wanted` completions are unread:
    /// io_uring_enter(2).
    pub(crate) fn enter(&mut self, wanted: usize) -> io::Result<()> {
        let entered = self.ring.submit_and_wait(wanted);
        self.free_slots();
        entered.map(|_| ())
    }

    /// Waits until there is an unread completion, no longer than `limit`; fails
    /// with `TimedOut`.
    pub(crate) fn wait(&mut self, limit: Duration) -> io::Result<()> {
        let limit = Timespec::new().sec(limit.as_secs()).nsec(limit.subsec_nanos());
        let entered = self.ring.submitter().submit_with_args(1, &SubmitArgs::new().timespec(&limit));
        self.free_slots();
        match entered {
            Err(error) if error.raw_os_error() == Some(libc::ETIME) => Err(io::ErrorKind::TimedOut.into()),
            entered => entered.map(|_| ()),
        }
    }

    /// They are, once the kernel has taken every entry.
    fn free_slots(&mut self) {
        if self.ring.submission().is_empty() {
            self.queued = 0;
        }
    }

    /// The oldest completion that was not read yet.
    pub(crate) fn next(&mut self) -> Option<Completion> {
        let entry = self.ring.completion().next()?;
        let (id, flags, result) = (entry.user_data(), entry.flags(), entry.result());
        Some(match cqueue::notif(flags) {
            true => Completion::Released { id, copied: result as u32 & COPIED != 0 },
            false => Completion::Sent {
                id,
                result: usize::try_from(result).map_err(|_| -result),
                notification_follows: cqueue::more(flags),
            },
        })
    }
}
