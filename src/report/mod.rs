//! The report: everything that the page, the Markdown, the CSV and the JSON
//! show, gathered from the records of one or several baselines. It owns that
//! [`Report`] is complete: who draws it computes nothing. It measures nothing
//! and reads no file; `baseline`s come from [`crate::compare::Baseline`].

pub mod baseline;
pub mod best;
pub mod breakdown;
mod cells;
pub mod crossover;
pub mod csv;
pub mod curve;
pub mod estimate;
pub mod figures;
pub mod files;
pub mod findings;
mod index;
pub mod limits;
pub mod map;
pub mod markdown;
pub mod page;
mod plot;
pub mod quantities;
pub mod ratios;
mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::compare::{self, Baseline, Comparison, Quantity as RatioQuantity};
use baseline::BaselineFacts;
use best::BestModes;
use breakdown::CellBreakdown;
use crossover::CrossoverRow;
use curve::Curve;
use figures::Figure;
use findings::Finding;
use index::Index;
use limits::{Absence, DoubtNote, RunResolution};
use map::MapCell;
use quantities::Quantity;
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
    /// What each of them sends how, as far as the records say.
    pub summaries: BTreeMap<String, String>,
    /// Every message size, sorted.
    pub sizes: Vec<usize>,
    /// Every thread count, sorted.
    pub threads: Vec<usize>,
    /// The answers.
    pub findings: Vec<Finding>,
    /// The map of each baseline and quantity in a sentence.
    pub best: Vec<BestModes>,
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
    /// Where the CPU time of each cell went, of those that were broken down.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub breakdowns: Vec<CellBreakdown>,
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
    /// They measured different things, or are one.
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
    /// Gathers everything from `baselines`. `links` are Criterion's pages as
    /// they are reached from where the report will lie.
    pub fn gather(baselines: &[Baseline], links: Vec<CriterionPage>) -> Report {
        let calm: Vec<Cow<'_, Baseline>> = baselines.iter().map(Baseline::calm).collect();
        let modes = cells::modes(calm.iter().map(|baseline| &**baseline));
        let all = || calm.iter().flat_map(|baseline| cells::records(baseline));
        let mut report = Report {
            format_version: 1,
            copycost_version: env!("CARGO_PKG_VERSION").to_string(),
            baselines: calm.iter().map(|baseline| baseline::gather(baseline)).collect(),
            sizes: cells::sizes(all(), None),
            threads: cells::threads(all(), None),
            comparisons: comparisons(baselines),
            command: command(baselines),
            links,
            modes,
            summaries: cells::summaries(all()),
            best: Vec::new(),
            findings: Vec::new(),
            map: Vec::new(),
            crossovers: Vec::new(),
            quantities: Vec::new(),
            figures: Vec::new(),
            ratios: Vec::new(),
            curves: Vec::new(),
            breakdowns: Vec::new(),
            resolution: Vec::new(),
            doubts: Vec::new(),
            absences: Vec::new(),
        };
        for baseline in &calm {
            report.add(baseline);
        }
        report.findings.extend(findings::of_comparisons(&report.comparisons));
        report.quantities =
            quantities::describe(report.figures.iter().map(|figure| figure.quantity.as_str()));
        report
    }

    fn add(&mut self, baseline: &Baseline) {
        let modes = cells::modes([baseline].into_iter());
        let figures = figures::gather(baseline);
        let ratios = ratios::gather(baseline, &modes);
        let index = Index::new(&figures, &ratios);
        for quantity in RatioQuantity::MAIN {
            let rows = cells::rows(baseline, quantity.target(), &modes);
            let map = map::gather(&index.lookup(&baseline.name, quantity), &rows);
            self.best.extend(best::sentence(&baseline.name, quantity, &map));
            self.map.extend(map);
        }
        let mut crossovers = Vec::new();
        for quantity in RatioQuantity::MAIN {
            let lookup = index.lookup(&baseline.name, quantity);
            let target = Some(quantity.target());
            let sizes = cells::sizes(cells::records(baseline), target);
            let threads = cells::threads(cells::records(baseline), target);
            for (place, mode) in modes.iter().enumerate() {
                for over in &modes[..place] {
                    let matrix = (threads.as_slice(), sizes.as_slice());
                    crossovers.extend(crossover::gather(&lookup, matrix, mode, over));
                }
            }
        }
        let breakdowns = breakdown::gather(baseline);
        let evidence = findings::Evidence {
            baseline,
            modes: &modes,
            figures: &figures,
            ratios: &ratios,
            index: &index,
            crossovers: &crossovers,
            breakdowns: &breakdowns,
        };
        self.findings.extend(findings::gather(&evidence));
        self.curves.extend(curve::gather(baseline));
        self.resolution.extend(limits::resolution(baseline, &ratios));
        self.doubts.extend(limits::doubts(baseline));
        self.absences.extend(limits::absences(&baseline.name, &figures, &ratios));
        self.breakdowns.extend(breakdowns);
        self.crossovers.extend(crossovers);
        self.figures.extend(figures);
        self.ratios.extend(ratios);
    }

    /// A figure by what it is of.
    pub fn figure(&self, baseline: &str, cell: &Cell, quantity: &str) -> Option<&Figure> {
        self.index().figure(baseline, cell, quantity)
    }

    /// The ratio of `mode` over another lane.
    pub fn ratio(
        &self,
        baseline: &str,
        quantity: RatioQuantity,
        row: (usize, usize),
        mode: &str,
        over: &str,
    ) -> Option<&RatioFigure> {
        self.index().ratio(baseline, quantity, row, mode, over)
    }

    /// The map of one baseline in one quantity.
    fn map_of(&self, baseline: &str, quantity: RatioQuantity) -> Vec<&MapCell> {
        let is_of = |cell: &&MapCell| cell.baseline == baseline && cell.quantity == quantity;
        self.map.iter().filter(is_of).collect()
    }

    fn index(&self) -> Index<'_> {
        Index::new(&self.figures, &self.ratios)
    }
}

/// The first baseline against each other.
fn comparisons(baselines: &[Baseline]) -> Vec<Compared> {
    let Some((base, others)) = baselines.split_first() else { return Vec::new() };
    let options = compare::Options { threshold: 0.0, force: false, comparisons: others.len() };
    let compared = |new: &Baseline| match compare::compare(base, new, options) {
        Ok(comparison) => Compared::Comparison(Box::new(comparison)),
        Err(error) => Compared::Refused {
            base: base.name.clone(),
            new: new.name.clone(),
            why: match error {
                crate::Error::Compare { what, .. } => what,
                other => other.to_string(),
            },
        },
    };
    others.iter().map(compared).collect()
}

/// The command that makes the report again.
fn command(baselines: &[Baseline]) -> String {
    let named =
        baselines.iter().map(|baseline| format!(" --baseline {}", baseline::shell_word(&baseline.name)));
    format!("copycost report{}", named.collect::<String>())
}
