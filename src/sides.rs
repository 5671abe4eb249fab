//! A pass over several sides: every cell in random order, each at all of them in
//! the same blocks, and the records that come of it, a list a side. It owns which
//! side takes part in which cell; the agents are `control`'s, the blocks
//! `exchange`'s, and where records are kept `results`'.

use std::sync::Arc;

use crate::cell::{Cell, Filter, Target};
use crate::control::AgentSide;
use crate::doubt::Doubt;
use crate::error::Result;
use crate::exchange::{CellMeasurement, GenerationReport, Seat, measure_sided};
use crate::profile::Profile;
use crate::results::record::Record;

/// An agent that spends more of a CPU while others have their rounds is a doubt, and
/// so is a machine of its own: a few hundredths are what answers cost.
const MOST_BUSY: f64 = 0.1;

/// What is measured in a pass.
pub struct SidedPass<'a> {
    /// The bench target.
    pub target: Target,
    /// Every setting.
    pub profile: &'a Arc<Profile>,
    /// Which cells.
    pub filter: &'a Filter,
    /// What the order of the cells is drawn from.
    pub seed: u64,
}

/// How a pass goes on.
pub enum Told<'a> {
    /// A cell begins, counted from 1.
    Cell {
        /// Which.
        number: usize,
        /// Of how many.
        of: usize,
    },
    /// Nothing more can be asked of a side.
    Broken {
        /// Its name.
        side: &'a str,
        /// Why, with the cell.
        what: &'a str,
    },
}

/// What a pass came to at one side.
#[derive(Debug, Default)]
pub struct OfSide {
    /// A record a cell.
    pub records: Vec<Record>,
    /// Why cells failed, or the end of the pass did; not what `told` heard.
    pub failures: Vec<String>,
    /// Whether the side itself failed, so that nothing of it counts.
    pub is_broken: bool,
}

impl OfSide {
    /// What could not be read again is no record: kept, it would stand in the way of
    /// all that is kept with it.
    fn leave_out_unreadable(&mut self, side: &str) {
        let failures = &mut self.failures;
        self.records.retain(|record| match record.line() {
            Ok(_) => true,
            Err(what) => {
                failures.push(format!("side {side}: {}: {what}", record.cell));
                false
            }
        });
    }
}

impl SidedPass<'_> {
    /// Begins the pass at a side.
    pub fn begin(&self, side: &mut AgentSide) -> Result<()> {
        let profile = self.profile.at_side(side.name());
        side.begin(self.target, &profile).map(drop)
    }

    /// Measures at `sides`, in all of which the pass has begun, and with `across`
    /// beside the first. `told` hears of each cell before it begins, and of a side that
    /// broke as soon as its cell is over. One entry a side.
    pub fn measure(
        &self,
        sides: &mut [AgentSide],
        mut across: Option<&mut AgentSide>,
        mut told: impl FnMut(Told<'_>),
    ) -> Vec<OfSide> {
        let mut cells = self.profile.cells(self.target);
        cells.retain(|cell| self.filter.matches(cell));
        fastrand::Rng::with_seed(self.seed).shuffle(&mut cells);
        let mut outcomes: Vec<OfSide> = sides.iter().map(|_| OfSide::default()).collect();
        for (number, cell) in cells.iter().enumerate() {
            told(Told::Cell { number: number + 1, of: cells.len() });
            self.cell(cell, sides, across.as_deref_mut(), &mut outcomes);
            for (side, outcome) in sides.iter().zip(&mut outcomes) {
                if let Some(what) = side.broken().filter(|_| !outcome.is_broken) {
                    outcome.is_broken = true;
                    outcome.failures.retain(|failure| !failure.contains(what)); // told now
                    told(Told::Broken { side: side.name(), what });
                }
            }
        }
        for (side, outcome) in sides.iter_mut().zip(&mut outcomes) {
            if side.broken().is_none()
                && let Err(error) = side.end()
            {
                outcome.failures.push(error.to_string());
            }
            outcome.is_broken = side.broken().is_some();
            complete_rows(&mut outcome.records);
            outcome.leave_out_unreadable(side.name());
        }
        if let Some(across) = across.filter(|across| across.broken().is_none()) {
            let _ = across.end(); // where that fails its next pass does
        }
        outcomes
    }

    fn cell(
        &self,
        cell: &Cell,
        sides: &mut [AgentSide],
        across: Option<&mut AgentSide>,
        outcomes: &mut [OfSide],
    ) {
        let takes = |side: &AgentSide| {
            let modes = side.conditions().map_or(&[][..], |conditions| &conditions.modes);
            side.broken().is_none() && modes.iter().any(|mode| mode.name == cell.mode)
        };
        let across = across.filter(|across| takes(across) && sides.first().is_some_and(takes));
        let there: Vec<bool> = sides.iter().map(takes).collect();
        let taking = sides.iter_mut().zip(&there).filter(|(_, takes)| **takes);
        let seats = taking.map(|(side, _)| {
            let modes = side.conditions().map_or_else(Vec::new, |conditions| conditions.modes.clone());
            Seat { place: side, modes }
        });
        let measured = measure_sided(cell, self.profile, seats.collect(), across);
        let taking = sides.iter().zip(&there).filter(|(_, takes)| **takes).map(|(side, _)| side.name());
        let busy: Vec<(String, Doubt)> = taking.zip(&measured).filter_map(busy).collect();
        let mut measured = measured.into_iter();
        for ((side, outcome), _) in sides.iter().zip(outcomes).zip(&there).filter(|(_, takes)| **takes) {
            let record = |measurement| {
                let profile = self.profile.at_side(side.name());
                let environment = side.conditions().map(|conditions| conditions.environment.clone());
                let environment = environment.unwrap_or_default();
                let mut record = Record::new(measurement, &profile, &environment, side.steal_percent());
                let others = busy.iter().filter(|(other, _)| other != side.name());
                record.doubts.extend(others.map(|(_, doubt)| doubt.clone().written()));
                record
            };
            match measured.next() {
                Some(Ok(measurement)) => outcome.records.push(record(measurement)),
                Some(Err(error)) => outcome.failures.push(error.to_string()),
                None => {}
            }
        }
    }
}

/// A side whose agent, or the machine under it, was busy while others had their rounds.
fn busy((side, measured): (&str, &Result<CellMeasurement>)) -> Option<(String, Doubt)> {
    let generations = &measured.as_ref().ok()?.generations;
    let most = |share: fn(&GenerationReport) -> Option<f64>| {
        generations.iter().filter_map(share).max_by(f64::total_cmp)
    };
    let agent = most(|generation| generation.busy_share_between_rounds);
    let machine = most(|generation| generation.machine_busy_share_between_rounds);
    let is_busy = agent.into_iter().chain(machine).any(|share| share > MOST_BUSY);
    let side = side.to_string();
    let doubt = Doubt::OthersBusy {
        side: side.clone(),
        percent: 100.0 * agent.unwrap_or(0.0),
        machine_percent: machine.map(|share| 100.0 * share),
    };
    is_busy.then_some((side, doubt))
}

/// What the cells of a row say together.
fn complete_rows(records: &mut [Record]) {
    let row = |record: &Record| (record.cell.threads, record.cell.message_bytes);
    let all: Vec<_> = records.iter().map(|record| (row(record), record.blocks.clone())).collect();
    for record in records {
        let modes: Vec<String> = record.modes.keys().cloned().collect();
        let of_row = all.iter().filter(|(other, _)| *other == row(record));
        let cells: Vec<&[_]> = of_row.map(|(_, blocks)| blocks.as_slice()).collect();
        record.set_row(&modes, &cells);
    }
}
