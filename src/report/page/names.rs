//! Figures and cells in the words of the page. It owns their spelling; what is
//! spelt is others' business.

use crate::cell::{Cell, Target};
use crate::doubt::Doubt;
use crate::report::estimate::{Interval, Reading};
use crate::results::table::digits;

/// `4 KiB`, or bytes where that would not be exact.
pub(super) fn size(bytes: usize) -> String {
    match bytes {
        whole if whole >= 1 << 20 && whole.is_multiple_of(1 << 20) => format!("{} MiB", whole >> 20),
        whole if whole >= 1 << 10 && whole.is_multiple_of(1 << 10) => format!("{} KiB", whole >> 10),
        _ => format!("{bytes} B"),
    }
}

/// `1 thread`, `4 threads`.
pub(super) fn threads(count: usize) -> String {
    counted(count, "thread")
}

/// `1 cell`, `2 cells`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// `throughput, two-copy, 4 KiB, 2 threads`.
pub(super) fn cell(cell: &Cell) -> String {
    format!("{}, {}, {}, {}", target(cell.target), cell.mode, size(cell.message_bytes), threads(cell.threads))
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
    let Some(estimate) = reading.estimate() else { return "absent".into() };
    let value = digits(estimate.value);
    match estimate.ends() {
        Some((lower, upper)) => format!("{value} [{}, {}]", digits(lower), digits(upper)),
        None => value,
    }
}

/// The same with unit, level and what the interval rests on, or with the
/// reason for what is missing.
pub(super) fn figure_in_full(reading: &Reading, unit: &str) -> String {
    let Some(estimate) = reading.estimate() else {
        return format!("absent: {}", reading.absence().unwrap_or_default());
    };
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let value = format!("{}{unit}", digits(estimate.value));
    match &estimate.interval {
        Interval::Found { lower, upper, basis, count } => {
            format!("{value} [{}, {}], 95 %, {}", digits(*lower), digits(*upper), basis.text(*count))
        }
        Interval::Absent { absent } => format!("{value}, no interval: {absent}"),
    }
}

/// The titles of doubts by their marks: `oversubscribed, deferred copies`.
pub(super) fn doubts(marks: &str) -> String {
    let known = Doubt::KINDS.iter().filter(|(mark, _)| marks.contains(*mark));
    known.map(|(_, title)| title.to_lowercase()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact() {
        for (bytes, name) in
            [(1, "1 B"), (1024, "1 KiB"), (1500, "1500 B"), (65536, "64 KiB"), (1 << 20, "1 MiB")]
        {
            assert_eq!(size(bytes), name);
        }
        assert_eq!((threads(1), threads(2)), ("1 thread".into(), "2 threads".into()));
    }
}
