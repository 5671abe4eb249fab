//! What the kernel accounts to the calling thread, and a system call that it
//! can make for nothing.

use std::io;
use std::mem::MaybeUninit;

use super::check;

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

/// CPU time of this process, all its threads, user and kernel: `clock_gettime(2)`
/// with `CLOCK_PROCESS_CPUTIME_ID`.
pub(crate) fn process_cpu_time_ns() -> io::Result<u64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is writable and lives through the call.
    check(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) } as isize)?;
    Ok(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// A system call that does next to nothing: `getppid(2)`, past any caching in
/// the C library.
pub(crate) fn empty_system_call() {
    // SAFETY: getppid takes no argument and always succeeds.
    unsafe { libc::syscall(libc::SYS_getppid) };
}
