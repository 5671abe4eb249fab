//! Which passes of two recordings were measured in turn, so that drift cancels
//! between them. It owns what makes a pair of passes; what is made of pairs is
//! `statistics`'.
//!
//! `record --interleave` marks both recordings as one pair, and in each the passes
//! that a `--resume` tore apart: hours may lie between those. Recordings made before
//! that was marked are judged by the dates of their passes.

use std::collections::{BTreeMap, BTreeSet};

use super::Baseline;
use crate::cell::Target;
use crate::metric::median;
use crate::results::recording::{Membership, Pair, PassId};
use crate::results::table::count;

/// Without a mark passes are torn if they began this many times as far apart as
/// half of all do, and at least so many seconds.
const TORN_GAP: f64 = 3.0;
const TORN_GAP_SECONDS: f64 = 60.0;

/// By target the passes that are a pair, and what to know of the others.
pub(super) fn in_turn(base: &Baseline, new: &Baseline) -> (BTreeMap<Target, BTreeSet<usize>>, Vec<String>) {
    let (mut found, mut notes) = (BTreeMap::new(), Vec::new());
    if is_one_group(base, new) {
        // A pass is kept at all its sides or at none: none is torn.
        for target in Target::ALL {
            let (begun, begun_new) = (begun(base, target), begun(new, target));
            found.insert(target, begun.into_keys().filter(|round| begun_new.contains_key(round)).collect());
        }
        return (found, notes);
    }
    let Some((a, b)) = pair(base).zip(pair(new)).filter(|(a, b)| a.id == b.id) else {
        return (found, notes);
    };
    let mut torn_at_all = 0;
    for target in Target::ALL {
        let (begun, begun_new) = (begun(base, target), begun(new, target));
        let both: BTreeSet<usize> =
            begun.keys().filter(|round| begun_new.contains_key(round)).copied().collect();
        let torn = match (&a.torn, &b.torn) {
            (Some(a), Some(b)) => both
                .iter()
                .copied()
                .filter(|round| [a, b].iter().any(|torn| torn.contains(&PassId { round: *round, target })))
                .collect(),
            _ => far_apart(&both, &begun, &begun_new),
        };
        torn_at_all += torn.len();
        found.insert(target, both.difference(&torn).copied().collect());
    }
    if torn_at_all > 0 {
        notes.push(format!(
            "{} of passes torn apart when the recording was taken up again: not measured in turn, and left out \
             where pairs are compared",
            count(torn_at_all, "pair")
        ));
    }
    (found, notes)
}

/// Whether they are two sides of one recording.
fn is_one_group(base: &Baseline, new: &Baseline) -> bool {
    group(base).zip(group(new)).is_some_and(|(a, b)| a.id == b.id && a.place != b.place)
}

/// Whether they are two sides whose passes shared their blocks.
pub(super) fn share_blocks(base: &Baseline, new: &Baseline) -> bool {
    is_one_group(base, new) && group(base).is_some_and(|group| !group.in_turn)
}

fn group(baseline: &Baseline) -> Option<&Membership> {
    baseline.manifest.as_ref()?.group.as_ref()
}

fn pair(baseline: &Baseline) -> Option<&Pair> {
    baseline.manifest.as_ref()?.pair.as_ref()
}

/// When each pass began, in seconds, if that is known.
fn begun(baseline: &Baseline, target: Target) -> BTreeMap<usize, Option<f64>> {
    let passes = baseline.processes.iter().filter(|process| process.number > 0);
    let first = passes.filter_map(|process| {
        let record = process.records.iter().find(|record| record.cell.target == target)?;
        Some((process.number, record.environment.text("date_utc").and_then(seconds)))
    });
    first.collect()
}

/// The passes that began further apart than others do.
fn far_apart(
    both: &BTreeSet<usize>,
    base: &BTreeMap<usize, Option<f64>>,
    new: &BTreeMap<usize, Option<f64>>,
) -> BTreeSet<usize> {
    let gap = |round: &usize| Some((base[round]? - new[round]?).abs());
    let gaps: Vec<f64> = both.iter().filter_map(gap).collect();
    let Some(usual) = median(&gaps) else { return BTreeSet::new() };
    let most = (TORN_GAP * usual).max(TORN_GAP_SECONDS);
    both.iter().copied().filter(|round| gap(round).is_some_and(|gap| gap > most)).collect()
}

/// Of `2026-02-28T13:07:09Z`, from a day of no importance.
fn seconds(date: &str) -> Option<f64> {
    let numbers: Vec<f64> = date
        .strip_suffix('Z')?
        .split(['-', 'T', ':'])
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [year, month, day, hour, minute, second] = numbers[..] else { return None };
    // The year begins in March, so that a leap day is its last.
    let (year, month) = if month > 2.0 { (year, month - 3.0) } else { (year - 1.0, month + 9.0) };
    let leap_days = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    let days = 365.0 * year + leap_days + ((153.0 * month + 2.0) / 5.0).floor() + day;
    Some(((days * 24.0 + hour) * 60.0 + minute) * 60.0 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_as_far_apart_as_the_calendar_has_them() {
        let apart = |from: &str, to: &str| seconds(to).unwrap() - seconds(from).unwrap();
        assert_eq!(apart("2024-02-28T23:59:59Z", "2024-03-01T00:00:00Z"), 86401.0);
        assert_eq!(apart("2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"), 1.0);
        assert_eq!(apart("2025-12-31T23:00:00Z", "2026-01-01T00:00:30Z"), 3630.0);
        assert_eq!(seconds("yesterday"), None);
    }
}
