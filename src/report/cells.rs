//! The records of a baseline by cell: one record a process that measured it.
//! It owns the order of cells, modes and sizes; what is read from the records
//! is the gatherers' business.

use std::collections::{BTreeMap, BTreeSet};

use crate::cell::{Cell, Target};
use crate::compare::Baseline;
use crate::doubt::DoubtKinds;
use crate::exchange::is_mode;
use crate::results::record::{Record, doubts_of};

/// A cell with its records, one a process.
pub(super) struct CellRecords<'a> {
    pub(super) cell: Cell,
    pub(super) records: Vec<&'a Record>,
}

impl CellRecords<'_> {
    /// Its doubts.
    pub(super) fn doubts(&self) -> DoubtKinds {
        doubts_of(self.records.iter().copied())
    }
}

/// Every cell of `baseline`: by target, thread count and size, modes in the
/// order of the profile.
pub(super) fn cells<'a>(baseline: &'a Baseline) -> Vec<CellRecords<'a>> {
    let modes = modes([baseline].into_iter());
    let place = |mode: &str| modes.iter().position(|known| known == mode);
    let mut found: BTreeMap<(Target, usize, usize, Option<usize>), CellRecords<'a>> = BTreeMap::new();
    for record in records(baseline) {
        let cell = &record.cell;
        let key = (cell.target, cell.threads, cell.message_bytes, place(&cell.mode));
        let entry =
            found.entry(key).or_insert_with(|| CellRecords { cell: cell.clone(), records: Vec::new() });
        entry.records.push(record);
    }
    found.into_values().collect()
}

/// Every record of `baseline`.
pub(super) fn records(baseline: &Baseline) -> impl Iterator<Item = &Record> {
    baseline.processes.iter().flat_map(|process| &process.records)
}

/// Every mode that any cell or block of the baselines is of, in the order of
/// their profiles.
pub(super) fn modes<'a>(baselines: impl Iterator<Item = &'a Baseline>) -> Vec<String> {
    let mut measured = BTreeSet::new();
    let mut ordered: Vec<String> = Vec::new();
    for record in baselines.flat_map(records) {
        measured.insert(record.cell.mode.clone());
        let lanes = record.blocks.iter().flat_map(|block| &block.rounds).map(|round| &round.lane);
        measured.extend(lanes.filter(|lane| is_mode(lane)).cloned());
        for mode in &record.profile.matrix.modes {
            if !ordered.contains(mode) {
                ordered.push(mode.clone());
            }
        }
    }
    ordered.retain(|mode| measured.remove(mode));
    ordered.extend(measured);
    ordered
}

/// What each mode sends how, as the first record that says it does.
pub(super) fn summaries<'a>(records: impl Iterator<Item = &'a Record>) -> BTreeMap<String, String> {
    let mut summaries = BTreeMap::new();
    for (mode, facts) in records.flat_map(|record| &record.modes) {
        summaries.entry(mode.clone()).or_insert_with(|| facts.summary.clone());
    }
    summaries
}

/// Every size that a cell of `target` has, or of any target, sorted.
pub(super) fn sizes<'a>(records: impl Iterator<Item = &'a Record>, target: Option<Target>) -> Vec<usize> {
    let of_target = records.filter(|record| target.is_none_or(|target| record.cell.target == target));
    of_target.map(|record| record.cell.message_bytes).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Every thread count that a cell of `target` has, or of any target, sorted.
pub(super) fn threads<'a>(records: impl Iterator<Item = &'a Record>, target: Option<Target>) -> Vec<usize> {
    let of_target = records.filter(|record| target.is_none_or(|target| record.cell.target == target));
    of_target.map(|record| record.cell.threads).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The thread counts and sizes that a target was measured at, each with the
/// modes that its blocks hold.
pub(super) fn rows(
    baseline: &Baseline,
    target: Target,
    modes: &[String],
) -> Vec<((usize, usize), Vec<String>)> {
    let mut lanes: BTreeMap<(usize, usize), BTreeSet<&str>> = BTreeMap::new();
    for record in records(baseline).filter(|record| record.cell.target == target) {
        let row = lanes.entry((record.cell.threads, record.cell.message_bytes)).or_default();
        row.insert(&record.cell.mode);
        row.extend(record.blocks.iter().flat_map(|block| &block.rounds).map(|round| round.lane.as_str()));
    }
    let of_modes =
        |lanes: BTreeSet<&str>| modes.iter().filter(|mode| lanes.contains(mode.as_str())).cloned().collect();
    lanes.into_iter().map(|(row, lanes)| (row, of_modes(lanes))).collect()
}
