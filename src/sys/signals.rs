//! Signals: to threads of this process, for tests of interrupted calls, and on to
//! a child that is to end in its place.

use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicI32, Ordering};

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

/// The child that signals are handed on to; 0 until there is one, and -1 if one
/// came before.
static CHILD: AtomicI32 = AtomicI32::new(0);

/// From now on the signals that ask a process to end are handed on to the child
/// of [`hand_signals_to`]: `sigaction(2)`. The child itself begins without
/// handlers (execve(2)).
pub(crate) fn hand_on_signals() -> io::Result<()> {
    extern "C" fn handler(signal: libc::c_int) {
        let child = CHILD.load(Ordering::SeqCst);
        if child > 0 {
            // SAFETY: kill takes no pointer, and may be called in a handler
            // (signal-safety(7)).
            unsafe { libc::kill(child, signal) };
        } else {
            CHILD.store(-1, Ordering::SeqCst);
        }
    }
    CHILD.store(0, Ordering::SeqCst); // of an earlier child
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: sigaction is plain data for which all-zero is a valid value.
        let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        action.sa_sigaction = handler as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: `action` is valid; the handler touches one atomic and calls
        // what may be called in one.
        check(unsafe { libc::sigaction(signal, &action, std::ptr::null_mut()) } as isize)?;
    }
    Ok(())
}

/// Names the child. A signal that came before it is handed on at once.
pub(crate) fn hand_signals_to(child: u32) {
    let child = i32::try_from(child).unwrap_or(0);
    if CHILD.swap(child, Ordering::SeqCst) == -1 && child > 0 {
        // SAFETY: kill takes no pointer.
        unsafe { libc::kill(child, libc::SIGTERM) };
    }
}
