//! Figures and cells in the words of the page. It owns their spelling; what is
//! spelt is others' business.

use maud::{Markup, html};

use crate::cell::{Cell, Target};
use crate::doubt::DoubtKinds;
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
    reading.found().map_or("absent".into(), words::estimate)
}

/// The same with unit, level and what the interval rests on, or with the
/// reason for what is missing.
pub(super) fn figure_in_full(reading: &Reading, unit: &str) -> String {
    let Some(estimate) = reading.found() else {
        return format!("absent: {}", reading.absence().unwrap_or_default());
    };
    let figure = words::estimate(estimate);
    // The unit stands with the value: `18.9 Gbit/s [18.1, 19.6]`.
    let (value, ends) = figure.split_at(figure.find(' ').unwrap_or(figure.len()));
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    match &estimate.interval {
        Interval::Found(found) => {
            format!("{value}{unit}{ends}, 95 %, {}", found.basis.text(found.count))
        }
        Interval::Absent { absent } => format!("{value}{unit}, no interval: {absent}"),
    }
}

/// The titles of doubts: `oversubscribed, deferred copies`.
pub(super) fn doubts(doubts: &DoubtKinds) -> String {
    doubts.iter().map(|kind| kind.title().to_lowercase()).collect::<Vec<_>>().join(", ")
}

/// The letters of doubts as a list: `o, s`.
pub(super) fn letters(doubts: &DoubtKinds) -> String {
    doubts.iter().map(|kind| kind.mark().to_string()).collect::<Vec<_>>().join(", ")
}

/// What the letters stand for, at the end of a caption.
pub(super) fn explained(doubts: &DoubtKinds) -> String {
    if doubts.is_empty() { String::new() } else { format!("; doubts: {}", doubts.explained()) }
}

/// What the letters stand for, with a link to more; nothing if there are none.
pub(super) fn legend(doubts: &DoubtKinds) -> Markup {
    html! {
        @if !doubts.is_empty() {
            p.letters {
                "Doubts: "
                @for (number, kind) in doubts.iter().enumerate() {
                    @if number > 0 { ", " }
                    b { (kind.mark()) } " " (kind.title().to_lowercase())
                }
                ". " a href="#doubts" { "What they mean" }
            }
        }
    }
}

/// A sentence in which backticks set off code.
pub(super) fn prose(sentence: &str) -> Markup {
    html! {
        @for (number, part) in sentence.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
