//! The verdicts of one quantity: both questions for every cell, corrected for
//! how many were asked. It owns which mode is blamed for a change of a ratio.
//!
//! A ratio of two modes moves whichever of them changed. So a mode has changed
//! against the others only if it changed against *each* of them, to the same
//! side: the answer is that of the other mode it changed least against (an
//! intersection-union test: its p value is the largest of theirs). With two
//! modes nothing can tell which of them it was, and both are said to have
//! changed against each other.
//!
//! That makes false blame rarer than one question a cell: of k modes that did
//! not change, one is blamed only if all k − 1 of its comparisons fail, so with
//! each at a level a, k·(k−1)/2 comparisons blame k·a/2 modes at most (Markov).
//! Each of the row's cells thus counts as half a question in the correction.

use std::collections::BTreeSet;

use super::rows::{RowKey, Rows};
use super::statistics::{self, Basis, centre, holm};
use super::{COARSEST, CellComparison, Interval, Judged, LEVEL, Options, Verdict};

/// The confidence of the intervals that are shown: for one cell alone.
const CONFIDENCE: f64 = 0.95;

/// Judges every cell that either side measured.
pub(super) fn judge(base: &Rows<'_>, new: &Rows<'_>, paired: bool, options: Options) -> Vec<CellComparison> {
    let threshold = options.threshold.ln_1p();
    let units_differ = match (base.unit(), new.unit()) {
        (Some(a), Some(b)) if a != b => Some(format!("the baseline is in {a}, the new run in {b}")),
        _ => None,
    };
    let keys: BTreeSet<RowKey> = base.keys().union(&new.keys()).copied().collect();
    let mut cells = Vec::new();
    for key in keys {
        for mode in modes(base, new, key) {
            let answers = match &units_differ {
                Some(why) => (Answer::absent(why), Answer::absent(why)),
                None => (
                    relative(base, new, key, &mode, paired, threshold),
                    absolute(base, new, key, &mode, paired, threshold),
                ),
            };
            cells.push((key, mode, answers));
        }
    }
    let relative: Vec<&Answer> = cells.iter().map(|(_, _, answers)| &answers.0).collect();
    let absolute: Vec<&Answer> = cells.iter().map(|(_, _, answers)| &answers.1).collect();
    let (relative, absolute) = (verdicts(&relative, threshold), verdicts(&absolute, threshold));
    let judged = relative.into_iter().zip(absolute);
    cells
        .iter()
        .zip(judged)
        .map(|((key, mode, _), (relative, absolute))| CellComparison {
            cell: base.cell(*key, mode),
            quantity: base.quantity,
            relative,
            absolute,
            doubts: base.doubts(*key, mode).union(&new.doubts(*key, mode)).collect(),
        })
        .collect()
}

/// What one question about one cell came to, before the correction.
struct Answer {
    found: Result<Found, String>,
    /// How many questions it counts as, see above.
    weight: f64,
}

struct Found {
    against: Option<String>,
    base: f64,
    new: f64,
    difference: statistics::Difference,
    p_value: f64,
    /// The most that any of the comparisons it rests on could have missed.
    coarsest: statistics::Difference,
}

impl Answer {
    fn absent(why: &str) -> Answer {
        Answer { found: Err(why.to_string()), weight: 0.0 }
    }
}

fn absolute(
    base: &Rows<'_>,
    new: &Rows<'_>,
    key: RowKey,
    mode: &str,
    paired: bool,
    threshold: f64,
) -> Answer {
    let (a, b) = (base.absolute(key, mode), new.absolute(key, mode));
    let found = statistics::difference(&a, &b, paired).map(|difference| Found {
        against: None,
        base: centre(&a).exp(),
        new: centre(&b).exp(),
        p_value: difference.p_value(threshold),
        difference,
        coarsest: difference,
    });
    Answer { found, weight: 1.0 }
}

fn relative(
    base: &Rows<'_>,
    new: &Rows<'_>,
    key: RowKey,
    mode: &str,
    paired: bool,
    threshold: f64,
) -> Answer {
    let (of_base, of_new) = (base.lanes(key), new.lanes(key));
    let others: Vec<&String> = of_base.intersection(&of_new).filter(|other| *other != mode).collect();
    if others.is_empty() {
        return Answer::absent("no other mode was measured in the same blocks on both sides");
    }
    let pairs = others.iter().map(|other| {
        let (a, b) = (base.relative(key, mode, other), new.relative(key, mode, other));
        let difference = statistics::difference(&a, &b, paired)?;
        Ok(Found {
            against: Some(other.to_string()),
            base: centre(&a).exp(),
            new: centre(&b).exp(),
            p_value: difference.p_value(threshold),
            difference,
            coarsest: difference,
        })
    });
    let pairs: Result<Vec<Found>, String> = pairs.collect();
    // A filter may have left out cells whose rounds stand in the row's blocks.
    let measured = base.modes(key).len().max(new.modes(key).len()).max(1) as f64;
    let weight = ((others.len() + 1) as f64 / 2.0 / measured).min(1.0);
    Answer { found: pairs.map(least_changed), weight }
}

/// The answer of the other mode that this one changed least against; none at
/// all if it was faster against one and slower against another.
fn least_changed(mut pairs: Vec<Found>) -> Found {
    pairs.sort_by(|a, b| b.p_value.total_cmp(&a.p_value).then(by_size(a, b)));
    let up = pairs.iter().filter(|pair| pair.difference.estimate > 0.0).count();
    let one_side = up == 0 || up == pairs.len();
    let standard_error = |pair: &Found| pair.difference.findable(LEVEL, 0.0);
    let coarsest = pairs.iter().max_by(|a, b| standard_error(a).total_cmp(&standard_error(b)));
    let coarsest = coarsest.map(|pair| pair.difference);
    let mut least = pairs.swap_remove(0);
    if !one_side {
        least.p_value = 1.0;
    }
    Found { coarsest: coarsest.unwrap_or(least.difference), ..least }
}

fn by_size(a: &Found, b: &Found) -> std::cmp::Ordering {
    a.difference.estimate.abs().total_cmp(&b.difference.estimate.abs())
}

fn verdicts(answers: &[&Answer], threshold: f64) -> Vec<Judged> {
    // Cells without an answer are no questions: they must not make it harder.
    let weight = |answer: &Answer| if answer.found.is_ok() { answer.weight } else { 0.0 };
    let p_value = |answer: &Answer| answer.found.as_ref().map_or(1.0, |found| found.p_value);
    let weighted: Vec<(f64, f64)> = answers.iter().map(|answer| (p_value(answer), weight(answer))).collect();
    let asked = weighted.iter().map(|(_, weight)| weight).sum::<f64>().max(1.0);
    let corrected = holm(&weighted).into_iter();
    answers
        .iter()
        .zip(corrected)
        .map(|(answer, p_value)| verdict(answer, p_value, asked, threshold))
        .collect()
}

fn verdict(answer: &Answer, p_value: f64, asked: f64, threshold: f64) -> Judged {
    let found = match &answer.found {
        Ok(found) => found,
        Err(reason) => return Judged::absent(reason),
    };
    let difference = found.difference;
    let findable = found.coarsest.findable(LEVEL / asked, threshold).exp_m1();
    let (lower, upper) = difference.interval(CONFIDENCE);
    let alone = difference.basis == Basis::Generations && found.against.is_none();
    let (verdict, reason) = match () {
        () if alone => (
            Verdict::CannotTell,
            Some("one process on each side: what two processes differ by was not measured".to_string()),
        ),
        () if p_value < LEVEL && difference.estimate > 0.0 => (Verdict::Slower, None),
        () if p_value < LEVEL => (Verdict::Faster, None),
        () if findable <= COARSEST => (Verdict::NoDifferenceFound, None),
        () => (
            Verdict::CannotTell,
            Some(format!("a change of {:.0} % could have been missed", findable * 100.0)),
        ),
    };
    Judged {
        verdict,
        against: found.against.clone(),
        base: Some(found.base),
        new: Some(found.new),
        ratio: Some(Interval { estimate: difference.estimate.exp(), lower: lower.exp(), upper: upper.exp() }),
        p_value: Some(p_value),
        findable: findable.is_finite().then_some(findable),
        basis: Some(difference.basis),
        reason,
    }
}

impl Judged {
    fn absent(reason: &str) -> Judged {
        Judged {
            verdict: Verdict::CannotTell,
            against: None,
            base: None,
            new: None,
            ratio: None,
            p_value: None,
            findable: None,
            basis: None,
            reason: Some(reason.to_string()),
        }
    }
}

/// Every mode that either side measured, in the order of the profile.
fn modes(base: &Rows<'_>, new: &Rows<'_>, key: RowKey) -> Vec<String> {
    let mut modes = base.modes(key);
    modes.extend(new.modes(key).into_iter().filter(|mode| !base.modes(key).contains(mode)));
    modes
}
