//! What this process may have, `getrlimit(2)`.

use std::io;

use super::check;

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
