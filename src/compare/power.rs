//! How large a change must be for a verdict to find it in 8 of 10 comparisons.
//! It owns the power of a whole verdict, which takes several tests at once, and
//! how many passes it would take; which tests those are is `answer`'s, the level
//! that each is held to `judge`'s.
//!
//! A verdict finds a change only if each of its tests does. How they hang together
//! has no formula: all rest on the same processes, and the spread that a test is
//! held against is an estimate, in this comparison as in the next. So both are
//! simulated. With standard error s of f degrees of freedom, of which the truth is
//! s/W, the next comparison estimates a change d as d + Z·s/W, with a standard
//! error of W'·s/W; Z is normal, W² and W'² are χ² over f. A test at t finds it if
//! d is at least (t·W' − Z)·s/W, a verdict if d is at least the largest of these of
//! its tests, and what 8 of 10 drawings find is the answer. The drawings of two tests
//! correlate as much as their estimates do, by what each process adds to either.

use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::TAU;
use std::sync::OnceLock;

use super::statistics::{Basis, Difference, Side, difference, kept_of, mean, pairs, winsorised};
use crate::ratio::student;

/// The chance with which a change is to be found.
const POWER: f64 = 0.8;

/// So many are a sample themselves: the standard error of the chance is a hundredth,
/// and two of those are added, so that it is no less than promised.
const DRAWINGS: usize = 2000;
const SAMPLING_ERROR: f64 = 0.009;

/// Of more tests the further ones are drawn like the last.
const MOST_TESTS: usize = 16;

/// The most passes that `copycost record` makes of a target.
pub(super) const MOST_PASSES: usize = 999;

/// What each value moved an estimate by: by its side (is it the new one?) and pass,
/// or generation.
type Pulls = BTreeMap<(bool, usize), f64>;

/// One of the tests of a verdict.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) difference: Difference,
    pulls: Pulls,
}

impl Test {
    /// Of the difference of two sides; see [`difference`].
    pub(super) fn of(base: &Side, new: &Side, in_turn: &BTreeSet<usize>) -> Result<Test, String> {
        let difference = difference(base, new, in_turn)?;
        Ok(Test { pulls: pulls(difference.basis, base, new, in_turn), difference })
    }

    /// Of the differences that passes hold within their blocks; `None` of fewer than
    /// two.
    pub(super) fn of_shared_blocks(differences: &Side) -> Option<Test> {
        let none = differences.processes.iter().map(|(pass, _)| (*pass, 0.0)).collect();
        let none = Side { processes: none, ..Side::default() };
        let passes = differences.processes.iter().map(|(pass, _)| *pass).collect();
        let mut test = Test::of(&none, differences, &passes).ok()?;
        (test.difference.basis == Basis::Pairs).then(|| {
            test.difference.basis = Basis::SharedBlocks;
            test
        })
    }

    /// How far the estimates of two tests go together.
    fn correlation(&self, other: &Test) -> f64 {
        let squares = |test: &Test| test.pulls.values().map(|pull| pull * pull).sum::<f64>();
        let both = self.pulls.iter().filter_map(|(value, pull)| Some(pull * other.pulls.get(value)?));
        let scale = (squares(self) * squares(other)).sqrt();
        if scale > 0.0 { both.sum::<f64>() / scale } else { 0.0 }
    }

    /// The spread that another comparison has to expect.
    fn spread(&self) -> Spread {
        let Difference { standard_error, degrees_of_freedom, .. } = self.difference;
        Spread { standard_error, degrees_of_freedom, known_by: degrees_of_freedom }
    }

    /// The same of `passes` a side that vary as these did. `None` if what
    /// processes differ by was not measured.
    fn spread_of(&self, passes: usize) -> Option<Spread> {
        let Difference { standard_error, degrees_of_freedom, basis, counts: [base, new], .. } =
            self.difference;
        let part = 1.0 / base as f64 + 1.0 / new as f64;
        let here = 2.0 / part;
        let left = |passes: f64| kept_of(passes as usize) as f64 - 1.0;
        let freedom = match basis {
            Basis::Generations => return None,
            Basis::OneSideAlone => 2.0 * left(passes as f64),
            Basis::Processes | Basis::Pairs | Basis::SharedBlocks => {
                degrees_of_freedom * left(passes as f64) / left(here)
            }
        };
        Some(Spread {
            standard_error: standard_error * (here / passes as f64).sqrt(),
            degrees_of_freedom: freedom,
            known_by: degrees_of_freedom,
        })
    }
}

/// What a test of a further comparison has to expect.
struct Spread {
    standard_error: f64,
    degrees_of_freedom: f64,
    /// The degrees of freedom that the standard error was estimated with.
    known_by: f64,
}

/// The smallest true difference that all of `tests`, each two-sided at `level`
/// against `threshold`, find in 8 of 10 comparisons.
pub(super) fn findable(tests: &[Test], level: f64, threshold: f64) -> f64 {
    let spreads: Vec<Spread> = tests.iter().map(Test::spread).collect();
    least(&spreads, &roots(tests), level) + threshold
}

/// How many passes a side find `difference` so, if they vary as those did that
/// were compared. `None` if more than can be recorded, or if that cannot be told.
pub(super) fn passes_to_find(difference: f64, tests: &[Test], level: f64, threshold: f64) -> Option<usize> {
    let roots = roots(tests);
    let enough = |passes: usize| {
        let spreads: Option<Vec<Spread>> = tests.iter().map(|test| test.spread_of(passes)).collect();
        spreads.is_some_and(|spreads| least(&spreads, &roots, level) + threshold <= difference)
    };
    let (mut too_few, mut enough_of) = (1, MOST_PASSES);
    if !enough(MOST_PASSES) {
        return None;
    }
    while enough_of - too_few > 1 {
        let middle = usize::midpoint(too_few, enough_of);
        if enough(middle) { enough_of = middle } else { too_few = middle }
    }
    Some(enough_of)
}

fn least(spreads: &[Spread], roots: &[Vec<f64>], level: f64) -> f64 {
    let limits: Vec<f64> = spreads
        .iter()
        .map(|spread| student::quantile(1.0 - level / 2.0, spread.degrees_of_freedom))
        .collect();
    let mut found: Vec<f64> = drawings()
        .chunks_exact(3 * MOST_TESTS)
        .map(|drawing| {
            let of_test = |((spread, root), limit): ((&Spread, &Vec<f64>), &f64)| {
                let normal = |which: usize| {
                    let drawn = &drawing[which * MOST_TESTS..];
                    root.iter().enumerate().map(|(test, part)| part * drawn[test.min(MOST_TESTS - 1)]).sum()
                };
                let (now, then) =
                    (estimated(normal(1), spread.known_by), estimated(normal(2), spread.degrees_of_freedom));
                let error: f64 = normal(0);
                (limit * then - error) * spread.standard_error / now
            };
            spreads.iter().zip(roots).zip(&limits).map(of_test).fold(0.0, f64::max)
        })
        .collect();
    let place = ((POWER + 2.0 * SAMPLING_ERROR) * found.len() as f64) as usize;
    *found.select_nth_unstable_by(place, f64::total_cmp).1
}

/// An estimated deviation over the true one, by the place of its square in the
/// normal distribution (Wilson and Hilferty, 1931).
fn estimated(normal: f64, degrees_of_freedom: f64) -> f64 {
    let variance = 2.0 / (9.0 * degrees_of_freedom);
    (1.0 - variance + normal * variance.sqrt()).max(0.05).powi(3).sqrt()
}

fn pulls(basis: Basis, base: &Side, new: &Side, in_turn: &BTreeSet<usize>) -> Pulls {
    let (passes, differences) = pairs(base, new, in_turn);
    let sides: [(Vec<usize>, Vec<f64>, f64); 2] = match basis {
        Basis::Pairs | Basis::SharedBlocks => [(Vec::new(), Vec::new(), 1.0), (passes, differences, 1.0)],
        Basis::Processes | Basis::OneSideAlone => [base, new].map(|side| {
            let passes = side.processes.iter().map(|(pass, _)| *pass).collect();
            (passes, side.values(), side.inflation.unwrap_or(1.0))
        }),
        Basis::Generations => {
            [base, new].map(|side| ((0..side.generations.len()).collect(), side.generations.clone(), 1.0))
        }
    };
    let mut pulls = Pulls::new();
    // A value that is alone on its side says nothing of what it varies by.
    let known = sides.iter().enumerate().filter(|(_, (_, values, _))| values.len() > 1);
    for (number, (passes, values, inflation)) in known {
        let (values, kept) = (winsorised(values), kept_of(values.len()) as f64);
        let centre = mean(&values);
        let sign = if number == 1 { 1.0 } else { -1.0 };
        // So that their squares add up to that of the standard error.
        let scale = sign * (inflation / (kept * (kept - 1.0))).sqrt();
        let of_side = passes.iter().zip(&values);
        pulls.extend(of_side.map(|(pass, value)| ((number == 1, *pass), scale * (value - centre))));
    }
    pulls
}

/// What makes independent drawings correlate as the tests do: the root of their
/// correlations (Cholesky), a row a test.
fn roots(tests: &[Test]) -> Vec<Vec<f64>> {
    let mut roots: Vec<Vec<f64>> = Vec::new();
    for (row, test) in tests.iter().enumerate() {
        let mut root = vec![0.0; tests.len()];
        for (column, other) in roots.iter().enumerate() {
            let so_far: f64 = root.iter().zip(other).map(|(one, other)| one * other).sum();
            // Tests that are one have nothing of their own.
            let rest = test.correlation(&tests[column]) - so_far;
            root[column] = if other[column] > 1e-6 { rest / other[column] } else { 0.0 };
        }
        let own = 1.0 - root.iter().map(|part| part * part).sum::<f64>();
        root[row] = own.max(0.0).sqrt();
        roots.push(root);
    }
    roots
}

/// Normal values, the same in each comparison, so that its answers are.
fn drawings() -> &'static [f64] {
    static DRAWN: OnceLock<Vec<f64>> = OnceLock::new();
    DRAWN.get_or_init(|| {
        let mut random = fastrand::Rng::with_seed(1);
        let pair = move |_| {
            // Box and Muller.
            let (radius, angle) = ((-2.0 * (1.0 - random.f64()).ln()).sqrt(), TAU * random.f64());
            [radius * angle.cos(), radius * angle.sin()]
        };
        (0..DRAWINGS * 3 * MOST_TESTS / 2).flat_map(pair).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(values: &[f64]) -> Side {
        Side { processes: values.iter().copied().enumerate().collect(), ..Side::default() }
    }

    fn test(base: &[f64], new: &[f64]) -> Test {
        Test::of(&side(base), &side(new), &BTreeSet::new()).unwrap()
    }

    const BASE: [f64; 4] = [0.0, 0.01, -0.01, 0.0];
    const NEW: [f64; 4] = [0.05, 0.06, 0.04, 0.05];

    #[test]
    fn a_threshold_more_questions_and_more_tests_ask_for_more() {
        let one = [test(&BASE, &NEW)];
        assert!((findable(&one, 0.05, 0.02) - findable(&one, 0.05, 0.0) - 0.02).abs() < 1e-9);
        assert!(findable(&one, 0.001, 0.0) > findable(&one, 0.05, 0.0));
        // The same test twice asks for no more, another one does.
        let same = [one[0].clone(), one[0].clone()];
        assert!((findable(&same, 0.05, 0.0) - findable(&one, 0.05, 0.0)).abs() < 1e-3);
        let other = [one[0].clone(), test(&[0.01, 0.0, 0.0, -0.01], &[0.05, 0.05, 0.06, 0.04])];
        assert!(other[0].correlation(&other[1]).abs() < 0.6, "{}", other[0].correlation(&other[1]));
        assert!(findable(&other, 0.05, 0.0) > 1.05 * findable(&one, 0.05, 0.0));
    }

    #[test]
    fn passes_are_as_many_as_it_takes() {
        let wide = |count: usize| -> Vec<f64> { (0..count).map(|n| 0.1 * (n % 4) as f64).collect() };
        let few = [test(&wide(20), &wide(20))];
        let needed = passes_to_find(0.1, &few, 0.01, 0.0).unwrap();
        assert!(needed > 20 && findable(&few, 0.01, 0.0) > 0.1, "{needed}");
        // So many that vary so do find it, and a quarter fewer do not.
        assert!(findable(&[test(&wide(needed), &wide(needed))], 0.01, 0.0) < 0.1);
        let fewer = wide(needed * 3 / 4);
        assert!(findable(&[test(&fewer, &fewer)], 0.01, 0.0) > 0.1);
        assert_eq!(passes_to_find(0.001, &few, 0.01, 0.0), None);
        assert_eq!(passes_to_find(0.1, &few, 0.01, 0.2), None);
    }
}
