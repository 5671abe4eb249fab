//! Recordings of a machine that does what a test says.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use copycost::cell::{Cell, Target};
use copycost::compare::{Baseline, CellComparison, Comparison, Options};
use copycost::cpu::Topology;
use copycost::environment::Environment;
use copycost::loopback::{Block, BlockRound, CellMeasurement, CostUnit, SELF_LANE};
use copycost::metric::{Reading, Value};
use copycost::profile::Profile;
use copycost::results::record::Record;

pub const REFERENCES: [(&str, f64); 2] = [("memcpy", 100.0), ("system-call", 200.0)];
pub const MODES: [(&str, f64); 3] = [("two-copy", 1000.0), ("one-copy", 1200.0), ("zero-copy", 3000.0)];

/// What a made-up machine does.
#[derive(Clone)]
pub struct Machine {
    pub slowed: Option<(&'static str, f64)>,
    /// Common to all rounds of a process.
    pub drift: f64,
    /// By what every round of the recording takes longer.
    pub pace: f64,
    /// Lanes whose rounds stand beside those of the modes.
    pub references: bool,
    pub profile: Profile,
    pub environment: Environment,
    pub unit: CostUnit,
}

impl Machine {
    pub fn new() -> Machine {
        let mut environment = Environment::default();
        for (name, word) in
            [("kernel_release", "6.1"), ("cpu.model", "A"), ("frequency.governor", "performance")]
        {
            environment.items.insert(name.into(), Reading::Value(Value::Text(word.into())));
        }
        let profile = Profile::load("recording").unwrap();
        Machine {
            slowed: None,
            drift: 0.2,
            pace: 1.0,
            references: true,
            profile,
            environment,
            unit: CostUnit::CpuNanoseconds,
        }
    }

    /// A recording of one row: 4 KiB, one thread.
    pub fn record(&self, name: &str, seed: u64, processes: usize, target: Target) -> Baseline {
        let mut random = fastrand::Rng::with_seed(seed);
        let process = |random: &mut fastrand::Rng| {
            let drift = self.drift * (random.f64() - 0.5);
            MODES.map(|(mode, _)| self.cell(random, mode, drift, target)).to_vec()
        };
        Baseline::of_processes(name, (0..processes).map(|_| process(&mut random)).collect())
    }

    fn cell(&self, random: &mut fastrand::Rng, mode: &str, drift: f64, target: Target) -> Record {
        let topology = Topology::read().unwrap();
        let blocks = (0..24).map(|number| self.block(random, mode, number, drift, target)).collect();
        let measurement = CellMeasurement {
            cell: Cell { target, mode: mode.into(), message_bytes: 4096, threads: 1 },
            plan: topology.plan(self.profile.placement.policy, 1).unwrap(),
            seed: random.u64(..),
            blocks,
            generations: Vec::new(),
            cost_unit: self.unit,
            absent_counters: Vec::new(),
        };
        Record::new(measurement, &self.profile, &self.environment, Reading::Absent("made up".into()))
    }

    fn block(
        &self,
        random: &mut fastrand::Rng,
        own: &str,
        number: usize,
        drift: f64,
        target: Target,
    ) -> Block {
        let references = if self.references && target != Target::Latency { &REFERENCES[..] } else { &[] };
        let lanes = MODES.iter().chain(references).copied().chain([(SELF_LANE, 0.0)]);
        let round = |(lane, ns): (&str, f64)| {
            let (mode, ns) = if lane == SELF_LANE { (own, MODES[0].1) } else { (lane, ns) };
            let slowed = self.slowed.filter(|(slowed, _)| *slowed == mode).map_or(1.0, |(_, factor)| factor);
            let noise = 1.0 + 0.02 * (random.f64() - 0.5);
            let time_ns = (1000.0 * ns * self.pace * drift.exp() * slowed * noise) as u64;
            BlockRound {
                lane: lane.to_string(),
                messages: 1000,
                time_ns,
                cost: (target == Target::CpuCost).then_some(2 * time_ns),
                p50_ns: (target == Target::Latency).then_some(time_ns / 1000),
                p99_ns: (target == Target::Latency).then_some(time_ns / 500),
            }
        };
        Block {
            generation: number / 8,
            rounds: lanes.map(round).collect(),
            round_trips_ns: Vec::new(),
            tally: None,
            client_counts: None,
            server_counts: None,
        }
    }
}

pub fn options() -> Options {
    Options { threshold: 0.0, force: false }
}

pub fn cell<'a>(comparison: &'a Comparison, mode: &str) -> &'a CellComparison {
    comparison.cells.iter().find(|cell| cell.cell.mode == mode).unwrap()
}
