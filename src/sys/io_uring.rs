//! Sends on a ring, io_uring(7): one thread's, with `IORING_SETUP_SINGLE_ISSUER`
//! and `IORING_SETUP_DEFER_TASKRUN` (Linux 6.1), so that completions come when
//! they are asked for. What is sent in which order, and what a completion means
//! for it, is the caller's business.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{EnterFlags, IoUring, Probe, cqueue, opcode, squeue};
use socket2::Socket;

use super::check;
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

/// What a ring reports of the send that was queued as `id`: first what came of it,
/// and where that says so, later that the kernel is done with its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) id: u64,
    /// Of a send the bytes that it took, or an `errno(3)` below zero.
    result: i32,
    flags: u32,
}

impl Completion {
    /// Whether the kernel is done with the bytes: there is no more to come.
    #[inline]
    pub(crate) fn is_notification(self) -> bool {
        cqueue::notif(self.flags)
    }

    /// Of a notification, whether the kernel copied the bytes after all.
    #[inline]
    pub(crate) fn copied(self) -> bool {
        self.result as u32 & COPIED != 0
    }

    /// Of a send, how many bytes it took, or the `errno(3)` for which it took none.
    #[inline]
    pub(crate) fn taken(self) -> Result<usize, i32> {
        usize::try_from(self.result).map_err(|_| -self.result)
    }

    /// Of a send, whether the kernel goes on reading the bytes until a notification.
    #[inline]
    pub(crate) fn notification_follows(self) -> bool {
        cqueue::more(self.flags)
    }
}

/// A ring with room for a few sends at a time, all on one socket.
pub(crate) struct SendRing {
    ring: IoUring,
    /// What queued sends point to, as many as the queue has places: the kernel has its
    /// own copy of it once they are submitted (`IORING_FEAT_SUBMIT_STABLE`, Linux 5.5).
    slots: Box<[Slot]>,
    /// The slot that is next.
    slot: usize,
    /// Which the entries name by its number: it stays open with the ring.
    _socket: Arc<Socket>,
}

/// A send: the entry, the header that it points to, and of a send that goes on
/// where one stopped the table that the header points to.
struct Slot {
    entry: squeue::Entry,
    header: libc::msghdr,
    rest: [libc::iovec; MAX_SEGMENTS],
}

// SAFETY: the pointers in the slots are written and read by the one thread that
// has `&mut self`, or point to bytes that are only read.
unsafe impl Send for SendRing {}

impl SendRing {
    /// A ring for `sends` of `kind` at a time and at least `completions` unread ones. The
    /// thread that makes it is the one that uses it. A send takes all of its bytes
    /// if it is to be `whole`, as far as nothing fails, and else what there is room for.
    pub(crate) fn new(
        socket: Arc<Socket>,
        kind: SendKind,
        sends: usize,
        completions: usize,
        whole: bool,
    ) -> io::Result<SendRing> {
        let entries = |count: usize| u32::try_from(count.next_power_of_two()).unwrap_or(1 << 15);
        let ring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_clamp()
            .setup_cqsize(entries(completions.max(2 * sends)))
            .build(entries(sends))?;
        let flags = libc::MSG_NOSIGNAL | if whole { libc::MSG_WAITALL } else { 0 };
        let places = ring.params().sq_entries() as usize;
        let mut slots: Box<[Slot]> = (0..places).map(|_| Slot::empty()).collect();
        for slot in &mut slots {
            slot.entry = entry(Fd(socket.as_raw_fd()), kind, &raw const slot.header, flags as u32);
        }
        Ok(SendRing { ring, slots, slot: 0, _socket: socket })
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

    /// Queues a send of what lies behind the first `sent_bytes` of `segments`, which the
    /// caller keeps until its completion; in a chain it begins when the one before has
    /// taken all, and fails with `ECANCELED` if that did not. Fails if there is no room.
    #[inline]
    pub(crate) fn queue(
        &mut self,
        segments: &Segments,
        sent_bytes: usize,
        id: u64,
        chained_to_next: bool,
    ) -> io::Result<()> {
        let mut queue = self.ring.submission();
        let Some(slot) = self.slots.get_mut(self.slot).filter(|_| !queue.is_full()) else {
            return Err(no_room());
        };
        let table = match sent_bytes {
            0 => segments.table(),
            _ => super::sending::remaining(segments.table(), sent_bytes, &mut slot.rest),
        };
        slot.header.msg_iov = table.as_ptr().cast_mut();
        slot.header.msg_iovlen = table.len() as _;
        slot.entry.set_user_data(id);
        let linked;
        let entry = match chained_to_next {
            false => &slot.entry,
            true => {
                linked = slot.entry.clone().flags(squeue::Flags::IO_LINK);
                &linked
            }
        };
        // SAFETY: the header lies in a slot that stays as it is until the kernel has taken
        // the entry, for the queue has no more places than there are slots, and the socket
        // is open for as long as the ring. Table and bytes are only read: were they gone
        // by then, others would be sent in their place or the send would fail.
        unsafe { queue.push(entry) }.map_err(|_| no_room())?;
        self.slot = if self.slot + 1 == self.slots.len() { 0 } else { self.slot + 1 };
        Ok(())
    }

    /// Submits what is queued and waits until `wanted` completions, at least one, are
    /// unread: io_uring_enter(2). The crate's own is a function of its own, which
    /// looks at what only other rings have.
    #[inline]
    pub(crate) fn enter(&mut self, wanted: usize) -> io::Result<()> {
        let (submit, wait) = (self.ring.submission().len() as u32, wanted as u32);
        let (ring, flags) = (self.ring.as_raw_fd(), EnterFlags::GETEVENTS.bits());
        let none = std::ptr::null::<libc::sigset_t>();
        // SAFETY: no argument is passed, and every entry that is submitted was
        // pushed by `queue`.
        let entered =
            unsafe { libc::syscall(libc::SYS_io_uring_enter, ring, submit, wait, flags, none, 0_usize) };
        check(entered as isize).map(|_| ())
    }

    /// Waits until there is an unread completion, no longer than `limit`; fails
    /// with `TimedOut`.
    pub(crate) fn wait(&mut self, limit: Duration) -> io::Result<()> {
        let limit = Timespec::new().sec(limit.as_secs()).nsec(limit.subsec_nanos());
        let entered = self.ring.submitter().submit_with_args(1, &SubmitArgs::new().timespec(&limit));
        match entered {
            Err(error) if error.raw_os_error() == Some(libc::ETIME) => Err(io::ErrorKind::TimedOut.into()),
            entered => entered.map(|_| ()),
        }
    }

    /// Takes the completions that were not read yet, oldest first.
    #[inline]
    pub(crate) fn completions(&mut self) -> impl Iterator<Item = Completion> {
        let taken = |entry: cqueue::Entry| Completion {
            id: entry.user_data(),
            result: entry.result(),
            flags: entry.flags(),
        };
        self.ring.completion().map(taken)
    }
}

impl Slot {
    fn empty() -> Slot {
        Slot {
            entry: opcode::Nop::new().build(),
            // SAFETY: msghdr is plain data for which all-zero is a valid value.
            header: unsafe { MaybeUninit::zeroed().assume_init() },
            rest: [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; MAX_SEGMENTS],
        }
    }
}

fn entry(socket: Fd, kind: SendKind, header: *const libc::msghdr, flags: u32) -> squeue::Entry {
    match kind {
        SendKind::Copy => opcode::SendMsg::new(socket, header).flags(flags).build(),
        SendKind::ZeroCopy { registered } => opcode::SendMsgZc::new(socket, header)
            .flags(flags)
            .ioprio(REPORT_USAGE)
            .buf_index(registered.then_some(0))
            .build(),
    }
}

#[cold]
fn no_room() -> io::Error {
    io::ErrorKind::WouldBlock.into()
}
