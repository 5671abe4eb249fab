//! The table at the end of a bench target: a row for each thread count and
//! size, a column a mode, doubts explained below. Every comparison in it is a
//! within-block ratio; it computes none itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use super::record::{Record, WrittenDoubt};
use crate::cell::Target;
use crate::loopback::REFERENCES;
use crate::metric;
use crate::metric::cpu_cost::per_byte_unit;
use crate::ratio::Ratio;

/// Lays out `records` of one target, with `modes` as columns in this order.
/// Ratios are to the first of them.
pub fn render(target: Target, modes: &[String], records: &[Record]) -> String {
    let Some(reference) = modes.first() else { return String::new() };
    let cells: Vec<Vec<String>> = rows(records)
        .iter()
        .map(|((threads, bytes), row)| {
            let mut line = vec![threads.to_string(), bytes.to_string()];
            line.extend(modes.iter().map(|mode| {
                row.get(mode.as_str()).map_or("–".into(), |record| cell(target, reference, record))
            }));
            line
        })
        .collect();
    let mut header = vec!["threads".to_string(), "bytes".to_string()];
    header.extend(modes.iter().cloned());
    let (what, against) = match target {
        Target::Throughput => ("median Gbit/s of all connections", "throughput over"),
        Target::Latency => ("median round trip in µs", "mean round trip over"),
        Target::CpuCost => ("CPU cost a byte, clients and servers together", "cost over"),
    };
    let mut text = format!(
        "{}: {what}; ×{against} {reference}'s within the blocks of the row [95 % interval]\n\n",
        target.name()
    );
    text += &aligned(&header, &cells);
    let better = match target {
        Target::Throughput => "fastest",
        Target::Latency => "shortest",
        Target::CpuCost => "cheapest",
    };
    if target == Target::Throughput {
        text += &costs(modes, records);
    }
    let _ = writeln!(text, "\n* {better} of its row: every interval against another mode is clear of 1");
    text + &legend(records)
}

/// The table of what a byte cost, client + server, and of the references.
fn costs(modes: &[String], records: &[Record]) -> String {
    let Some(first) = records.first() else { return String::new() };
    let mut header = vec!["threads".to_string(), "bytes".to_string()];
    header.extend(modes.iter().cloned());
    header.extend(REFERENCES.map(|reference| format!("time over {}", reference.name())));
    let rows = rows(records);
    let mut no_limits: BTreeSet<String> = BTreeSet::new();
    let lines = rows.iter().map(|((threads, bytes), row)| {
        let mut line = vec![threads.to_string(), bytes.to_string()];
        line.extend(
            modes
                .iter()
                .map(|mode| row.get(mode.as_str()).map_or("–".into(), |record| side_by_side(record))),
        );
        line.extend(REFERENCES.map(|reference| {
            let ratio = |mode: &str| row.get(mode)?.ratios.get(reference.name())?.ratio();
            let over = |mode: &String| Some(format!("×{}", digits(ratio(mode)?.estimate)));
            let is_faster = |(mode, record): (&&str, &&Record)| {
                ratio(mode).is_some_and(|ratio| ratio.upper < 1.0) && record.placement.is_oversubscribed()
            };
            if let Some((mode, _)) = row.iter().find(|cell| is_faster(*cell)) {
                no_limits.insert(no_limit_text(reference.name(), mode));
                return "no limit".to_string();
            }
            modes.iter().map(|mode| over(mode).unwrap_or("–".into())).collect::<Vec<_>>().join(" ")
        }));
        line
    });
    let lines: Vec<Vec<String>> = lines.collect();
    let unit = per_byte_unit(first.counted_in);
    let names = modes.join(", ");
    let mut text = format!(
        "\nCPU cost in {unit}, client + server; time a message over the references, {names}\n\n{}",
        aligned(&header, &lines)
    );
    for why in no_limits {
        let _ = writeln!(text, "\nno limit: {why}");
    }
    text
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

type Rows<'a> = BTreeMap<(usize, usize), BTreeMap<&'a str, &'a Record>>;

fn rows(records: &[Record]) -> Rows<'_> {
    let mut rows = Rows::new();
    for record in records {
        let row = rows.entry((record.cell.threads, record.cell.message_bytes)).or_default();
        row.insert(&record.cell.mode, record);
    }
    rows
}

fn cell(target: Target, reference: &str, record: &Record) -> String {
    let figure = match target {
        Target::Throughput => metric::number(&record.metrics, "throughput"),
        Target::Latency => metric::number(&record.metrics, "round_trip_p50").map(|ns| ns / 1e3),
        Target::CpuCost => cost_per_byte(record),
    };
    let mut text = figure.map_or("absent".into(), digits);
    if record.cell.mode != reference {
        let reading = record.row_ratios.get(reference).and_then(|reading| reading.ratio());
        let ratio = reading.map(|ratio| if target == Target::Throughput { ratio.inverse() } else { ratio });
        text += &ratio.map_or(" ×absent".into(), |r| format!(" {}", times(&r)));
    }
    if is_best(record) {
        text.push('*');
    }
    let marks = record.marks();
    if marks.is_empty() { text } else { format!("{text} {marks}") }
}

/// A ratio with its interval: `×1.11 [1.09, 1.13]`.
pub fn times(ratio: &Ratio) -> String {
    format!("×{:.2} [{:.2}, {:.2}]", ratio.estimate, ratio.lower, ratio.upper)
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

/// Whether every other mode of the blocks was slower, by an interval clear of
/// 1, and the mode agrees with itself.
fn is_best(record: &Record) -> bool {
    let ratios: Option<Vec<Ratio>> = record.row_ratios.values().map(|reading| reading.ratio()).collect();
    let agrees = crate::ratio::self_ratio(&record.ratios).is_none_or(|ratio| ratio.holds(1.0));
    agrees && ratios.is_some_and(|ratios| !ratios.is_empty() && ratios.iter().all(|r| r.upper < 1.0))
}

fn aligned(header: &[String], cells: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let lengths = cells.iter().chain([&header.to_vec()]).map(|line| line[column].chars().count()).max();
        lengths.unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut text = String::new();
    for line in [&header.to_vec()].into_iter().chain(cells) {
        for (column, (word, width)) in line.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 | 1 => write!(text, "{word:>width$}  "),
                _ => write!(text, "{word:<width$}  "),
            };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// What the marks mean: one line a kind, with how many cells, the first one's
/// text and the remedy.
fn legend(records: &[Record]) -> String {
    let mut kinds: BTreeMap<char, Vec<(&Record, &WrittenDoubt)>> = BTreeMap::new();
    for record in records {
        for written in &record.doubts {
            kinds.entry(written.doubt.mark()).or_default().push((record, written));
        }
    }
    let mut text = String::new();
    for (mark, cells) in kinds {
        let (record, first) = cells[0];
        let _ = writeln!(
            text,
            "{mark} {}, {} cell(s), such as {}: {}. Remedy: {}.",
            first.doubt.title(),
            cells.len(),
            record.cell,
            first.text,
            first.remedy
        );
    }
    text
}
