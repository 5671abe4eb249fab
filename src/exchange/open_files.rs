//! How many files a cell has open at once, and whether this process may: asked
//! before anything is measured, since the last connection of the last cell is
//! the one that fails. It owns the sum; what opens them is its neighbours'.

use crate::counter::{CounterSource, Opened};
use crate::error::{Error, Result};
use crate::sys;

/// Kept free for what comes and goes: Criterion's files, records, `/proc`.
const SPARE: usize = 32;

/// How many files are open at once in a cell of `modes` copy modes (the self
/// check's twin is one) and `threads` clients whose every thread opens
/// `counters` of them, in a process that has `others` open.
pub fn open_files_needed(modes: usize, threads: usize, counters: usize, others: usize) -> usize {
    let connections = modes * threads;
    let (listener, rings, counted_threads) = (1, threads, threads + connections);
    others + SPARE + listener + rings + 2 * connections + counters * counted_threads
}

/// Raises the soft limit of open files to the hard one, as nothing here uses
/// `select(2)`, for which it is kept low. Fails if that is not enough for the
/// largest cell, of `modes` copy modes and `threads` clients.
pub fn secure_open_files(modes: usize, threads: usize, counters: &[Box<dyn CounterSource>]) -> Result<()> {
    // Without the limit, or a way to raise it, the calls themselves will say so.
    let Ok((soft, hard)) = sys::open_files_limits() else { return Ok(()) };
    let limit = if soft < hard && sys::set_open_files_limits(hard, hard).is_err() { soft } else { hard };
    let others = open_now();
    let needed = open_files_needed(modes, threads, Opened::new(counters).open_files(), others) as u64;
    match needed > limit {
        true => Err(Error::OpenFiles { threads, needed, limit }),
        false => Ok(()),
    }
}

/// What is open now; the one that reads the list is among them.
fn open_now() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(3, |entries| entries.count().saturating_sub(1))
}
