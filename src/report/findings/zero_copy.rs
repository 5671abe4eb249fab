//! Whether zero-copy was real: what every mode that hands bytes over by reference
//! was told of them, and what that means for reading the rest. Counts, not estimates.

use std::collections::BTreeSet;

use super::super::words;
use super::{Evidence, Finding, FindingFigure, FindingKind};
use crate::cell::{Cell, Target};

/// One finding a mode that hands bytes over by reference, or one that says that
/// none does.
pub(super) fn findings(evidence: &Evidence<'_>) -> Vec<Finding> {
    let of_mode = |mode: &String| finding(evidence, mode).or_else(|| unreported(evidence, mode));
    let found: Vec<Finding> = evidence.modes.iter().filter_map(of_mode).collect();
    if !found.is_empty() {
        return found;
    }
    let headline = "No cell handed anything over by reference: nothing here says whether that would have saved the copy.";
    vec![Finding::new(FindingKind::ZeroCopy, evidence.name(), headline.to_string())]
}

/// Whether packets leave the clients by a device that takes them in one piece alone.
fn lacks_scatter_gather(evidence: &Evidence<'_>) -> bool {
    let mut records = evidence.baseline.processes.iter().flat_map(|process| &process.records);
    records.any(|record| record.environment.text("path.scatter_gather") == Some("off"))
}

/// What a mode's cells counted, over all of them.
#[derive(Default)]
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
    } else if lacks_scatter_gather(evidence) {
        (
            format!(
                "{mode} did not save the copy: the device takes no scatter-gather, so the kernel copied every message \
                 into packets, {}.",
                match share {
                    1.0 => format!("as all {completions} completions in {cells} say"),
                    _ => format!("though only {:.1} % of {completions} completions in {cells} say so", share * 100.0),
                }
            ),
            vec![
                "A packet for such a device is one piece of memory. What was handed over by reference is copied as \
                 packets are made of it (skb_segment in net/core/skbuff.c), as is what other modes copied before; \
                 the kernel's flag tells of other copies. A breakdown of where the time goes shows it as a \
                 deferred copy."
                    .to_string(),
                "`ethtool -K DEVICE sg on`, where the device can, is what this mode needs to save anything."
                    .to_string(),
            ],
        )
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
    let mut figures = vec![
        FindingFigure::counted("completions", tally.completions),
        FindingFigure::counted("deferred copies", tally.deferred),
    ];
    let mut details = reading;
    let copied = tally.cells.iter().filter_map(|cell| evidence.value(cell, COPIED)).fold(0.0, f64::max);
    if copied > 0.0 {
        let text = match copied {
            1.0 => "There are cells in which all of its bytes were copied as they were sent".to_string(),
            share => format!("Up to {:.2} % of its bytes were copied as they were sent", share * 100.0),
        };
        details.push(format!("{text}: they have no completion, and none of this is said of them."));
    }
    for (quantity, label) in [
        (
            "zerocopy_fallback_sends",
            "sends made with the copy, as the kernel had no memory for it and waiting did not help",
        ),
        ("zerocopy_enobufs", "sends refused for now with ENOBUFS, and tried again"),
    ] {
        let sum: f64 = tally.cells.iter().filter_map(|cell| evidence.value(cell, quantity)).sum();
        figures.push(FindingFigure::counted(label, sum));
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
        doubts: evidence.doubts(tally.cells.iter()).of_counts(),
        cells: tally.cells,
    })
}

fn tally(evidence: &Evidence<'_>, mode: &str) -> Option<Tally> {
    let cells = cells_of(evidence, mode);
    let mut tally = Tally::default();
    for cell in cells {
        let completions = evidence.value(&cell, "zerocopy_completions");
        let Some((completions, deferred)) =
            completions.zip(evidence.value(&cell, "zerocopy_deferred_copies"))
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

const COPIED: &str = "copied_on_send_share";
const UNREPORTED: &str = "by_reference_unreported_share";

fn cells_of(evidence: &Evidence<'_>, mode: &str) -> BTreeSet<Cell> {
    let all = Target::ALL.into_iter().flat_map(|target| evidence.cells(target));
    all.filter(|cell| cell.mode == mode).collect()
}

/// Of a mode whose interface says nothing of what it was given.
fn unreported(evidence: &Evidence<'_>, mode: &str) -> Option<Finding> {
    let is_unreported = |cell: &Cell| evidence.value(cell, UNREPORTED).is_some_and(|share| share > 0.0);
    let cells: Vec<Cell> = cells_of(evidence, mode).into_iter().filter(is_unreported).collect();
    let share = cells.iter().filter_map(|cell| evidence.value(cell, UNREPORTED)).reduce(f64::min)?;
    let headline = format!(
        "{mode} handed {} over by reference in {}, and on loopback nothing is copied on the transmit side either.",
        if share == 1.0 { "every byte".to_string() } else { format!("{:.1} % of its bytes", share * 100.0) },
        words::count(cells.len(), "cell"),
    );
    let details = vec![
        "Its interface reports nothing, so this is of how it works, not of a count: the receiver reads the \
         very pages that were sent. A breakdown of where the time goes shows it, with neither a send copy \
         nor a deferred copy."
            .to_string(),
        "A message could be written again only once the receiver had read it, which its figures hold."
            .to_string(),
    ];
    let label = "bytes by reference, of which nothing is reported, over all";
    Some(Finding {
        kind: FindingKind::ZeroCopy,
        baseline: evidence.name().to_string(),
        headline,
        details,
        figures: vec![FindingFigure::counted(label, share)],
        doubts: evidence.doubts(cells.iter()),
        cells,
    })
}
