//! What goes to standard error while something runs, kept: `dup2(2)`.

use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use super::{check, memory_file};

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
