//! The report as charts ask for it: what a line shows at a place. It owns how modes
//! and baselines look in every chart; finding figures and ratios is `index`'s.

use crate::cell::{Cell, Target};
use crate::compare::Quantity;
use crate::doubt::DoubtKinds;
use crate::exchange::Reference;
use crate::report::Report;
use crate::report::estimate::Reading;
use crate::report::figures::Figure;
use crate::report::index::Index;
use crate::report::plot::{COLOURS, Line, Mark, Style};
use crate::report::ratios::RatioFigure;

/// Size and thread count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Row {
    pub(super) threads: usize,
    pub(super) message_bytes: usize,
}

pub(super) struct Sheet<'a> {
    pub(super) report: &'a Report,
    index: Index<'a>,
}

/// One line of a chart: a mode, or a reference, of one baseline.
#[derive(Clone, Debug)]
pub(super) struct Lane<'a> {
    pub(super) name: String,
    pub(super) baseline: &'a str,
    pub(super) mode: &'a str,
    pub(super) style: Style,
    /// What this line shows, where a chart has lines of several quantities.
    pub(super) quantity: &'a str,
}

/// What a chart shows of a lane at one place.
pub(super) struct Datum {
    pub(super) reading: Reading,
    pub(super) unit: String,
    pub(super) doubts: DoubtKinds,
    /// A verdict in words, which say more than value and interval.
    pub(super) verdict: Option<Verdict>,
}

/// What a comparison says of a figure.
pub(super) struct Verdict {
    pub(super) words: String,
    pub(super) has_changed: bool,
}

impl<'a> Sheet<'a> {
    pub(super) fn of(report: &'a Report) -> Sheet<'a> {
        Sheet { report, index: report.index() }
    }

    pub(super) fn figure(&self, target: Target, lane: &Lane<'_>, row: Row) -> Option<Datum> {
        let Row { threads, message_bytes } = row;
        let cell = Cell { target, mode: lane.mode.to_string(), message_bytes, threads };
        let figure = self.index.figure(lane.baseline, &cell, lane.quantity)?;
        Some(Datum {
            reading: figure.reading.clone(),
            unit: figure.unit.clone(),
            doubts: figure.doubts.clone(),
            verdict: None,
        })
    }

    /// The ratio of the lane's mode over another.
    pub(super) fn ratio(
        &self,
        quantity: Quantity,
        lane: &Lane<'_>,
        over: &str,
        row: Row,
    ) -> Option<&'a RatioFigure> {
        self.index.ratio(lane.baseline, quantity, (row.threads, row.message_bytes), lane.mode, over)
    }

    /// The unit of a quantity, where any figure has it.
    pub(super) fn unit(&self, target: Target, quantity: &str) -> String {
        let of = |figure: &&Figure| figure.quantity == quantity && figure.cell.target == target;
        self.report.figures.iter().find(of).map_or(String::new(), |figure| figure.unit.clone())
    }

    pub(super) fn has_target(&self, target: Target) -> bool {
        self.report.figures.iter().any(|figure| figure.cell.target == target)
    }

    /// A line for each mode and baseline.
    pub(super) fn modes(&self, quantity: &'a str) -> Vec<Lane<'a>> {
        let report = self.report;
        let numbered = report.modes.iter().enumerate();
        let lanes = numbered.flat_map(|(mode, name)| {
            let of = move |(baseline, facts): (usize, &'a crate::report::baseline::BaselineFacts)| Lane {
                name: self.name(name, &facts.name),
                baseline: facts.name.as_str(),
                mode: name.as_str(),
                style: self.style(mode, baseline),
                quantity,
            };
            report.baselines.iter().enumerate().map(of)
        });
        lanes.collect()
    }

    /// A line of the memcpy reference for each baseline.
    pub(super) fn memcpy(&self, quantity: &'a str) -> Vec<Lane<'a>> {
        let of = |(baseline, facts): (usize, &'a crate::report::baseline::BaselineFacts)| Lane {
            name: self.name(Reference::Memcpy.name(), &facts.name),
            baseline: facts.name.as_str(),
            mode: Reference::Memcpy.name(),
            style: Style { mark: Mark::Reference, line: Line::Thin(1), fill: baseline },
            quantity,
        };
        self.report.baselines.iter().enumerate().map(of).collect()
    }

    /// The mode, and the baseline where there are several.
    pub(super) fn name(&self, mode: &str, baseline: &str) -> String {
        if self.is_overlay() { format!("{mode}, {baseline}") } else { mode.to_string() }
    }

    pub(super) fn is_overlay(&self) -> bool {
        self.report.baselines.len() > 1
    }

    /// How a baseline looks where each has one line.
    pub(super) fn side(&self, baseline: &str) -> Style {
        let place = self.report.baselines.iter().position(|facts| facts.name == baseline).unwrap_or(0);
        Style {
            mark: Mark::Numbered(place),
            line: Line::Dash(place + place / COLOURS),
            fill: place / COLOURS,
        }
    }

    /// Colour and shape tell modes apart; so does the dash, unless it is needed
    /// to tell baselines apart, as is then the filling.
    pub(super) fn style(&self, mode: usize, baseline: usize) -> Style {
        let dash = if self.is_overlay() { baseline } else { mode };
        Style { mark: Mark::Numbered(mode), line: Line::Dash(dash), fill: baseline }
    }

    /// Every size with every thread count.
    pub(super) fn rows(&self) -> Vec<Row> {
        let sizes = &self.report.sizes;
        let of = |threads: &usize| {
            let threads = *threads;
            sizes.iter().map(move |message_bytes| Row { threads, message_bytes: *message_bytes })
        };
        self.report.threads.iter().flat_map(of).collect()
    }
}
