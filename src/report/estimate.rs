//! A figure with what is known of its uncertainty, and how several values of
//! it become one. It owns what an interval rests on; which values those are is
//! the gatherers' business.

use serde::{Deserialize, Serialize};

use crate::compare::statistics::{self, Side, centre_and_half};
use crate::compare::{CONFIDENCE, Judged};
use crate::or_absent::OrAbsent;
use crate::ratio::spread::half_width;

/// A figure, or why there is none.
pub type Reading = OrAbsent<Estimate>;

/// A value and its interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// A 95 % interval, or why there is none.
pub type Interval = OrAbsent<Ends>;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ends {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// What it rests on.
    pub basis: Basis,
    /// How many of them.
    pub count: usize,
}

/// What an interval rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Several processes: it holds what changes from one to the next.
    Processes,
    /// Pairs of processes that were measured in turn.
    Pairs,
    /// Passes, each with the median ratio within blocks that two sides shared.
    SharedBlocks,
    /// Generations of one process: it does not hold what changes from process
    /// to process, nor from minute to minute.
    Generations,
    /// Generations of one process, widened, since the values compared were
    /// measured minutes apart.
    GenerationsWidened,
    /// Worked out from the intervals of other figures.
    Derived,
}

impl Basis {
    /// In words, with how many.
    pub fn text(self, count: usize) -> String {
        match self {
            Basis::Processes => format!("{count} processes"),
            Basis::Pairs => format!("{count} pairs of processes"),
            Basis::SharedBlocks => format!("{count} passes of shared blocks"),
            Basis::Generations => format!("{count} generations of one process"),
            Basis::GenerationsWidened => format!("{count} generations of one process, widened"),
            Basis::Derived => format!("derived from {count} figures"),
        }
    }
}

impl Estimate {
    /// A value with the reason for its having no interval.
    pub fn without_interval(value: f64, why: impl Into<String>) -> Estimate {
        Estimate { value, interval: Interval::absent(why) }
    }

    /// The ends of its interval, if it has one.
    pub fn ends(&self) -> Option<(f64, f64)> {
        self.interval.found().map(|ends| (ends.lower, ends.upper))
    }

    /// Whether its interval holds `value`; `None` without one.
    pub fn holds(&self, value: f64) -> Option<bool> {
        self.ends().map(|(lower, upper)| (lower..=upper).contains(&value))
    }

    /// Value and ends as `change` makes them; `change` must be monotonic.
    pub fn map(&self, change: impl Fn(f64) -> f64) -> Estimate {
        let interval = match &self.interval {
            Interval::Found(ends) => {
                let (one, other) = (change(ends.lower), change(ends.upper));
                Interval::Found(Ends { lower: one.min(other), upper: one.max(other), ..*ends })
            }
            absent => absent.clone(),
        };
        Estimate { value: change(self.value), interval }
    }
}

impl Reading {
    /// A value with its interval.
    pub(super) fn of(value: f64, ends: Ends) -> Reading {
        Reading::Found(Estimate { value, interval: Interval::Found(ends) })
    }

    /// What a comparison answers, with how many of both sides it rests on.
    pub(super) fn of_judged(judged: &Judged) -> Option<Reading> {
        let (ratio, [base, new]) = (judged.ratio?, judged.counts.unwrap_or_default());
        let (basis, count) = match judged.basis? {
            statistics::Basis::Generations => (Basis::GenerationsWidened, base.min(new)),
            statistics::Basis::Pairs => (Basis::Pairs, base),
            statistics::Basis::SharedBlocks => (Basis::SharedBlocks, base),
            statistics::Basis::Processes | statistics::Basis::OneSideAlone => (Basis::Processes, base + new),
        };
        Some(Reading::of(ratio.estimate, Ends { lower: ratio.lower, upper: ratio.upper, basis, count }))
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<f64> {
        self.found().map(|estimate| estimate.value)
    }

    /// Why there is no interval, with a value or without.
    pub fn no_interval(&self) -> Option<&str> {
        match self {
            Reading::Found(estimate) => estimate.interval.absence(),
            Reading::Absent { absent } => Some(absent),
        }
    }

    /// The same within the limits of what it is of; absent if all of its interval
    /// lies beyond them, since what it was worked out from does not hold then.
    pub(super) fn within(self, scale: Scale) -> Reading {
        let (least, most) = scale.limits();
        match self.found().and_then(Estimate::ends) {
            Some((lower, upper)) if upper < least || lower > most => {
                Reading::absent(format!("what it is worked out from puts it outside {least} to {most}"))
            }
            _ => self.map(|value| value.clamp(least, most)),
        }
    }

    /// An estimate as `change` makes it; see [`Estimate::map`].
    pub fn map(&self, change: impl Fn(f64) -> f64) -> Reading {
        match self {
            Reading::Found(estimate) => Reading::Found(estimate.map(change)),
            absent => absent.clone(),
        }
    }
}

/// In which scale values of several processes are averaged, and between which
/// limits they can lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// Rates, times and ratios: a factor is a factor wherever it lies.
    Log,
    /// What may be 0, and has no limits that are known.
    Linear,
    /// Counts, which may be 0 and no less.
    Count,
    /// Shares, from 0 to 1.
    Share,
}

impl Scale {
    /// Where the truth can lie. An interval is cut there: what it loses holds no
    /// truth, so it holds it as often as before. Another scale would not do, as
    /// shares are often just 0 or 1.
    fn limits(self) -> (f64, f64) {
        match self {
            Scale::Log | Scale::Count => (0.0, f64::INFINITY),
            Scale::Linear => (f64::NEG_INFINITY, f64::INFINITY),
            Scale::Share => (0.0, 1.0),
        }
    }
}

/// One estimate of a value a process. `generations` are, of a single process,
/// values whose spread its interval is taken from; `why_none` says why there
/// are none.
pub(super) fn pool(processes: &[f64], generations: &[f64], scale: Scale, why_none: &str) -> Reading {
    let to = |value: &f64| if scale == Scale::Log { value.ln() } else { *value };
    let from = |value: f64| if scale == Scale::Log { value.exp() } else { value };
    let centres: Vec<f64> = processes.iter().map(to).collect();
    let spread: Vec<f64> = generations.iter().map(to).collect();
    if centres.iter().chain(&spread).any(|value| !value.is_finite()) {
        return Reading::absent("a value of it is not a finite number");
    }
    in_scale(&centres, None, &spread, why_none).map(from).within(scale)
}

/// The same of what a comparison reads: values in log scale. `why_none` says why
/// one process has no interval, should it have none.
pub(super) fn of_side(side: &Side, why_none: &str) -> Reading {
    let centres: Vec<f64> = side.processes.iter().map(|(_, value)| *value).collect();
    in_scale(&centres, side.inflation, &side.generations, why_none).map(f64::exp)
}

/// Why one process has no interval.
pub(super) const TOO_FEW_GENERATIONS: &str = "it needs two generations, and fewer were measured";

/// Several processes are pooled as a comparison does it: see
/// `compare/statistics.rs`.
fn in_scale(centres: &[f64], inflation: Option<f64>, spread: &[f64], why_none: &str) -> Reading {
    let around = |centre: f64, half: f64, basis: Basis, count: usize| {
        Interval::Found(Ends { lower: centre - half, upper: centre + half, basis, count })
    };
    let (value, interval) = match centres {
        [] => return Reading::absent("no process measured it"),
        [one] => {
            let half = half_width(spread);
            (*one, half.map(|half| around(*one, half, Basis::Generations, spread.len())))
        }
        many => {
            let (centre, half) = centre_and_half(many, inflation, CONFIDENCE);
            (centre, Some(around(centre, half, Basis::Processes, many.len())))
        }
    };
    let interval = interval.unwrap_or_else(|| Interval::absent(why_none));
    Reading::Found(Estimate { value, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_that_are_alike_make_the_interval_wider() {
        let side = |inflation| Side {
            processes: (1..=12).map(|pass| (pass, pass as f64)).collect(),
            generations: Vec::new(),
            inflation,
        };
        let half = |inflation| {
            let reading = of_side(&side(inflation), TOO_FEW_GENERATIONS);
            let (lower, upper) = reading.found().and_then(Estimate::ends).unwrap();
            (upper / lower).ln() / 2.0
        };
        assert!((half(Some(4.0)) / half(None) - 2.0).abs() < 1e-9);
    }
}
