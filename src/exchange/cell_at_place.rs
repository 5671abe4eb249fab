//! A cell at one place: its lanes, the generation that is open there, and what
//! its rounds came to. It owns how long a companion's round is and what of a
//! round stands in a block; which round follows which is `cell_run`'s and
//! `sided_run`'s.

use std::sync::Arc;
use std::time::Duration;

use super::block::{Block, BlockRound, CellMeasurement, GenerationReport, Round, SELF_LANE, percentile};
use super::lane::{Lane, LaneKind};
use super::place::Place;
use super::reference::REFERENCES;
use crate::cell::{Cell, Target};
use crate::copy_mode::ModeEntry;
use crate::counter::NEVER_COUNTED;
use crate::cpu::Plan;
use crate::error::{Error, Result};
use crate::profile::{Profile, REFERENCE_SHARE};

/// Rounds of as many messages as at another place are so many times as long at most as
/// they would be by this one's own pace.
const MOST_OVER_OWN: u64 = 8;

pub(super) struct CellAtPlace<P> {
    pub(super) cell: Cell,
    profile: Arc<Profile>,
    place: P,
    pub(super) lanes: Vec<Lane>,
    pub(super) own: usize,
    /// Time a message of each lane over the own lane's, to make companions as
    /// long as the own round.
    cost: Vec<f64>,
    plan: Option<Plan>,
    pub(super) is_open: bool,
    last_messages: u64,
    blocks_in_generation: usize,
    pub(super) blocks: Vec<Block>,
    reports: Vec<GenerationReport>,
    /// What the threads of each generation in `reports` could not count.
    absent_counters: Vec<Vec<(usize, String)>>,
}

/// The lanes of a cell against the other `modes`, and which is its own. Fails if
/// its own mode is not among them.
pub(super) fn lanes_of(cell: &Cell, profile: &Profile, modes: &[ModeEntry]) -> Result<(Vec<Lane>, usize)> {
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
    Ok((lanes, own))
}

impl<P: Place> CellAtPlace<P> {
    pub(super) fn new(cell: &Cell, profile: &Arc<Profile>, place: P, lanes: Vec<Lane>, own: usize) -> Self {
        CellAtPlace {
            cell: cell.clone(),
            profile: Arc::clone(profile),
            place,
            cost: vec![1.0; lanes.len()],
            lanes,
            own,
            plan: None,
            is_open: false,
            last_messages: 0,
            blocks_in_generation: 0,
            blocks: Vec::new(),
            reports: Vec::new(),
            absent_counters: Vec::new(),
        }
    }

    /// Sees to it that a generation is open: the same for as long as it has
    /// blocks to live for, then a new one. Not part of the measurement.
    pub(super) fn make_ready(&mut self) -> Result<()> {
        self.end_if_due()?;
        self.open_if_closed()
    }

    /// Its first half: after the blocks that a generation has, none is open.
    pub(super) fn end_if_due(&mut self) -> Result<()> {
        match self.blocks_in_generation >= self.profile.blocks_per_generation() {
            true => self.end_generation(),
            false => Ok(()),
        }
    }

    /// Its second half.
    pub(super) fn open_if_closed(&mut self) -> Result<()> {
        if self.is_open { Ok(()) } else { self.open_generation() }
    }

    /// A block of another length begins the count of a generation's blocks anew.
    pub(super) fn begin_block(&mut self, messages: u64) -> Block {
        if messages != self.last_messages {
            self.last_messages = messages;
            self.warmed_up();
        }
        self.empty_block()
    }

    /// Begins that count anew: what was run so far was a warm-up, whose last block
    /// may be as long as those that count.
    pub(super) fn warmed_up(&mut self) {
        self.blocks_in_generation = 0;
    }

    pub(super) fn empty_block(&self) -> Block {
        Block {
            generation: self.reports.len(),
            rounds: Vec::with_capacity(self.lanes.len()),
            ..Block::default()
        }
    }

    /// How many messages a round of `lane` has where the own one has `messages`.
    pub(super) fn share(&self, lane: usize, messages: u64) -> u64 {
        let over_own = match self.lanes[lane].kind {
            LaneKind::Mode(_) => 1.0,
            LaneKind::Reference(_) => REFERENCE_SHARE,
        };
        match lane == self.own {
            true => messages,
            false => ((messages as f64 * over_own / self.cost[lane]).round() as u64).max(1),
        }
    }

    /// The same as at another place, where that has such a lane: but no more than some
    /// times what it would be by what was measured here, whatever is said there.
    pub(super) fn share_as_at(&self, other: &CellAtPlace<P>, lane: usize, messages: u64) -> u64 {
        let name = &self.lanes[lane].name;
        match other.lanes.iter().position(|lane| lane.name == *name) {
            Some(there) => other.share(there, messages).min(MOST_OVER_OWN * self.share(lane, messages)),
            None => self.share(lane, messages),
        }
    }

    /// Runs a round of `lane` and lays it into `block`. Without a count of its CPU
    /// cost a round says nothing, and is left out.
    pub(super) fn run_into(&mut self, block: &mut Block, lane: usize, messages: u64) -> Result<()> {
        let round = match self.place.run(lane, messages) {
            Ok(round) => round,
            Err(error) => {
                self.is_open = false;
                return Err(error);
            }
        };
        block.rounds.extend(self.noted(lane, &round));
        if lane == self.own {
            block.round_trips_ns = round.round_trips_ns;
            block.tally = round.tally;
            block.received = round.received;
            block.client_counts = round.client_counts;
            block.server_counts = round.server_counts;
            block.wall = round.wall;
        }
        Ok(())
    }

    pub(super) fn keep(&mut self, block: Block) {
        self.blocks_in_generation += 1;
        self.blocks.push(block);
    }

    /// Adapts the companions' lengths, slowly, once rounds are long enough to
    /// say something.
    pub(super) fn learn(&mut self, block: &Block) {
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

    /// Ends the last generation and hands over the last `blocks` blocks, those
    /// that count, with the generations they ran in.
    pub(super) fn finish(mut self, seed: u64, blocks: usize) -> Result<CellMeasurement> {
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
        let Some(plan) = self.plan else { return Err(self.broken("no block was measured".into())) };
        Ok(CellMeasurement {
            cell: self.cell,
            plan,
            seed,
            blocks: kept,
            generations: self.reports.split_off(first.min(self.reports.len())),
            cost_unit: self.place.cost_unit(),
            absent_counters,
        })
    }

    /// Why the cell cannot be measured in the unit of its CPU cost, after so many
    /// attempts. Ends the generation.
    pub(super) fn uncounted(&mut self, attempts: usize) -> Error {
        let unit = self.place.cost_unit();
        self.is_open = false;
        let absent = self.place.close().map(|ended| ended.absent_counters).unwrap_or_default();
        let why = absent.into_iter().filter_map(|(kind, why)| (kind == unit.kind()).then_some(why));
        let why: Vec<String> = why.collect();
        let why = if why.is_empty() { NEVER_COUNTED.to_string() } else { why.join("; ") };
        let what = format!("no count of {} in {attempts} rounds of the cell's own: {why}", unit.name());
        Error::Broken { cell: self.cell.clone(), end: "counters".into(), what }
    }

    /// The round as it stands in the block; `None` of a round that has no count
    /// of the CPU cost that the cell measures.
    fn noted(&self, lane: usize, round: &Round) -> Option<BlockRound> {
        let time_ns: u64 = match (self.lanes[lane].kind, self.cell.target) {
            // As long as the work would take were none of the clients' CPUs
            // ever idle: a round so short would else measure their wake-up.
            (LaneKind::Reference(_), _) => {
                let cpus = self.plan.as_ref().map_or(1, Plan::client_cpus);
                round.reference_cpu_time.as_nanos() as u64 / cpus as u64
            }
            (LaneKind::Mode(_), Target::Latency) => round.round_trips_ns.iter().sum(),
            (LaneKind::Mode(_), _) => round.wall.as_nanos() as u64,
        };
        let cost = match self.cell.target {
            Target::CpuCost => {
                let cost = round.cost(self.place.cost_unit().kind())?;
                Some((cost.round() as u64).max(1))
            }
            Target::Throughput | Target::Latency => None,
        };
        let percentile = |share, fewest| percentile(&round.round_trips_ns, share, fewest);
        Some(BlockRound {
            lane: self.lanes[lane].name.clone(),
            messages: round.messages,
            time_ns: time_ns.max(1),
            cost,
            p50_ns: percentile(0.5, 2),
            p99_ns: percentile(0.99, 100),
        })
    }

    /// Opens a generation and runs short unrecorded rounds of each lane, so that no first
    /// touch of a page falls into one that counts. One message comes alone: by the call that
    /// reads it receive flow steering learns where that is, and what were on its way would be
    /// overtaken (the kernel's networking/scaling.rst).
    fn open_generation(&mut self) -> Result<()> {
        self.plan = Some(self.place.open(&self.cell, &self.lanes)?);
        let each = match self.cell.target {
            Target::Throughput | Target::CpuCost => 64,
            Target::Latency => 8,
        };
        for lane in 0..self.lanes.len() {
            for messages in [1, each] {
                self.place.run(lane, messages * self.cell.threads as u64)?;
            }
        }
        self.is_open = true;
        Ok(())
    }

    fn end_generation(&mut self) -> Result<()> {
        if self.is_open {
            self.is_open = false;
            let ended = self.place.close()?;
            self.absent_counters.push(ended.absent_counters);
            self.reports.push(ended.report);
            self.blocks_in_generation = 0;
        }
        Ok(())
    }

    fn broken(&self, what: String) -> Error {
        Error::Broken { cell: self.cell.clone(), end: "coordinator".into(), what }
    }
}

impl Block {
    /// Messages and time of the own round at a place.
    pub(super) fn rounds_of<P>(&self, at: &CellAtPlace<P>) -> Option<(u64, Duration)> {
        let own = self.round(&at.lanes[at.own].name)?;
        Some((own.messages, Duration::from_nanos(own.time_ns)))
    }
}
