//! Figures and cells in the words of the page. It owns their spelling; what is
//! spelt is others' business.

use maud::{Markup, html};

use crate::cell::{Cell, Target};
use crate::doubt::Doubt;
use crate::report::estimate::{Interval, Reading};
use crate::report::words;

/// `throughput, two-copy, 4 KiB, 2 threads`.
pub(super) fn cell(cell: &Cell) -> String {
    format!(
        "{}, {}, {}, {}",
        target(cell.target),
        cell.mode,
        words::size(cell.message_bytes),
        words::threads(cell.threads)
    )
}

pub(super) fn target(target: Target) -> &'static str {
    match target {
        Target::Throughput => "throughput",
        Target::Latency => "latency",
        Target::CpuCost => "CPU cost",
    }
}

/// `18.9 [18.1, 19.6]`, `18.9` or `absent`.
pub(super) fn figure(reading: &Reading) -> String {
    reading.estimate().map_or("absent".into(), words::estimate)
}

/// The same with unit, level and what the interval rests on, or with the
/// reason for what is missing.
pub(super) fn figure_in_full(reading: &Reading, unit: &str) -> String {
    let Some(estimate) = reading.estimate() else {
        return format!("absent: {}", reading.absence().unwrap_or_default());
    };
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let value = format!("{}{unit}", words::figure(estimate.value));
    match &estimate.interval {
        Interval::Found { lower, upper, basis, count } => {
            format!(
                "{value} [{}, {}], 95 %, {}",
                words::figure(*lower),
                words::figure(*upper),
                basis.text(*count)
            )
        }
        Interval::Absent { absent } => format!("{value}, no interval: {absent}"),
    }
}

/// The titles of doubts by their marks: `oversubscribed, deferred copies`.
pub(super) fn doubts(marks: &str) -> String {
    let known = Doubt::KINDS.iter().filter(|(mark, _)| marks.contains(*mark));
    known.map(|(_, title)| title.to_lowercase()).collect::<Vec<_>>().join(", ")
}

/// The marks of doubts as a list: `o, s`.
pub(super) fn letters(marks: &str) -> String {
    marks.chars().map(String::from).collect::<Vec<_>>().join(", ")
}

/// A sentence in which backticks set off code.
pub(super) fn prose(sentence: &str) -> Markup {
    html! {
        @for (number, part) in sentence.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
