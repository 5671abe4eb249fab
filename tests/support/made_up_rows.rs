//! Whole baselines of a machine that takes what a test says: any modes, sizes,
//! thread counts and processes.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use copycost::cell::{Cell, Target};
use copycost::compare::Baseline;
use copycost::counter::{COUNT, Count, Sums, VOLUNTARY_SWITCHES};
use copycost::cpu::{Cpu, Topology};
use copycost::environment::Environment;
use copycost::loopback::{Block, BlockRound, CellMeasurement, CostUnit, SELF_LANE};
use copycost::metric::{Reading, Value};
use copycost::profile::Profile;
use copycost::report::Report;
use copycost::results::record::Record;
use copycost::zerocopy::Tally;

/// Time a message in ns, by mode or reference, size and thread count.
pub type Time = fn(&str, usize, usize) -> f64;

/// What is measured, and what it comes to.
#[derive(Clone)]
pub struct Rows {
    pub target: Target,
    pub modes: Vec<&'static str>,
    pub sizes: Vec<usize>,
    pub threads: Vec<usize>,
    pub processes: usize,
    pub time: Time,
    /// Half the width of the noise of a round, as a share.
    pub noise: f64,
    /// By how much processes differ, both ways, as a share.
    pub drift: f64,
    /// Of 100 completions of `zero-copy` how many are deferred copies.
    pub deferred: u64,
    /// Context switches a round, of clients and of servers.
    pub switches: fn(usize) -> f64,
    /// Cells and lanes that were not measured: mode and size.
    pub missing: Vec<(&'static str, usize)>,
    pub cpus: usize,
    pub seed: u64,
}

impl Rows {
    pub fn new(time: Time) -> Rows {
        Rows {
            target: Target::Throughput,
            modes: vec!["two-copy", "one-copy"],
            sizes: vec![1024, 4096, 16384, 65536],
            threads: vec![1],
            processes: 1,
            time,
            noise: 0.01,
            drift: 0.2,
            deferred: 100,
            switches: |_| 10.0,
            missing: Vec::new(),
            cpus: 8,
            seed: 1,
        }
    }

    pub fn report(&self) -> Report {
        Report::gather(&[self.baseline("made-up")], Vec::new())
    }

    pub fn baseline(&self, name: &str) -> Baseline {
        let mut random = fastrand::Rng::with_seed(self.seed);
        let processes = (0..self.processes).map(|_| self.process(&mut random)).collect();
        Baseline::of_processes(name, processes)
    }

    fn process(&self, random: &mut fastrand::Rng) -> Vec<Record> {
        let drift = 1.0 + self.drift * (2.0 * random.f64() - 1.0);
        let mut records = Vec::new();
        for threads in &self.threads {
            for bytes in &self.sizes {
                for mode in self.modes.iter().filter(|mode| self.has(mode, *bytes)) {
                    records.push(self.record(random, mode, *bytes, *threads, drift));
                }
            }
        }
        records
    }

    fn has(&self, mode: &str, bytes: usize) -> bool {
        !self.missing.contains(&(mode, bytes))
    }

    fn record(
        &self,
        random: &mut fastrand::Rng,
        mode: &str,
        bytes: usize,
        threads: usize,
        drift: f64,
    ) -> Record {
        let cpus = (0..self.cpus).map(|number| Cpu { core: number, number, ..Cpu::default() }).collect();
        let mut profile = Profile::load("default").unwrap();
        profile.matrix.modes = self.modes.iter().map(|mode| mode.to_string()).collect();
        let plan = Topology::new(cpus).unwrap().plan(profile.placement.policy, threads).unwrap();
        let blocks =
            (0..16).map(|number| self.block(random, mode, (bytes, threads), number, drift)).collect();
        let measurement = CellMeasurement {
            cell: Cell { target: self.target, mode: mode.into(), message_bytes: bytes, threads },
            plan,
            seed: random.u64(..),
            blocks,
            generations: Vec::new(),
            cost_unit: CostUnit::CpuNanoseconds,
            absent_counters: vec![(0, "no such counter here".into()), (2, "no such counter here".into())],
        };
        let mut environment = Environment::default();
        for (name, word) in [("kernel_release", "6.1"), ("date_utc", "2026-01-01T00:00:00Z")] {
            environment.items.insert(name.into(), Reading::Value(Value::Text(word.into())));
        }
        Record::new(measurement, &profile, &environment, Reading::Absent("made up".into()))
    }

    fn block(
        &self,
        random: &mut fastrand::Rng,
        own: &str,
        (bytes, threads): (usize, usize),
        number: usize,
        drift: f64,
    ) -> Block {
        let messages = 1000;
        let mut round = |lane: &str| {
            let mode = if lane == SELF_LANE { own } else { lane };
            let noise = 1.0 + self.noise * (2.0 * random.f64() - 1.0);
            let time_ns = ((self.time)(mode, bytes, threads) * messages as f64 * drift * noise) as u64;
            let latency = self.target == Target::Latency;
            BlockRound {
                lane: lane.to_string(),
                messages,
                time_ns,
                cost: (self.target == Target::CpuCost).then_some(time_ns),
                p50_ns: latency.then_some(time_ns / messages),
                p99_ns: latency.then_some(2 * time_ns / messages),
            }
        };
        let modes = self.modes.iter().copied().filter(|mode| self.has(mode, bytes));
        let references = ["memcpy", "system-call"].into_iter().filter(|_| self.target != Target::Latency);
        let rounds: Vec<BlockRound> = modes.chain([SELF_LANE]).chain(references).map(&mut round).collect();
        let own_ns = rounds.iter().find(|round| round.lane == own).unwrap().time_ns / messages;
        let mut counts = [Some(Count { value: 0.0, counted_share: 1.0 }); COUNT];
        (counts[0], counts[2]) = (None, None); // cycles and L1 misses
        counts[VOLUNTARY_SWITCHES] = Some(Count { value: (self.switches)(threads), counted_share: 1.0 });
        Block {
            generation: number / 4,
            rounds,
            // From the median up to twice it.
            round_trips_ns: match self.target {
                Target::Latency => (0..100).map(|trip| own_ns * (100 + trip) / 150).collect(),
                _ => Vec::new(),
            },
            tally: (own == "zero-copy").then_some(Tally {
                sends: messages,
                notifications: messages,
                deferred_copies: messages * self.deferred / 100,
                error_queue_reads: 5,
                empty_error_queue_reads: 5,
                ..Tally::default()
            }),
            client_counts: Some(Sums::of(&counts)),
            server_counts: Some(Sums::of(&counts)),
        }
    }
}

/// 100 ns for an empty system call, 20 GB/s for a plain copy.
pub fn reference(lane: &str, bytes: usize) -> Option<f64> {
    match lane {
        "system-call" => Some(100.0),
        "memcpy" => Some(bytes as f64 / 20.0),
        _ => None,
    }
}
