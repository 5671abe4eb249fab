//! From which size on one mode overtakes another: where their within-block
//! ratio crosses 1. It owns when a crossover may be claimed and how far it is
//! known; sentences about it are `findings/crossovers.rs`'s.

use serde::{Deserialize, Serialize};

use super::index::Lookup;
use super::ratios::NO_ROUND_OF_BOTH;
use crate::compare::Quantity;
use crate::doubt::DoubtKinds;
use crate::ratio::Ratio;

/// Where one mode overtakes another at one thread count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrossoverRow {
    /// The baseline's name.
    pub baseline: String,
    /// Throughput (by the time a message), median latency or CPU cost.
    pub quantity: Quantity,
    /// Client threads.
    pub threads: usize,
    /// The mode that may overtake.
    pub mode: String,
    /// The mode that may be overtaken.
    pub over: String,
    /// What the ratios allow to be said.
    #[serde(flatten)]
    pub crossover: Crossover,
    /// Sizes of the matrix that have no ratio of the two.
    pub missing_bytes: Vec<usize>,
    /// The doubts about the cells it rests on.
    pub doubts: DoubtKinds,
}

/// What the ratios of two modes over the sizes allow to be said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "crossover", rename_all = "snake_case")]
pub enum Crossover {
    /// The lead changes between sizes at which each lead is told by intervals.
    Crosses {
        /// Each change, from the smallest size on.
        crossings: Vec<Crossing>,
    },
    /// One mode leads at every size at which anything can be told.
    NotInRange {
        /// The mode that leads.
        leader: String,
        /// Where it does.
        clear_bytes: Vec<usize>,
        /// Where the interval holds 1: there it cannot be told.
        unclear_bytes: Vec<usize>,
    },
    /// The interval holds 1 at every size: it cannot be told who leads.
    Flat {
        /// The sizes.
        unclear_bytes: Vec<usize>,
    },
    /// One size alone was measured: nothing can cross.
    OneSize {
        /// The size.
        message_bytes: usize,
        /// Who leads there, if the interval tells.
        leader: Option<String>,
    },
    /// There is no ratio with an interval.
    NotMeasured {
        /// Why.
        absent: String,
    },
}

/// One change of the lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crossing {
    /// Where the interpolated ratio crosses 1, in bytes.
    pub bytes: f64,
    /// Where the interpolated interval begins to hold 1.
    pub lower_bytes: f64,
    /// Where it ceases to.
    pub upper_bytes: f64,
    /// The nearest measured sizes on both sides at which the lead is told.
    pub between_bytes: [usize; 2],
    /// Who leads from there on.
    pub leader_after: String,
    /// Measured sizes in between at which the interval holds 1.
    pub unclear_bytes: Vec<usize>,
    /// Sizes of the matrix in between that were not measured for the two.
    pub missing_bytes: Vec<usize>,
}

/// A size with the ratio there.
#[derive(Clone, Copy, Debug)]
struct Point {
    bytes: usize,
    ratio: Ratio,
}

impl Point {
    /// −1 where the mode leads, 1 where the other does, 0 where the interval
    /// holds 1.
    fn side(&self) -> i8 {
        self.ratio.told() as i8
    }
}

/// Where `mode` overtakes `over` in one baseline and quantity, for each thread
/// count; `sizes` are those of the matrix.
pub(super) fn gather(
    lookup: &Lookup<'_>,
    (threads, sizes): (&[usize], &[usize]),
    mode: &str,
    over: &str,
) -> Vec<CrossoverRow> {
    let row = |threads: &usize| {
        let at = |bytes: &usize| lookup.get((*threads, *bytes), mode, over);
        let told = |bytes: &usize| Some((*bytes, lookup.told((*threads, *bytes), mode, over)?));
        let points: Vec<(usize, Ratio)> = sizes.iter().filter_map(told).collect();
        let has = |bytes: &usize| points.iter().any(|(of, _)| of == bytes);
        let missing: Vec<usize> = sizes.iter().filter(|bytes| !has(bytes)).copied().collect();
        let why = || {
            let first = sizes.iter().find_map(|bytes| at(bytes)?.reading.no_interval());
            first.unwrap_or(NO_ROUND_OF_BOTH).to_string()
        };
        CrossoverRow {
            baseline: lookup.baseline.to_string(),
            quantity: lookup.quantity,
            threads: *threads,
            mode: mode.to_string(),
            over: over.to_string(),
            crossover: of_points(&points, mode, over, &missing, why),
            doubts: DoubtKinds::of_all(sizes.iter().filter_map(at).map(|ratio| &ratio.doubts)),
            missing_bytes: missing,
        }
    };
    threads.iter().map(row).collect()
}

/// Every change of the lead that the intervals allow to be claimed: one lies
/// between two sizes at which opposite leads are told, with none told in
/// between.
///
/// The log ratio is taken to be straight over the log of the size between
/// neighbouring sizes, and so are the two ends of its interval. The crossover's
/// interval is where that band holds 0 (inverting the test, as Fieller does for
/// a quotient): at the true crossover the true log ratio is 0, and there the
/// band misses it with at most 5 %, since the straight line between two half
/// widths is never below the half width of the interpolated value, whatever the
/// correlation of the two. What the straight line itself is wrong by is not in
/// it; the measured sizes on both sides bound that.
fn of_points(
    told: &[(usize, Ratio)],
    mode: &str,
    over: &str,
    missing: &[usize],
    why_none: impl FnOnce() -> String,
) -> Crossover {
    let point = |(bytes, ratio): &(usize, Ratio)| Point { bytes: *bytes, ratio: *ratio };
    let points: Vec<Point> = told.iter().map(point).collect();
    let leader = |side: i8| if side < 0 { mode.to_string() } else { over.to_string() };
    let clear: Vec<usize> = (0..points.len()).filter(|index| points[*index].side() != 0).collect();
    let bytes_where = |is_clear: bool| -> Vec<usize> {
        let of = points.iter().filter(|point| (point.side() != 0) == is_clear);
        of.map(|point| point.bytes).collect()
    };
    match (points.as_slice(), clear.first()) {
        ([], _) => return Crossover::NotMeasured { absent: why_none() },
        ([one], _) => {
            let leader = (one.side() != 0).then(|| leader(one.side()));
            return Crossover::OneSize { message_bytes: one.bytes, leader };
        }
        (_, None) => return Crossover::Flat { unclear_bytes: bytes_where(false) },
        _ => {}
    }
    let crossings: Vec<Crossing> = clear
        .windows(2)
        .filter(|pair| points[pair[0]].side() != points[pair[1]].side())
        .map(|pair| crossing(&points[pair[0]..=pair[1]], missing, leader(points[pair[1]].side())))
        .collect();
    match (crossings.is_empty(), clear.first()) {
        (true, Some(first)) => Crossover::NotInRange {
            leader: leader(points[*first].side()),
            clear_bytes: bytes_where(true),
            unclear_bytes: bytes_where(false),
        },
        _ => Crossover::Crosses { crossings },
    }
}

/// The log ratio of a point, or an end of its interval.
type End = fn(&Point) -> f64;

/// The change of the lead from the first of `points` to the last; in between
/// the interval holds 1.
fn crossing(points: &[Point], missing: &[usize], leader_after: String) -> Crossing {
    let (first, last) = (points[0], points[points.len() - 1]);
    // Mirrored, if need be, so that the ratio falls through 1.
    let falls = first.side() > 0;
    let curve = |of: End| -> Vec<(f64, f64)> {
        let sign = if falls { 1.0 } else { -1.0 };
        points.iter().map(|point| ((point.bytes as f64).ln(), sign * of(point))).collect()
    };
    let (near, far): (End, End) = if falls {
        (|point| point.ratio.lower.ln(), |point| point.ratio.upper.ln())
    } else {
        (|point| point.ratio.upper.ln(), |point| point.ratio.lower.ln())
    };
    // Above 0 at the first point and below it at the last, a curve crosses an
    // odd number of times: the middle one is as good as any, and all of them
    // are inside the interval.
    let middle = |zeros: Vec<f64>| zeros.get(zeros.len() / 2).copied();
    let ends = ((first.bytes as f64).ln(), (last.bytes as f64).ln());
    let lower = zeros(&curve(near)).first().copied().unwrap_or(ends.0);
    let upper = zeros(&curve(far)).last().copied().unwrap_or(ends.1);
    let estimate = middle(zeros(&curve(|point| point.ratio.estimate.ln()))).unwrap_or((lower + upper) / 2.0);
    let within = |bytes: &&usize| (first.bytes..last.bytes).contains(*bytes);
    Crossing {
        bytes: estimate.exp(),
        lower_bytes: lower.exp(),
        upper_bytes: upper.exp(),
        between_bytes: [first.bytes, last.bytes],
        leader_after,
        unclear_bytes: points[1..points.len() - 1].iter().map(|point| point.bytes).collect(),
        missing_bytes: missing.iter().filter(within).copied().collect(),
    }
}

/// Where a line through `points` crosses 0.
fn zeros(points: &[(f64, f64)]) -> Vec<f64> {
    let of_segment = |pair: &[(f64, f64)]| {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        ((y0 > 0.0) != (y1 > 0.0)).then(|| x0 + (x1 - x0) * y0 / (y0 - y1))
    };
    points.windows(2).filter_map(of_segment).collect()
}
