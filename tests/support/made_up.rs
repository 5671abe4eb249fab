//! A machine that takes what a test says, and what is measured of it: cells, whole
//! baselines and reports of any modes, sizes, thread counts and processes.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use copycost::cell::{Cell, Target};
use copycost::compare::{Baseline, CellComparison, Comparison, Options};
use copycost::copy_mode::Tally;
use copycost::counter::{COUNT, CPU_TIME, Count, Sums, VOLUNTARY_SWITCHES};
use copycost::cpu::{Cpu, Topology};
use copycost::environment::Environment;
use copycost::exchange::{Block, BlockRound, CellMeasurement, CostUnit, Received, SELF_LANE};
use copycost::metric::{Reading, Value};
use copycost::profile::Profile;
use copycost::report::Report;
use copycost::results::record::Record;
use copycost::zerocopy::Tally as Completions;
use std::time::Duration;

pub const MODES: [&str; 3] = ["two-copy", "one-copy", "zero-copy"];

/// Time a message in ns, by mode or reference, size and thread count.
pub type Time = fn(&str, usize, usize) -> f64;

/// What is measured, and what it comes to.
#[derive(Clone)]
pub struct Machine {
    pub target: Target,
    pub modes: Vec<&'static str>,
    pub sizes: Vec<usize>,
    pub threads: Vec<usize>,
    pub processes: usize,
    pub generations: usize,
    /// In each generation.
    pub blocks: usize,
    pub time: Time,
    /// A mode that takes so many times as long.
    pub slowed: Option<(&'static str, f64)>,
    /// By what every round takes longer.
    pub pace: f64,
    /// Half the width of the noise of a round, as a share.
    pub noise: f64,
    /// Over what width processes differ, in log scale: common to all rounds of one.
    pub drift: f64,
    /// Whether rounds of the references stand beside those of the modes.
    pub references: bool,
    /// Of 100 completions of `zero-copy` how many are deferred copies.
    pub deferred: u64,
    /// Context switches a round, of clients and of servers, by thread count, if
    /// anything is counted.
    pub switches: Option<fn(usize) -> f64>,
    /// CPUs' worth of time that clients and servers spend in a cell's own rounds,
    /// by mode, size and thread count; of cells in which anything is counted.
    pub busy: fn(&str, usize, usize) -> (f64, f64),
    /// Cells and lanes that were not measured: mode and size.
    pub missing: Vec<(&'static str, usize)>,
    pub cpus: usize,
    pub unit: CostUnit,
    pub profile: Profile,
    pub environment: Environment,
    pub seed: u64,
}

impl Machine {
    /// A recording's: one row of three modes.
    pub fn new() -> Machine {
        let mut environment = Environment::default();
        for (name, word) in [
            ("kernel_release", "6.1"),
            ("date_utc", "2026-01-01T00:00:00Z"),
            ("cpu.model", "A"),
            ("frequency.governor", "performance"),
        ] {
            environment.items.insert(name.into(), Reading::Value(Value::Text(word.into())));
        }
        Machine {
            target: Target::Throughput,
            modes: MODES.to_vec(),
            sizes: vec![4096],
            threads: vec![1],
            processes: 1,
            generations: 3,
            blocks: 8,
            time: |lane, _, _| match lane {
                "memcpy" => 100.0,
                "system-call" => 200.0,
                "two-copy" => 1000.0,
                "one-copy" => 1200.0,
                _ => 3000.0,
            },
            slowed: None,
            pace: 1.0,
            noise: 0.01,
            drift: 0.2,
            references: true,
            deferred: 0,
            switches: None,
            busy: |_, _, _| (0.0, 0.0),
            missing: Vec::new(),
            cpus: 8,
            unit: CostUnit::CpuNanoseconds,
            profile: Profile::load("recording").unwrap(),
            environment,
            seed: 1,
        }
    }

    /// A run's, of two modes and four sizes that take `time`.
    pub fn taking(time: Time) -> Machine {
        Machine {
            modes: MODES[..2].to_vec(),
            sizes: vec![1024, 4096, 16384, 65536],
            generations: 4,
            blocks: 4,
            time,
            drift: 0.4,
            deferred: 100,
            switches: Some(|_| 10.0),
            profile: Profile::load("default").unwrap(),
            ..Machine::new()
        }
    }

    pub fn report(&self) -> Report {
        Report::gather(&[self.baseline("made-up")], Vec::new())
    }

    /// A recording.
    pub fn record(&self, name: &str, seed: u64, processes: usize, target: Target) -> Baseline {
        Machine { seed, processes, target, ..self.clone() }.baseline(name)
    }

    pub fn baseline(&self, name: &str) -> Baseline {
        let mut random = fastrand::Rng::with_seed(self.seed);
        let processes = (0..self.processes).map(|_| self.process(&mut random)).collect();
        Baseline::of_processes(name, processes)
    }

    fn process(&self, random: &mut fastrand::Rng) -> Vec<Record> {
        let drift = (self.drift * (random.f64() - 0.5)).exp();
        let mut records = Vec::new();
        for threads in &self.threads {
            for bytes in &self.sizes {
                for mode in self.modes.iter().filter(|mode| self.has(mode, *bytes)) {
                    let measured = self.measurement(random, self.cell(mode, *bytes, *threads), drift);
                    let mut profile = self.profile.clone();
                    profile.matrix.modes = self.modes.iter().map(|mode| mode.to_string()).collect();
                    records.push(Record::new(
                        measured,
                        &profile,
                        &self.environment,
                        Reading::Absent("made up".into()),
                    ));
                }
            }
        }
        records
    }

    pub fn cell(&self, mode: &str, message_bytes: usize, threads: usize) -> Cell {
        Cell { target: self.target, mode: mode.into(), message_bytes, threads }
    }

    fn has(&self, mode: &str, bytes: usize) -> bool {
        !self.missing.contains(&(mode, bytes))
    }

    /// One cell of a process that differs by `drift` from the others.
    pub fn measurement(&self, random: &mut fastrand::Rng, cell: Cell, drift: f64) -> CellMeasurement {
        let cpus = (0..self.cpus).map(|number| Cpu { core: number, number, ..Cpu::default() }).collect();
        let numbers = 0..self.generations * self.blocks;
        let absent = |counter: usize| (counter, "no such counter here".to_string());
        CellMeasurement {
            plan: Topology::new(cpus).unwrap().plan(self.profile.placement.policy, cell.threads).unwrap(),
            blocks: numbers.map(|number| self.block(random, &cell, number, drift)).collect(),
            seed: random.u64(..),
            cell,
            generations: Vec::new(),
            cost_unit: self.unit,
            absent_counters: self.switches.map_or(Vec::new(), |_| UNCOUNTED.map(absent).to_vec()),
        }
    }

    fn block(&self, random: &mut fastrand::Rng, cell: &Cell, number: usize, drift: f64) -> Block {
        let (own, bytes) = (cell.mode.as_str(), cell.message_bytes);
        let messages = 1000;
        let is = |target: Target| self.target == target;
        let mut round = |lane: &str| {
            let mode = if lane == SELF_LANE { own } else { lane };
            let slowed = self.slowed.filter(|(slowed, _)| *slowed == mode).map_or(1.0, |(_, factor)| factor);
            let noise = 1.0 + self.noise * (2.0 * random.f64() - 1.0);
            let ns = (self.time)(mode, bytes, cell.threads) * self.pace * drift * slowed * noise;
            let time_ns = (ns * messages as f64) as u64;
            BlockRound {
                lane: lane.to_string(),
                messages,
                time_ns,
                cost: is(Target::CpuCost).then_some(time_ns),
                p50_ns: is(Target::Latency).then_some(time_ns / messages),
                p99_ns: is(Target::Latency).then_some(2 * time_ns / messages),
            }
        };
        let modes = self.modes.iter().copied().filter(|mode| self.has(mode, bytes));
        let with_references = self.references && !is(Target::Latency);
        let references = ["memcpy", "system-call"].into_iter().filter(|_| with_references);
        let rounds: Vec<BlockRound> = modes.chain(references).chain([SELF_LANE]).map(&mut round).collect();
        let own_ns = rounds.iter().find(|round| round.lane == own).unwrap().time_ns / messages;
        let wall = Duration::from_nanos(own_ns * messages);
        let busy = (self.busy)(own, bytes, cell.threads);
        let counted = |cpus: f64| {
            self.switches.map(|switches| {
                let mut counts = [Some(Count { value: 0.0, counted_share: 1.0 }); COUNT];
                UNCOUNTED.iter().for_each(|counter| counts[*counter] = None);
                counts[CPU_TIME] = Some(Count { value: cpus * wall.as_nanos() as f64, counted_share: 1.0 });
                counts[VOLUNTARY_SWITCHES] =
                    Some(Count { value: switches(cell.threads), counted_share: 1.0 });
                Sums::of(&counts)
            })
        };
        Block {
            generation: number / self.blocks,
            rounds,
            // From two thirds of the median up to twice that.
            round_trips_ns: match self.target {
                Target::Latency => (0..100).map(|trip| own_ns * (100 + trip) / 150).collect(),
                _ => Vec::new(),
            },
            tally: Some(self.tally(own, messages, messages * bytes as u64)),
            received: Received { copied_bytes: messages * bytes as u64, ..Received::default() },
            client_counts: counted(busy.0),
            server_counts: counted(busy.1),
            wall,
        }
    }
}

impl Machine {
    fn tally(&self, mode: &str, messages: u64, bytes: u64) -> Tally {
        match mode {
            "zero-copy" => Tally {
                reported_bytes: bytes,
                completions: Some(Completions {
                    sends: messages,
                    notifications: messages,
                    deferred_copies: messages * self.deferred / 100,
                    error_queue_reads: 5,
                    empty_error_queue_reads: 5,
                    ..Completions::default()
                }),
                ..Tally::default()
            },
            "sendfile" => Tally { unreported_bytes: bytes, ..Tally::default() },
            _ => Tally { copied_bytes: bytes, ..Tally::default() },
        }
    }
}

/// Cycles and L1 misses.
const UNCOUNTED: [usize; 2] = [0, 2];

/// 100 ns for an empty system call, 20 GB/s for a plain copy.
pub fn reference(lane: &str, bytes: usize) -> Option<f64> {
    match lane {
        "system-call" => Some(100.0),
        "memcpy" => Some(bytes as f64 / 20.0),
        _ => None,
    }
}

pub fn options() -> Options {
    Options { threshold: 0.0, force: false, comparisons: 1 }
}

pub fn cell<'a>(comparison: &'a Comparison, mode: &str) -> &'a CellComparison {
    comparison.cells.iter().find(|cell| cell.cell.mode == mode).unwrap()
}
