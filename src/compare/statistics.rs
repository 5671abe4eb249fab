//! The difference of two samples of processes, with an interval that holds
//! what it promises from two processes on. Values are logarithms, so that a
//! difference is the log of a ratio. What the values are of is not its concern.
//!
//! - **Processes**: Welch's t interval on one value a process: `d = x̄b − x̄a`,
//!   `se² = s²a/na + s²b/nb`, degrees of freedom by Welch (1947) and
//!   Satterthwaite (1946). What varies between blocks, generations and
//!   processes is all in `s`; a percentile bootstrap of five values would be
//!   too narrow by a third. From ten processes on a tenth of them is left out at
//!   either end, and `x̄` and `s` are the trimmed mean and what Yuen (1974) puts
//!   in the place of its deviation: a process that was disturbed moves neither.
//!   Where passes near each other are alike, `se²` of their side is as much
//!   larger as `compare/serial.rs` says.
//! - **Pairs**: passes measured in turn; the same of their differences, which
//!   need no such factor.
//! - **Shared blocks**: of two sides of one recording each pass gives one ratio, the
//!   median of those within its blocks, and their log is such a difference itself.
//! - **One process on one side**: the other side's deviation `s` stands for both. It
//!   may be any of them, so that `s` is of all, untrimmed; the other side's `x̄` is as
//!   above: `se² = s² + s²b/nb`.
//! - **One process on each side**: what varies between processes was not
//!   measured. The interval is that of the generations, widened by
//!   [`PROCESS_OVER_GENERATION`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::CONFIDENCE;
use crate::ratio::{Ratio, student};

/// By how much a ratio of two processes varies beyond what their generations
/// tell, as a factor: the largest of those measured, see docs/METHOD.md, "One
/// process only".
pub const PROCESS_OVER_GENERATION: f64 = 4.3;

/// The share of processes that is left out at either end. Of fewer than ten it
/// is none: what is left would be too few to tell their spread.
const TRIM: f64 = 0.1;

/// One side of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// A value a process, by its pass.
    pub processes: Vec<(usize, f64)>,
    /// Of the only process, a value a generation; else unused.
    pub generations: Vec<f64>,
    /// The factor on the variance of its mean, where passes near each other are
    /// alike; none is 1.
    pub inflation: Option<f64>,
}

impl Side {
    /// The processes' values, in their order.
    pub fn values(&self) -> Vec<f64> {
        self.processes.iter().map(|(_, value)| *value).collect()
    }
}

/// What an interval rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Two or more processes on each side.
    Processes,
    /// Pairs of passes measured in turn.
    Pairs,
    /// Ratios within the blocks that two sides shared, one a pass.
    SharedBlocks,
    /// One process on one side: the other's spread stands for both.
    OneSideAlone,
    /// One process on each side: generations, widened.
    Generations,
}

/// An estimate of a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// `new − base`.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Of the t distribution that `estimate / standard_error` has.
    pub degrees_of_freedom: f64,
    /// What it rests on.
    pub basis: Basis,
    /// How many of those either side has.
    pub counts: [usize; 2],
}

/// The difference of two sides; passes of the numbers `in_turn` were measured in
/// turn. An error says why there is none.
pub fn difference(base: &Side, new: &Side, in_turn: &BTreeSet<usize>) -> Result<Difference, String> {
    let (a, b) = (base.values(), new.values());
    match (a.len(), b.len()) {
        (0, _) => Err("the baseline did not measure it".into()),
        (_, 0) => Err("the new run did not measure it".into()),
        (1, 1) => of_generations(base, new),
        (1, n) => Ok(one_alone(a[0], new, 1.0, [1, n])),
        (n, 1) => Ok(one_alone(b[0], base, -1.0, [n, 1])),
        _ => {
            let (_, pairs) = pairs(base, new, in_turn);
            Ok(if pairs.len() >= 2 { of_pairs(&pairs) } else { welch(base, new) })
        }
    }
}

impl Difference {
    /// The ends of the interval that holds the truth with `confidence`.
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        let half = student::quantile(0.5 + confidence / 2.0, self.degrees_of_freedom) * self.standard_error;
        (self.estimate - half, self.estimate + half)
    }

    /// The ratio whose log it is, with the interval for this cell alone.
    pub(super) fn ratio(&self) -> Ratio {
        let (lower, upper) = self.interval(CONFIDENCE);
        Ratio { estimate: self.estimate.exp(), lower: lower.exp(), upper: upper.exp() }
    }

    /// The chance of an estimate so far beyond `threshold`, on either side, if
    /// the truth were no further than that.
    pub fn p_value(&self, threshold: f64) -> f64 {
        let beyond = self.estimate.abs() - threshold;
        if self.standard_error == 0.0 {
            return if beyond > 0.0 { 0.0 } else { 1.0 };
        }
        (2.0 * student::upper_tail(beyond / self.standard_error, self.degrees_of_freedom)).min(1.0)
    }
}

/// Holm's step-down correction (1979): each p value as it counts among all of
/// them, so that the chance of any false verdict stays below the level that
/// they are compared with, whatever depends on what. Each comes with its weight:
/// by how much the chance of a false verdict grows with it, 1 for a question of
/// its own; together no less than 1.
pub fn holm(weighted: &[(f64, f64)]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..weighted.len()).collect();
    order.sort_by(|a, b| weighted[*a].0.total_cmp(&weighted[*b].0));
    let mut adjusted = vec![1.0; weighted.len()];
    let mut left: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let mut so_far: f64 = 0.0;
    for index in order {
        let (p_value, weight) = weighted[index];
        so_far = so_far.max((p_value * left.max(1.0)).min(1.0));
        adjusted[index] = so_far;
        left -= weight;
    }
    adjusted
}

/// What the estimates take for the value of a side: the trimmed mean.
pub(super) fn centre(side: &Side) -> f64 {
    mean(kept(&sorted(&side.values())))
}

/// The same of two values or more, with half the width of its interval of
/// `confidence`.
pub(crate) fn centre_and_half(values: &[f64], inflation: Option<f64>, confidence: f64) -> (f64, f64) {
    let sample = Sample::of(values);
    let error = (sample.error_squared * inflation.unwrap_or(1.0)).sqrt();
    (sample.mean, student::quantile(0.5 + confidence / 2.0, sample.degrees_of_freedom) * error)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// A sorted sample without its ends.
fn kept(sorted: &[f64]) -> &[f64] {
    let cut = cut(sorted.len());
    &sorted[cut..sorted.len() - cut]
}

/// How many of so many processes are left out at either end.
fn cut(count: usize) -> usize {
    (TRIM * count as f64) as usize
}

/// How many are left of so many.
pub(super) fn kept_of(count: usize) -> usize {
    count - 2 * cut(count)
}

/// The values in their order, what is cut off as large as the last that is kept.
pub(super) fn winsorised(values: &[f64]) -> Vec<f64> {
    let sorted = sorted(values);
    let kept = kept(&sorted);
    let (low, high) = (kept[0], kept[kept.len() - 1]);
    values.iter().map(|value| value.clamp(low, high)).collect()
}

/// What two values or more say of their mean.
struct Sample {
    mean: f64,
    /// The square of its standard error.
    error_squared: f64,
    degrees_of_freedom: f64,
}

impl Sample {
    fn of(values: &[f64]) -> Sample {
        let sorted = sorted(values);
        let kept = kept(&sorted);
        let squares = variance(&winsorised(values)) * (sorted.len() - 1) as f64;
        let degrees_of_freedom = (kept.len() - 1) as f64;
        Sample {
            mean: mean(kept),
            error_squared: squares / (kept.len() as f64 * degrees_of_freedom),
            degrees_of_freedom,
        }
    }

    /// The same, where passes near each other may be alike.
    fn of_side(side: &Side) -> Sample {
        let sample = Sample::of(&side.values());
        Sample { error_squared: sample.error_squared * side.inflation.unwrap_or(1.0), ..sample }
    }
}

fn welch(base: &Side, new: &Side) -> Difference {
    let counts = [base.processes.len(), new.processes.len()];
    of_two(&Sample::of_side(base), &Sample::of_side(new), counts)
}

fn of_two(a: &Sample, b: &Sample, counts: [usize; 2]) -> Difference {
    let squared = a.error_squared + b.error_squared;
    let share = |of: &Sample| of.error_squared.powi(2) / of.degrees_of_freedom;
    let denominator = share(a) + share(b);
    Difference {
        estimate: b.mean - a.mean,
        standard_error: squared.sqrt(),
        // Without any spread any number of degrees is right.
        degrees_of_freedom: if denominator > 0.0 { squared.powi(2) / denominator } else { 1.0 },
        basis: Basis::Processes,
        counts,
    }
}

/// The passes that both sides have and that were measured in turn, and their
/// differences.
pub(super) fn pairs(base: &Side, new: &Side, in_turn: &BTreeSet<usize>) -> (Vec<usize>, Vec<f64>) {
    let partner = |(pass, value): &(usize, f64)| {
        let other = base.processes.iter().find(|(other, _)| other == pass)?;
        in_turn.contains(pass).then_some((*pass, value - other.1))
    };
    new.processes.iter().filter_map(partner).unzip()
}

fn of_pairs(differences: &[f64]) -> Difference {
    let sample = Sample::of(differences);
    Difference {
        estimate: sample.mean,
        standard_error: sample.error_squared.sqrt(),
        degrees_of_freedom: sample.degrees_of_freedom,
        basis: Basis::Pairs,
        counts: [differences.len(); 2],
    }
}

fn one_alone(alone: f64, many: &Side, sign: f64, counts: [usize; 2]) -> Difference {
    let sample = Sample::of_side(many);
    Difference {
        estimate: sign * (sample.mean - alone),
        standard_error: (variance(&many.values()) + sample.error_squared).sqrt(),
        degrees_of_freedom: sample.degrees_of_freedom,
        basis: Basis::OneSideAlone,
        counts,
    }
}

fn of_generations(base: &Side, new: &Side) -> Result<Difference, String> {
    let (a, b) = (&base.generations, &new.generations);
    if a.len() < 2 || b.len() < 2 {
        return Err("one process on each side, and fewer than two generations in one of them".into());
    }
    let narrow = of_two(&Sample::of(a), &Sample::of(b), [a.len(), b.len()]);
    let processes = new.values()[0] - base.values()[0];
    Ok(Difference {
        estimate: processes,
        standard_error: narrow.standard_error * PROCESS_OVER_GENERATION,
        basis: Basis::Generations,
        ..narrow
    })
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The unbiased estimate; of two values or more.
pub(super) fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}
