//! How long to wait for memory that other sockets hold. A send can be refused
//! with `ENOBUFS` while none of its own socket's is in flight: pinned pages are
//! accounted by user (`RLIMIT_MEMLOCK`, getrlimit(2)), and nothing says when
//! another socket's completions make room. It owns the bounds of that wait.

use std::time::Duration;

/// Eight waits, each twice as long as the one before: 12.75 ms in all. A
/// completion over loopback takes well below one.
const WAITS: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_micros(50);

/// Waits in vain since the kernel last took a send.
#[derive(Debug, Default)]
pub(super) struct Patience {
    waits: u32,
}

impl Patience {
    /// Whether waiting has been in vain. It stays so until [`Patience::renew`],
    /// so that a socket that never gets memory (`net.core.optmem_max` too small
    /// for one notification) does not wait with every send.
    pub(super) fn is_over(&self) -> bool {
        self.waits == WAITS
    }

    /// Waits once more, no longer than `limit`.
    #[cold]
    pub(super) fn wait(&mut self, limit: Duration) {
        std::thread::sleep((FIRST_WAIT * (1 << self.waits)).min(limit));
        self.waits = (self.waits + 1).min(WAITS);
    }

    /// A send of this socket was taken and has completed.
    pub(super) fn renew(&mut self) {
        self.waits = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_after_eight_waits_and_begins_anew() {
        let mut patience = Patience::default();
        for waited in 0..20 {
            assert_eq!(patience.is_over(), waited >= WAITS);
            patience.wait(Duration::ZERO);
        }
        patience.renew();
        assert!(!patience.is_over());
    }
}
