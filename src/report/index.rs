//! Figures and ratios at hand by what they are of. It owns looking them up, for
//! findings, tables and page alike; what is made of them is theirs.

use std::collections::HashMap;

use super::figures::Figure;
use super::ratios::{RatioFigure, as_ratio};
use crate::cell::Cell;
use crate::compare::Quantity;
use crate::compare::rows::RowKey;
use crate::ratio::Ratio;

/// Every figure and ratio of one or several baselines.
pub(super) struct Index<'a> {
    figures: HashMap<(&'a str, &'a Cell, &'a str), &'a Figure>,
    ratios: HashMap<(&'a str, Quantity, RowKey, &'a str, &'a str), &'a RatioFigure>,
}

/// The ratios of one baseline and quantity.
pub(super) struct Lookup<'a> {
    index: &'a Index<'a>,
    pub(super) baseline: &'a str,
    pub(super) quantity: Quantity,
}

impl<'a> Index<'a> {
    pub(super) fn new(figures: &'a [Figure], ratios: &'a [RatioFigure]) -> Index<'a> {
        let of_figure =
            |figure: &'a Figure| ((figure.baseline.as_str(), &figure.cell, figure.quantity.as_str()), figure);
        let of_ratio = |ratio: &'a RatioFigure| {
            let row = (ratio.threads, ratio.message_bytes);
            let (mode, over) = (ratio.mode.as_str(), ratio.over.as_str());
            ((ratio.baseline.as_str(), ratio.quantity, row, mode, over), ratio)
        };
        Index {
            figures: figures.iter().map(of_figure).collect(),
            ratios: ratios.iter().map(of_ratio).collect(),
        }
    }

    pub(super) fn figure(&self, baseline: &str, cell: &Cell, quantity: &str) -> Option<&'a Figure> {
        self.figures.get(&(baseline, cell, quantity)).copied()
    }

    /// The ratio of `mode` over another lane.
    pub(super) fn ratio(
        &self,
        baseline: &str,
        quantity: Quantity,
        row: RowKey,
        mode: &str,
        over: &str,
    ) -> Option<&'a RatioFigure> {
        self.ratios.get(&(baseline, quantity, row, mode, over)).copied()
    }

    pub(super) fn lookup(&'a self, baseline: &'a str, quantity: Quantity) -> Lookup<'a> {
        Lookup { index: self, baseline, quantity }
    }
}

impl<'a> Lookup<'a> {
    pub(super) fn get(&self, row: RowKey, mode: &str, over: &str) -> Option<&'a RatioFigure> {
        self.index.ratio(self.baseline, self.quantity, row, mode, over)
    }

    /// The ratio of two modes, if it has the interval that a claim rests on.
    pub(super) fn told(&self, row: RowKey, mode: &str, over: &str) -> Option<Ratio> {
        as_ratio(&self.get(row, mode, over)?.reading)
    }
}
