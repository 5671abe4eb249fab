//! What the machine did between two recordings, as far as their reference
//! rounds show it. It owns the test that a figure changed by more than the plain
//! copy and the empty system call beside it did; the verdict is
//! `judge`'s.
//!
//! Recordings made one after the other differ by what a neighbour, a clock or a
//! hypervisor did in between, and no spread within either tells of that. The
//! references feel it as the modes do: what is left of a figure over a reference
//! is a change of the mode. A change is believed only if it shows by itself and
//! over each reference, to the same side (an intersection-union test: no more
//! often wrong than any one of them). One mode against another moves with the pace of
//! the memory alone, and by as much as it did within the recordings.

use std::collections::{BTreeMap, BTreeSet};

use super::power::Test;
use super::rows::{RowKey, Rows};
use super::slope::Slope;
use super::statistics::{self, Difference, Side};
use super::{Quantity, ReferenceChange, serial};
use crate::exchange::{REFERENCES, Reference};

/// The references of two baselines.
pub(super) struct Machine {
    paces: Vec<Pace>,
}

/// One reference: how long it took, by process.
struct Pace {
    name: &'static str,
    base: Paced,
    new: Paced,
    /// By how much it changed between recordings made one after the other.
    changed: Difference,
}

/// One side of it.
struct Paced {
    /// The log of the reference's time, of every process that measured it.
    logs: BTreeMap<usize, f64>,
    /// The factor of `serial` for a mode's figure over it.
    inflation: f64,
}

impl Machine {
    /// From the passes that measured `base` and `new`, for figures of theirs;
    /// `references` are the rows of the quantity whose blocks have references.
    /// One that has no spread to tell by, with a process on each side, is not in it.
    pub(super) fn of(base: &Rows<'_>, new: &Rows<'_>, references: [&Rows<'_>; 2]) -> Machine {
        let [of_base, of_new] = references;
        let common: BTreeSet<RowKey> = of_base.keys().intersection(&of_new.keys()).copied().collect();
        let (figures, new_figures) = (base.figures(), new.figures());
        let paces = REFERENCES.iter().filter_map(|reference| {
            let name = reference.name();
            let base = Paced::of(&figures, of_base, &common, name);
            let new = Paced::of(&new_figures, of_new, &common, name);
            let changed = statistics::difference(&base.side(), &new.side(), &BTreeSet::new()).ok()?;
            Some(Pace { name, base, new, changed })
        });
        Machine { paces: paces.collect() }
    }

    /// The difference of two sides over each reference.
    pub(super) fn over_references(&self, base: &Side, new: &Side) -> Vec<Test> {
        let over = |pace: &Pace| Test::of(&pace.base.under(base), &pace.new.under(new), &BTreeSet::new());
        self.paces.iter().filter_map(|pace| over(pace).ok()).collect()
    }

    /// The difference of two sides if the plain copy had taken as long in every pass: the
    /// memory is slow for minutes, and moves a mode against another that touches more of it.
    /// None without that reference, which alone no kernel's entry changes.
    pub(super) fn at_one_pace(&self, base: &Side, new: &Side) -> Option<Test> {
        let pace = self.paces.iter().find(|pace| pace.name == Reference::Memcpy.name())?;
        let beside = [pace.base.beside(base), pace.new.beside(new)];
        let slope = Slope::of(&beside)?;
        let less = |passes: &[(usize, f64, f64)], side: &Side| {
            let at_one = |(pass, log, value): &(usize, f64, f64)| (*pass, value - slope.estimate * log);
            Side { processes: passes.iter().map(at_one).collect(), ..side.clone() }
        };
        let [of_base, of_new] = &beside;
        let mut test = Test::of(&less(of_base, base), &less(of_new, new), &BTreeSet::new()).ok()?;
        let alike = base.inflation.unwrap_or(1.0).max(new.inflation.unwrap_or(1.0));
        let of_slope = slope.standard_error * pace.changed.estimate * alike.sqrt();
        test.difference.standard_error = test.difference.standard_error.hypot(of_slope);
        Some(test)
    }

    /// By how much each reference changed.
    pub(super) fn changes(&self, quantity: Quantity, in_turn: &BTreeSet<usize>) -> Vec<ReferenceChange> {
        let change = |pace: &Pace| {
            let difference = statistics::difference(&pace.base.side(), &pace.new.side(), in_turn).ok()?;
            Some(ReferenceChange { quantity, reference: pace.name.to_string(), ratio: difference.ratio() })
        };
        self.paces.iter().filter_map(change).collect()
    }

    /// `memcpy ×0.83 and system-call ×0.86`.
    pub(super) fn text(&self) -> String {
        let changed = |pace: &Pace| format!("{} ×{:.2}", pace.name, pace.changed.estimate.exp());
        self.paces.iter().map(changed).collect::<Vec<_>>().join(" and ")
    }
}

impl Paced {
    fn of(figures: &[Side], references: &Rows<'_>, common: &BTreeSet<RowKey>, reference: &str) -> Paced {
        let mut sums: BTreeMap<usize, (usize, f64)> = BTreeMap::new();
        for key in common {
            for (process, log) in references.absolute(*key, reference).processes {
                let (rows, sum) = sums.entry(process).or_default();
                *rows += 1;
                *sum += log;
            }
        }
        // A copy takes longer the larger it is: only processes that measured all
        // rows have a mean that compares.
        let complete = sums.into_iter().filter(|(_, (rows, _))| *rows == common.len());
        let logs = complete.map(|(process, (rows, sum))| (process, sum / rows as f64)).collect();
        let mut paced = Paced { logs, inflation: 1.0 };
        let series: Vec<Vec<f64>> = figures.iter().map(|side| paced.under(side).values()).collect();
        paced.inflation = serial::inflation(series.iter().map(Vec::as_slice));
        paced
    }

    fn side(&self) -> Side {
        let processes: Vec<(usize, f64)> = self.logs.iter().map(|(process, log)| (*process, *log)).collect();
        let values: Vec<f64> = self.logs.values().copied().collect();
        let inflation = Some(serial::inflation([values.as_slice()].into_iter()));
        Side { processes, generations: Vec::new(), inflation }
    }

    /// Each pass that has both with the reference's log and the side's value.
    fn beside(&self, side: &Side) -> Vec<(usize, f64, f64)> {
        let both = |(pass, value): &(usize, f64)| Some((*pass, *self.logs.get(pass)?, *value));
        side.processes.iter().filter_map(both).collect()
    }

    /// What is left of a side's values over the reference.
    fn under(&self, side: &Side) -> Side {
        let over = |(process, value): &(usize, f64)| Some((*process, value - self.logs.get(process)?));
        let processes = side.processes.iter().filter_map(over).collect();
        Side { processes, generations: Vec::new(), inflation: Some(self.inflation) }
    }
}
