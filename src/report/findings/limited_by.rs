//! What limits the cells of each row, from the busy shares of both sides, and
//! what it means for a comparison of modes where that differs: a mode that is
//! slow because it costs and one that is slow because it waits look the same in
//! throughput.

use super::super::words;
use super::{Evidence, Finding, FindingFigure, FindingKind};
use crate::cell::{Cell, Target};
use crate::compare::Quantity;
use crate::compare::rows::RowKey;
use crate::metric::busy_share::{CLIENT, CPUS, LimitedBy, SERVER, Shares};

/// One finding a bench target that has shares.
pub(super) fn findings(evidence: &Evidence<'_>) -> Vec<Finding> {
    [Quantity::Throughput, Quantity::LatencyMedian, Quantity::CpuCost]
        .into_iter()
        .filter_map(|quantity| finding(evidence, quantity))
        .collect()
}

/// What limits each mode of one size and thread count.
struct Row {
    key: RowKey,
    modes: Vec<(String, Shares)>,
}

impl Row {
    /// What limits, each with the modes that it does, as the modes are met.
    fn limits(&self) -> Vec<(LimitedBy, Vec<&(String, Shares)>)> {
        let mut limits: Vec<(LimitedBy, Vec<&(String, Shares)>)> = Vec::new();
        for mode in &self.modes {
            let by = mode.1.limited_by();
            match limits.iter_mut().find(|(other, _)| *other == by) {
                Some((_, modes)) => modes.push(mode),
                None => limits.push((by, vec![mode])),
            }
        }
        limits
    }
}

fn finding(evidence: &Evidence<'_>, quantity: Quantity) -> Option<Finding> {
    let cells = evidence.cells(quantity.target());
    let keys: std::collections::BTreeSet<RowKey> =
        cells.iter().map(|cell| (cell.threads, cell.message_bytes)).collect();
    let rows: Vec<Row> = keys
        .into_iter()
        .map(|key| Row { key, modes: shares_of(evidence, quantity.target(), key) })
        .filter(|row| !row.modes.is_empty())
        .collect();
    if rows.is_empty() {
        return None;
    }
    let what = match quantity {
        Quantity::Throughput => "Throughput",
        Quantity::LatencyMedian | Quantity::LatencyP99 => "Latency",
        Quantity::CpuCost => "CPU cost",
    };
    let mut finding =
        Finding::new(FindingKind::LimitedBy, evidence.name(), format!("{what}: {}.", headline(&rows)));
    finding.details = details(evidence, quantity, &rows);
    for row in &rows {
        // Where all are limited alike the sentence is enough; figures stand in the CSV.
        let figures: &[_] = match row.limits().len() {
            1 => &[],
            _ => &[(CLIENT, "clients"), (SERVER, "servers"), (CPUS, "all CPUs")],
        };
        for (mode, _) in &row.modes {
            let cell = cell(quantity.target(), mode, row.key);
            for (name, side) in figures {
                let Some(figure) = evidence.figure(&cell, name) else { continue };
                let label =
                    format!("{}, {mode}: busy share of the {side}", place(evidence, quantity, &[row.key]));
                finding.figures.push(FindingFigure::measured(label, &figure.unit, figure.reading.clone()));
            }
            finding.cells.push(cell);
        }
    }
    finding.doubts = evidence.doubts(finding.cells.iter());
    Some(finding)
}

fn cell(target: Target, mode: &str, (threads, message_bytes): RowKey) -> Cell {
    Cell { target, mode: mode.to_string(), message_bytes, threads }
}

fn shares_of(evidence: &Evidence<'_>, target: Target, key: RowKey) -> Vec<(String, Shares)> {
    let of = |mode: &String| {
        let cell = cell(target, mode, key);
        let value = |name: &str| evidence.value(&cell, name);
        let shares = Shares { client: value(CLIENT)?, server: value(SERVER)?, cpus: value(CPUS) };
        Some((mode.clone(), shares))
    };
    evidence.modes.iter().filter_map(of).collect()
}

fn headline(rows: &[Row]) -> String {
    let alike = rows.iter().filter(|row| row.limits().len() == 1).count();
    match (alike, rows.len()) {
        (alike, all) if alike == all => {
            let by: std::collections::BTreeSet<LimitedBy> =
                rows.iter().flat_map(|row| row.limits()).map(|(by, _)| by).collect();
            let by: Vec<&str> = by.into_iter().map(LimitedBy::words).collect();
            match by.as_slice() {
                [one] => format!("every cell is limited by {one}"),
                several => format!(
                    "in every row the modes are limited by the same thing, which is, row by row, {}",
                    several.join(" or ")
                ),
            }
        }
        (alike, all) => format!(
            "in {} of {} the modes are limited by different things, and their ratios are not of cost alone",
            all - alike,
            words::count(all, "row")
        ),
    }
}

/// Rows that are limited alike in a sentence, then each other row with what
/// follows.
fn details(evidence: &Evidence<'_>, quantity: Quantity, rows: &[Row]) -> Vec<String> {
    let alike = rows.iter().filter_map(|row| match row.limits().as_slice() {
        [(by, _)] => Some((row.key, by.words().to_string())),
        _ => None,
    });
    let mut details: Vec<String> = words::grouped(alike)
        .into_iter()
        .map(|(keys, by)| format!("{}: all modes are limited by {by}.", place(evidence, quantity, &keys)))
        .collect();
    for row in rows.iter().filter(|row| row.limits().len() > 1) {
        let limits = row.limits();
        let each = limits.iter().map(|(by, modes)| {
            let modes: Vec<String> =
                modes.iter().map(|(mode, shares)| format!("{mode} ({})", shares.figures())).collect();
            format!("{} by {}", words::list(&modes), by.words())
        });
        let each: Vec<String> = each.collect();
        details.push(format!(
            "{}: limited are {}; {}.",
            place(evidence, quantity, &[row.key]),
            each.join("; "),
            consequences(evidence, quantity, row, &limits).join("; ")
        ));
    }
    details
}

/// What it means that `limits` differ.
fn consequences(
    evidence: &Evidence<'_>,
    quantity: Quantity,
    row: &Row,
    limits: &[(LimitedBy, Vec<&(String, Shares)>)],
) -> Vec<String> {
    let names = |of: &[&(String, Shares)]| words::list(&of.iter().map(|(mode, _)| mode).collect::<Vec<_>>());
    let lookup = evidence.lookup(quantity);
    let mut said = Vec::new();
    let waiting = limits.iter().filter(|(by, _)| *by == LimitedBy::Waiting).flat_map(|(_, modes)| modes);
    for (mode, shares) in waiting {
        let slower_than = |other: &&&(String, Shares)| {
            lookup.told(row.key, mode, &other.0).is_some_and(|ratio| ratio.lower > 1.0)
        };
        let busy = limits.iter().filter(|(by, _)| *by != LimitedBy::Waiting).flat_map(|(_, modes)| modes);
        let slower: Vec<&(String, Shares)> = busy.filter(slower_than).copied().collect();
        said.push(match slower.is_empty() {
            true => format!("{mode} has time to spare at both ends: its throughput does not say what it costs"),
            false => format!(
                "{mode} is slower than {} while both ends wait, at {:.0} and {:.0} %: where a CPU is short it would \
                 fall behind less",
                names(&slower),
                shares.client * 100.0,
                shares.server * 100.0
            ),
        });
    }
    let busy: Vec<_> = limits.iter().filter(|(by, _)| *by != LimitedBy::Waiting).collect();
    if let [(one, first), others @ ..] = busy.as_slice() {
        for (other, modes) in others {
            said.push(format!(
                "{} and {} are held up at different places, {} and {}: a change to one of these moves their ratio \
                 without a change of what the copies cost",
                names(first),
                names(modes),
                one.words(),
                other.words()
            ));
        }
    }
    said
}

/// `4 KiB and 16 KiB on 1 thread; 64 KiB on 2 threads (oversubscribed)`.
fn place(evidence: &Evidence<'_>, quantity: Quantity, keys: &[RowKey]) -> String {
    let by_threads = words::grouped(
        keys.iter().map(|(threads, bytes)| (*bytes, evidence.thread_counts(quantity.target(), &[*threads]))),
    );
    let each = by_threads.iter().map(|(sizes, threads)| format!("{} on {threads}", words::sizes(sizes)));
    each.collect::<Vec<_>>().join("; ")
}
