//! What further threads do: where each mode's throughput is highest, and what
//! context switches and cache misses do beyond. Cells of different thread
//! counts share no blocks, so nothing here is a within-block ratio: with several
//! processes a difference is taken within each process, of one process the
//! interval of its generations is widened as for two processes.

use super::super::estimate::{Basis, Ends, Estimate, Reading};
use super::super::quantities::{SWITCHES_PER_MESSAGE, THROUGHPUT};
use super::super::words;
use super::{Evidence, Finding, FindingFigure, FindingKind};
use crate::cell::{Cell, Target};
use crate::compare::Quantity;
use crate::compare::rows::Rows;
use crate::compare::statistics::{self, Side};

/// The confidence of every interval that is shown.
const CONFIDENCE: f64 = 0.95;

/// One finding a mode.
pub(super) fn findings(evidence: &Evidence<'_>) -> Vec<Finding> {
    let rows = Rows::of(evidence.baseline, Quantity::Throughput);
    evidence.modes.iter().filter_map(|mode| finding(evidence, &rows, mode)).collect()
}

/// One size of one mode.
struct Peak {
    bytes: usize,
    /// The thread counts that have the highest throughput or cannot be told
    /// from the one that has; with one alone it is told from every other.
    highest: Vec<usize>,
    /// Of these the one with the highest estimate.
    best: usize,
    /// Every thread count that was measured.
    measured: Vec<usize>,
    /// Throughput at the most threads over that at the best.
    most_over_best: Option<(usize, Reading)>,
}

fn finding(evidence: &Evidence<'_>, rows: &Rows<'_>, mode: &str) -> Option<Finding> {
    let cells: Vec<Cell> =
        evidence.cells(Target::Throughput).into_iter().filter(|cell| cell.mode == mode).collect();
    let mut sizes: Vec<usize> = cells.iter().map(|cell| cell.message_bytes).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let peaks: Vec<Peak> = sizes.iter().filter_map(|bytes| peak(rows, mode, *bytes, &cells)).collect();
    if peaks.is_empty() {
        return None; // one thread count says nothing of more
    }
    let mut finding = Finding::new(FindingKind::Threads, evidence.name(), headline(evidence, mode, &peaks));
    finding.doubts = evidence.doubts(cells.iter());
    finding.cells = cells;
    for peak in &peaks {
        describe(evidence, mode, peak, &mut finding);
    }
    if evidence.baseline.processes.len() == 1 {
        finding.details.push(
            "Cells of different thread counts were measured minutes apart in one process: the intervals are of \
             its generations, widened as in `copycost compare`."
                .to_string(),
        );
    }
    Some(finding)
}

fn peak(rows: &Rows<'_>, mode: &str, bytes: usize, cells: &[Cell]) -> Option<Peak> {
    let of_size = cells.iter().filter(|cell| cell.message_bytes == bytes);
    let measured: Vec<usize> = of_size.map(|cell| cell.threads).collect();
    let sides: Vec<(usize, Side)> =
        measured.iter().map(|threads| (*threads, rows.absolute((*threads, bytes), mode))).collect();
    let centre = |side: &Side| {
        let values = side.processes.iter().map(|(_, value)| value);
        values.sum::<f64>() / side.processes.len() as f64
    };
    // Least time a message is most throughput.
    let (best, of_best) = sides.iter().min_by(|a, b| centre(&a.1).total_cmp(&centre(&b.1)))?;
    if sides.len() < 2 {
        return None;
    }
    // The best is picked from the same figures that it is compared by: with every
    // pair of counts allowed for, as Bonferroni does, the chance of any false
    // difference at a size stays at 5 %.
    let pairs = (sides.len() * (sides.len() - 1) / 2) as f64;
    let corrected = 1.0 - (1.0 - CONFIDENCE) / pairs;
    let slower_than_best = |side: &Side| {
        over(of_best, side, corrected).and_then(|reading| Some(reading.found()?.ends()?.1 < 1.0))
    };
    let not_told =
        sides.iter().filter(|(threads, side)| threads == best || slower_than_best(side) != Some(true));
    let (most, of_most) = sides.last()?;
    let beyond = (most != best).then(|| {
        let reading = over(of_best, of_most, CONFIDENCE);
        (*most, reading.unwrap_or_else(|| Reading::absent("fewer than two processes or generations")))
    });
    let highest = not_told.map(|(threads, _)| *threads).collect();
    Some(Peak { bytes, highest, best: *best, measured, most_over_best: beyond })
}

/// The throughput of `other` over that of `base`.
fn over(base: &Side, other: &Side, confidence: f64) -> Option<Reading> {
    // What one process measured within minutes.
    let in_turn = base.processes.iter().map(|(process, _)| *process).collect();
    let slower = statistics::difference(base, other, &in_turn).ok()?;
    let (lower, upper) = slower.interval(confidence);
    let basis = match slower.basis {
        statistics::Basis::Generations => Basis::GenerationsWidened,
        _ => Basis::Processes,
    };
    let count = match basis {
        Basis::GenerationsWidened => base.generations.len().min(other.generations.len()),
        _ => base.processes.len().min(other.processes.len()),
    };
    let ends = Ends { lower: (-upper).exp(), upper: (-lower).exp(), basis, count };
    Some(Reading::of((-slower.estimate).exp(), ends))
}

fn headline(evidence: &Evidence<'_>, mode: &str, peaks: &[Peak]) -> String {
    let said = words::grouped(peaks.iter().map(|peak| (peak.bytes, highest(evidence, peak))));
    let each = said.iter().map(|(sizes, what)| format!("at {} {what}", words::sizes(sizes)));
    format!("Throughput of {mode}: {}.", each.collect::<Vec<_>>().join("; "))
}

fn highest(evidence: &Evidence<'_>, peak: &Peak) -> String {
    let counts = evidence.thread_counts(Target::Throughput, &peak.highest);
    match peak.highest.as_slice() {
        [one] if Some(one) == peak.measured.last() => {
            format!("it is highest at {counts}, the most that were measured")
        }
        [_] => format!("it peaks at {counts}"),
        several if several.len() == peak.measured.len() => {
            format!("no difference between {counts} can be told")
        }
        _ => format!("it is highest at {counts}, which cannot be told apart"),
    }
}

fn with_threads(evidence: &Evidence<'_>, count: usize) -> String {
    evidence.thread_counts(Target::Throughput, &[count])
}

/// Figures at the highest and at the most threads, and what lies between them.
fn describe(evidence: &Evidence<'_>, mode: &str, peak: &Peak, finding: &mut Finding) {
    let size = words::size(peak.bytes);
    let cell = |threads: usize| Cell {
        target: Target::Throughput,
        mode: mode.to_string(),
        message_bytes: peak.bytes,
        threads,
    };
    for threads in &peak.measured {
        if let Some(figure) = evidence.figure(&cell(*threads), THROUGHPUT) {
            let label = format!("{size}, {}: throughput", with_threads(evidence, *threads));
            finding.figures.push(FindingFigure::measured(label, &figure.unit, figure.reading.clone()));
        }
    }
    let (Some((most, ratio)), best) = (&peak.most_over_best, &peak.best) else { return };
    if peak.highest.contains(most) {
        return; // nothing lies beyond a peak that cannot be told from it
    }
    let both = format!("{} over {}", with_threads(evidence, *most), words::threads(*best));
    finding.figures.push(FindingFigure::measured(format!("{size}, {both}: throughput"), "", ratio.clone()));
    let mut changes = Vec::new();
    let counters = [
        (vec![SWITCHES_PER_MESSAGE], "context switches a message"),
        (vec!["client_l1d_misses_per_byte", "server_l1d_misses_per_byte"], "L1 data cache misses a byte"),
        (vec!["client_llc_misses_per_byte", "server_llc_misses_per_byte"], "last-level cache misses a byte"),
    ];
    for (quantities, what) in counters {
        let both_sides = |threads: usize| of_both(evidence, &cell(threads), &quantities);
        let (before, after) = (both_sides(*best), both_sides(*most));
        changes.push(match (before.value(), after.value()) {
            (Some(before), Some(after)) => {
                format!("{what} {} → {}", words::figure(before), words::figure(after))
            }
            _ => {
                format!("{what} {}", words::reading(if before.value().is_some() { &after } else { &before }))
            }
        });
        for (threads, reading) in [(*best, before), (*most, after)] {
            let label = format!("{size}, {}: {what}", with_threads(evidence, threads));
            finding.figures.push(FindingFigure::measured(label, "", reading));
        }
    }
    finding.details.push(format!(
        "{size}, {both}: throughput {}; {}.",
        words::times(ratio),
        changes.join("; ")
    ));
}

/// A figure, or the sum of the client's and the server's.
fn of_both(evidence: &Evidence<'_>, cell: &Cell, quantities: &[&str]) -> Reading {
    let of = |quantity: &&str| evidence.figure(cell, quantity).map(|figure| figure.reading.clone());
    let readings: Vec<Reading> = quantities.iter().filter_map(of).collect();
    match readings.as_slice() {
        [] => Reading::absent("no record holds it"),
        [one] => one.clone(),
        several => match several.iter().find(|reading| reading.absence().is_some()) {
            Some(absent) => absent.clone(),
            None => {
                let sum = several.iter().filter_map(Reading::value).sum();
                Reading::Found(Estimate::without_interval(
                    sum,
                    "a sum of two figures with intervals of their own",
                ))
            }
        },
    }
}
