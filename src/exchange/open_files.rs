//! How many files a cell has open at once, and whether this process may: asked
//! before anything is measured, since the last connection of the last cell is
//! the one that fails. It owns the sum; what opens them is its neighbours'.

use crate::copy_mode::ModeEntry;
use crate::counter::{CounterSource, Opened};
use crate::error::{Error, Result};
use crate::sys;

/// Kept free for what comes and goes: Criterion's files, records, `/proc`.
const SPARE: usize = 32;

/// How many files are open at once in a cell of `modes` and, if it has one, the
/// self check's twin, with `threads` clients whose every thread opens
/// `counters` of them, in a process that has `others` open.
pub fn open_files_needed(
    modes: &[ModeEntry],
    self_check: bool,
    threads: usize,
    counters: usize,
    others: usize,
) -> usize {
    let own = modes.iter().map(|mode| mode.open_files);
    let twin = own.clone().max().filter(|_| self_check).unwrap_or(0);
    let of_modes = (own.sum::<usize>() + twin) * threads;
    let connections = (modes.len() + usize::from(self_check)) * threads;
    let (listener, rings, counted_threads) = (1, threads, threads + connections);
    others + SPARE + listener + rings + 2 * connections + of_modes + counters * counted_threads
}

/// Raises the soft limit of open files to the hard one, as nothing here uses
/// `select(2)`, for which it is kept low. Fails if that is not enough for the
/// largest cell, of `modes` (and the self check's twin) and `threads` clients.
pub fn secure_open_files(
    modes: &[ModeEntry],
    self_check: bool,
    threads: usize,
    counters: &[Box<dyn CounterSource>],
) -> Result<()> {
    // Without the limit, or a way to raise it, the calls themselves will say so.
    let Ok((soft, hard)) = sys::open_files_limits() else { return Ok(()) };
    let limit = if soft < hard && sys::set_open_files_limits(hard, hard).is_err() { soft } else { hard };
    let others = open_now();
    let needed =
        open_files_needed(modes, self_check, threads, Opened::new(counters).open_files(), others) as u64;
    match needed > limit {
        true => Err(Error::OpenFiles { threads, needed, limit }),
        false => Ok(()),
    }
}

/// What is open now; the one that reads the list is among them.
fn open_now() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(3, |entries| entries.count().saturating_sub(1))
}
