//! The records of one size and thread count, which share their blocks. It owns
//! the interval that a claim about two of its modes may rest on; the rule by
//! which they are told apart is `ratio/told.rs`'s.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::record::Record;
use crate::ratio::told::disagreement;
use crate::ratio::{Ratio, self_ratio};

/// The records of a row by mode.
#[derive(Debug, Default)]
pub(super) struct Row<'a>(BTreeMap<&'a str, &'a Record>);

/// The rows of `records` by thread count and size.
pub(super) fn rows<'a>(records: impl Iterator<Item = &'a Record>) -> BTreeMap<(usize, usize), Row<'a>> {
    let mut rows: BTreeMap<(usize, usize), Row<'a>> = BTreeMap::new();
    for record in records {
        let row = rows.entry((record.cell.threads, record.cell.message_bytes)).or_default();
        row.0.insert(&record.cell.mode, record);
    }
    rows
}

impl<'a> Row<'a> {
    pub(super) fn get(&self, mode: &str) -> Option<&'a Record> {
        self.0.get(mode).copied()
    }

    /// Every record with its mode.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a Record)> + '_ {
        self.0.iter().map(|(mode, record)| (*mode, *record))
    }

    /// `mode` over `other` with the interval that a claim rests on.
    pub(super) fn told(&self, mode: &str, other: &str) -> Option<Ratio> {
        Some(self.measured(mode, other)?.widened(self.margin(mode, other)))
    }

    /// Whether a mode of the two differs from itself, which widens their interval.
    pub(super) fn is_widened(&self, mode: &str, other: &str) -> bool {
        self.margin(mode, other) > 0.0
    }

    /// Whether `mode` is told to be the best of the row.
    pub(super) fn is_best(&self, mode: &str) -> bool {
        let less =
            |other: &String| self.told(mode, other).is_some_and(|ratio| ratio.told() == Ordering::Less);
        let others = self.get(mode).map(|record| &record.row_ratios);
        others.is_some_and(|others| !others.is_empty() && others.keys().all(less))
    }

    /// Each pair of modes that has a ratio, once.
    pub(super) fn pairs(&self) -> BTreeSet<[&'a str; 2]> {
        let of_record = |(mode, record): (&&'a str, &&'a Record)| -> Vec<[&'a str; 2]> {
            let (mode, record): (&'a str, &'a Record) = (mode, record);
            let with = |other: &'a String| if mode < other.as_str() { [mode, other] } else { [other, mode] };
            record.row_ratios.keys().map(with).collect()
        };
        self.0.iter().flat_map(of_record).collect()
    }

    /// Both cells of a pair have the same blocks; a filter may have left one out.
    fn measured(&self, mode: &str, other: &str) -> Option<Ratio> {
        let of = |mode: &str, other: &str| self.get(mode)?.row_ratios.get(other)?.found().copied();
        of(mode, other).or_else(|| of(other, mode).map(|ratio| ratio.inverse()))
    }

    fn margin(&self, mode: &str, other: &str) -> f64 {
        let of = |mode: &str| disagreement(self.get(mode).and_then(|record| self_ratio(&record.ratios)));
        of(mode).max(of(other))
    }
}
