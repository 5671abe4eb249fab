//! Measures a cell: blocks of rounds in random order, over several
//! generations. It owns which round follows which and how long companions
//! are; what a ratio is belongs to `ratio`.

use std::sync::Arc;

use super::block::{Block, BlockRound, CellMeasurement, GenerationReport, Round, SELF_LANE, percentile};
use super::generation::Generation;
use super::instruments::Instruments;
use super::lane::{Lane, LaneKind};
use super::reference::REFERENCES;
use super::spec::{Fault, GenerationSpec};
use crate::cell::{Cell, Target};
use crate::copy_mode::ModeEntry;
use crate::counter::NEVER_COUNTED;
use crate::cpu::Plan;
use crate::error::{Error, Result};
use crate::profile::{BlockOrder, Profile, REFERENCE_SHARE};

/// How often a block is run until its own round has a count. A counter that
/// another program took comes back within a few; one that does not is taken.
const ATTEMPTS: usize = 4;

/// Measures one cell, block by block.
pub struct CellRun {
    cell: Cell,
    profile: Arc<Profile>,
    plan: Plan,
    instruments: Instruments,
    lanes: Vec<Lane>,
    own: usize,
    /// Time a message of each lane over the own lane's, to make companions as
    /// long as the own round.
    cost: Vec<f64>,
    random: fastrand::Rng,
    seed: u64,
    open: Option<Generation>,
    last_messages: u64,
    blocks_in_generation: usize,
    blocks: Vec<Block>,
    reports: Vec<GenerationReport>,
    /// What the threads of each generation in `reports` could not count.
    absent_counters: Vec<Vec<(usize, String)>>,
}

impl CellRun {
    /// A run of `cell` against the other `modes`. Nothing is opened yet. Fails
    /// if the cell's own mode is not among them.
    pub fn new(
        cell: Cell,
        profile: &Arc<Profile>,
        plan: &Plan,
        modes: &[ModeEntry],
        instruments: &Instruments,
    ) -> Result<CellRun> {
        let mut lanes: Vec<Lane> = modes.iter().map(|mode| Lane::mode(*mode)).collect();
        let own = lanes.iter().position(|lane| lane.name == cell.mode).ok_or_else(|| Error::Broken {
            cell: cell.clone(),
            end: "coordinator".into(),
            what: "its copy mode is not among those that can be measured".into(),
        })?;
        if profile.rounds.self_check {
            lanes.push(Lane { name: SELF_LANE.into(), kind: lanes[own].kind });
        }
        if profile.rounds.references && cell.target != Target::Latency {
            lanes.extend(REFERENCES.map(Lane::reference));
        }
        let seed = profile.rounds.seed.unwrap_or_else(|| fastrand::u64(..));
        Ok(CellRun {
            cell,
            profile: Arc::clone(profile),
            plan: plan.clone(),
            instruments: instruments.clone(),
            cost: vec![1.0; lanes.len()],
            lanes,
            own,
            random: fastrand::Rng::with_seed(seed),
            seed,
            open: None,
            last_messages: 0,
            blocks_in_generation: 0,
            blocks: Vec::new(),
            reports: Vec::new(),
            absent_counters: Vec::new(),
        })
    }

    /// Sees to it that a generation is open: the same for as long as it has
    /// blocks to live for, then a new one. Not part of the measurement.
    pub fn make_ready(&mut self) -> Result<()> {
        if self.blocks_in_generation >= self.profile.blocks_per_generation() {
            self.end_generation()?;
        }
        if self.open.is_none() {
            self.open = Some(self.open_generation()?);
        }
        Ok(())
    }

    /// Runs one block whose own round has `messages`, and returns what the
    /// target measures of the own round: nanoseconds, or CPU cost. A generation
    /// lives for `blocks_per_generation` blocks of one length; Criterion's
    /// warm-up, whose blocks grow, is one generation. A block whose own round
    /// has no count of the CPU cost is run again, and fails if that does not
    /// help: no other figure stands in for it.
    pub fn block(&mut self, messages: u64) -> Result<u64> {
        self.make_ready()?;
        if messages != self.last_messages {
            (self.last_messages, self.blocks_in_generation) = (messages, 0);
        }
        let Some(mut generation) = self.open.take() else { return Ok(0) };
        let mut attempts = 1;
        let block = loop {
            let block = self.run_block(&mut generation, messages)?;
            if block.round(&self.cell.mode).is_some() {
                break block;
            }
            if attempts == ATTEMPTS {
                return Err(self.uncounted(&generation));
            }
            attempts += 1;
        };
        self.open = Some(generation);
        self.blocks_in_generation += 1;
        let own = block.round(&self.cell.mode).map_or(0, BlockRound::measured);
        self.blocks.push(block);
        Ok(own)
    }

    /// The cell.
    pub fn cell(&self) -> &Cell {
        &self.cell
    }

    /// Messages and the measured value of every own round so far, warm-up included.
    pub fn own_rounds(&self) -> Vec<(u64, u64)> {
        let own = self.blocks.iter().filter_map(|block| block.round(&self.cell.mode));
        own.map(|round| (round.messages, round.measured())).collect()
    }

    /// Ends the last generation and hands over the last `blocks` blocks, those
    /// that count, with the generations they ran in.
    pub fn finish(mut self, blocks: usize) -> Result<CellMeasurement> {
        self.end_generation()?;
        let mut kept = self.blocks.split_off(self.blocks.len().saturating_sub(blocks));
        let first = kept.first().map_or(0, |block| block.generation);
        kept.iter_mut().for_each(|block| block.generation -= first);
        let mut absent_counters: Vec<(usize, String)> = Vec::new();
        for absence in self.absent_counters.split_off(first.min(self.absent_counters.len())).concat() {
            if !absent_counters.contains(&absence) {
                absent_counters.push(absence);
            }
        }
        Ok(CellMeasurement {
            cell: self.cell,
            plan: self.plan,
            seed: self.seed,
            blocks: kept,
            generations: self.reports.split_off(first.min(self.reports.len())),
            cost_unit: self.instruments.cost_unit,
            absent_counters,
        })
    }

    fn run_block(&mut self, generation: &mut Generation, messages: u64) -> Result<Block> {
        let mut order: Vec<usize> = (0..self.lanes.len()).collect();
        if self.profile.rounds.order == BlockOrder::Random {
            self.random.shuffle(&mut order);
        }
        let mut block = Block {
            generation: self.reports.len(),
            rounds: Vec::with_capacity(order.len()),
            ..Block::default()
        };
        for lane in order {
            let share = match lane == self.own {
                true => messages,
                false => ((messages as f64 * self.share_of(lane) / self.cost[lane]).round() as u64).max(1),
            };
            let round = generation.run(lane, share)?;
            // Without a count of its CPU cost the round says nothing.
            block.rounds.extend(self.noted(lane, &round));
            if lane == self.own {
                block.round_trips_ns = round.round_trips_ns;
                block.tally = round.tally;
                block.received = round.received;
                block.client_counts = round.client_counts;
                block.server_counts = round.server_counts;
                block.wall = round.wall;
            }
        }
        self.learn(&block);
        Ok(block)
    }

    /// How long a lane's round is meant to be, over the own one's.
    fn share_of(&self, lane: usize) -> f64 {
        match self.lanes[lane].kind {
            LaneKind::Mode(_) => 1.0,
            LaneKind::Reference(_) => REFERENCE_SHARE,
        }
    }

    /// The round as it stands in the block; `None` of a round that has no count
    /// of the CPU cost that the cell measures.
    fn noted(&self, lane: usize, round: &Round) -> Option<BlockRound> {
        let time_ns: u64 = match (self.lanes[lane].kind, self.cell.target) {
            // As long as the work would take were none of the clients' CPUs
            // ever idle: a round so short would else measure their wake-up.
            (LaneKind::Reference(_), _) => {
                round.reference_cpu_time.as_nanos() as u64 / self.plan.client_cpus() as u64
            }
            (LaneKind::Mode(_), Target::Latency) => round.round_trips_ns.iter().sum(),
            (LaneKind::Mode(_), _) => round.wall.as_nanos() as u64,
        };
        let cost = match self.cell.target {
            Target::CpuCost => {
                let cost = round.cost(self.instruments.cost_unit.kind())?;
                Some((cost.round() as u64).max(1))
            }
            Target::Throughput | Target::Latency => None,
        };
        let lane = self.lanes[lane].name.clone();
        let percentile = |share, fewest| percentile(&round.round_trips_ns, share, fewest);
        Some(BlockRound {
            lane,
            messages: round.messages,
            time_ns: time_ns.max(1),
            cost,
            p50_ns: percentile(0.5, 2),
            p99_ns: percentile(0.99, 100),
        })
    }

    /// Why the cell cannot be measured in the unit of its CPU cost.
    fn uncounted(&self, generation: &Generation) -> Error {
        let unit = self.instruments.cost_unit;
        let why: Vec<String> = generation
            .absent_counters()
            .into_iter()
            .filter_map(|(kind, why)| (kind == unit.kind()).then_some(why))
            .collect();
        let why = if why.is_empty() { NEVER_COUNTED.to_string() } else { why.join("; ") };
        Error::Broken {
            cell: self.cell.clone(),
            end: "counters".into(),
            what: format!("no count of {} in {ATTEMPTS} rounds of the cell's own: {why}", unit.name()),
        }
    }

    /// Adapts the companions' lengths, slowly, once rounds are long enough to
    /// say something.
    fn learn(&mut self, block: &Block) {
        let Some(own) = block.round(&self.cell.mode) else { return };
        if own.time_ns < 200_000 {
            return;
        }
        for (lane, cost) in self.lanes.iter().zip(&mut self.cost) {
            if let Some(round) = block.round(&lane.name) {
                let over_own =
                    round.time_ns as f64 / round.messages as f64 * own.messages as f64 / own.time_ns as f64;
                *cost = (*cost + 0.3 * (over_own - *cost)).clamp(1e-6, 1e3);
            }
        }
    }

    /// Opens a generation and runs a short unrecorded round of each lane, so
    /// that no first touch of a page falls into a round that counts.
    fn open_generation(&self) -> Result<Generation> {
        let mut generation = Generation::open(&GenerationSpec {
            cell: &self.cell,
            profile: &self.profile,
            plan: &self.plan,
            lanes: &self.lanes,
            fault: Fault::None,
            counters: Arc::clone(&self.instruments.counters),
            sampling: None,
        })?;
        let each = match self.cell.target {
            Target::Throughput | Target::CpuCost => 64,
            Target::Latency => 8,
        };
        for lane in 0..self.lanes.len() {
            generation.run(lane, each * self.cell.threads as u64)?;
        }
        Ok(generation)
    }

    fn end_generation(&mut self) -> Result<()> {
        if let Some(generation) = self.open.take() {
            self.absent_counters.push(generation.absent_counters());
            self.reports.push(generation.close()?);
            self.blocks_in_generation = 0;
        }
        Ok(())
    }
}
