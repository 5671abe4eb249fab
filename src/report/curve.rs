//! The percentile curve of a latency cell, from the HDR histograms of its
//! records. It owns which points are kept; the histogram is `metric`'s.

use serde::{Deserialize, Serialize};

use super::cells::{CellRecords, cells};
use crate::cell::{Cell, Target};
use crate::compare::Baseline;
use crate::doubt::DoubtKinds;
use crate::metric::round_trip;

/// All round trips of a cell, of all processes together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The baseline's name.
    pub baseline: String,
    /// The latency cell.
    pub cell: Cell,
    /// Round trips that it is made of.
    pub round_trips: u64,
    /// Processes whose round trips they are.
    pub processes: usize,
    /// From the shortest to the longest; empty where `absent` says why.
    pub points: Vec<CurvePoint>,
    /// Why there is no curve, or what is missing of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub absent: Option<String>,
    /// The cell's doubts.
    pub doubts: DoubtKinds,
}

/// One point of a percentile curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The share of round trips, 0 to 1, that took no longer.
    pub share: f64,
    /// The round trip, in nanoseconds.
    pub ns: u64,
}

/// Points for each halving of the distance to 100 %: enough for a plot.
const POINTS_PER_HALVING: u32 = 6;

/// The curve of every latency cell of one baseline.
pub(super) fn gather(baseline: &Baseline) -> Vec<Curve> {
    let latency = cells(baseline).into_iter().filter(|cell| cell.cell.target == Target::Latency);
    latency.map(|cell| of_cell(baseline, &cell)).collect()
}

fn of_cell(baseline: &Baseline, of_cell: &CellRecords<'_>) -> Curve {
    let mut curve = Curve {
        baseline: baseline.name.clone(),
        cell: of_cell.cell.clone(),
        round_trips: 0,
        processes: 0,
        points: Vec::new(),
        absent: None,
        doubts: of_cell.doubts(),
    };
    let mut all: Option<hdrhistogram::Histogram<u64>> = None;
    for record in &of_cell.records {
        let added = round_trip::histogram(&record.metrics).and_then(|histogram| match &mut all {
            Some(sum) => sum.add(&histogram).map_err(|error| format!("histograms do not add up: {error}")),
            None => {
                all = Some(histogram);
                Ok(())
            }
        });
        match added {
            Ok(()) => curve.processes += 1,
            Err(why) => curve.absent = Some(why),
        }
    }
    if let Some(all) = all.filter(|all| !all.is_empty()) {
        curve.round_trips = all.len();
        let points = all.iter_quantiles(POINTS_PER_HALVING);
        curve.points = points
            .map(|point| CurvePoint { share: point.quantile(), ns: point.value_iterated_to() })
            .collect();
        curve.points.dedup();
    }
    curve
}
