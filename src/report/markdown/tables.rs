//! Tables of the absolute figures with their ratios, a row for each thread count
//! and size, a column a mode. It lays out and computes nothing.

use super::super::estimate::{Estimate, Reading};
use super::super::figures::Figure;
use super::super::index::Index;
use super::super::{Report, words};
use super::letters;
use crate::cell::{Cell, Target};
use crate::compare::Quantity;
use crate::doubt::{DoubtKind, DoubtKinds};
use crate::exchange::{REFERENCES, Reference};
use crate::layout::{Style, plain};

/// A table for each target of each baseline.
pub(super) fn figures(report: &Report) -> String {
    let index = report.index();
    let mut text = String::from("\n## Figures\n");
    for baseline in &report.baselines {
        for (target, _) in &baseline.targets {
            let drawing = Drawing { report, baseline: &baseline.name, target: *target, index: &index };
            text += &drawing.table();
        }
    }
    text
}

/// Words with the marks of doubts behind them.
pub(super) fn marked(words: &str, doubts: &DoubtKinds) -> String {
    if doubts.is_empty() { words.to_string() } else { format!("{words} ({doubts})") }
}

struct Drawing<'a> {
    report: &'a Report,
    baseline: &'a str,
    target: Target,
    index: &'a Index<'a>,
}

impl Drawing<'_> {
    fn table(&self) -> String {
        let Some(first) = self.report.modes.first() else { return String::new() };
        let (what, ratio) = match self.target {
            Target::Throughput => ("Gbit/s", "throughput over"),
            Target::Latency => {
                ("median and 99th percentile of the round trips, µs", "median round trip over")
            }
            Target::CpuCost => ("CPU cost a byte, client + server", "cost over"),
        };
        let references: Vec<Reference> = REFERENCES.into_iter().filter(|r| self.has(r.name())).collect();
        let mut header: Vec<String> = ["threads", "size"].map(str::to_string).to_vec();
        header.extend(self.report.modes.iter().cloned());
        header.extend(references.iter().map(|reference| reference.name().to_string()));
        let mut lines = Vec::new();
        for threads in &self.report.threads {
            for bytes in &self.report.sizes {
                let row = (*threads, *bytes);
                let modes: Vec<Option<String>> =
                    self.report.modes.iter().map(|mode| self.cell(row, mode, first)).collect();
                if modes.iter().all(Option::is_none) {
                    continue;
                }
                let mut line = vec![threads.to_string(), words::size(*bytes)];
                line.extend(modes.into_iter().map(|cell| cell.unwrap_or("–".to_string())));
                line.extend(references.iter().map(|reference| self.reference(row, *reference)));
                lines.push(line);
            }
        }
        format!(
            "\n{}, {}: {what}; ×{ratio} {first}'s within blocks\n\n{}{}",
            plain(self.baseline),
            self.target.name(),
            Style::Markdown.table(&header, &lines, 0, 0),
            letters(self.shown().map(|figure| &figure.doubts))
        )
    }

    fn has(&self, lane: &str) -> bool {
        self.report.figures.iter().any(|figure| {
            figure.baseline == self.baseline && figure.cell.target == self.target && figure.cell.mode == lane
        })
    }

    fn shown(&self) -> impl Iterator<Item = &Figure> {
        let of = |figure: &&Figure| figure.baseline == self.baseline && figure.cell.target == self.target;
        self.report.figures.iter().filter(of)
    }

    fn figure(
        &self,
        (threads, message_bytes): (usize, usize),
        mode: &str,
        quantity: &str,
    ) -> Option<&Figure> {
        let cell = Cell { target: self.target, mode: mode.to_string(), message_bytes, threads };
        self.index.figure(self.baseline, &cell, quantity)
    }

    fn cell(&self, row: (usize, usize), mode: &str, first: &str) -> Option<String> {
        let of = |quantity: &str| self.figure(row, mode, quantity);
        let (figure, text) = match self.target {
            Target::Throughput => {
                let figure = of("throughput")?;
                (figure, words::reading(&figure.reading))
            }
            Target::Latency => {
                let figure = of("round_trip_p50")?;
                let us = |ns: &Reading| words::reading(&ns.map(|ns| ns / 1e3));
                let p99 = of("round_trip_p99").map_or("absent".to_string(), |p99| us(&p99.reading));
                (figure, format!("{}; {p99}", us(&figure.reading)))
            }
            Target::CpuCost => {
                let figure = of("client_cost_per_byte")?;
                let server =
                    of("server_cost_per_byte").map_or("absent".to_string(), |s| words::reading(&s.reading));
                (figure, format!("{} + {server} {}", words::reading(&figure.reading), figure.unit))
            }
        };
        let ratio = self.index.ratio(self.baseline, Quantity::main_of(self.target), row, mode, first);
        let is_widened = ratio.is_some_and(|ratio| ratio.widened_by.is_some());
        let ratio = ratio.map_or(String::new(), |ratio| format!(" {}", words::times(&ratio.as_read())));
        let doubts = figure.doubts.clone().and(is_widened.then_some(DoubtKind::SelfRatioOff));
        Some(marked(&format!("{text}{ratio}"), &doubts))
    }

    fn reference(&self, row: (usize, usize), reference: Reference) -> String {
        let quantity = match (self.target, reference) {
            (Target::CpuCost, Reference::Memcpy) => "cpu_cost_per_byte",
            (Target::CpuCost, Reference::SystemCall) => "cpu_cost_per_message",
            (_, Reference::Memcpy) => "throughput",
            (_, Reference::SystemCall) => "time_per_message",
        };
        let figure = self.figure(row, reference.name(), quantity);
        figure.map_or("–".to_string(), |figure| {
            let estimate: Option<&Estimate> = figure.reading.found();
            let text = estimate.map_or(words::reading(&figure.reading), |e| words::figure(e.value));
            format!("{text} {}", figure.unit)
        })
    }
}
