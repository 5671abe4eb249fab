//! What a byte costs in CPU, both sides together and each alone. It owns the
//! choice of charts, and of the bench target that they are drawn from.

use maud::{Markup, html};

use super::chart::Chart;
use super::ratio_chart;
use super::sheet::{Lane, Sheet};
use super::throughput::DRIFT;
use crate::cell::Target;
use crate::compare::Quantity;
use crate::report::plot::Scale;
use crate::report::quantities::COST_PER_BYTE;

pub(super) fn draw(sheet: &Sheet<'_>) -> Markup {
    // Every target counts what its threads spend, so one of them will do.
    let target = source(sheet);
    html! {
        @if target == Target::CpuCost {
            (both(sheet))
            (ratio_chart::draw(sheet, Quantity::CpuCost))
        } @else {
            p { "The CPU cost target was not measured in this run: the two sides are from the cells of the "
                (super::names::target(target)) " target." }
        }
        (side(sheet, target, "cpu-cost-client", "Clients: the sending side", "client_cost_per_byte"))
        (side(sheet, target, "cpu-cost-server", "Servers: the receiving side", "server_cost_per_byte"))
    }
}

/// The bench target whose cells say what threads spent.
pub(super) fn source(sheet: &Sheet<'_>) -> Target {
    let measured = |target: &Target| sheet.has_target(*target);
    [Target::CpuCost, Target::Throughput, Target::Latency]
        .into_iter()
        .find(measured)
        .unwrap_or(Target::CpuCost)
}

fn both(sheet: &Sheet<'_>) -> Markup {
    let mut lanes = sheet.modes(COST_PER_BYTE);
    lanes.extend(sheet.memcpy(COST_PER_BYTE));
    let caption = format!(
        "What the threads of clients and servers spent on a byte. The line memcpy is what the plain copy of the \
         same bytes costs, once. {DRIFT}"
    );
    let heading = "Both sides together, at each thread count";
    chart(sheet, Target::CpuCost, "cpu-cost-over-size", heading, caption, lanes)
}

fn side(sheet: &Sheet<'_>, target: Target, id: &str, heading: &str, quantity: &str) -> Markup {
    let caption =
        "Kernel and user space together, interrupts handled on top of a thread included.".to_string();
    chart(sheet, target, id, heading, caption, sheet.modes(quantity))
}

fn chart<'a>(
    sheet: &Sheet<'a>,
    target: Target,
    id: &str,
    heading: &str,
    caption: String,
    lanes: Vec<Lane<'a>>,
) -> Markup {
    let unit = lanes.first().map_or(String::new(), |lane| sheet.unit(target, lane.quantity));
    let y = format!("{unit}, log scale");
    let chart = Chart::over_size(id, heading, caption, y, Scale::Log, lanes);
    chart.draw(sheet, |lane, row| sheet.figure(target, lane, row))
}
