//! One mode against another in every row of every baseline, from within-block
//! ratios alone. It owns which blocks and processes they come from; what is
//! claimed from them is `map`'s, `crossover`'s and the findings'.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::estimate::{Estimate, Interval, Reading, TOO_FEW_GENERATIONS, of_side};
use crate::compare::rows::{RowKey, Rows, Within};
use crate::compare::statistics::Side;
use crate::compare::{Baseline, Quantity};
use crate::doubt::{DoubtKind, DoubtKinds};
use crate::exchange::{REFERENCES, SELF_LANE};
use crate::ratio::{Ratio, told};
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
    /// By what factor the ends lie further out, where a mode of the two differs
    /// from itself: see `ratio/told.rs`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub widened_by: Option<f64>,
    /// The doubts about either mode's cell, and about the ratio.
    pub doubts: DoubtKinds,
}

impl RatioFigure {
    /// The way round that it reads: of throughput above 1 is more.
    pub(super) fn as_read(&self) -> Reading {
        match self.quantity {
            Quantity::Throughput => self.reading.map(|time| 1.0 / time),
            _ => self.reading.clone(),
        }
    }
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
            let margins: HashMap<&str, f64> =
                modes.iter().map(|mode| (mode.as_str(), margin(&rows, key, mode))).collect();
            for mode in &here {
                let read = |side: &Side| match side.processes.is_empty() {
                    true => Reading::absent(why_none(quantity)),
                    false => of_side(side, why_no_interval(within)),
                };
                let mut add = |over: &str, reading: Reading| {
                    let margin_of = |lane: &str| margins.get(lane).copied().unwrap_or(0.0);
                    let margin = if over == SELF_LANE { 0.0 } else { margin_of(mode).max(margin_of(over)) };
                    let reading = widened(reading, margin);
                    let off = (margin > 0.0).then_some(DoubtKind::SelfRatioOff);
                    ratios.push(RatioFigure {
                        baseline: baseline.name.clone(),
                        quantity,
                        threads: key.0,
                        message_bytes: key.1,
                        mode: mode.to_string(),
                        over: over.to_string(),
                        reading,
                        widened_by: (margin > 0.0).then(|| margin.exp()),
                        doubts: rows.doubts(key, mode).and(rows.doubts(key, over)).and(off),
                    });
                };
                for over in here.iter().filter(|over| *over != mode) {
                    add(over, read(&rows.relative(key, mode, over, within)));
                }
                for lane in REFERENCES.map(|reference| reference.name()) {
                    let side = rows.relative(key, mode, lane, Within::Blocks);
                    if !side.processes.is_empty() {
                        let reading = match no_limit(&rows, key, lane) {
                            Some(why) => Reading::absent(why),
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
        of_side(&side, "").found().and_then(Estimate::ends).is_some_and(|(_, upper)| upper < 1.0)
    };
    let faster = rows.lanes(key).into_iter().filter(|_| placement.is_oversubscribed()).find(is_faster)?;
    Some(no_limit_text(reference, &faster))
}

/// By how much a mode of a row differs from itself beyond chance, in log scale.
fn margin(rows: &Rows<'_>, key: (usize, usize), mode: &str) -> f64 {
    let side = rows.self_check(key, mode);
    let reading = (!side.processes.is_empty()).then(|| of_side(&side, TOO_FEW_GENERATIONS));
    told::disagreement(reading.as_ref().and_then(as_ratio))
}

/// A ratio with both ends of its interval.
pub(super) fn as_ratio(reading: &Reading) -> Option<Ratio> {
    let estimate = reading.found()?;
    let (lower, upper) = estimate.ends()?;
    Some(Ratio { estimate: estimate.value, lower, upper })
}

/// With the interval that claims rest on.
fn widened(mut reading: Reading, margin: f64) -> Reading {
    if let (Some(wider), Reading::Found(estimate)) =
        (as_ratio(&reading).map(|ratio| ratio.widened(margin)), &mut reading)
        && let Interval::Found(ends) = &mut estimate.interval
    {
        (ends.lower, ends.upper) = (wider.lower, wider.upper);
    }
    reading
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

pub(super) const NO_ROUND_OF_BOTH: &str = "no block holds a round of both";

fn why_none(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::LatencyP99 => {
            "no process has both cells with the 100 round trips that a 99th percentile needs"
        }
        Quantity::Throughput | Quantity::LatencyMedian => NO_ROUND_OF_BOTH,
        Quantity::CpuCost => "no block holds a round of both whose cost was counted",
    }
}
