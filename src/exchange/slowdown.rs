//! A slowdown made on purpose, to test what a comparison can find. It owns how
//! long a client burns and when; which mode is slowed, and by how much, is the
//! profile's. Nothing here costs time where nothing is slowed.

use std::time::{Duration, Instant};

use super::round::now;

/// The slowdown of one lane.
///
/// In a stream what is burned between messages, or at the end while the server
/// still reads what lies in the buffers, would partly fall into time in which
/// the client waits anyway, and nobody would know by how much the mode was
/// slowed. So each client burns before its first message: a share of what the
/// lane's last round took for as many. Clients that share a CPU burn one after the
/// other, so each of them a part of that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slowdown {
    percent: f64,
    sharing: usize,
    /// What a message took without it, in the lane's last round.
    a_message: Duration,
}

impl Slowdown {
    /// Of a lane that is slowed by `percent`, with so many clients a CPU; 0 % is none.
    pub(super) fn by(percent: f64, sharing: usize) -> Slowdown {
        Slowdown { percent, sharing, a_message: Duration::ZERO }
    }

    /// What each client burns before a round of `messages`.
    pub(super) fn of(&self, messages: u64) -> Duration {
        self.a_message.mul_f64(messages as f64 * self.percent / 100.0 / self.sharing as f64)
    }

    /// Learns from a round in which each client burned `burned` of its `wall`.
    pub(super) fn learn(&mut self, wall: Duration, burned: Duration, messages: u64) {
        let burned = burned.mul_f64(self.sharing as f64);
        self.a_message = wall.saturating_sub(burned).div_f64(messages.max(1) as f64);
    }
}

/// Keeps the CPU busy for so long.
pub(super) fn burn(duration: Duration) {
    if !duration.is_zero() {
        burn_until(now() + duration);
    }
}

/// Now, after burning `percent` of the time since a round trip `begun`: nothing
/// is in flight then.
#[inline]
pub(super) fn slowed(begun: Instant, percent: f64) -> Instant {
    let ended = now();
    match percent {
        0.0 => ended,
        percent => burn_until(ended + ended.duration_since(begun).mul_f64(percent / 100.0)),
    }
}

#[cold]
fn burn_until(until: Instant) -> Instant {
    let mut burning = now();
    while burning < until {
        std::hint::spin_loop();
        burning = now();
    }
    burning
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_burns_a_share_of_what_messages_took_without_it() {
        let mut slowdown = Slowdown::by(5.0, 1);
        assert_eq!(slowdown.of(100), Duration::ZERO, "nothing is known yet");
        slowdown.learn(Duration::from_millis(21), Duration::from_millis(1), 1000);
        assert_eq!(slowdown.of(2000), Duration::from_millis(2));
        assert_eq!(Slowdown::by(0.0, 1).of(2000), Duration::ZERO);
    }

    #[test]
    fn clients_that_share_a_cpu_burn_that_share_together() {
        let mut slowdown = Slowdown::by(5.0, 4);
        slowdown.learn(Duration::from_millis(24), Duration::from_millis(1), 1000);
        assert_eq!(4 * slowdown.of(1000), Duration::from_millis(1));
    }
}
