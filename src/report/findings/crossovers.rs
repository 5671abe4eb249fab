//! From which size on one mode overtakes another, in throughput, latency and CPU
//! cost: a sentence for each pair of modes, from what `crossover` allows.

use super::super::crossover::{Crossing, Crossover, CrossoverRow};
use super::super::estimate::{Basis, Ends, Reading};
use super::super::words;
use super::{Evidence, Finding, FindingFigure, FindingKind};
use crate::cell::Cell;
use crate::compare::Quantity;
use crate::doubt::DoubtKinds;

/// One finding for each pair of modes in each quantity.
pub(super) fn findings(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut pairs: Vec<(Quantity, &str, &str)> = Vec::new();
    for row in evidence.crossovers {
        let pair = (row.quantity, row.mode.as_str(), row.over.as_str());
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    pairs.into_iter().filter_map(|pair| finding(evidence, pair)).collect()
}

fn finding(evidence: &Evidence<'_>, (quantity, mode, over): (Quantity, &str, &str)) -> Option<Finding> {
    let of_pair =
        |row: &&CrossoverRow| (row.quantity, row.mode.as_str(), row.over.as_str()) == (quantity, mode, over);
    let rows: Vec<&CrossoverRow> = evidence.crossovers.iter().filter(of_pair).collect();
    let said = said(evidence, &rows);
    let headline = said.iter().map(|(threads, what)| format!("on {threads} {what}")).collect::<Vec<_>>();
    let what = match quantity {
        Quantity::CpuCost => "CPU cost",
        Quantity::LatencyMedian | Quantity::LatencyP99 => "Latency (median round trip)",
        Quantity::Throughput => "Throughput",
    };
    let lookup = evidence.lookup(quantity);
    let (mut figures, mut cells) = (Vec::new(), Vec::new());
    for row in &rows {
        let threads = words::threads(row.threads);
        if let Crossover::Crosses { crossings } = &row.crossover {
            figures.extend(crossings.iter().map(|crossing| crossing_figure(&threads, crossing)));
        }
        for bytes in sizes(evidence, quantity) {
            let Some(ratio) = lookup.get((row.threads, bytes), mode, over) else { continue };
            let label =
                format!("{threads}, {}: {mode} over {over}, {}", words::size(bytes), measured(quantity));
            figures.push(FindingFigure::measured(label, "", ratio.reading.clone()));
            cells.extend([mode, over].map(|mode| Cell {
                target: quantity.target(),
                mode: mode.to_string(),
                message_bytes: bytes,
                threads: row.threads,
            }));
        }
    }
    (!rows.is_empty()).then(|| Finding {
        kind: FindingKind::Crossover,
        baseline: evidence.name().to_string(),
        headline: format!("{what}, {mode} and {over}: {}.", headline.join("; ")),
        details: rows.iter().flat_map(|row| details(row)).collect(),
        figures,
        doubts: DoubtKinds::of_all(rows.iter().map(|row| &row.doubts)),
        cells,
    })
}

fn measured(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::CpuCost => "CPU cost a message",
        Quantity::LatencyMedian | Quantity::LatencyP99 => "median round trip",
        Quantity::Throughput => "time a message",
    }
}

fn sizes(evidence: &Evidence<'_>, quantity: Quantity) -> Vec<usize> {
    let of = evidence.ratios.iter().filter(|ratio| ratio.quantity == quantity);
    let mut sizes: Vec<usize> = of.map(|ratio| ratio.message_bytes).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// What is to be said, each with the thread counts that it holds for.
fn said(evidence: &Evidence<'_>, rows: &[&CrossoverRow]) -> Vec<(String, String)> {
    let target = rows.first().map_or(crate::cell::Target::Throughput, |row| row.quantity.target());
    let said = words::grouped(rows.iter().map(|row| (row.threads, sentence(row))));
    said.into_iter().map(|(threads, what)| (evidence.thread_counts(target, &threads), what)).collect()
}

fn sentence(row: &CrossoverRow) -> String {
    match &row.crossover {
        Crossover::Crosses { crossings } => {
            let each = crossings.iter().map(|crossing| {
                let (leader, place) = (&crossing.leader_after, place(crossing));
                match row.quantity {
                    Quantity::Throughput => format!("{leader} overtakes {} at {place}", behind(row, leader)),
                    _ => format!("{} from {place} on", leads(row, leader)),
                }
            });
            each.collect::<Vec<_>>().join(", then ")
        }
        Crossover::NotInRange { leader, clear_bytes, unclear_bytes } => {
            let leads = leads(row, leader);
            match unclear_bytes.as_slice() {
                [] => format!("{leads} at every size: no crossover in the measured range"),
                unclear => format!(
                    "{leads} at {}; at {} it cannot be told, and no crossover can be claimed in the measured range",
                    words::sizes(clear_bytes),
                    words::sizes(unclear)
                ),
            }
        }
        Crossover::Flat { unclear_bytes } => format!(
            "it cannot be told which leads: at {} the interval of their ratio holds 1",
            words::sizes(unclear_bytes)
        ),
        Crossover::OneSize { message_bytes, leader } => {
            let there = match leader {
                Some(leader) => format!("there {leader} leads"),
                None => "there the interval of their ratio holds 1".to_string(),
            };
            format!(
                "only {} has a ratio of the two, so no crossover can be found; {there}",
                words::size(*message_bytes)
            )
        }
        Crossover::NotMeasured { absent } => format!("there is no ratio to tell by ({absent})"),
    }
}

/// `two-copy costs less than one-copy`.
fn leads(row: &CrossoverRow, leader: &str) -> String {
    let how = match row.quantity {
        Quantity::CpuCost => "costs less than",
        Quantity::LatencyMedian | Quantity::LatencyP99 => "answers sooner than",
        Quantity::Throughput => "is faster than",
    };
    format!("{leader} {how} {}", behind(row, leader))
}

fn behind<'a>(row: &'a CrossoverRow, leader: &str) -> &'a str {
    if leader == row.mode { &row.over } else { &row.mode }
}

/// `11.2 KiB [9.6, 12.8]`: between which sizes is said in the details.
fn place(crossing: &Crossing) -> String {
    format!(
        "{} [{}, {}]",
        words::about(crossing.bytes),
        words::about(crossing.lower_bytes),
        words::about(crossing.upper_bytes)
    )
}

fn details(row: &CrossoverRow) -> Vec<String> {
    let threads = words::threads(row.threads);
    let mut details = Vec::new();
    if let Crossover::Crosses { crossings } = &row.crossover {
        for crossing in crossings {
            let [below, above] = crossing.between_bytes;
            let mut text = format!(
                "{threads}: interpolated between {} and {}, the nearest measured sizes at which the lead is told",
                words::size(below),
                words::size(above)
            );
            if !crossing.unclear_bytes.is_empty() {
                text += &format!("; at {} the interval holds 1", words::sizes(&crossing.unclear_bytes));
            }
            if !crossing.missing_bytes.is_empty() {
                text += &format!("; {} in between was not measured", words::sizes(&crossing.missing_bytes));
            }
            details.push(text + ".");
        }
    }
    if !row.missing_bytes.is_empty() {
        details.push(format!("{threads}: {} has no ratio of the two.", words::sizes(&row.missing_bytes)));
    }
    details
}

fn crossing_figure(threads: &str, crossing: &Crossing) -> FindingFigure {
    let between = 2 + crossing.unclear_bytes.len();
    let (lower, upper) = (crossing.lower_bytes, crossing.upper_bytes);
    let ends = Ends { lower, upper, basis: Basis::Derived, count: between };
    FindingFigure::derived(
        format!("{threads}: from here on {} leads", crossing.leader_after),
        "B",
        Reading::of(crossing.bytes, ends),
        "log ratio and the ends of its interval taken as straight over log size between measured sizes",
    )
}
