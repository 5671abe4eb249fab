//! What an agent's process, and the machine under it, did while others had their
//! rounds: a side is meant to be idle then. It owns when that is looked at, next to
//! rounds and never within one; what follows from it is `sides`'.

use std::time::{Duration, Instant};

use super::clock::now;
use crate::environment;
use crate::sys;

/// Adds up over a generation.
#[derive(Default)]
pub(super) struct BetweenRounds {
    /// Whether the machine is another than its controller's, so that none of the other
    /// sides' rounds is in what it does. Else it is not asked.
    pub(super) is_elsewhere: bool,
    since: Option<Look>,
    wall: Duration,
    process: Duration,
    /// Of all processors together.
    machine: Option<Duration>,
}

struct Look {
    at: Instant,
    process_ns: u64,
    machine: Option<Duration>,
}

impl BetweenRounds {
    pub(super) fn new(is_elsewhere: bool) -> BetweenRounds {
        BetweenRounds { is_elsewhere, machine: is_elsewhere.then_some(Duration::ZERO), ..Self::default() }
    }

    /// A round is over.
    pub(super) fn begin(&mut self) {
        self.since = self.look();
    }

    /// A round is to begin.
    pub(super) fn end(&mut self) {
        let Some(since) = self.since.take() else { return };
        let Some(look) = self.look() else { return };
        self.wall += look.at.duration_since(since.at);
        self.process += Duration::from_nanos(look.process_ns.saturating_sub(since.process_ns));
        let machine = look.machine.zip(since.machine).map(|(now, then)| now.saturating_sub(then));
        self.machine = self.machine.zip(machine).map(|(so_far, more)| so_far + more);
    }

    /// How many CPUs the agent kept busy.
    pub(super) fn share(&self) -> Option<f64> {
        self.over_wall(self.process)
    }

    /// How many CPUs of another machine were busy, whoever was.
    pub(super) fn machine_share(&self) -> Option<f64> {
        self.over_wall(self.machine?)
    }

    fn over_wall(&self, busy: Duration) -> Option<f64> {
        (!self.wall.is_zero()).then(|| busy.as_secs_f64() / self.wall.as_secs_f64())
    }

    fn look(&self) -> Option<Look> {
        let machine = if self.is_elsewhere { environment::busy_cpu_time() } else { None };
        sys::process_cpu_time_ns().ok().map(|process_ns| Look { at: now(), process_ns, machine })
    }
}
