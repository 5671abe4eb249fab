//! A cell's measurement: blocks of rounds in random order, over several
//! generations. It owns which round follows which and how long companions
//! are; what a ratio is belongs to `results/`.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::generation::{Generation, GenerationReport, GenerationSpec, Lane};
use super::round::Round;
use super::server::Fault;
use crate::cell::{Cell, Target};
use crate::copy_mode::ModeEntry;
use crate::cpu::Plan;
use crate::error::{Error, Result};
use crate::profile::{BlockOrder, Profile};
use crate::zerocopy::Tally;

/// The lane of the self check: the cell's own mode once more, on connections
/// of its own, as if it were another mode.
pub const SELF_LANE: &str = "self";

/// One round of a block, in the order in which they ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockRound {
    /// The mode's name, or [`SELF_LANE`].
    pub lane: String,
    /// Messages, over all clients.
    pub messages: u64,
    /// Of a throughput cell the round's wall time; of a latency cell the sum
    /// of its round trips.
    pub time_ns: u64,
}

impl BlockRound {
    /// Nanoseconds a message.
    pub fn ns_per_message(&self) -> f64 {
        self.time_ns as f64 / self.messages as f64
    }
}

/// One round of each lane, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// The generation that it ran in, counted from 0.
    pub generation: usize,
    /// The rounds as they ran.
    pub rounds: Vec<BlockRound>,
    /// The own round's round trips, of a latency cell.
    #[serde(skip)]
    pub round_trips_ns: Vec<u64>,
    /// The own round's zero-copy tally, where the mode has one.
    #[serde(skip)]
    pub tally: Option<Tally>,
}

impl Block {
    /// The round of `lane`, if the block has one.
    pub fn round(&self, lane: &str) -> Option<&BlockRound> {
        self.rounds.iter().find(|round| round.lane == lane)
    }
}

/// Measures one cell, block by block.
pub struct CellRun {
    cell: Cell,
    profile: Arc<Profile>,
    plan: Plan,
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
}

/// What a cell's blocks and generations came to.
#[derive(Clone, Debug)]
pub struct CellMeasurement {
    /// The cell.
    pub cell: Cell,
    /// Where its threads ran.
    pub plan: Plan,
    /// What the order inside the blocks was drawn from.
    pub seed: u64,
    /// The blocks, oldest first; generations count from 0.
    pub blocks: Vec<Block>,
    /// What the kernel said at the end of each generation.
    pub generations: Vec<GenerationReport>,
}

impl CellRun {
    /// A run of `cell` against the other `modes`. Nothing is opened yet. Fails
    /// if the cell's own mode is not among them.
    pub fn new(cell: Cell, profile: &Arc<Profile>, plan: &Plan, modes: &[ModeEntry]) -> Result<CellRun> {
        let lane = |mode: &ModeEntry| Lane { name: mode.name.to_string(), mode: *mode };
        let mut lanes: Vec<Lane> = modes.iter().map(lane).collect();
        let own = lanes.iter().position(|lane| lane.name == cell.mode).ok_or_else(|| Error::Broken {
            cell: cell.clone(),
            end: "coordinator".into(),
            what: "its copy mode is not among those that can be measured".into(),
        })?;
        if profile.rounds.self_check {
            lanes.push(Lane { name: SELF_LANE.into(), mode: lanes[own].mode });
        }
        let seed = profile.rounds.seed.unwrap_or_else(|| fastrand::u64(..));
        Ok(CellRun {
            cell,
            profile: Arc::clone(profile),
            plan: plan.clone(),
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

    /// Runs one block whose own round has `messages`, and returns the own
    /// round's time. A generation lives for `blocks_per_generation` blocks of
    /// one length; Criterion's warm-up, whose blocks grow, is one generation.
    pub fn block(&mut self, messages: u64) -> Result<Duration> {
        self.make_ready()?;
        if messages != self.last_messages {
            (self.last_messages, self.blocks_in_generation) = (messages, 0);
        }
        let Some(mut generation) = self.open.take() else { return Ok(Duration::ZERO) };
        let block = self.run_block(&mut generation, messages)?;
        self.open = Some(generation);
        self.blocks_in_generation += 1;
        let own = block.round(&self.cell.mode).map_or(0, |round| round.time_ns);
        self.blocks.push(block);
        Ok(Duration::from_nanos(own))
    }

    /// The cell.
    pub fn cell(&self) -> &Cell {
        &self.cell
    }

    /// Messages and nanoseconds of every own round so far, warm-up included.
    pub fn own_rounds(&self) -> Vec<(u64, u64)> {
        let own = self.blocks.iter().filter_map(|block| block.round(&self.cell.mode));
        own.map(|round| (round.messages, round.time_ns)).collect()
    }

    /// Ends the last generation and hands over the last `blocks` blocks, those
    /// that count, with the generations they ran in.
    pub fn finish(mut self, blocks: usize) -> Result<CellMeasurement> {
        self.end_generation()?;
        let mut kept = self.blocks.split_off(self.blocks.len().saturating_sub(blocks));
        let first = kept.first().map_or(0, |block| block.generation);
        kept.iter_mut().for_each(|block| block.generation -= first);
        Ok(CellMeasurement {
            cell: self.cell,
            plan: self.plan,
            seed: self.seed,
            blocks: kept,
            generations: self.reports.split_off(first.min(self.reports.len())),
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
            round_trips_ns: Vec::new(),
            tally: None,
        };
        for lane in order {
            let share = match lane == self.own {
                true => messages,
                false => ((messages as f64 / self.cost[lane]).round() as u64).max(1),
            };
            let round = generation.run(lane, share)?;
            block.rounds.push(self.noted(lane, &round));
            if lane == self.own {
                block.round_trips_ns = round.round_trips_ns;
                block.tally = round.tally;
            }
        }
        self.learn(&block);
        Ok(block)
    }

    fn noted(&self, lane: usize, round: &Round) -> BlockRound {
        let time_ns = match self.cell.target {
            Target::Throughput => round.wall.as_nanos() as u64,
            Target::Latency => round.round_trips_ns.iter().sum(),
        };
        let lane = self.lanes[lane].name.clone();
        BlockRound { lane, messages: round.messages, time_ns: time_ns.max(1) }
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
                *cost += 0.3 * (round.ns_per_message() / own.ns_per_message() - *cost);
                *cost = cost.clamp(1e-3, 1e3);
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
        })?;
        let each = match self.cell.target {
            Target::Throughput => 64,
            Target::Latency => 8,
        };
        for lane in 0..self.lanes.len() {
            generation.run(lane, each * self.cell.threads as u64)?;
        }
        Ok(generation)
    }

    fn end_generation(&mut self) -> Result<()> {
        if let Some(generation) = self.open.take() {
            self.reports.push(generation.close()?);
            self.blocks_in_generation = 0;
        }
        Ok(())
    }
}
