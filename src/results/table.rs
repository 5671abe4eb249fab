//! The table at the end of a bench target: a row for each thread count and
//! size, a column a mode, doubts explained below. Every comparison in it is a
//! within-block ratio; it computes none itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use super::record::{Record, WrittenDoubt};
use super::row::{Row, rows};
use crate::cell::Target;
use crate::doubt::DoubtKind;
use crate::exchange::REFERENCES;
use crate::layout::Style;
use crate::metric;
use crate::metric::busy_share::Shares;
use crate::metric::cpu_cost::per_byte_unit;

/// Lays out `records` of one target, with `modes` as columns in this order.
/// Ratios are to the first of them.
pub fn render(target: Target, modes: &[String], records: &[Record]) -> String {
    let Some(reference) = modes.first() else { return String::new() };
    let (what, against, better) = match target {
        Target::Throughput => ("median Gbit/s of all connections", "throughput over", "fastest"),
        Target::Latency => ("median round trip in µs", "median round trip over", "shortest"),
        Target::CpuCost => ("CPU cost a byte, clients and servers together", "cost over", "cheapest"),
    };
    let mut text = format!(
        "{}: {what}; ×{against} {reference}'s within the blocks of the row [95 % interval]\n\n",
        target.name()
    );
    let of_row = |row: &Row<'_>| modes.iter().map(|mode| cell(target, reference, row, mode)).collect();
    text += &table(records, modes, &[], of_row);
    if target == Target::Throughput {
        text += &costs(modes, records);
    }
    text += &busy(modes, records);
    let _ = writeln!(
        text,
        "\nCompare modes by the ratios, not by the figures beside them: those are of different moments, and the \
         machine drifts.\n* {better} of its row: every interval against another mode is clear of 1"
    );
    text + &legend(records) + "Words such as self, reference, generation, and the method: docs/METHOD.md\n"
}

/// A line for each thread count and size, a column a mode, and `others` behind them.
fn table(
    records: &[Record],
    modes: &[String],
    others: &[String],
    mut of_row: impl FnMut(&Row<'_>) -> Vec<String>,
) -> String {
    let header = [&["threads".to_string(), "bytes".to_string()], modes, others].concat();
    let rows = rows(records.iter());
    let lines = rows.iter().map(|((threads, bytes), row)| {
        let mut line = vec![threads.to_string(), bytes.to_string()];
        line.extend(of_row(row));
        line
    });
    Style::Text.table(&header, &lines.collect::<Vec<_>>(), 2, 2)
}

/// The table of what a byte cost, client + server, and of the references.
fn costs(modes: &[String], records: &[Record]) -> String {
    let Some(first) = records.first() else { return String::new() };
    let over = REFERENCES.map(|reference| format!("time over {}", reference.name()));
    let mut no_limits: BTreeSet<String> = BTreeSet::new();
    let table = table(records, modes, &over, |row| {
        let mut line: Vec<String> =
            modes.iter().map(|mode| row.get(mode).map_or("–".into(), side_by_side)).collect();
        line.extend(REFERENCES.map(|reference| {
            let ratio = |mode: &str| row.get(mode)?.ratios.get(reference.name())?.found();
            let over = |mode: &String| Some(format!("×{}", digits(ratio(mode)?.estimate)));
            let is_faster = |(mode, record): &(&str, &Record)| {
                ratio(mode).is_some_and(|ratio| ratio.upper < 1.0) && record.placement.is_oversubscribed()
            };
            if let Some((mode, _)) = row.iter().find(is_faster) {
                no_limits.insert(no_limit_text(reference.name(), mode));
                return "no limit".to_string();
            }
            modes.iter().map(|mode| over(mode).unwrap_or("–".into())).collect::<Vec<_>>().join(" ")
        }));
        line
    });
    let unit = per_byte_unit(first.counted_in);
    let names = modes.join(", ");
    let mut text = format!(
        "\nCPU cost in {unit}, client + server; time a message over the references in each cell's own blocks, {names}\n\n{table}"
    );
    for why in no_limits {
        let _ = writeln!(text, "\nno limit: {why}");
    }
    text
}

/// The table of how busy both sides were and what limits each cell.
fn busy(modes: &[String], records: &[Record]) -> String {
    let of = |record: &&Record| match Shares::of(&record.metrics) {
        Some(shares) => {
            let percent = |share: f64| format!("{:.0}", share * 100.0);
            let both = format!("{} + {}", percent(shares.client), percent(shares.server));
            format!("{both} {}", shares.limited_by().name())
        }
        None => "absent".to_string(),
    };
    let of_row =
        |row: &Row<'_>| modes.iter().map(|mode| row.get(mode).as_ref().map_or("–".to_string(), of)).collect();
    format!(
        "\nHow busy each side's CPUs were in percent, client + server, and what limits the cell\n\n{}",
        table(records, modes, &[], of_row)
    )
}

/// Why a reference of a row is not shown as a lower limit of what its modes take.
pub(crate) fn no_limit_text(reference: &str, faster: &str) -> String {
    format!(
        "with more threads than CPUs a round of {reference} holds what its threads waited for each other, and took \
         longer than one of {faster}: no lower limit"
    )
}

fn side_by_side(record: &Record) -> String {
    let number = |name: &str| metric::number(&record.metrics, name).map_or("absent".into(), digits);
    format!("{} + {}", number("client_cost_per_byte"), number("server_cost_per_byte"))
}

fn cost_per_byte(record: &Record) -> Option<f64> {
    let number = |name: &str| metric::number(&record.metrics, name);
    Some(number("client_cost_per_byte")? + number("server_cost_per_byte")?)
}

fn cell(target: Target, reference: &str, row: &Row<'_>, mode: &str) -> String {
    let Some(record) = row.get(mode) else { return "–".into() };
    let figure = match target {
        Target::Throughput => metric::number(&record.metrics, "throughput"),
        Target::Latency => metric::number(&record.metrics, "round_trip_p50").map(|ns| ns / 1e3),
        Target::CpuCost => cost_per_byte(record),
    };
    let mut text = figure.map_or("absent".into(), digits);
    let mut doubts = record.doubt_kinds();
    if mode != reference {
        let ratio = row.told(mode, reference);
        let ratio = ratio.map(|ratio| if target == Target::Throughput { ratio.inverse() } else { ratio });
        text += &ratio.map_or(" ×absent".into(), |ratio| format!(" {}", ratio.times()));
        doubts = doubts.and(row.is_widened(mode, reference).then_some(DoubtKind::SelfRatioOff));
    }
    if row.is_best(mode) {
        text.push('*');
    }
    if doubts.is_empty() { text } else { format!("{text} {doubts}") }
}

/// Three significant digits, or all of them from 1000 on.
pub fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// `4 min 10 s`, or `40 s`.
pub fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match seconds / 60 {
        0 => format!("{seconds} s"),
        minutes => format!("{minutes} min {} s", seconds % 60),
    }
}

/// `1 cell`, `3 cells`, `2 passes`.
pub fn count(count: usize, of: &str) -> String {
    let plural = if of.ends_with('s') { "es" } else { "s" };
    format!("{count} {of}{}", if count == 1 { "" } else { plural })
}

/// What the marks mean: one line a kind, with how many cells, the first one's
/// text and the remedy.
fn legend(records: &[Record]) -> String {
    let mut kinds: BTreeMap<DoubtKind, Vec<(&Record, &WrittenDoubt)>> = BTreeMap::new();
    for record in records {
        for written in &record.doubts {
            kinds.entry(written.doubt.kind()).or_default().push((record, written));
        }
    }
    let mut text = String::new();
    for (kind, cells) in kinds {
        let (record, first) = cells[0];
        let _ = writeln!(
            text,
            "{} {}, {}, such as {}: {}. Remedy: {}.",
            kind.mark(),
            kind.title(),
            count(cells.len(), "cell"),
            record.cell,
            first.text,
            first.remedy
        );
    }
    text
}
