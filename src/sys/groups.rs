//! Signals to a whole process group, `kill(2)`, and the way out of a terminal's. Whose
//! group it is, and when it is ended, is the caller's business.

use std::io;

use super::check;

/// Asks every process of the group to end (`SIGTERM`).
pub(crate) fn end_group(leader: u32) -> io::Result<()> {
    signal_group(leader, libc::SIGTERM)
}

/// Ends every process of the group (`SIGKILL`).
pub(crate) fn kill_group(leader: u32) -> io::Result<()> {
    signal_group(leader, libc::SIGKILL)
}

/// Lets every process of the group go on that was stopped (`SIGCONT`).
pub(crate) fn continue_group(leader: u32) -> io::Result<()> {
    signal_group(leader, libc::SIGCONT)
}

/// Leads a session of its own from now on, which has no terminal: `setsid(2)`. An error
/// if this process leads a group already.
pub(crate) fn leave_terminal() -> io::Result<()> {
    // SAFETY: setsid takes nothing.
    check(unsafe { libc::setsid() } as isize).map(drop)
}

fn signal_group(leader: u32, signal: libc::c_int) -> io::Result<()> {
    // 0 and 1 stand for other groups than one that was started here (kill(2)).
    match libc::pid_t::try_from(leader) {
        // SAFETY: kill takes two integers and touches no memory of ours.
        Ok(leader) if leader > 1 => check(unsafe { libc::kill(-leader, signal) } as isize).map(drop),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}
