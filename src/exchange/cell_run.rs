//! Measures a cell in this process: blocks of rounds in random order, over
//! several generations. It owns which round follows which; how long companions
//! are is `cell_at_place`'s, what a ratio is belongs to `ratio`.

use std::sync::Arc;

use super::block::{Block, BlockRound, CellMeasurement};
use super::cell_at_place::{CellAtPlace, lanes_of};
use super::instruments::Instruments;
use super::place::Here;
use crate::cell::Cell;
use crate::copy_mode::ModeEntry;
use crate::cpu::Plan;
use crate::error::Result;
use crate::profile::{BlockOrder, Profile};

/// How often a block is run until its own round has a count. A counter that
/// another program took comes back within a few; one that does not is taken.
pub(super) const ATTEMPTS: usize = 4;

/// Measures one cell, block by block.
pub struct CellRun {
    at: CellAtPlace<Here>,
    order: BlockOrder,
    random: fastrand::Rng,
    seed: u64,
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
        let (lanes, own) = lanes_of(&cell, profile, modes)?;
        let seed = profile.rounds.seed.unwrap_or_else(|| fastrand::u64(..));
        let here = Here::new(profile, plan, instruments);
        Ok(CellRun {
            at: CellAtPlace::new(&cell, profile, here, lanes, own),
            order: profile.rounds.order,
            random: fastrand::Rng::with_seed(seed),
            seed,
        })
    }

    /// Sees to it that a generation is open: the same for as long as it has
    /// blocks to live for, then a new one. Not part of the measurement.
    pub fn make_ready(&mut self) -> Result<()> {
        self.at.make_ready()
    }

    /// What was run so far was a warm-up: the generation that is open lives for as
    /// many blocks from here on as any other.
    pub fn warmed_up(&mut self) {
        self.at.warmed_up();
    }

    /// Runs one block whose own round has `messages`, and returns what the
    /// target measures of the own round: nanoseconds, or CPU cost. A generation
    /// lives for `blocks_per_generation` blocks of one length; Criterion's
    /// warm-up, whose blocks grow, is one generation. A block whose own round
    /// has no count of the CPU cost is run again, and fails if that does not
    /// help: no other figure stands in for it.
    pub fn block(&mut self, messages: u64) -> Result<u64> {
        self.make_ready()?;
        let mut attempts = 1;
        let block = loop {
            let block = self.run_block(messages)?;
            if block.round(&self.at.cell.mode).is_some() {
                break block;
            }
            if attempts == ATTEMPTS {
                return Err(self.at.uncounted(ATTEMPTS));
            }
            attempts += 1;
        };
        let own = block.round(&self.at.cell.mode).map_or(0, BlockRound::measured);
        self.at.keep(block);
        Ok(own)
    }

    /// The cell.
    pub fn cell(&self) -> &Cell {
        &self.at.cell
    }

    /// Messages and the measured value of every own round so far, warm-up included.
    pub fn own_rounds(&self) -> Vec<(u64, u64)> {
        let own = self.at.blocks.iter().filter_map(|block| block.round(&self.at.cell.mode));
        own.map(|round| (round.messages, round.measured())).collect()
    }

    /// Ends the last generation and hands over the last `blocks` blocks, those
    /// that count, with the generations they ran in.
    pub fn finish(self, blocks: usize) -> Result<CellMeasurement> {
        self.at.finish(self.seed, blocks)
    }

    fn run_block(&mut self, messages: u64) -> Result<Block> {
        let mut order: Vec<usize> = (0..self.at.lanes.len()).collect();
        if self.order == BlockOrder::Random {
            self.random.shuffle(&mut order);
        }
        let mut block = self.at.begin_block(messages);
        for lane in order {
            let share = self.at.share(lane, messages);
            self.at.run_into(&mut block, lane, share)?;
        }
        self.at.learn(&block);
        Ok(block)
    }
}
