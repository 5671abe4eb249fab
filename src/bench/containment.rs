//! What of Criterion's must not reach the user: its panics, which become errors,
//! and its chatter on standard error, which is dropped where none is wanted. It
//! owns the process's panic hook while it runs.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};

use crate::sys;

/// Runs `work`, in which no panic of this thread prints anything. Returns the
/// panic's message if one leaves `work`.
pub(super) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let own = std::thread::current().id();
    let other_threads = take_hook();
    set_hook(Box::new(move |panic| {
        if std::thread::current().id() != own {
            other_threads(panic);
        }
    }));
    let done = catch_unwind(AssertUnwindSafe(work));
    drop(take_hook());
    done.map_err(|panic| text(panic.as_ref()))
}

/// What a caught panic says. That nobody reads the output any more is no fault
/// of what was being done: such a panic goes on, and ends the run.
pub(super) fn message(panic: Box<dyn Any + Send>) -> String {
    let message = text(panic.as_ref());
    if message.starts_with("failed printing to ") {
        resume_unwind(panic);
    }
    message
}

/// Lets Criterion draw a page. One that cannot be drawn is a message and no
/// failure of the run, as with our own.
pub(super) fn drawn(draw: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(draw)) {
        eprintln!("copycost: a page of Criterion's was not drawn: {}", message(panic));
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}

/// Runs `work` without the lines about how far Criterion is; any other line on
/// standard error is an error, and printed afterwards.
pub(super) fn without_chatter<T>(work: impl FnOnce() -> T) -> T {
    let (done, written) = sys::with_standard_error_kept(work);
    let written = String::from_utf8_lossy(&written);
    for line in written.split(['\n', '\r']) {
        // On a terminal Criterion clears the line before it writes the next.
        let line = line.trim_start_matches("\x1b[2K");
        let is_chatter = CHATTER.iter().any(|chatter| line.starts_with(chatter));
        if !line.is_empty() && !is_chatter {
            eprintln!("{line}");
        }
    }
    done
}

/// How lines begin that Criterion writes of its progress, of its search for a
/// plotting backend that is chosen here, and of a number that a profile may have.
const CHATTER: [&str; 3] =
    ["Benchmarking ", "Gnuplot not found", "Warning: It is not recommended to reduce nresamples"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(contained(|| 7), Ok(7));
        assert_eq!(contained(|| panic!("a {}", 1)), Err::<(), _>("a 1".to_string()));
        assert_eq!(contained(|| panic!("plain")), Err::<(), _>("plain".to_string()));
    }
}
