//! How long is waited for the other end. It owns that clock; nothing that is
//! measured sees it.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::sys;

#[allow(clippy::disallowed_methods)] // how long to wait, and nothing that is measured
pub(super) fn now() -> Instant {
    Instant::now()
}

/// A pipe or socket that is waited for until a point in time.
pub(super) struct Timed<R> {
    pub(super) from: R,
    pub(super) until: Instant,
}

impl<R> Timed<R> {
    pub(super) fn new(from: R) -> Timed<R> {
        Timed { from, until: now() }
    }

    pub(super) fn wait_for(&mut self, limit: Duration) {
        self.until = now() + limit;
    }
}

impl<R: Read + AsFd> Read for Timed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.until.saturating_duration_since(now());
            // Rounded up: a wait of 0 ms would be none.
            if sys::wait_readable(self.from.as_fd(), left + Duration::from_millis(1))? {
                return self.from.read(buffer);
            }
            if now() >= self.until {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
}
