//! Message latency: the median with the 99th percentile over size, the ratios
//! between modes, and the percentile curves. It owns the choice of charts.

use maud::{Markup, html};

use super::chart::Chart;
use super::curves;
use super::ratio_chart;
use super::sheet::{Datum, Lane, Row, Sheet};
use super::throughput::DRIFT;
use crate::cell::Target;
use crate::compare::Quantity;
use crate::report::plot::{Line, Scale};

pub(super) fn draw(sheet: &Sheet<'_>) -> Markup {
    html! {
        @if sheet.is_overlay() {
            // Both in one would be too many lines to follow.
            (over_size(sheet, "latency-over-size", "Median at each thread count", "", medians(sheet)))
            (over_size(sheet, "latency-p99-over-size", "99th percentile at each thread count", "", p99(sheet)))
        } @else {
            (over_size(
                sheet,
                "latency-over-size",
                "Median and 99th percentile at each thread count",
                " Thick lines are medians, thin ones with small points 99th percentiles.",
                [named(medians(sheet), "median"), thin(named(p99(sheet), "p99"))].concat(),
            ))
        }
        (ratio_chart::draw(sheet, Quantity::LatencyMedian))
        (curves::draw(sheet))
    }
}

fn medians<'a>(sheet: &Sheet<'a>) -> Vec<Lane<'a>> {
    sheet.modes("round_trip_p50")
}

fn p99<'a>(sheet: &Sheet<'a>) -> Vec<Lane<'a>> {
    sheet.modes("round_trip_p99")
}

fn named<'a>(mut lanes: Vec<Lane<'a>>, words: &str) -> Vec<Lane<'a>> {
    for lane in &mut lanes {
        lane.name = format!("{}, {words}", lane.name);
    }
    lanes
}

fn thin(mut lanes: Vec<Lane<'_>>) -> Vec<Lane<'_>> {
    for lane in &mut lanes {
        if let Line::Dash(dash) = lane.style.line {
            lane.style.line = Line::Thin(dash);
        }
    }
    lanes
}

fn over_size(sheet: &Sheet<'_>, id: &str, heading: &str, lines: &str, lanes: Vec<Lane<'_>>) -> Markup {
    let caption =
        format!("Round trips of one message in flight a connection; the answer is 8 bytes.{lines} {DRIFT}");
    let chart = Chart::over_size(id, heading, caption, "µs, log scale".into(), Scale::Log, lanes);
    chart.draw(sheet, |lane, row| in_microseconds(sheet, lane, row))
}

fn in_microseconds(sheet: &Sheet<'_>, lane: &Lane<'_>, row: Row) -> Option<Datum> {
    let datum = sheet.figure(Target::Latency, lane, row)?;
    Some(Datum { reading: datum.reading.map(|ns| ns / 1e3), unit: "µs".into(), ..datum })
}
