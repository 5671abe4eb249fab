//! Whether zero-copy was: the completions of every mode that asked for them,
//! and what they mean for reading the rest. A count, not an estimate.

use std::collections::BTreeSet;

use super::super::estimate::{Estimate, Reading};
use super::super::words;
use super::{Evidence, Finding, FindingFigure, FindingKind};
use crate::cell::{Cell, Target};

/// One finding a mode that makes `MSG_ZEROCOPY` sends, or one that says that
/// none does.
pub(super) fn findings(evidence: &Evidence<'_>) -> Vec<Finding> {
    let of_mode = |mode: &String| finding(evidence, mode);
    let found: Vec<Finding> = evidence.modes.iter().filter_map(of_mode).collect();
    if !found.is_empty() {
        return found;
    }
    let headline =
        "No cell made MSG_ZEROCOPY sends: nothing here says whether they would have saved the copy.";
    vec![Finding::new(FindingKind::ZeroCopy, evidence.name(), headline.to_string())]
}

/// What a mode's cells counted, over all of them.
struct Tally {
    completions: f64,
    deferred: f64,
    cells: Vec<Cell>,
    /// Cells with some deferred copies and some not.
    mixed: usize,
}

fn finding(evidence: &Evidence<'_>, mode: &str) -> Option<Finding> {
    let tally = tally(evidence, mode)?;
    let cells = words::count(tally.cells.len(), "cell");
    let completions = tally.completions as u64;
    let share = tally.deferred / tally.completions;
    let (headline, reading) = if tally.completions == 0.0 {
        (format!("{mode} had no completion in {cells}: nothing says whether it copied."), Vec::new())
    } else if tally.deferred == tally.completions {
        (
            format!("{mode} did not save the copy: all {completions} completions in {cells} were deferred copies."),
            vec![
                "The kernel copied every message after all, once the send had been made. A figure of this mode \
                 holds that copy, and the pinning of pages and the completions on top of it."
                    .to_string(),
                format!(
                    "So wherever {mode} is compared here, it is the price of asking not to copy where the \
                     kernel copies all the same. Nothing here says what it does on a device that sends from the pages."
                ),
            ],
        )
    } else if tally.deferred == 0.0 {
        (
            format!("{mode} saved the copy: none of {completions} completions in {cells} was a deferred copy."),
            vec![
                "The kernel flagged no message as copied. That it did not have to fall back is all that this says, \
                 and of the send path alone: the receiver's copy to user space is the same in all modes."
                    .to_string(),
            ],
        )
    } else {
        (
            format!(
                "{mode} saved the copy in part: {:.1} % of {completions} completions in {cells} were deferred \
                 copies.",
                share * 100.0
            ),
            vec![format!(
                "{} hold both kinds: a figure of those is of neither. Where completions coalesce, a range \
                     keeps its first entry's flag, so the share is approximate there.",
                words::count(tally.mixed, "cell")
            )],
        )
    };
    let counted = |value: f64| Reading::Found(Estimate::without_interval(value, "a count, not an estimate"));
    let mut figures = vec![
        FindingFigure::measured("completions".into(), "", counted(tally.completions)),
        FindingFigure::measured("deferred copies".into(), "", counted(tally.deferred)),
    ];
    let mut details = reading;
    for (quantity, label) in [
        (
            "zerocopy_fallback_sends",
            "sends made without MSG_ZEROCOPY, as the kernel had no memory for it and waiting did not help",
        ),
        ("zerocopy_enobufs", "sends refused for now with ENOBUFS, and tried again"),
    ] {
        let sum: f64 = tally.cells.iter().filter_map(|cell| value(evidence, cell, quantity)).sum();
        figures.push(FindingFigure::measured(label.into(), "", counted(sum)));
        if sum > 0.0 {
            details.push(format!("{sum:.0} {label}."));
        }
    }
    Some(Finding {
        kind: FindingKind::ZeroCopy,
        baseline: evidence.name().to_string(),
        headline,
        details,
        figures,
        doubts: evidence.doubts(tally.cells.iter()),
        cells: tally.cells,
    })
}

fn tally(evidence: &Evidence<'_>, mode: &str) -> Option<Tally> {
    let all = Target::ALL.into_iter().flat_map(|target| evidence.cells(target));
    let cells: BTreeSet<Cell> = all.filter(|cell| cell.mode == mode).collect();
    let mut tally = Tally { completions: 0.0, deferred: 0.0, cells: Vec::new(), mixed: 0 };
    for cell in cells {
        let completions = value(evidence, &cell, "zerocopy_completions");
        let Some((completions, deferred)) =
            completions.zip(value(evidence, &cell, "zerocopy_deferred_copies"))
        else {
            continue;
        };
        tally.completions += completions;
        tally.deferred += deferred;
        tally.mixed += usize::from(deferred > 0.0 && deferred < completions);
        tally.cells.push(cell);
    }
    (!tally.cells.is_empty()).then_some(tally)
}

fn value(evidence: &Evidence<'_>, cell: &Cell, quantity: &str) -> Option<f64> {
    evidence.estimate(cell, quantity).map(|estimate| estimate.value)
}
