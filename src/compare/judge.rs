//! The verdicts of one quantity: both questions for every cell, corrected for
//! how many were asked. What the answers are is `compare/answer.rs`'s.

use std::collections::BTreeSet;

use super::answer::{Answer, Between, Found, Sides};
use super::power;
use super::rows::RowKey;
use super::statistics::{Basis, holm};
use super::{COARSEST, CellComparison, Judged, LEVEL, Verdict};

/// As a share: what could be missed beyond it is no number to read.
const TENFOLD: f64 = 9.0;

/// Judges every cell that either side measured, as one of so many comparisons.
pub(super) fn judge(sides: &Sides<'_>, comparisons: usize) -> Vec<CellComparison> {
    let (base, new, threshold) = (&sides.base, &sides.new, sides.threshold);
    let units_differ = match (base.unit(), new.unit()) {
        (Some(a), Some(b)) if a != b => Some(format!("the baseline is in {a}, the new run in {b}")),
        _ => None,
    };
    let one_is_emulated = sides.times_are_apart.then_some("the processors of one side are emulated");
    let keys: BTreeSet<RowKey> = base.keys().union(&new.keys()).copied().collect();
    let mut cells = Vec::new();
    for key in keys {
        for mode in modes(sides, key) {
            let answers = match &units_differ {
                Some(why) => (Answer::absent(why), Answer::absent(why)),
                None if sides.are_steered_apart => {
                    (Answer::absent("receive steering differs"), sides.absolute(key, &mode))
                }
                None => (sides.relative(key, &mode), sides.absolute(key, &mode)),
            };
            cells.push((key, mode, answers));
        }
    }
    let relative: Vec<&Answer> = cells.iter().map(|(_, _, answers)| &answers.0).collect();
    let absolute: Vec<&Answer> = cells.iter().map(|(_, _, answers)| &answers.1).collect();
    let verdicts = |answers: &[&Answer]| verdicts(answers, threshold, comparisons);
    let (relative, absolute) = (verdicts(&relative), verdicts(&absolute));
    // Figures stand by themselves; what an emulator makes of their ratio says nothing.
    let shown = |judged: Judged| match one_is_emulated {
        Some(why) => {
            Judged { base: judged.base, new: judged.new, reason: Some(why.into()), ..Judged::default() }
        }
        None => judged,
    };
    let judged = relative.into_iter().map(shown).zip(absolute.into_iter().map(shown));
    cells
        .iter()
        .zip(judged)
        .map(|((key, mode, _), (relative, absolute))| CellComparison {
            cell: base.cell(*key, mode),
            quantity: base.quantity,
            relative,
            absolute,
            doubts: base.doubts(*key, mode).and(new.doubts(*key, mode)),
        })
        .collect()
}

fn verdicts(answers: &[&Answer], threshold: f64, comparisons: usize) -> Vec<Judged> {
    // Cells without an answer are no questions: they must not make it harder.
    let weight = |answer: &Answer| if answer.found.is_ok() { answer.weight } else { 0.0 };
    // Bonferroni over the comparisons, Holm within each.
    let comparisons = comparisons.max(1) as f64;
    let asked = answers.iter().map(|answer| weight(answer)).sum::<f64>().max(1.0) * comparisons;
    let corrected = |p_value: fn(&Found) -> f64| {
        let p_value = |answer: &Answer| answer.found.as_ref().map_or(1.0, p_value);
        let weighted: Vec<_> = answers.iter().map(|answer| (p_value(answer), weight(answer))).collect();
        holm(&weighted).into_iter().map(|p_value| (p_value * comparisons).min(1.0)).collect::<Vec<_>>()
    };
    let p_values = corrected(|found| found.p_value);
    let least = corrected(|found| found.machine.as_ref().map_or(found.p_value, |over| over.least_p_value));
    answers
        .iter()
        .zip(p_values.into_iter().zip(least))
        .map(|(answer, p_values)| verdict(answer, p_values, asked, threshold))
        .collect()
}

/// The verdict, given the corrected p values of all that it takes and of the
/// least of that.
fn verdict(answer: &Answer, (p_value, least_p_value): (f64, f64), asked: f64, threshold: f64) -> Judged {
    let found = match &answer.found {
        Ok(found) => found,
        Err(reason) => return Judged { reason: Some(reason.clone()), ..Judged::default() },
    };
    let difference = found.difference;
    // That of a cell that alone has changed: Holm holds the first to this.
    let level = LEVEL / asked;
    let single = difference.basis == Basis::Generations && found.against.is_none();
    let findable = match single || found.is_out_of_reach() {
        true => None,
        false => {
            Some(power::findable(&found.tests, level, threshold).exp_m1()).filter(|share| share.is_finite())
        }
    };
    let mut passes_needed = None;
    let between = found.between.as_ref().filter(|between| between.p_value * asked < LEVEL);
    let held_back = found.machine.as_ref().filter(|over| !over.known || least_p_value < LEVEL);
    let (verdict, reason) = match () {
        () if single => (
            Verdict::CannotTell,
            Some("one process on each side: what two processes differ by was not measured".to_string()),
        ),
        () if p_value < LEVEL && difference.estimate > 0.0 => (Verdict::Slower, None),
        () if p_value < LEVEL => (Verdict::Faster, None),
        () if between.is_some() => (Verdict::CannotTell, between.map(Between::reason)),
        () if held_back.is_some() => (Verdict::CannotTell, held_back.map(|over| over.reason.clone())),
        () if findable.is_some_and(|share| share <= COARSEST) => (Verdict::NoDifferenceFound, None),
        () => {
            passes_needed = power::passes_to_find(COARSEST.ln_1p(), &found.tests, level, threshold);
            let may_pass = threshold < COARSEST.ln_1p() && difference.basis != Basis::Generations;
            let more = if may_pass { with_more_passes(passes_needed) } else { String::new() };
            (Verdict::CannotTell, Some(format!("{} could have been missed{more}", missed(findable))))
        }
    };
    Judged {
        verdict,
        against: found.against.clone(),
        base: Some(found.base),
        new: Some(found.new),
        ratio: Some(difference.ratio()),
        p_value: Some(p_value),
        findable,
        passes_needed,
        basis: Some(difference.basis),
        counts: Some(difference.counts),
        confounded: verdict == Verdict::CannotTell && held_back.is_some_and(|over| over.known),
        reason,
    }
}

fn missed(findable: Option<f64>) -> String {
    match findable {
        Some(share) if share < TENFOLD => format!("changes below {:.1} %", 100.0 * share),
        Some(_) => "even a tenfold change".to_string(),
        None => "a change of any size".to_string(),
    }
}

fn with_more_passes(needed: Option<usize>) -> String {
    let size = 100.0 * COARSEST;
    match needed {
        Some(passes) => format!("; {passes} passes would find {size:.0} %"),
        None => format!("; not even {} passes would find {size:.0} %", power::MOST_PASSES),
    }
}

/// Every mode that either side measured, in the order of the profile.
fn modes(sides: &Sides<'_>, key: RowKey) -> Vec<String> {
    let mut modes = sides.base.modes(key);
    let missing: Vec<String> =
        sides.new.modes(key).into_iter().filter(|mode| !modes.contains(mode)).collect();
    modes.extend(missing);
    modes
}
