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
//! often wrong than any one of them).

use std::collections::{BTreeMap, BTreeSet};

use super::rows::{RowKey, Rows};
use super::statistics::{self, Difference, Side};
use super::{Interval, Quantity, ReferenceChange, serial};
use crate::loopback::REFERENCES;

/// The references of two baselines.
pub(super) struct Machine {
    paces: Vec<Pace>,
}

/// One reference: how long it took, by process.
struct Pace {
    name: &'static str,
    base: Paced,
    new: Paced,
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
    pub(super) fn of(base: &Rows<'_>, new: &Rows<'_>, references: [&Rows<'_>; 2]) -> Machine {
        let [of_base, of_new] = references;
        let common: BTreeSet<RowKey> = of_base.keys().intersection(&of_new.keys()).copied().collect();
        let paces = REFERENCES.iter().map(|reference| Pace {
            name: reference.name(),
            base: Paced::of(base, of_base, &common, reference.name()),
            new: Paced::of(new, of_new, &common, reference.name()),
        });
        Machine { paces: paces.filter(|pace| pace.difference().is_ok()).collect() }
    }

    /// The difference of two sides over each reference.
    pub(super) fn over_references(&self, base: &Side, new: &Side) -> Vec<Difference> {
        let over = |pace: &Pace| statistics::difference(&pace.base.under(base), &pace.new.under(new), false);
        self.paces.iter().filter_map(|pace| over(pace).ok()).collect()
    }

    /// By how much each reference changed.
    pub(super) fn changes(&self, quantity: Quantity, paired: bool) -> Vec<ReferenceChange> {
        let change = |pace: &Pace| {
            let difference = pace.changed(paired).ok()?;
            Some(ReferenceChange {
                quantity,
                reference: pace.name.to_string(),
                ratio: Interval::of(&difference),
            })
        };
        self.paces.iter().filter_map(change).collect()
    }

    /// `memcpy ×0.83 and system-call ×0.86`.
    pub(super) fn text(&self) -> String {
        let changed = |pace: &Pace| {
            let difference = pace.difference().ok()?;
            Some(format!("{} ×{:.2}", pace.name, difference.estimate.exp()))
        };
        self.paces.iter().filter_map(changed).collect::<Vec<_>>().join(" and ")
    }
}

impl Pace {
    fn difference(&self) -> Result<Difference, String> {
        self.changed(false)
    }

    /// An error with one process on each side: there is no spread to tell by.
    fn changed(&self, paired: bool) -> Result<Difference, String> {
        statistics::difference(&self.base.side(), &self.new.side(), paired)
    }
}

impl Paced {
    fn of(rows: &Rows<'_>, references: &Rows<'_>, common: &BTreeSet<RowKey>, reference: &str) -> Paced {
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
        let cells =
            rows.keys().into_iter().flat_map(|key| rows.modes(key).into_iter().map(move |m| (key, m)));
        let series: Vec<Vec<f64>> =
            cells.map(|(key, mode)| paced.under(&rows.absolute(key, &mode)).values()).collect();
        paced.inflation = serial::inflation(series.iter().map(Vec::as_slice));
        paced
    }

    fn side(&self) -> Side {
        let processes: Vec<(usize, f64)> = self.logs.iter().map(|(process, log)| (*process, *log)).collect();
        let values: Vec<f64> = self.logs.values().copied().collect();
        let inflation = Some(serial::inflation([values.as_slice()].into_iter()));
        Side { processes, generations: Vec::new(), inflation }
    }

    /// What is left of a side's values over the reference.
    fn under(&self, side: &Side) -> Side {
        let over = |(process, value): &(usize, f64)| Some((*process, value - self.logs.get(process)?));
        let processes = side.processes.iter().filter_map(over).collect();
        Side { processes, generations: Vec::new(), inflation: Some(self.inflation) }
    }
}
