//! What a baseline's processes say of each row, one size and thread count, in
//! one quantity: a value a process. It owns how blocks become that value; the
//! comparison of two such values is `judge`'s.
//!
//! Each block holds a round of every mode, so all cells of a row serve every
//! mode in it. A process gives, for a mode by itself, the median of the logs of
//! its rounds; for a mode against another the median of the logs of their
//! within-block ratios. Of latency a mode by itself is its cell's percentile, over
//! all its round trips.

use std::collections::{BTreeMap, BTreeSet};

use super::Baseline;
use super::quantity::Quantity;
use super::serial;
use super::statistics::Side;
use crate::cell::{Cell, Target};
use crate::doubt::DoubtKinds;
use crate::exchange::{Block, SELF_LANE, is_mode};
use crate::metric::median;
use crate::ratio::spread::by_generation;
use crate::results::record::{Record, doubts_of};

/// A thread count and a size.
pub(crate) type RowKey = (usize, usize);

/// Where two modes meet that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Within {
    /// In each block.
    Blocks,
    /// Their cells in each process, which lie some seconds apart: where too many
    /// rounds hold fewer than the 100 round trips that a 99th percentile needs.
    /// Those that have one are the faster ones, so blocks would be a selection.
    Processes,
}

/// The share of a mode's rounds that must have a 99th percentile, so that those
/// without one hardly move the median over blocks.
const ENOUGH_ROUNDS: f64 = 0.9;

/// One baseline in one quantity.
pub(crate) struct Rows<'a> {
    pub(crate) quantity: Quantity,
    baseline: &'a Baseline,
    /// The records of a row by process.
    pub(super) rows: BTreeMap<RowKey, BTreeMap<usize, Vec<&'a Record>>>,
    /// The factors of `serial` for the two questions.
    relative_inflation: Option<f64>,
    absolute_inflation: Option<f64>,
}

impl<'a> Rows<'a> {
    pub(crate) fn of(baseline: &'a Baseline, quantity: Quantity) -> Rows<'a> {
        let mut rows: BTreeMap<RowKey, BTreeMap<usize, Vec<&Record>>> = BTreeMap::new();
        for process in &baseline.processes {
            for record in process.records.iter().filter(|record| record.cell.target == quantity.target()) {
                let key = (record.cell.threads, record.cell.message_bytes);
                rows.entry(key).or_default().entry(process.number).or_default().push(record);
            }
        }
        Rows { quantity, baseline, rows, relative_inflation: None, absolute_inflation: None }
    }

    /// The same for several processes: sides know how alike passes near each other are.
    pub(crate) fn inflated(mut self) -> Rows<'a> {
        let mut relative = Vec::new();
        for key in self.keys() {
            let (modes, within) = (self.modes(key), self.within(key));
            for (index, mode) in modes.iter().enumerate() {
                let others = modes[..index].iter();
                relative.extend(others.map(|other| self.relative(key, mode, other, within).values()));
            }
        }
        let absolute: Vec<Vec<f64>> = self.figures().iter().map(Side::values).collect();
        self.relative_inflation = Some(serial::inflation(relative.iter().map(Vec::as_slice)));
        self.absolute_inflation = Some(serial::inflation(absolute.iter().map(Vec::as_slice)));
        self
    }

    pub(crate) fn keys(&self) -> BTreeSet<RowKey> {
        self.rows.keys().copied().collect()
    }

    /// The modes that cells of the row belong to, in the order of the profile.
    pub(crate) fn modes(&self, key: RowKey) -> Vec<String> {
        let mut measured: BTreeSet<&str> =
            self.records(key).map(|record| record.cell.mode.as_str()).collect();
        let profile = self.records(key).next().map_or(&[][..], |record| &record.profile.matrix.modes);
        let mut modes: Vec<String> =
            profile.iter().filter(|mode| measured.remove(mode.as_str())).cloned().collect();
        modes.extend(measured.into_iter().map(str::to_string));
        modes
    }

    /// The modes whose rounds stand in the row's blocks.
    pub(crate) fn lanes(&self, key: RowKey) -> BTreeSet<String> {
        // Not the first block's alone: a round whose cost was not counted is left out.
        let blocks = self.records(key).flat_map(|record| &record.blocks);
        let lanes = blocks.flat_map(|block| block.rounds.iter().map(|round| round.lane.clone()));
        lanes.filter(|lane| is_mode(lane)).collect()
    }

    pub(crate) fn cell(&self, key: RowKey, mode: &str) -> Cell {
        let (threads, message_bytes) = key;
        Cell { target: self.quantity.target(), mode: mode.to_string(), message_bytes, threads }
    }

    /// The kinds of doubt about a cell.
    pub(crate) fn doubts(&self, key: RowKey, mode: &str) -> DoubtKinds {
        doubts_of(self.records(key).filter(|record| record.cell.mode == mode))
    }

    /// A mode by itself: of latency from its own cell, else from all rounds of it.
    pub(crate) fn absolute(&self, key: RowKey, mode: &str) -> Side {
        let side = self.side(key, |record, values| {
            let own = record.cell.mode == mode;
            if self.quantity.target() == Target::Latency && !own {
                return;
            }
            if let (true, Some(value)) = (own, self.quantity.of_record(record)) {
                values.whole = Some(value.ln());
            }
            for block in &record.blocks {
                let value = block.round(mode).and_then(|round| self.quantity.of_round(round));
                values.extend(block.generation, value.map(f64::ln));
            }
        });
        Side { inflation: self.absolute_inflation, ..side }
    }

    /// Every mode of every row by itself.
    pub(super) fn figures(&self) -> Vec<Side> {
        let modes = |key: RowKey| self.modes(key).into_iter().map(move |mode| self.absolute(key, &mode));
        self.keys().into_iter().flat_map(modes).collect()
    }

    /// A mode against another.
    pub(crate) fn relative(&self, key: RowKey, mode: &str, other: &str, within: Within) -> Side {
        let side = match within {
            Within::Blocks => self.side(key, |record, values| self.add_ratios(record, mode, other, values)),
            Within::Processes => self.relative_of_cells(key, mode, other),
        };
        Side { inflation: self.relative_inflation, ..side }
    }

    /// Where two modes of the row meet.
    pub(crate) fn within(&self, key: RowKey) -> Within {
        if self.quantity != Quantity::LatencyP99 {
            return Within::Blocks;
        }
        let mut rounds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let all = self.records(key).flat_map(|record| &record.blocks).flat_map(|block| &block.rounds);
        for round in all.filter(|round| is_mode(&round.lane)) {
            let (with, all) = rounds.entry(&round.lane).or_default();
            *with += usize::from(self.quantity.of_round(round).is_some());
            *all += 1;
        }
        let enough = |(with, all): &(usize, usize)| *with as f64 >= ENOUGH_ROUNDS * *all as f64;
        if rounds.values().all(enough) { Within::Blocks } else { Within::Processes }
    }

    fn relative_of_cells(&self, key: RowKey, mode: &str, other: &str) -> Side {
        let of_cells = |mode: &str| {
            let side = self.side(key, |record, values| {
                if record.cell.mode == mode {
                    values.whole = self.quantity.of_record(record).map(f64::ln);
                }
            });
            side.processes
        };
        let others: BTreeMap<usize, f64> = of_cells(other).into_iter().collect();
        let over = |(process, value): (usize, f64)| Some((process, value - others.get(&process)?));
        let processes = of_cells(mode).into_iter().filter_map(over).collect();
        Side { processes, ..Side::default() }
    }

    /// A mode against itself: of its own cell's blocks alone.
    pub(crate) fn self_check(&self, key: RowKey, mode: &str) -> Side {
        self.side(key, |record, values| {
            if record.cell.mode == mode {
                self.add_ratios(record, mode, SELF_LANE, values);
            }
        })
    }

    fn add_ratios(&self, record: &Record, lane: &str, other: &str, values: &mut Values) {
        for block in &record.blocks {
            let value = |lane: &str| block.round(lane).and_then(|round| self.quantity.of_round(round));
            let ratio = value(lane).zip(value(other)).map(|(own, other)| (own / other).ln());
            values.extend(block.generation, ratio);
        }
    }

    fn side(&self, key: RowKey, read: impl Fn(&Record, &mut Values)) -> Side {
        let mut side = Side::default();
        let processes = self.rows.get(&key);
        for (number, records) in processes.into_iter().flatten() {
            let mut values = Values::default();
            for (cell, record) in records.iter().enumerate() {
                values.cell = cell;
                read(record, &mut values);
            }
            let logs: Vec<f64> = values.all.iter().map(|(_, log)| *log).collect();
            if let Some(value) = values.whole.or_else(|| median(&logs)) {
                side.processes.push((*number, value));
                side.generations = by_generation(values.all);
            }
        }
        if side.processes.len() > 1 {
            side.generations.clear();
        }
        side
    }

    /// What the quantity is of a lane's round in a block.
    pub(super) fn of_block(&self, block: &Block, lane: &str) -> Option<f64> {
        block.round(lane).and_then(|round| self.quantity.of_round(round)).filter(|value| value.is_finite())
    }

    pub(crate) fn records(&self, key: RowKey) -> impl Iterator<Item = &'a Record> + use<'a, '_> {
        self.rows.get(&key).into_iter().flatten().flat_map(|(_, records)| records.iter().copied())
    }

    /// The unit of the CPU cost, where that is the quantity.
    pub(crate) fn unit(&self) -> Option<&'static str> {
        let records = self.baseline.processes.iter().flat_map(|process| &process.records);
        let of_target = records.filter(|record| record.cell.target == self.quantity.target());
        of_target.filter_map(|record| record.cost_unit).map(|unit| unit.name()).next()
    }
}

/// The values of one process.
#[derive(Default)]
struct Values {
    /// Which record of the row is being read: each has generations of its own.
    cell: usize,
    /// Each with its record and generation.
    all: Vec<((usize, usize), f64)>,
    whole: Option<f64>,
}

impl Values {
    fn extend(&mut self, generation: usize, value: Option<f64>) {
        let value = value.filter(|value| value.is_finite());
        self.all.extend(value.map(|value| ((self.cell, generation), value)));
    }
}
