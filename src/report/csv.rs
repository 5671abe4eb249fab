//! The figures as CSV (RFC 4180): one long table of figures and ratios, and one
//! of the percentile curves. It owns the columns; docs/RECORD.md documents them.

use super::Report;
use super::estimate::{Ends, Interval, Reading};
use crate::cell::Target;
use crate::doubt::DoubtKinds;

/// The columns of [`figures`].
pub const FIGURE_COLUMNS: [&str; 16] = [
    "baseline",
    "kind",
    "target",
    "quantity",
    "threads",
    "message_bytes",
    "mode",
    "over",
    "unit",
    "value",
    "lower",
    "upper",
    "rests_on",
    "count",
    "absent",
    "doubts",
];

/// The columns of [`curves`].
pub const CURVE_COLUMNS: [&str; 8] =
    ["baseline", "threads", "message_bytes", "mode", "share", "round_trip_ns", "absent", "doubts"];

/// Every figure, then every ratio, a row each.
pub fn figures(report: &Report) -> String {
    let mut text = row(FIGURE_COLUMNS.map(str::to_string));
    for figure in &report.figures {
        let place = (figure.cell.threads, figure.cell.message_bytes);
        text += &line(Line {
            baseline: &figure.baseline,
            kind: "figure",
            target: figure.cell.target,
            quantity: &figure.quantity,
            place,
            mode: &figure.cell.mode,
            over: "",
            unit: &figure.unit,
            reading: &figure.reading,
            doubts: &figure.doubts,
        });
    }
    for ratio in &report.ratios {
        let quantity = serde_json::to_value(ratio.quantity).ok();
        text += &line(Line {
            baseline: &ratio.baseline,
            kind: "ratio",
            target: ratio.quantity.target(),
            quantity: quantity.as_ref().and_then(|name| name.as_str()).unwrap_or(ratio.quantity.name()),
            place: (ratio.threads, ratio.message_bytes),
            mode: &ratio.mode,
            over: &ratio.over,
            unit: "",
            reading: &ratio.reading,
            doubts: &ratio.doubts,
        });
    }
    text
}

/// Every point of every percentile curve, a row each.
pub fn curves(report: &Report) -> String {
    let mut text = row(CURVE_COLUMNS.map(str::to_string));
    for curve in &report.curves {
        let cell = &curve.cell;
        let mut add = |share: String, ns: String, absent: &str| {
            text += &row([
                curve.baseline.clone(),
                cell.threads.to_string(),
                cell.message_bytes.to_string(),
                cell.mode.clone(),
                share,
                ns,
                absent.to_string(),
                curve.doubts.to_string(),
            ]);
        };
        for point in &curve.points {
            add(point.share.to_string(), point.ns.to_string(), "");
        }
        if let Some(absent) = &curve.absent {
            add(String::new(), String::new(), absent);
        }
    }
    text
}

struct Line<'a> {
    baseline: &'a str,
    kind: &'a str,
    target: Target,
    quantity: &'a str,
    place: (usize, usize),
    mode: &'a str,
    over: &'a str,
    unit: &'a str,
    reading: &'a Reading,
    doubts: &'a DoubtKinds,
}

fn line(line: Line<'_>) -> String {
    let mut value = [const { String::new() }; 5];
    let mut absent = String::new();
    match line.reading {
        Reading::Absent { absent: why } => absent.clone_from(why),
        Reading::Found(estimate) => {
            value[0] = estimate.value.to_string();
            match &estimate.interval {
                Interval::Absent { absent: why } => absent = format!("interval: {why}"),
                Interval::Found(Ends { lower, upper, basis, count }) => {
                    value[1] = lower.to_string();
                    value[2] = upper.to_string();
                    let name = serde_json::to_value(basis).ok();
                    value[3] = name.and_then(|name| Some(name.as_str()?.to_string())).unwrap_or_default();
                    value[4] = count.to_string();
                }
            }
        }
    }
    let [value, lower, upper, rests_on, count] = value;
    row([
        line.baseline.to_string(),
        line.kind.to_string(),
        line.target.name().to_string(),
        line.quantity.to_string(),
        line.place.0.to_string(),
        line.place.1.to_string(),
        line.mode.to_string(),
        line.over.to_string(),
        line.unit.to_string(),
        value,
        lower,
        upper,
        rests_on,
        count,
        absent,
        line.doubts.to_string(),
    ])
}

fn row<const COLUMNS: usize>(fields: [String; COLUMNS]) -> String {
    let mut text = fields.map(quoted).join(",");
    text.push_str("\r\n");
    text
}

fn quoted(field: String) -> String {
    match field.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field,
    }
}
