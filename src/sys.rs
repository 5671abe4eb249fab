//! The only file with `unsafe`: thin, checked wrappers of what libc, socket2
//! and memmap2 do not give safely. One function a system call, the man page
//! named. It owns the memory that messages live in ([`Segments`]) and knows
//! nothing of copy modes, rounds or completions.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::mem::{MaybeUninit, offset_of, size_of};
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use memmap2::{MmapOptions, MmapRaw};

/// The most byte ranges one [`Segments`] may have. `sendmsg(2)` takes 1024
/// (`UIO_MAXIOV`); a table this small fits the stack when a send is resumed.
pub const MAX_SEGMENTS: usize = 64;

/// Makes `call` again for as long as a signal interrupts it (`EINTR`,
/// signal(7)): whoever sent the signal, no call here is to end for it.
pub(crate) fn resumed<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// The size of a page in bytes, `sysconf(3)` `_SC_PAGESIZE`.
pub(crate) fn page_bytes() -> usize {
    // SAFETY: sysconf takes no pointer and has no precondition.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

/// An anonymous file in memory, `memfd_create(2)`, of `length_bytes` zeros.
pub(crate) fn memory_file(name: &CStr, length_bytes: usize) -> io::Result<File> {
    let fd = resumed(|| {
        // SAFETY: `name` is a valid NUL-terminated string for the whole call.
        check(unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) } as isize)
    })?;
    // SAFETY: memfd_create just returned this descriptor; nobody else owns it.
    let file = File::from(unsafe { OwnedFd::from_raw_fd(fd as libc::c_int) });
    file.set_len(length_bytes as u64)?;
    Ok(file)
}

/// Where the bytes of a [`Segments`] live.
#[allow(dead_code)] // never read: it only keeps the bytes alive
enum Memory {
    Mapped(Arc<MmapRaw>),
    Heap(Vec<Vec<u8>>),
}

/// Byte ranges that one owner has to itself, in the order in which they are
/// sent. The bytes do not move when the value moves, so the kernel may hold
/// their address for as long as the value lives.
///
/// Ranges come from a mapping (a ring of messages) or from vectors
/// (`Segments::from(Vec<u8>)`). Empty ranges are dropped.
pub struct Segments {
    table: Box<[libc::iovec]>,
    total_bytes: usize,
    // Only keeps the bytes alive; they are reached through `table`.
    _memory: Memory,
}

// SAFETY: the ranges in `table` belong to this value alone (`divide` checks
// that they are disjoint, vectors are moved in), so it may move between
// threads like the `Vec<u8>`s that it stands for.
unsafe impl Send for Segments {}
// SAFETY: `&Segments` only reads.
unsafe impl Sync for Segments {}

impl Segments {
    /// Maps `file` shared, page-aligned, and divides it: one value for each
    /// list of ranges. Fails with `InvalidInput` if a range leaves the file,
    /// two overlap, they are not in rising order, or a list has more than
    /// [`MAX_SEGMENTS`].
    pub(crate) fn divide(file: &File, lists: &[Vec<Range<usize>>]) -> io::Result<Vec<Segments>> {
        let map = Arc::new(MmapOptions::new().map_raw(file)?);
        let mut taken_to = 0;
        for list in lists {
            if list.len() > MAX_SEGMENTS {
                return Err(invalid("too many segments in one list"));
            }
            for range in list {
                if range.start < taken_to || range.end < range.start || range.end > map.len() {
                    return Err(invalid("segments overlap or leave the mapping"));
                }
                taken_to = range.end;
            }
        }
        let base = map.as_mut_ptr();
        Ok(lists
            .iter()
            .map(|list| {
                let table = list.iter().map(|range| libc::iovec {
                    // SAFETY: `range` lies inside the mapping (checked above).
                    iov_base: unsafe { base.add(range.start) }.cast(),
                    iov_len: range.len(),
                });
                Segments::new(table, Memory::Mapped(Arc::clone(&map)))
            })
            .collect())
    }

    fn new(table: impl Iterator<Item = libc::iovec>, memory: Memory) -> Segments {
        let table: Box<[libc::iovec]> = table.filter(|part| part.iov_len > 0).collect();
        let total_bytes = table.iter().map(|part| part.iov_len).sum();
        Segments { table, total_bytes, _memory: memory }
    }

    /// The number of ranges; none of them is empty.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The sum of all ranges, in bytes.
    pub fn total_bytes(&self) -> usize {
        self.total_bytes
    }

    /// The ranges in the order in which they are sent.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.table.iter().map(|part| {
            // SAFETY: the range is mapped or on the heap for as long as `self`
            // lives, initialised, and nobody has it mutably: that needs `&mut self`.
            unsafe { std::slice::from_raw_parts(part.iov_base.cast::<u8>(), part.iov_len) }
        })
    }

    /// The range `index`, to write to; `None` past the last.
    pub fn segment_mut(&mut self, index: usize) -> Option<&mut [u8]> {
        let part = self.table.get(index)?;
        // SAFETY: as in `iter`, and `&mut self` excludes every other borrow.
        Some(unsafe { std::slice::from_raw_parts_mut(part.iov_base.cast::<u8>(), part.iov_len) })
    }
}

impl From<Vec<u8>> for Segments {
    fn from(bytes: Vec<u8>) -> Segments {
        let mut parts = vec![bytes];
        let part = &mut parts[0];
        let table = [libc::iovec { iov_base: part.as_mut_ptr().cast(), iov_len: part.len() }];
        Segments::new(table.into_iter(), Memory::Heap(parts))
    }
}

impl AsRef<Segments> for Segments {
    fn as_ref(&self) -> &Segments {
        self
    }
}

impl std::fmt::Debug for Segments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Segments({} in {} ranges)", self.total_bytes, self.len())
    }
}

/// Sends what lies behind the first `sent_bytes` of `segments`, `sendmsg(2)`;
/// the kernel copies before it returns. Returns the bytes that it took.
pub(crate) fn send_segments(
    socket: BorrowedFd<'_>,
    segments: &Segments,
    sent_bytes: usize,
) -> io::Result<usize> {
    sendmsg(socket, segments, sent_bytes, libc::MSG_NOSIGNAL)
}

/// As [`send_segments`] with `MSG_ZEROCOPY`: the kernel goes on reading the
/// bytes until it says on the error queue that it is done. Memory-safe
/// whatever the caller does (the kernel holds the pages), but the *data* is
/// right only if the bytes stay as they are: only `zerocopy/` may call it.
pub(crate) fn send_segments_zerocopy(
    socket: BorrowedFd<'_>,
    segments: &Segments,
    sent_bytes: usize,
) -> io::Result<usize> {
    sendmsg(socket, segments, sent_bytes, libc::MSG_NOSIGNAL | libc::MSG_ZEROCOPY)
}

#[inline]
fn sendmsg(
    socket: BorrowedFd<'_>,
    segments: &Segments,
    sent_bytes: usize,
    flags: libc::c_int,
) -> io::Result<usize> {
    match sent_bytes {
        0 => sendmsg_table(socket, &segments.table, flags),
        _ => sendmsg_rest(socket, segments, sent_bytes, flags),
    }
}

/// What a partial send left over. Apart from the way that every message goes,
/// which the table on the stack would slow down.
#[cold]
#[inline(never)]
fn sendmsg_rest(
    socket: BorrowedFd<'_>,
    segments: &Segments,
    sent_bytes: usize,
    flags: libc::c_int,
) -> io::Result<usize> {
    let mut rest = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; MAX_SEGMENTS];
    sendmsg_table(socket, remaining(&segments.table, sent_bytes, &mut rest), flags)
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
fn remaining<'a>(
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

/// `struct tcp_info` of linux/tcp.h up to `tcpi_snd_wnd` (Linux 5.4), the
/// part that is read here. Older kernels fill less of it.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(missing_docs)]
struct RawTcpInfo {
    state_to_options: [u8; 8],
    rto_us: u32,
    ato_us: u32,
    snd_mss: u32,
    rcv_mss: u32,
    unacked_to_last_ack_recv: [u32; 9],
    pmtu: u32,
    rcv_ssthresh: u32,
    rtt_us: u32,
    rttvar_us: u32,
    snd_ssthresh: u32,
    snd_cwnd: u32,
    advmss: u32,
    reordering: u32,
    rcv_rtt: u32,
    rcv_space: u32,
    total_retrans: u32,
    pacing_rate: u64,
    max_pacing_rate: u64,
    bytes_acked: u64,
    bytes_received: u64,
    segs_out: u32,
    segs_in: u32,
    notsent_bytes: u32,
    min_rtt_us: u32,
    data_segs_in: u32,
    data_segs_out: u32,
    delivery_rate: u64,
    busy_time_us: u64,
    rwnd_limited_us: u64,
    sndbuf_limited_us: u64,
    delivered: u32,
    delivered_ce: u32,
    bytes_sent: u64,
    bytes_retrans: u64,
    dsack_dups: u32,
    reord_seen: u32,
    rcv_ooopack: u32,
    snd_wnd: u32,
}

/// What `TCP_INFO` of `tcp(7)` says of one end of a connection. A field that
/// this kernel does not report is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpInfo {
    /// The connection's state, as in `tcp_states.h`: 1 established, 7 closed.
    pub state: u8,
    /// The largest segment this end sends, in bytes.
    pub send_mss_bytes: u32,
    /// Segments sent again since the start.
    pub retransmits: u32,
    /// Segments with data sent since the start (Linux 4.6).
    pub data_segments_sent: Option<u32>,
    /// Microseconds with data to send (Linux 4.10).
    pub busy_us: Option<u64>,
    /// Microseconds of those in which the peer's receive window was shut.
    pub receive_window_limited_us: Option<u64>,
    /// Microseconds of those in which the send buffer held too little.
    pub send_buffer_limited_us: Option<u64>,
    /// The peer's receive window as last announced, in bytes (Linux 5.4).
    pub send_window_bytes: Option<u32>,
}

/// Reads [`TcpInfo`]: `getsockopt(2)` with `TCP_INFO`.
pub(crate) fn tcp_info(socket: BorrowedFd<'_>) -> io::Result<TcpInfo> {
    // SAFETY: plain integers, for which all-zero is a valid value.
    let mut raw: RawTcpInfo = unsafe { MaybeUninit::zeroed().assume_init() };
    let length = option(socket, libc::IPPROTO_TCP, libc::TCP_INFO, &mut raw)?;
    let has = |offset: usize, size: usize| length >= offset + size;
    macro_rules! since {
        ($field:ident) => {
            has(offset_of!(RawTcpInfo, $field), size_of_val(&raw.$field)).then_some(raw.$field)
        };
    }
    Ok(TcpInfo {
        state: raw.state_to_options[0],
        send_mss_bytes: raw.snd_mss,
        retransmits: raw.total_retrans,
        data_segments_sent: since!(data_segs_out),
        busy_us: since!(busy_time_us),
        receive_window_limited_us: since!(rwnd_limited_us),
        send_buffer_limited_us: since!(sndbuf_limited_us),
        send_window_bytes: since!(snd_wnd),
    })
}

/// Types that are plain integers throughout, so that the kernel may write
/// any bytes into them.
trait PlainIntegers: Copy {}
impl PlainIntegers for u64 {}
impl PlainIntegers for RawTcpInfo {}

/// `getsockopt(2)` into `value`; returns how many bytes the kernel wrote.
fn option<T: PlainIntegers>(
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

/// What the kernel accounts to the calling thread since it began.
pub(crate) struct ThreadResourceUsage {
    pub(crate) voluntary_switches: u64,
    pub(crate) involuntary_switches: u64,
    /// Minor and major.
    pub(crate) page_faults: u64,
}

/// `getrusage(2)` with `RUSAGE_THREAD`.
pub(crate) fn thread_usage() -> io::Result<ThreadResourceUsage> {
    // SAFETY: rusage is plain data for which all-zero is a valid value.
    let mut usage: libc::rusage = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: `usage` is writable and lives through the call.
    check(unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut usage) } as isize)?;
    let count = |value: libc::c_long| u64::try_from(value).unwrap_or(0);
    Ok(ThreadResourceUsage {
        voluntary_switches: count(usage.ru_nvcsw),
        involuntary_switches: count(usage.ru_nivcsw),
        page_faults: count(usage.ru_minflt) + count(usage.ru_majflt),
    })
}

/// CPU time of the calling thread, user and kernel: `clock_gettime(2)` with
/// `CLOCK_THREAD_CPUTIME_ID`, exact where `getrusage` counts ticks.
pub(crate) fn thread_cpu_time_ns() -> io::Result<u64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is writable and lives through the call.
    check(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) } as isize)?;
    Ok(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// How many descriptors this process may have open: `RLIMIT_NOFILE` of
/// `getrlimit(2)`, soft and hard.
pub(crate) fn open_files_limits() -> io::Result<(u64, u64)> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is writable and lives through the call.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } as isize)?;
    Ok((limit.rlim_cur, limit.rlim_max))
}

/// Makes `soft` of the two limits, which must not be above the hard one.
pub(crate) fn set_open_files_limits(soft: u64, hard: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    // SAFETY: `limit` is read only and lives through the call.
    check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) } as isize)?;
    Ok(())
}

/// Whether the network device `name` of this process's namespace is up:
/// `SIOCGIFFLAGS` of `netdevice(7)`. A mounted sysfs can be another
/// namespace's, and a socket's answer cannot.
pub(crate) fn device_is_up(name: &CStr) -> io::Result<bool> {
    // SAFETY: ifreq is plain data for which all-zero is a valid value.
    let mut request: libc::ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
    let bytes = name.to_bytes();
    // The name's last byte stays NUL.
    for (to, from) in request.ifr_name[..libc::IFNAMSIZ - 1].iter_mut().zip(bytes) {
        *to = *from as libc::c_char;
    }
    // Any socket will do; a local one is there without IP.
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    // SAFETY: `request` is writable, lives through the call and is what
    // SIOCGIFFLAGS takes.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS as _, &mut request) } as isize)?;
    // SAFETY: the kernel has just written the flags.
    let flags = unsafe { request.ifr_ifru.ifru_flags };
    Ok(libc::c_int::from(flags) & libc::IFF_UP != 0)
}

/// A system call that does next to nothing: `getppid(2)`, past any caching in
/// the C library.
pub(crate) fn empty_system_call() {
    // SAFETY: getppid takes no argument and always succeeds.
    unsafe { libc::syscall(libc::SYS_getppid) };
}

/// Installs a handler that does nothing and lets interrupted calls fail with
/// `EINTR`: `sigaction(2)` without `SA_RESTART`. For tests.
pub(crate) fn install_empty_handler(signal: libc::c_int) -> io::Result<()> {
    extern "C" fn handler(_: libc::c_int) {}
    // SAFETY: sigaction is plain data for which all-zero is a valid value.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler as extern "C" fn(libc::c_int) as usize;
    // SAFETY: `action` is valid, and a handler that does nothing is safe at
    // any point of the program.
    check(unsafe { libc::sigaction(signal, &action, std::ptr::null_mut()) } as isize)?;
    Ok(())
}

/// Runs `work` with standard error going to a file in memory, `dup2(2)`, and
/// returns what was written to it, by any thread. If it cannot be redirected,
/// `work` runs all the same.
pub(crate) fn with_standard_error_kept<T>(work: impl FnOnce() -> T) -> (T, Vec<u8>) {
    /// Puts standard error back, also if `work` panics.
    struct Redirected(OwnedFd);
    impl Drop for Redirected {
        fn drop(&mut self) {
            // SAFETY: both are open descriptors; dup2 takes no pointer.
            unsafe { libc::dup2(self.0.as_raw_fd(), libc::STDERR_FILENO) };
        }
    }
    let redirect = || {
        let own = io::stderr().as_fd().try_clone_to_owned()?;
        let file = memory_file(c"standard error", 0)?;
        // SAFETY: both are open descriptors; dup2 takes no pointer.
        check(unsafe { libc::dup2(file.as_raw_fd(), libc::STDERR_FILENO) } as isize)?;
        io::Result::Ok((Redirected(own), file))
    };
    let Ok((redirected, mut file)) = redirect() else { return (work(), Vec::new()) };
    let done = work();
    drop(redirected);
    let mut written = Vec::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut written));
    drop(read); // what could not be read was of no use
    (done, written)
}

/// Sends `signal` to one thread of this process: `tgkill(2)`. For tests.
pub(crate) fn signal_thread(thread: libc::pid_t, signal: libc::c_int) -> io::Result<()> {
    // SAFETY: tgkill takes no pointer; a thread that is gone is an error.
    check(unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, signal) } as isize)?;
    Ok(())
}

fn check(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divide_refuses_overlap_disorder_and_overrun() {
        let file = memory_file(c"test", 8192).unwrap();
        for bad in [
            vec![vec![0..10, 9..20]],
            vec![vec![10..20], vec![0..10]],
            vec![vec![0..8193]],
            vec![(0..MAX_SEGMENTS + 1).map(|i| i..i + 1).collect()],
        ] {
            let error = Segments::divide(&file, &bad).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{bad:?}");
        }
        assert_eq!(Segments::divide(&file, &[vec![0..8192, 8192..8192]]).unwrap()[0].total_bytes(), 8192);
    }

    #[test]
    fn the_remaining_table_starts_where_the_send_stopped() {
        let file = memory_file(c"test", 4096).unwrap();
        let segments = &Segments::divide(&file, &[vec![0..3, 3..3, 10..14, 20..25]]).unwrap()[0];
        assert_eq!((segments.len(), segments.total_bytes()), (3, 12));
        let base = segments.table[0].iov_base as usize;
        for sent in 1..12 {
            let mut rest = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; MAX_SEGMENTS];
            let got: Vec<usize> = remaining(&segments.table, sent, &mut rest)
                .iter()
                .flat_map(|part| (0..part.iov_len).map(|i| part.iov_base as usize + i - base))
                .collect();
            let all: Vec<usize> = (0..3).chain(10..14).chain(20..25).collect();
            assert_eq!(got, all[sent..], "after {sent}");
        }
    }
}
