//! One mode against another within a baseline, over message size: the
//! within-block ratios that every claim rests on. It owns the choice of the
//! mode that the others are laid over, and which way round a ratio reads.

use maud::Markup;

use super::chart::Chart;
use super::over::Over;
use super::sheet::{Datum, Sheet};
use crate::compare::Quantity;
use crate::report::plot::Scale;

/// Every mode but the first over the first.
pub(super) fn draw(sheet: &Sheet<'_>, quantity: Quantity) -> Markup {
    let Some(over) = sheet.report.modes.first() else { return Markup::default() };
    let (id, what, better) = match quantity {
        Quantity::Throughput => ("throughput-ratio", "throughput", "above 1 it moves more bytes a second"),
        Quantity::LatencyMedian => ("latency-ratio", "median round trip", "below 1 it answers sooner"),
        Quantity::LatencyP99 => ("latency-p99-ratio", "99th percentile", "below 1 it answers sooner"),
        Quantity::CpuCost => ("cpu-cost-ratio", "CPU cost", "below 1 it costs less"),
    };
    let lanes = sheet.modes("").into_iter().filter(|lane| lane.mode != *over).collect();
    let chart = Chart {
        id,
        heading: format!("Against {over}: {what} as a ratio"),
        caption: format!(
            "Each mode's {what} over {over}'s, from rounds of both in the same blocks: {better}; an interval that \
             holds 1 tells no difference."
        ),
        over: Over::Size,
        y: format!("times {over}'s, log scale"),
        scale: Scale::Log,
        guide: Some(1.0),
        lanes,
    };
    chart.draw(sheet, |lane, row| {
        let ratio = sheet.ratio(quantity, lane, over, row)?;
        Some(Datum {
            reading: ratio.as_read(),
            unit: format!("times {over}'s"),
            doubts: ratio.doubts.clone(),
            verdict: None,
        })
    })
}
