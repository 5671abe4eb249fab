//! Counters of one thread: what it cost the CPU between two points. It owns
//! their names and how readings are subtracted and summed; which points those
//! are is `exchange/`'s business, what a figure means `metric/`'s.

mod migrations;
mod perf_events;
pub(crate) mod refusal;
mod sums;
mod thread_usage;

use std::io;

pub use migrations::Migrations;
pub(crate) use perf_events::refused;
pub use perf_events::{Counted, EventGroup, PerfEvents};
pub use sums::{LEAST_COUNTED_ROUNDS, Sum, Sums};
pub use thread_usage::ThreadUsage;

/// One thing that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The name without the side.
    pub name: &'static str,
    /// The metric of the client threads' count.
    pub client: &'static str,
    /// The metric of the server threads' count.
    pub server: &'static str,
    /// The unit; `""` for events.
    pub unit: &'static str,
    /// What it counts.
    pub meaning: &'static str,
}

/// A counter's line in [`KINDS`]: both sides' metrics are of one name.
macro_rules! kind {
    ($name:literal, $unit:literal, $meaning:literal) => {
        Kind {
            name: $name,
            client: concat!("client_", $name),
            server: concat!("server_", $name),
            unit: $unit,
            meaning: $meaning,
        }
    };
}

/// Every counter, in the order of [`Snapshot`] and [`Counts`].
pub const KINDS: [Kind; COUNT] = [
    kind!("cycles", "cycles", "CPU cycles, user and kernel"),
    kind!("instructions", "", "instructions, user and kernel"),
    kind!("l1d_misses", "", "L1 data cache load misses"),
    kind!("llc_misses", "", "last-level cache misses"),
    kind!("branch_misses", "", "mispredicted branches"),
    kind!("migrations", "", "moves to another CPU"),
    kind!("cpu_time", "ns", "CPU time, user and kernel"),
    kind!("voluntary_switches", "", "context switches by waiting"),
    kind!("involuntary_switches", "", "context switches by preemption"),
    kind!("page_faults", "", "page faults, minor and major"),
];

/// How many counters there are.
pub const COUNT: usize = 10;

/// The place of hardware cycles in [`KINDS`].
pub const CYCLES: usize = 0;
/// The place of moves to another CPU in [`KINDS`].
pub const MIGRATIONS: usize = 5;
/// The place of CPU time in [`KINDS`].
pub const CPU_TIME: usize = 6;
/// The place of voluntary context switches in [`KINDS`].
pub const VOLUNTARY_SWITCHES: usize = 7;
/// The place of involuntary context switches in [`KINDS`].
pub const INVOLUNTARY_SWITCHES: usize = 8;

/// A counter's value since it was opened, with the time for which it was
/// wanted and the time for which the CPU had room for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The raw count.
    pub value: u64,
    /// Nanoseconds for which it was enabled.
    pub enabled_ns: u64,
    /// Nanoseconds for which it counted; less where it was multiplexed.
    pub running_ns: u64,
}

impl Reading {
    /// A reading of something that is never multiplexed.
    pub fn whole(value: u64) -> Reading {
        Reading { value, enabled_ns: 0, running_ns: 0 }
    }
}

/// All counters of a thread at one point; `None` where one is absent.
pub type Snapshot = [Option<Reading>; COUNT];

/// Counters of the thread that opened them.
pub trait ThreadCounters {
    /// Reads those that this source has into `snapshot`. What has no count for
    /// now stays absent in it, with the reason in [`ThreadCounters::absences`].
    fn read(&mut self, snapshot: &mut Snapshot) -> io::Result<()>;

    /// Why each of the others of this source's own is, or has been, absent.
    fn absences(&self) -> Vec<(usize, String)>;

    /// How many file descriptors it holds.
    fn open_files(&self) -> usize {
        0
    }
}

/// Opens counters in each thread that is to be counted.
pub trait CounterSource: Send + Sync {
    /// Opens this source's counters for the calling thread. What cannot be
    /// opened is absent, never an error.
    fn open(&self) -> Box<dyn ThreadCounters>;
}

/// The sources that a run counts with: hardware events, moves between CPUs, and
/// the thread's own resource usage.
pub fn sources() -> Vec<Box<dyn CounterSource>> {
    vec![Box::new(PerfEvents::default()), Box::new(Migrations), Box::new(ThreadUsage)]
}

/// What a counter came to between two snapshots.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    /// The count, scaled up where it was multiplexed.
    pub value: f64,
    /// The least share of the time for which it counted, 0 to 1.
    pub counted_share: f64,
}

/// All counts; `None` where one is absent.
pub type Counts = [Option<Count>; COUNT];

/// The counts from `earlier` to `later`. A counter that never got onto the CPU
/// in between is absent, since nothing can be scaled up from.
pub fn between(earlier: &Snapshot, later: &Snapshot) -> Counts {
    std::array::from_fn(|kind| {
        let (earlier, later) = (earlier[kind]?, later[kind]?);
        let value = later.value.saturating_sub(earlier.value) as f64;
        let enabled = later.enabled_ns.saturating_sub(earlier.enabled_ns) as f64;
        let running = later.running_ns.saturating_sub(earlier.running_ns) as f64;
        if enabled == 0.0 {
            return Some(Count { value, counted_share: 1.0 });
        }
        // perf_event_open(2): scale by time_enabled over time_running.
        (running > 0.0)
            .then(|| Count { value: value * enabled / running, counted_share: (running / enabled).min(1.0) })
    })
}

/// Why a round has no count of a counter that is there: it was never its turn.
pub const NEVER_COUNTED: &str = "in some round it never got a hardware counter (multiplexed)";

/// The counters of one thread, from every source.
pub struct Opened {
    counters: Vec<Box<dyn ThreadCounters>>,
    /// Counters whose absence has been handed over.
    told: [bool; COUNT],
}

impl Opened {
    /// Opens every source for the calling thread.
    pub fn new(sources: &[Box<dyn CounterSource>]) -> Opened {
        Opened { counters: sources.iter().map(|source| source.open()).collect(), told: [false; COUNT] }
    }

    /// Reads every source.
    pub fn read(&mut self) -> io::Result<Snapshot> {
        let mut snapshot = Snapshot::default();
        for counters in &mut self.counters {
            counters.read(&mut snapshot)?;
        }
        Ok(snapshot)
    }

    /// Why each counter is absent that `snapshot` lacks and that has not been
    /// handed over here before. Costs nothing while there is nothing new.
    pub fn new_absences(&mut self, snapshot: &Snapshot) -> Vec<(usize, String)> {
        let new = |kind: usize, told: &[bool; COUNT]| snapshot[kind].is_none() && !told[kind];
        if !(0..COUNT).any(|kind| new(kind, &self.told)) {
            return Vec::new();
        }
        let mut absences = self.absences();
        absences.retain(|(kind, _)| new(*kind, &self.told));
        for (told, reading) in self.told.iter_mut().zip(snapshot) {
            *told |= reading.is_none();
        }
        absences
    }

    /// How many file descriptors the sources hold for this thread.
    pub fn open_files(&self) -> usize {
        self.counters.iter().map(|counters| counters.open_files()).sum()
    }

    /// Why each counter is absent, or has been in some reading.
    pub fn absences(&self) -> Vec<(usize, String)> {
        self.counters.iter().flat_map(|counters| counters.absences()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(value: u64, enabled_ns: u64, running_ns: u64) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot[CYCLES] = Some(Reading { value, enabled_ns, running_ns });
        snapshot
    }

    #[test]
    fn a_multiplexed_count_is_scaled_and_says_its_share() {
        let counts = between(&snapshot(100, 1000, 500), &snapshot(400, 3000, 1000));
        let count = counts[CYCLES].unwrap();
        assert_eq!((count.value, count.counted_share), (300.0 * 2000.0 / 500.0, 0.25));
        let whole = between(&snapshot(100, 1000, 1000), &snapshot(400, 3000, 3000))[CYCLES].unwrap();
        assert_eq!((whole.value, whole.counted_share), (300.0, 1.0));
    }

    #[test]
    fn a_counter_that_never_ran_is_absent_and_not_zero() {
        assert_eq!(between(&snapshot(100, 1000, 500), &snapshot(100, 3000, 500))[CYCLES], None);
        assert_eq!(between(&Snapshot::default(), &snapshot(1, 1, 1))[CYCLES], None);
    }
}
