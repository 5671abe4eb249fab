//! Cache, branch and context-switch counters, where the machine has them, and
//! why not where it has not. It owns which counters have a chart; every other
//! is in the CSV.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::chart::Chart;
use super::cpu_cost::source;
use super::names;
use super::sheet::Sheet;
use crate::cell::Target;
use crate::report::plot::Scale;
use crate::report::quantities::SWITCHES_PER_MESSAGE;

const CHARTED: [(&str, &str); 7] = [
    (SWITCHES_PER_MESSAGE, "Context switches a message, both sides"),
    ("client_l1d_misses_per_byte", "L1 data cache load misses a byte, clients"),
    ("server_l1d_misses_per_byte", "L1 data cache load misses a byte, servers"),
    ("client_llc_misses_per_byte", "Last-level cache misses a byte, clients"),
    ("server_llc_misses_per_byte", "Last-level cache misses a byte, servers"),
    ("client_branch_misses_per_byte", "Mispredicted branches a byte, clients"),
    ("server_branch_misses_per_byte", "Mispredicted branches a byte, servers"),
];

pub(super) fn draw(sheet: &Sheet<'_>) -> Markup {
    let target = source(sheet);
    let (present, absent): (Vec<_>, Vec<_>) =
        CHARTED.iter().partition(|(quantity, _)| is_measured(sheet, target, quantity));
    html! {
        p { "Counts of the cells' own rounds in the " (names::target(target)) " target, over what they moved. \
             Counts have no interval where a single process gave them." }
        @for (quantity, heading) in &present { (chart(sheet, target, quantity, heading)) }
        @if !absent.is_empty() {
            h3 { "Counters that are absent" }
            ul {
                @for (quantity, heading) in &absent { li { (heading) ": " (why(sheet, target, quantity)) } }
            }
        }
    }
}

fn is_measured(sheet: &Sheet<'_>, target: Target, quantity: &str) -> bool {
    of(sheet, target, quantity).any(|figure| figure.reading.found().is_some())
}

fn of<'s>(
    sheet: &'s Sheet<'_>,
    target: Target,
    quantity: &str,
) -> impl Iterator<Item = &'s crate::report::figures::Figure> {
    let figures = sheet.report.figures.iter();
    figures.filter(move |figure| figure.cell.target == target && figure.quantity == quantity)
}

fn why(sheet: &Sheet<'_>, target: Target, quantity: &str) -> String {
    let reasons: BTreeSet<&str> =
        of(sheet, target, quantity).filter_map(|figure| figure.reading.absence()).collect();
    if reasons.is_empty() {
        return "not in the records".into();
    }
    reasons.into_iter().collect::<Vec<_>>().join("; ")
}

fn chart(sheet: &Sheet<'_>, target: Target, quantity: &str, heading: &str) -> Markup {
    let id = quantity.replace('_', "-");
    let caption = "At each thread count, over message size.".to_string();
    let y = if quantity.ends_with("byte") { "misses a byte" } else { "switches a message" };
    let lanes = sheet.modes(quantity);
    let chart = Chart::over_size(&id, heading, caption, y.to_string(), Scale::Linear, lanes);
    chart.draw(sheet, |lane, row| sheet.figure(target, lane, row))
}
