//! One mode against another in every row of every baseline, from within-block
//! ratios alone. It owns which blocks and processes they come from; what is
//! claimed from them is `map`'s, `crossover`'s and the findings'.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::estimate::{Estimate, Reading, TOO_FEW_GENERATIONS, of_side};
use crate::compare::rows::{RowKey, Rows, Within};
use crate::compare::statistics::Side;
use crate::compare::{Baseline, Quantity};
use crate::loopback::{REFERENCES, SELF_LANE};
use crate::results::table::no_limit_text;

/// A mode's time, or cost, a message over another lane's, in one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatioFigure {
    /// The baseline's name.
    pub baseline: String,
    /// Of what: the time a message of the throughput target, the median or
    /// 99th percentile of a round's round trips, the CPU cost a message.
    pub quantity: Quantity,
    /// Client threads.
    pub threads: usize,
    /// The size of a message.
    pub message_bytes: usize,
    /// The mode.
    pub mode: String,
    /// What it is over: another mode, a reference, or `self`.
    pub over: String,
    /// Below 1 the mode takes, or costs, less than the other.
    #[serde(flatten)]
    pub reading: Reading,
    /// The marks of the doubts about either mode's cell.
    pub doubts: String,
}

/// Every ratio of one baseline. Each pair of modes stands in both directions,
/// so that who reads them need not turn one round.
pub(super) fn gather(baseline: &Baseline, modes: &[String]) -> Vec<RatioFigure> {
    let mut ratios = Vec::new();
    for quantity in Quantity::ALL {
        let rows = Rows::of(baseline, quantity).inflated();
        for key in rows.keys() {
            let (lanes, within) = (rows.lanes(key), rows.within(key));
            let here: Vec<&String> = modes.iter().filter(|mode| lanes.contains(*mode)).collect();
            for mode in &here {
                let read = |side: &Side| match side.processes.is_empty() {
                    true => Reading::Absent { absent: why_none(quantity).to_string() },
                    false => of_side(side, why_no_interval(within)),
                };
                let mut add = |over: &str, reading: Reading| {
                    let doubts = rows.doubts(key, mode).union(&rows.doubts(key, over)).collect();
                    ratios.push(RatioFigure {
                        baseline: baseline.name.clone(),
                        quantity,
                        threads: key.0,
                        message_bytes: key.1,
                        mode: mode.to_string(),
                        over: over.to_string(),
                        reading,
                        doubts,
                    });
                };
                for over in here.iter().filter(|over| *over != mode) {
                    add(over, read(&rows.relative(key, mode, over, within)));
                }
                for lane in REFERENCES.map(|reference| reference.name()) {
                    let side = rows.relative(key, mode, lane, Within::Blocks);
                    if !side.processes.is_empty() {
                        let reading = match no_limit(&rows, key, lane) {
                            Some(absent) => Reading::Absent { absent },
                            None => read(&side),
                        };
                        add(lane, reading); // latency blocks have no references
                    }
                }
                let side = rows.self_check(key, mode);
                if !side.processes.is_empty() {
                    add(SELF_LANE, read(&side)); // of a mode that is a companion only there is none
                }
            }
        }
    }
    ratios
}

/// Why a reference of a row is no lower limit of what its modes take, if it is
/// none: where threads wait for each other, its rounds hold that wait too.
pub(super) fn no_limit(rows: &Rows<'_>, key: RowKey, reference: &str) -> Option<String> {
    let placement = &rows.records(key).next()?.placement;
    let is_faster = |mode: &String| {
        let side = Side { inflation: None, ..rows.relative(key, mode, reference, Within::Blocks) };
        of_side(&side, "").estimate().and_then(Estimate::ends).is_some_and(|(_, upper)| upper < 1.0)
    };
    let faster = rows.lanes(key).into_iter().filter(|_| placement.is_oversubscribed()).find(is_faster)?;
    Some(no_limit_text(reference, &faster))
}

fn why_no_interval(within: Within) -> &'static str {
    match within {
        Within::Blocks => TOO_FEW_GENERATIONS,
        Within::Processes => {
            "rounds hold fewer than the 100 round trips that a 99th percentile needs, so whole cells are \
             compared, and one process has no spread of those"
        }
    }
}

fn why_none(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::LatencyP99 => {
            "no process has both cells with the 100 round trips that a 99th percentile needs"
        }
        Quantity::Throughput | Quantity::LatencyMedian => "no block holds a round of both",
        Quantity::CpuCost => "no block holds a round of both whose cost was counted",
    }
}

/// A ratio in log scale, as far as it may be used for a claim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Told {
    pub(super) log: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
}

/// Ratios of one baseline and quantity by row and lanes.
pub(super) struct Lookup<'a> {
    ratios: HashMap<(usize, usize, &'a str, &'a str), &'a RatioFigure>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(ratios: &'a [RatioFigure], baseline: &str, quantity: Quantity) -> Lookup<'a> {
        let of = ratios.iter().filter(|ratio| ratio.baseline == baseline && ratio.quantity == quantity);
        let key = |ratio: &'a RatioFigure| {
            ((ratio.threads, ratio.message_bytes, ratio.mode.as_str(), ratio.over.as_str()), ratio)
        };
        Lookup { ratios: of.map(key).collect() }
    }

    pub(super) fn get(
        &self,
        (threads, bytes): (usize, usize),
        mode: &str,
        over: &str,
    ) -> Option<&'a RatioFigure> {
        self.ratios.get(&(threads, bytes, mode, over)).copied()
    }

    /// The ratio of two modes with the interval that a claim may rest on:
    /// where either of them was found to differ from itself, wider by as much.
    pub(super) fn told(&self, row: (usize, usize), mode: &str, over: &str) -> Option<Told> {
        let estimate = self.get(row, mode, over)?.reading.estimate()?;
        let (lower, upper) = estimate.ends()?;
        let margin = self.disagreement(row, mode).max(self.disagreement(row, over));
        Some(Told { log: estimate.value.ln(), lower: lower.ln() - margin, upper: upper.ln() + margin })
    }

    /// By how much a mode differs from itself beyond chance, in log scale.
    fn disagreement(&self, row: (usize, usize), mode: &str) -> f64 {
        let twin = self.get(row, mode, SELF_LANE).and_then(|ratio| ratio.reading.estimate());
        twin.filter(|twin| twin.holds(1.0) == Some(false)).map_or(0.0, |twin| twin.value.ln().abs())
    }
}
