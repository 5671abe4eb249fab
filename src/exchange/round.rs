//! The gate that all clients of a round start at, and the account of who has
//! ended. It owns the round's clock and the watch for a round that stands
//! still; it knows nothing of sockets.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::absence::CounterAbsences;
use super::block::Round;
use crate::error::Error;
use crate::sys;

/// What a client is to do next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Job {
    pub(super) lane: usize,
    pub(super) messages: u64,
    /// What each client burns first: nothing but in a test of comparisons.
    pub(super) burn: Duration,
}

impl Job {
    /// The share of client `index` of `clients`: even, the first ones take
    /// what is left over.
    pub(super) fn share(&self, index: usize, clients: usize) -> u64 {
        let (index, clients) = (index as u64, clients as u64);
        self.messages / clients + u64::from(index < self.messages % clients)
    }
}

#[derive(Default)]
struct State {
    job: Job,
    /// Counts rounds, so that a client does each once.
    number: u64,
    /// Threads that are set up, then clients that wait for the release.
    waiting: usize,
    released: bool,
    absences: CounterAbsences,
    /// Clients and servers that have not ended their part.
    running: usize,
    last_end: Option<Instant>,
    round: Round,
    /// Of a latency round, as each client handed them over.
    round_trips_ns: Vec<Vec<u64>>,
    stop: bool,
    failure: Option<Error>,
}

/// Shared by the coordinator and all threads of a generation.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    /// See [`Gate::moved`].
    moves: AtomicU64,
    to_threads: Condvar,
    to_coordinator: Condvar,
}

/// Why the coordinator gave up.
pub(super) enum Outcome {
    Done,
    Failed(Error),
    /// Nothing moved for this long.
    Stalled(Duration),
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    // ---- the threads' side ----

    /// A thread has set itself up, but for the counters in `absences`.
    pub(super) fn set_up(&self, absences: Vec<(usize, String)>) {
        self.note_absences(absences);
        self.lock().waiting += 1;
        self.to_coordinator.notify_one();
    }

    /// A thread lacks these counters from now on, or did in its last round.
    pub(super) fn note_absences(&self, absences: Vec<(usize, String)>) {
        if !absences.is_empty() {
            self.lock().absences.note(absences);
        }
    }

    /// A round without connections moves.
    pub(super) fn moved(&self) {
        self.moves.fetch_add(1, Ordering::Relaxed);
    }

    /// Blocks until there is a round that comes after number `seen`; `None`
    /// when the generation ends.
    pub(super) fn next_job(&self, seen: &mut u64) -> Option<Job> {
        let waiting = |state: &mut State| !state.stop && state.number == *seen;
        let state = self.to_threads.wait_while(self.lock(), waiting);
        let state = state.unwrap_or_else(|poisoned| poisoned.into_inner());
        *seen = state.number;
        (!state.stop).then_some(state.job)
    }

    /// Says that this client is ready and blocks until all are released;
    /// `false` when the generation ends instead.
    pub(super) fn await_release(&self) -> bool {
        let mut state = self.lock();
        state.waiting += 1;
        self.to_coordinator.notify_one();
        let waiting = |state: &mut State| !state.stop && !state.released;
        let state = self.to_threads.wait_while(state, waiting);
        !state.unwrap_or_else(|poisoned| poisoned.into_inner()).stop
    }

    /// A client or server has ended its part, at `end`. Others may still be
    /// timed: round trips change hands and are put together when all have ended.
    pub(super) fn ended(&self, end: Instant, round_trips_ns: Vec<u64>, add: impl FnOnce(&mut Round)) {
        let mut state = self.lock();
        state.running = state.running.saturating_sub(1);
        state.last_end = state.last_end.max(Some(end));
        if !round_trips_ns.is_empty() {
            state.round_trips_ns.push(round_trips_ns);
        }
        add(&mut state.round);
        if state.running == 0 {
            self.to_coordinator.notify_one();
        }
    }

    /// A thread cannot go on. The first failure is the one that is reported:
    /// the others follow from it.
    pub(super) fn fail(&self, failure: Error) {
        let mut state = self.lock();
        if !state.stop {
            state.failure.get_or_insert(failure);
        }
        self.to_coordinator.notify_one();
    }

    /// Blocks until the generation ends.
    pub(super) fn await_stop(&self) {
        let state = self.to_threads.wait_while(self.lock(), |state| !state.stop);
        drop(state);
    }

    // ---- the coordinator's side ----

    /// Blocks until `threads` have what they cannot do without, releases them
    /// to open their counters, and blocks until all have called
    /// [`Gate::set_up`]. So a counter never takes the file descriptor that
    /// another thread's memory needs.
    pub(super) fn await_set_up(&self, threads: usize, limit: Duration) -> Outcome {
        match self.watch(limit, || 0, |state| state.waiting == threads) {
            Outcome::Done => {}
            other => return other,
        }
        {
            let mut state = self.lock();
            state.waiting = 0;
            state.released = true;
        }
        self.to_threads.notify_all();
        self.watch(limit, || 0, |state| state.waiting == threads)
    }

    /// Counters that one of `threads` lacks or lacked, and why.
    pub(super) fn absences(&self, threads: usize) -> Vec<(usize, String)> {
        self.lock().absences.of(threads)
    }

    /// Runs one round: tells `clients` what to do, waits until all are ready,
    /// releases them, and waits until all clients and `servers` have ended.
    /// `progress` is any number that changes while the round moves.
    pub(super) fn run(
        &self,
        job: Job,
        clients: usize,
        servers: usize,
        limit: Duration,
        progress: impl Fn() -> u64,
    ) -> Result<Round, Outcome> {
        self.begin(job, clients, servers);
        match self.watch(limit, || 0, |state| state.waiting == clients) {
            Outcome::Done => {}
            other => return Err(other),
        }
        let released = now();
        self.lock().released = true;
        self.to_threads.notify_all();
        match self.watch(limit, progress, |state| state.running == 0) {
            Outcome::Done => {}
            other => return Err(other),
        }
        let mut state = self.lock();
        let mut round = std::mem::take(&mut state.round);
        round.round_trips_ns = std::mem::take(&mut state.round_trips_ns).concat();
        round.wall = state.last_end.unwrap_or(released).saturating_duration_since(released);
        Ok(round)
    }

    fn begin(&self, job: Job, clients: usize, servers: usize) {
        {
            let mut state = self.lock();
            state.job = job;
            state.number += 1;
            state.waiting = 0;
            state.released = false;
            state.running = clients + servers;
            state.last_end = None;
            state.round = Round { messages: job.messages, ..Round::default() };
            state.round_trips_ns = Vec::with_capacity(clients);
        }
        self.to_threads.notify_all();
    }

    /// Begins a round of which nothing but `servers` are in this process.
    pub(super) fn begin_servers(&self, servers: usize) {
        self.begin(Job::default(), 0, servers);
    }

    /// What that round came to, or why it will not be over; `None` if it is not within
    /// `step`.
    pub(super) fn await_servers(&self, step: Duration) -> Option<Result<Round, Error>> {
        let goes_on = |state: &mut State| state.running > 0 && state.failure.is_none();
        let waited = self.to_coordinator.wait_timeout_while(self.lock(), step, goes_on);
        let mut state = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        match (state.failure.take(), state.running) {
            (Some(failure), _) => Some(Err(failure)),
            (None, 0) => Some(Ok(std::mem::take(&mut state.round))),
            (None, _) => None,
        }
    }

    /// How many threads have done their part of the set-up.
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting
    }

    /// How many ends of the round are still open, for an error's text.
    pub(super) fn running(&self) -> usize {
        self.lock().running
    }

    /// Ends the generation: every thread that waits here leaves.
    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.to_threads.notify_all();
    }

    fn watch(&self, limit: Duration, progress: impl Fn() -> u64, done: impl Fn(&State) -> bool) -> Outcome {
        let step = (limit / 8).min(Duration::from_millis(200));
        let mut state = self.lock();
        let mut moved = now();
        let progress = || (progress(), self.moves.load(Ordering::Relaxed));
        let mut last = (progress(), state.waiting, state.running);
        loop {
            if let Some(failure) = state.failure.take() {
                return Outcome::Failed(failure);
            }
            if done(&state) {
                return Outcome::Done;
            }
            let waited = self.to_coordinator.wait_timeout(state, step);
            state = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
            let at = (progress(), state.waiting, state.running);
            if at != last {
                (last, moved) = (at, now());
            } else if now().duration_since(moved) >= limit && !done(&state) && state.failure.is_none() {
                return Outcome::Stalled(limit);
            }
        }
    }
}

/// The calling thread's CPU time: the clock of a reference's work.
pub(super) fn thread_cpu_time() -> io::Result<Duration> {
    sys::thread_cpu_time_ns().map(Duration::from_nanos)
}

/// The clock of every measurement: `CLOCK_MONOTONIC`, the same on all CPUs.
pub(super) fn now() -> Instant {
    #[allow(clippy::disallowed_methods)] // the one place that reads it
    Instant::now()
}
