//! How busy each side of a cell is: the shares that say what limits it. It owns
//! the choice of charts; the sentences are a finding's.

use maud::{Markup, html};

use super::chart::Chart;
use super::names;
use super::sheet::Sheet;
use crate::cell::Target;
use crate::metric::busy_share::{CLIENT, SERVER};
use crate::report::plot::Scale;

pub(super) fn draw(sheet: &Sheet<'_>) -> Markup {
    // Of one target: what the others' cells come to stands in the findings.
    let target = source(sheet);
    html! {
        (chart(sheet, target, CLIENT, "Clients: the sending side"))
        (chart(sheet, target, SERVER, "Servers: the receiving side"))
    }
}

fn source(sheet: &Sheet<'_>) -> Target {
    let measured = |target: &Target| sheet.has_target(*target);
    let targets = [Target::Throughput, Target::CpuCost, Target::Latency];
    targets.into_iter().find(measured).unwrap_or(Target::Throughput)
}

fn chart(sheet: &Sheet<'_>, target: Target, quantity: &str, heading: &str) -> Markup {
    let id = quantity.replace('_', "-");
    let heading = format!("{heading}, {}", names::target(target));
    let caption =
        "CPU time of the side's threads over the time that the rounds took and the CPUs that the side may \
                   use: near 1 it is this side that limits the cell, near neither it is waiting."
            .to_string();
    let lanes = sheet.modes(quantity);
    let chart = Chart::over_size(&id, &heading, caption, "busy share".into(), Scale::Linear, lanes);
    chart.draw(sheet, |lane, row| sheet.figure(target, lane, row))
}
