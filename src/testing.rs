//! What tests need and no program does: signals that interrupt system calls.
//! Hidden from the documentation; it may change without notice.

use std::io;

use crate::sys;

/// Installs an empty handler without `SA_RESTART` for [`interrupt_threads`].
pub fn ignore_by_handler() -> io::Result<()> {
    sys::install_empty_handler(libc::SIGUSR1)
}

/// Sends a signal to every thread of this process whose name begins with one
/// of `names`, and returns how many got it. [`ignore_by_handler`] must have
/// been called, or the first signal ends the process.
pub fn interrupt_threads(names: &[&str]) -> u64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0 };
    let mut sent = 0;
    for task in tasks.flatten() {
        let comm = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        let thread = task.file_name().to_str().and_then(|id| id.parse().ok());
        if let Some(thread) = thread.filter(|_| names.iter().any(|name| comm.starts_with(name))) {
            sent += u64::from(sys::signal_thread(thread, libc::SIGUSR1).is_ok());
        }
    }
    sent
}
