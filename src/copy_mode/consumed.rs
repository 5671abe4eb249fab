//! How far the server of a connection has read, and sleeping until it is there:
//! for modes whose kernel interface reports nothing. It owns that nobody spins,
//! which would count as a mode's CPU cost; who the two ends are it does not know.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// The bytes of one connection that its server has read since it was opened.
/// One thread, the server's, says how far it is; one other may wait for it.
#[derive(Debug, Default)]
pub struct Consumed {
    bytes: AtomicU64,
    /// What the sleeper waits for; 0 while nobody sleeps.
    awaited: AtomicU64,
    ended: AtomicBool,
    is_unseen: bool,
    sleeping: Mutex<()>,
    wake: Condvar,
}

impl Consumed {
    /// Of a server that is elsewhere, and says nothing while it reads.
    pub fn unseen() -> Consumed {
        Consumed { is_unseen: true, ..Consumed::default() }
    }

    /// Whether how far the server is will never be known.
    pub fn is_unseen(&self) -> bool {
        self.is_unseen
    }

    /// The bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    /// The server has read `bytes` in all. Wakes who waits for as many.
    #[inline]
    pub fn advance(&self, bytes: u64) {
        // Sequentially consistent with `wait_for`: either it sees these bytes,
        // or its request is seen here.
        self.bytes.store(bytes, Ordering::SeqCst);
        let awaited = self.awaited.load(Ordering::SeqCst);
        if awaited != 0 && awaited <= bytes {
            self.wake_sleeper();
        }
    }

    /// The server reads no more. Whoever waits has waited in vain.
    pub fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.wake_sleeper();
    }

    /// Sleeps until the server has read `bytes`; fails with `TimedOut` after
    /// `limit`, and with `ConnectionAborted` if the server ends before.
    pub fn wait_for(&self, bytes: u64, limit: Duration) -> io::Result<()> {
        if self.bytes() >= bytes {
            return Ok(());
        }
        self.awaited.store(bytes, Ordering::SeqCst);
        let is_to_sleep =
            |_: &mut ()| self.bytes.load(Ordering::SeqCst) < bytes && !self.ended.load(Ordering::SeqCst);
        let guard = self.sleeping.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let slept = self.wake.wait_timeout_while(guard, limit, is_to_sleep);
        drop(slept.unwrap_or_else(|poisoned| poisoned.into_inner()));
        self.awaited.store(0, Ordering::SeqCst);
        match (self.bytes() >= bytes, self.ended.load(Ordering::SeqCst)) {
            (true, _) => Ok(()),
            (false, true) => Err(io::ErrorKind::ConnectionAborted.into()),
            (false, false) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    #[cold]
    fn wake_sleeper(&self) {
        // Taken so that a sleeper has either not looked yet or sleeps already.
        drop(self.sleeping.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        self.wake.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_with_the_bytes_the_server_or_the_limit() {
        let consumed = Consumed::default();
        let long = Duration::from_secs(60);
        consumed.advance(10);
        consumed.wait_for(10, long).unwrap();
        let timed_out = consumed.wait_for(11, Duration::from_millis(1)).unwrap_err();
        assert_eq!(timed_out.kind(), io::ErrorKind::TimedOut);
        std::thread::scope(|scope| {
            // However the two meet, the sleeper is woken.
            let reader = scope.spawn(|| (11..=2000).for_each(|bytes| consumed.advance(bytes)));
            (11..=2000).for_each(|bytes| consumed.wait_for(bytes, long).unwrap());
            reader.join().unwrap();
            let waiting = scope.spawn(|| consumed.wait_for(2001, long));
            consumed.end();
            assert_eq!(waiting.join().unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        });
    }
}
