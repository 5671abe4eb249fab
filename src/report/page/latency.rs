//! Message latency: the median with the 99th percentile over size, the ratios
//! between modes, and the percentile curves. It owns the choice of charts.

use maud::{Markup, html};

use super::chart::{Chart, Over};
use super::curves;
use super::ratio_chart;
use super::sheet::{Datum, Lane, Row, Sheet};
use super::throughput::DRIFT;
use crate::cell::Target;
use crate::compare::Quantity;
use crate::report::plot::{Line, Scale};

pub(super) fn draw(sheet: &Sheet<'_>) -> Markup {
    html! {
        (over_size(sheet))
        (ratio_chart::draw(sheet, Quantity::LatencyMedian))
        (curves::draw(sheet.report))
    }
}

fn over_size(sheet: &Sheet<'_>) -> Markup {
    let named = |quantity, words: &'static str, is_thin: bool| {
        sheet.modes(quantity).into_iter().map(move |mut lane| {
            lane.name = format!("{}, {words}", lane.name);
            if let (true, Line::Dash(dash)) = (is_thin, lane.style.line) {
                lane.style.line = Line::Thin(dash);
            }
            lane
        })
    };
    let lanes = named("round_trip_p50", "median", false).chain(named("round_trip_p99", "p99", true));
    let chart = Chart {
        id: "latency-over-size",
        heading: "Median and 99th percentile at each thread count".into(),
        caption: format!(
            "Round trips of one message in flight a connection; the answer is 8 bytes. Thick lines are medians, \
             thin ones with small points 99th percentiles. {DRIFT}"
        ),
        over: Over::Size,
        y: "µs, log scale".into(),
        scale: Scale::Log,
        guide: None,
        lanes: lanes.collect(),
    };
    chart.draw(sheet, |lane, row| in_microseconds(sheet, lane, row))
}

fn in_microseconds(sheet: &Sheet<'_>, lane: &Lane<'_>, row: Row) -> Option<Datum> {
    let datum = sheet.figure(Target::Latency, lane, row)?;
    Some(Datum { reading: datum.reading.map(|ns| ns / 1e3), unit: "µs".into(), ..datum })
}
