//! The percentile curves: one plot for each size and thread count, of which a
//! list chooses the one that is shown. Without script all of them are. It owns
//! their axes and which points of a curve can be asked for.

use maud::{Markup, html};

use super::names;
use super::sheet::{Row, Sheet};
use super::table;
use crate::doubt::DoubtKinds;
use crate::report::curve::{Curve, CurvePoint};
use crate::report::plot::{Axis, Panel, Plot, Point, Scale, Series, Style, Tick};
use crate::report::words;
use crate::results::table::digits;

/// The shares that have a point of their own, and a column of the table.
const SHARES: [(f64, &str); 5] =
    [(0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %")];

const LONGEST: &str = "longest";

pub(super) fn draw(sheet: &Sheet<'_>) -> Markup {
    let rows = rows(sheet);
    html! {
        h3 id="curves-heading" { "Percentile curve of a chosen cell" }
        @if rows.is_empty() {
            p id="curves" { "Not measured in this run." }
        } @else {
            p.choose hidden {
                label for="curve-choice" { "Message size and thread count: " }
                select id="curve-choice" {
                    @for row in &rows { option value=(id(*row)) { (title(*row)) } }
                }
            }
            div id="curves" {
                @for row in &rows { (figure(sheet, *row)) }
            }
        }
    }
}

/// Every size and thread count with a curve or the reason for there being none.
fn rows(sheet: &Sheet<'_>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for curve in &sheet.report.curves {
        let row = Row { threads: curve.cell.threads, message_bytes: curve.cell.message_bytes };
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

fn id(row: Row) -> String {
    format!("curve-{}-{}", row.threads, row.message_bytes)
}

fn title(row: Row) -> String {
    format!("{}, {}", words::size(row.message_bytes), words::threads(row.threads))
}

fn figure(sheet: &Sheet<'_>, row: Row) -> Markup {
    let here =
        |curve: &&Curve| curve.cell.threads == row.threads && curve.cell.message_bytes == row.message_bytes;
    let mut curves: Vec<&Curve> = sheet.report.curves.iter().filter(here).collect();
    curves.sort_by_key(|curve| sheet.report.modes.iter().position(|mode| *mode == curve.cell.mode));
    let heading = format!("{}-heading", id(row));
    let plot = plot(sheet, row, &curves);
    html! {
        figure id=(id(row)) data-choice=(id(row)) aria-labelledby=(heading) {
            figcaption id=(heading) {
                (title(row)) ": the share of round trips that took no longer. \
                 Each step to the right halves the share that took longer."
            }
            @if plot.points() == 0 {
                p { (why_none(&curves)) }
            } @else {
                ul.legend {
                    @for curve in &curves {
                        li { (style(sheet, curve).swatch()) " " (name(sheet, curve)) }
                    }
                }
                (plot.draw())
                (as_table(sheet, row, &curves))
            }
        }
    }
}

fn why_none(curves: &[&Curve]) -> String {
    let reasons: Vec<&str> = curves.iter().filter_map(|curve| curve.absent.as_deref()).collect();
    format!("Absent: {}", reasons.first().unwrap_or(&"no round trips are in the records"))
}

fn plot(sheet: &Sheet<'_>, row: Row, curves: &[&Curve]) -> Plot {
    let shares = curves.iter().flat_map(|curve| &curve.points).map(|point| point.share);
    let furthest = shares.filter(|share| *share < 1.0).map(halvings).fold(1.0, f64::max);
    // The longest round trip has no share above it: it stands at the end.
    let end = furthest + 1.0;
    let place = |share: f64| if share < 1.0 { halvings(share) } else { end };
    let ticks = SHARES.into_iter().filter(|(share, _)| halvings(*share) < end - 0.9);
    let tick = |(share, label): (f64, &str)| Tick { value: halvings(share), label: label.into() };
    let ticks = ticks.map(tick).chain([Tick { value: end, label: "100 %".into() }]);
    let series = curves.iter().filter(|curve| !curve.points.is_empty()).map(|curve| Series {
        name: curve.cell.mode.clone(),
        style: style(sheet, curve),
        is_labelled: false,
        points: points(sheet, curve, place),
        path: curve.points.iter().map(|point| (place(point.share), in_microseconds(point))).collect(),
    });
    Plot {
        id: id(row),
        x: Axis { title: "share of round trips".into(), scale: Scale::Linear, ticks: ticks.collect() },
        y: Axis { title: "µs, log scale".into(), scale: Scale::Log, ticks: Vec::new() },
        panels: vec![Panel { title: title(row), series: series.collect() }],
        guide: None,
    }
}

/// How often the share above it was halved.
fn halvings(share: f64) -> f64 {
    -(1.0 - share).log2()
}

fn in_microseconds(point: &CurvePoint) -> f64 {
    point.ns as f64 / 1e3
}

fn points(sheet: &Sheet<'_>, curve: &Curve, place: impl Fn(f64) -> f64) -> Vec<Point> {
    let named = asked_for(curve).into_iter();
    let named = named.filter_map(|(share, name, found)| Some((share, name, found?)));
    let point = |(share, name, found): (f64, &str, &CurvePoint)| Point {
        x: place(share),
        y: in_microseconds(found),
        ends: None,
        label: format!(
            "{}, {}: {name} of {} round trips {} µs",
            name_of(sheet, curve),
            title(Row { threads: curve.cell.threads, message_bytes: curve.cell.message_bytes }),
            curve.round_trips,
            digits(in_microseconds(found)),
        ),
    };
    named.map(point).collect()
}

/// The first point of the curve at or above each share, and the longest.
fn asked_for(curve: &Curve) -> Vec<(f64, &'static str, Option<&CurvePoint>)> {
    let last = curve.points.last();
    let at = |share: f64| curve.points.iter().find(|point| point.share >= share && point.share < 1.0);
    let mut found: Vec<_> = SHARES.iter().map(|(share, name)| (*share, *name, at(*share))).collect();
    found.push((1.0, LONGEST, last));
    found
}

fn as_table(sheet: &Sheet<'_>, row: Row, curves: &[&Curve]) -> Markup {
    let mut header = vec!["mode".to_string(), "round trips".to_string()];
    header.extend(SHARES.iter().map(|(_, name)| name.to_string()).chain([LONGEST.to_string()]));
    let line = |curve: &&Curve| {
        let mut line = vec![table::text(name(sheet, curve)), table::text(curve.round_trips.to_string())];
        line.extend(asked_for(curve).into_iter().map(|(_, _, found)| {
            table::text(found.map_or("–".to_string(), |point| digits(in_microseconds(point))))
        }));
        line
    };
    let lines: Vec<Vec<Markup>> = curves.iter().map(line).collect();
    let what = format!("Percentile curve, {}", title(row));
    let doubts = DoubtKinds::of_all(curves.iter().map(|curve| &curve.doubts));
    let caption = format!("{what}: µs; – rests on too few round trips{}", names::explained(&doubts));
    table::behind(&format!("As a table: {what}"), &caption, &header, &lines, 1)
}

fn name(sheet: &Sheet<'_>, curve: &Curve) -> String {
    let name = name_of(sheet, curve);
    if curve.doubts.is_empty() { name } else { format!("{name} ({})", names::doubts(&curve.doubts)) }
}

fn name_of(sheet: &Sheet<'_>, curve: &Curve) -> String {
    sheet.name(&curve.cell.mode, &curve.baseline)
}

fn style(sheet: &Sheet<'_>, curve: &Curve) -> Style {
    let (modes, baselines) = (&sheet.report.modes, &sheet.report.baselines);
    let mode = modes.iter().position(|mode| *mode == curve.cell.mode).unwrap_or_default();
    sheet.style(mode, baselines.iter().position(|facts| facts.name == curve.baseline).unwrap_or_default())
}
