//! Axes: from values to places, and the ticks in between. It owns the choice of
//! ranges and ticks; lines are `panel`'s.

use crate::results::table::digits;

/// One axis of a plot.
pub(in crate::report) struct Axis {
    /// What it is, with its unit.
    pub(in crate::report) title: String,
    pub(in crate::report) scale: Scale,
    /// Fixed ticks; empty to have them chosen.
    pub(in crate::report) ticks: Vec<Tick>,
}

/// How values become places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Scale {
    /// Equal differences are equally far; begins at 0.
    Linear,
    /// Equal factors are equally far.
    Log,
}

/// A value with its name on the axis.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Tick {
    pub(in crate::report) value: f64,
    pub(in crate::report) label: String,
}

/// What an axis has to hold.
pub(super) struct Values {
    pub(super) values: Vec<f64>,
    /// Ends of intervals, which may be left out in part.
    pub(super) ends: Vec<f64>,
}

/// An axis with its ends.
pub(super) struct Range {
    scale: Scale,
    low: f64,
    high: f64,
    pub(super) ticks: Vec<Tick>,
}

/// An interval of few generations can be a hundred times as wide as what the
/// plot is there to show: ends further out than this factor are cut off, and
/// drawn so.
const FURTHEST_END: f64 = 2.0;

impl Axis {
    pub(super) fn range(&self, of: Values) -> Range {
        match self.scale {
            Scale::Linear => self.linear(&of),
            Scale::Log => self.log(of),
        }
    }

    fn linear(&self, of: &Values) -> Range {
        let top = largest(&of.values).max(0.0);
        let end = largest(&of.ends).min(top * FURTHEST_END);
        let high = if top.max(end) > 0.0 { top.max(end) * 1.06 } else { 1.0 };
        let ticks = if self.ticks.is_empty() { even_ticks(0.0, high) } else { self.ticks.clone() };
        Range { scale: Scale::Linear, low: 0.0, high, ticks }
    }

    fn log(&self, mut of: Values) -> Range {
        of.values.retain(|value| *value > 0.0 && value.is_finite());
        let fixed = self.ticks.iter().map(|tick| tick.value);
        of.values.extend(fixed);
        let (low, high) = (smallest(&of.values), largest(&of.values));
        let (low, high) = if low <= high { (low, high) } else { (1.0, 2.0) };
        let ends = || of.ends.iter().copied().filter(|end| *end > 0.0 && end.is_finite());
        let low = ends().fold(low, f64::min).max(low / FURTHEST_END);
        let high = ends().fold(high, f64::max).min(high * FURTHEST_END);
        // A flat line lies in the middle of a range that shows it as such.
        let pad = ((high / low).ln() * 0.06).max(0.02);
        let (low, high) = (low * (-pad).exp(), high * pad.exp());
        let ticks = if self.ticks.is_empty() { log_ticks(low, high) } else { self.ticks.clone() };
        Range { scale: Scale::Log, low, high, ticks }
    }
}

impl Range {
    /// 0 at the low end, 1 at the high one; beyond them for what lies outside.
    pub(super) fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            // An end at or below 0 lies below every axis.
            Scale::Log => (value.max(0.0) / self.low).ln() / (self.high / self.low).ln(),
        }
    }
}

fn smallest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// 1, 2 and 5 of each decade, or only 1 where that would be too many; evenly
/// spaced ones where a decade is too wide to show anything.
fn log_ticks(low: f64, high: f64) -> Vec<Tick> {
    if high / low < 6.0 {
        return even_ticks(low, high);
    }
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let of = |steps: &'static [f64]| -> Vec<f64> {
        let all = decades.clone().flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)));
        all.filter(|value| (low..=high).contains(value)).collect()
    };
    let fine = of(&[1.0, 2.0, 5.0]);
    let values = if fine.len() <= 9 { fine } else { of(&[1.0]) };
    values.into_iter().map(named).collect()
}

fn even_ticks(low: f64, high: f64) -> Vec<Tick> {
    let rough = (high - low) / 5.0;
    let decade = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let first = (low / step).ceil() as i64;
    let values = (first..first + 12).map(|number| number as f64 * step);
    values.take_while(|value| *value <= high).map(named).collect()
}

fn named(value: f64) -> Tick {
    // There is room for six characters.
    let text = match value.abs() {
        0.0 => "0".to_string(),
        size if !(0.001..1e5).contains(&size) => return short_power(value),
        size if size >= 1.0 => digits(value),
        _ => format!("{value:.4}"),
    };
    let label = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    Tick { value, label: label.to_string() }
}

/// `2e-4`, `1.2e6`.
fn short_power(value: f64) -> Tick {
    Tick { value, label: format!("{value:.1e}").replace(".0e", "e") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(scale: Scale) -> Axis {
        Axis { title: String::new(), scale, ticks: Vec::new() }
    }

    fn labels(scale: Scale, values: &[f64], ends: &[f64]) -> Vec<String> {
        let range = axis(scale).range(Values { values: values.to_vec(), ends: ends.to_vec() });
        assert!(
            range.ticks.iter().all(|tick| (0.0..=1.0).contains(&range.place(tick.value))),
            "{:?}",
            range.ticks
        );
        assert!(values.iter().all(|value| (0.0..=1.0).contains(&range.place(*value))), "{values:?}");
        range.ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_within_the_axis() {
        assert_eq!(
            labels(Scale::Log, &[0.9, 160.0], &[]),
            ["1", "2", "5", "10", "20", "50", "100", "200"],
            "two decades"
        );
        assert_eq!(labels(Scale::Log, &[0.9, 1.1], &[]), ["0.9", "0.95", "1", "1.05", "1.1"], "a ratio");
        assert_eq!(labels(Scale::Linear, &[0.0, 9.0], &[]), ["0", "2", "4", "6", "8"]);
        assert_eq!(labels(Scale::Linear, &[0.0, 0.0009], &[]), ["0", "2e-4", "4e-4", "6e-4", "8e-4"]);
        let decades = labels(Scale::Log, &[1.0, 1e9], &[]);
        assert_eq!((decades.len(), decades[9].as_str()), (10, "1e9"), "decades only");
    }

    #[test]
    fn what_is_flat_empty_or_zero_has_an_axis_too() {
        assert!(!labels(Scale::Log, &[1.0], &[]).is_empty());
        assert!(!labels(Scale::Log, &[], &[]).is_empty());
        assert!(!labels(Scale::Linear, &[0.0], &[]).is_empty());
        assert!(!labels(Scale::Linear, &[], &[]).is_empty());
    }

    #[test]
    fn an_interval_that_says_nothing_does_not_flatten_the_rest() {
        let range =
            axis(Scale::Log).range(Values { values: vec![10.0, 20.0], ends: vec![0.001, 9000.0, 18.0] });
        assert!(range.place(0.001) < 0.0 && range.place(9000.0) > 1.0, "cut off");
        assert!(range.place(20.0) - range.place(10.0) > 0.25, "{} of the height", range.place(20.0));
    }
}
