//! Signals to threads of this process, for tests of interrupted calls.

use std::io;
use std::mem::MaybeUninit;

use super::check;

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

/// Sends `signal` to one thread of this process: `tgkill(2)`. For tests.
pub(crate) fn signal_thread(thread: libc::pid_t, signal: libc::c_int) -> io::Result<()> {
    // SAFETY: tgkill takes no pointer; a thread that is gone is an error.
    check(unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, signal) } as isize)?;
    Ok(())
}
