//! Throughput over message size and over thread count, with the memcpy of the
//! same bytes as the limit. It owns the choice of charts and their captions.

use maud::{Markup, html};

use super::chart::Chart;
use super::over::Over;
use super::ratio_chart;
use super::sheet::Sheet;
use crate::cell::Target;
use crate::compare::Quantity;
use crate::report::plot::Scale;
use crate::report::quantities::THROUGHPUT;

/// A panel a thread count, and the ratios that modes are to be compared by.
pub(super) fn over_size(sheet: &Sheet<'_>) -> Markup {
    html! {
        (chart(sheet, "throughput-over-size", "Throughput at each thread count", Over::Size))
        (ratio_chart::draw(sheet, Quantity::Throughput))
    }
}

/// A panel a size.
pub(super) fn over_threads(sheet: &Sheet<'_>) -> Markup {
    chart(sheet, "throughput-over-threads", "Throughput at each message size", Over::Threads)
}

fn chart(sheet: &Sheet<'_>, id: &str, heading: &str, over: Over) -> Markup {
    let mut lanes = sheet.modes(THROUGHPUT);
    lanes.extend(sheet.memcpy(THROUGHPUT));
    let chart = Chart {
        id,
        heading: heading.into(),
        caption: format!(
            "Payload of all connections together. The line memcpy is the physical limit: the plain copy of the \
             same bytes out of the same memory, once; it is left out where threads wait for each other and it took \
             longer than a mode. {}",
            DRIFT
        ),
        over,
        y: "Gbit/s, log scale".into(),
        scale: Scale::Log,
        guide: None,
        lanes,
    };
    chart.draw(sheet, |lane, row| sheet.figure(Target::Throughput, lane, row))
}

/// Under every chart of absolute figures.
pub(super) const DRIFT: &str = "Bars, where there are any, are 95 % intervals. The cells were measured \
                                one after the other and the machine drifts: compare modes by their ratios, which \
                                come from rounds measured within milliseconds of each other.";
