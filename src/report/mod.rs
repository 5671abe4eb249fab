//! The report: everything that the page, the Markdown, the CSV and the JSON
//! show, gathered from the records of one or several baselines. It owns that
//! [`Report`] is complete: who draws it computes nothing. It measures nothing
//! and reads no file; `baseline`s come from [`crate::compare::Baseline`].

pub mod baseline;
pub mod crossover;
pub mod curve;
pub mod estimate;
pub mod figures;
pub mod findings;
pub mod map;
pub mod page;
mod plot;
pub mod ratios;

use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::compare::{Comparison, Quantity as RatioQuantity};
use baseline::{Absence, BaselineFacts, DoubtNote, RunResolution};
use crossover::CrossoverRow;
use curve::Curve;
use figures::{Figure, Quantity};
use findings::Finding;
use map::MapCell;
use ratios::RatioFigure;

/// Everything that a report shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this shape: 1.
    pub format_version: u32,
    /// The program that gathered it.
    pub copycost_version: String,
    /// The baselines; the first is what the others are compared with.
    pub baselines: Vec<BaselineFacts>,
    /// Every mode that any baseline holds, in the order of the profile.
    pub modes: Vec<String>,
    /// Every message size, sorted.
    pub sizes: Vec<usize>,
    /// Every thread count, sorted.
    pub threads: Vec<usize>,
    /// The answers.
    pub findings: Vec<Finding>,
    /// The best mode of each size and thread count.
    pub map: Vec<MapCell>,
    /// Where one mode overtakes another.
    pub crossovers: Vec<CrossoverRow>,
    /// What each baseline but the first differs by from the first.
    pub comparisons: Vec<Compared>,
    /// What figures are of.
    pub quantities: Vec<Quantity>,
    /// Every absolute figure.
    pub figures: Vec<Figure>,
    /// Every ratio of two lanes.
    pub ratios: Vec<RatioFigure>,
    /// The percentile curve of each latency cell.
    pub curves: Vec<Curve>,
    /// How small a difference each run could show.
    pub resolution: Vec<RunResolution>,
    /// Why to read figures with care.
    pub doubts: Vec<DoubtNote>,
    /// What is missing and why.
    pub absences: Vec<Absence>,
    /// Criterion's own page of each cell that has one.
    pub links: Vec<CriterionPage>,
    /// The command that makes this report again.
    pub command: String,
}

/// One baseline against the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// The verdicts of `copycost compare`.
    Comparison(Box<Comparison>),
    /// They measured different things.
    Refused {
        /// The first baseline's name.
        base: String,
        /// The other's.
        new: String,
        /// Why.
        why: String,
    },
}

/// Criterion's page of a cell: of the last run, whichever baseline that is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriterionPage {
    /// The cell.
    pub cell: Cell,
    /// Its place, relative to the report.
    pub path: String,
}

impl Report {
    /// A figure by what it is of.
    pub fn figure(&self, baseline: &str, cell: &Cell, quantity: &str) -> Option<&Figure> {
        self.figures
            .iter()
            .find(|figure| figure.baseline == baseline && figure.cell == *cell && figure.quantity == quantity)
    }

    /// The ratio of `mode` over another lane.
    pub fn ratio(
        &self,
        baseline: &str,
        quantity: RatioQuantity,
        (threads, message_bytes): (usize, usize),
        mode: &str,
        over: &str,
    ) -> Option<&RatioFigure> {
        self.ratios.iter().find(|ratio| {
            ratio.baseline == baseline
                && ratio.quantity == quantity
                && (ratio.threads, ratio.message_bytes) == (threads, message_bytes)
                && ratio.mode == mode
                && ratio.over == over
        })
    }
}
