//! The statistics of a comparison: intervals that hold what they promise, an
//! independent computation of the same figures, and Holm's correction.

use std::collections::BTreeSet;

use copycost::compare::statistics::{Basis, Side, difference, holm};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    base: Vec<f64>,
    new: Vec<f64>,
    welch: Expected,
    paired: Option<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    estimate: f64,
    p_value: f64,
    degrees_of_freedom: f64,
    lower: f64,
    upper: f64,
}

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

fn side(values: &[f64]) -> Side {
    Side { processes: values.iter().copied().enumerate().collect(), ..Side::default() }
}

/// All passes, or none.
fn in_turn(paired: bool) -> BTreeSet<usize> {
    if paired { (0..1000).collect() } else { BTreeSet::new() }
}

/// tests/data/scipy_differences.py made the figures.
#[test]
fn differences_are_those_of_scipy() {
    let cases: Cases = serde_json::from_str(include_str!("data/scipy_differences.json")).unwrap();
    assert_eq!(cases.cases.len(), 8);
    for case in &cases.cases {
        for (paired, expected) in [(false, Some(&case.welch)), (true, case.paired.as_ref())] {
            let Some(expected) = expected else { continue };
            let found = difference(&side(&case.base), &side(&case.new), &in_turn(paired)).unwrap();
            assert_eq!(found.basis, if paired { Basis::Pairs } else { Basis::Processes });
            let (lower, upper) = found.interval(0.95);
            for (name, found, expected) in [
                ("estimate", found.estimate, expected.estimate),
                ("p value", found.p_value(0.0), expected.p_value),
                ("degrees of freedom", found.degrees_of_freedom, expected.degrees_of_freedom),
                ("lower", lower, expected.lower),
                ("upper", upper, expected.upper),
            ] {
                let near = (found - expected).abs() <= 1e-6 * expected.abs().max(1e-3);
                assert!(near, "{name}, paired {paired}: {found}, SciPy {expected}");
            }
        }
    }
}

/// What varies, and by how much, in a simulated recording.
#[derive(Clone, Copy, Debug)]
struct Machine {
    between_processes: f64,
    between_generations: f64,
    between_blocks: f64,
    /// A random walk from block to block, common to all rounds of a block.
    drift: f64,
    /// The chance that a round is disturbed, by up to e².
    disturbed: f64,
}

impl Machine {
    /// A recording of `processes` passes of 3 × 8 blocks whose true log ratio
    /// is `truth`: a value a process, as `compare` makes it.
    fn record(self, random: &mut fastrand::Rng, truth: f64, processes: usize) -> Side {
        let mut side = Side::default();
        for process in 0..processes {
            let of_process = self.between_processes * normal(random);
            let (mut drift, mut all) = (normal(random), Vec::new());
            side.generations.clear();
            for _ in 0..3 {
                let of_generation = self.between_generations * normal(random);
                let mut blocks = Vec::new();
                for _ in 0..8 {
                    drift += self.drift * normal(random);
                    let mut round = |log: f64| {
                        let disturbed = if random.f64() < self.disturbed { 2.0 * random.f64() } else { 0.0 };
                        drift + log + self.between_blocks * normal(random) + disturbed
                    };
                    let own = round(truth + of_process + of_generation);
                    blocks.push(own - round(0.0));
                }
                side.generations.push(median(&mut blocks.clone()));
                all.extend(blocks);
            }
            side.processes.push((process, median(&mut all)));
        }
        side
    }
}

fn normal(random: &mut fastrand::Rng) -> f64 {
    (0..12).map(|_| random.f64()).sum::<f64>() - 6.0
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2] + values[(values.len() - 1) / 2]) / 2.0
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let calm = Machine {
        between_processes: 0.01,
        between_generations: 0.01,
        between_blocks: 0.03,
        drift: 0.0,
        disturbed: 0.0,
    };
    let drifting = Machine { drift: 0.1, disturbed: 0.08, ..calm };
    let processes_differ = Machine { between_processes: 0.05, ..drifting };
    let blocks_only = Machine { between_processes: 0.0, between_generations: 0.0, ..drifting };
    for machine in [calm, drifting, processes_differ, blocks_only] {
        for (base, new) in [(5, 5), (10, 10), (5, 20), (36, 36)] {
            let mut random = fastrand::Rng::with_seed(7);
            let (runs, mut held, mut bias) = (3000, 0, 0.0);
            let truth = 0.05;
            for _ in 0..runs {
                let (a, b) =
                    (machine.record(&mut random, 0.1, base), machine.record(&mut random, 0.1 + truth, new));
                let found = difference(&a, &b, &in_turn(false)).unwrap();
                let (lower, upper) = found.interval(0.95);
                held += usize::from((lower..=upper).contains(&truth));
                bias += (found.estimate - truth) / f64::from(runs);
            }
            let coverage = held as f64 / f64::from(runs);
            println!("{machine:?} {base} against {new}: {coverage}");
            assert!((0.93..=0.97).contains(&coverage), "{machine:?} {base} against {new}: {coverage}");
            assert!(bias.abs() < 0.004, "{machine:?}: biased by {bias}");
        }
    }
}

/// Why it is not a bootstrap: with five processes a percentile bootstrap's
/// "95 %" holds the truth in fewer than 90 of 100 runs.
#[test]
fn a_percentile_bootstrap_of_five_would_not() {
    let mut random = fastrand::Rng::with_seed(3);
    let runs = 1500;
    let mut held = 0;
    for _ in 0..runs {
        let sample = |random: &mut fastrand::Rng| (0..5).map(|_| normal(random)).collect::<Vec<f64>>();
        let (a, b) = (sample(&mut random), sample(&mut random));
        let mut resampled: Vec<f64> = (0..400)
            .map(|_| {
                let mut mean = |of: &[f64]| (0..5).map(|_| of[random.usize(..5)]).sum::<f64>() / 5.0;
                mean(&b) - mean(&a)
            })
            .collect();
        resampled.sort_by(f64::total_cmp);
        held += usize::from(resampled[10] <= 0.0 && 0.0 <= resampled[389]);
    }
    assert!(held as f64 / f64::from(runs) < 0.9, "{held} of {runs}");
}

#[test]
fn pairs_cancel_what_both_sides_share() {
    let drift = [0.0, 0.3, -0.2, 0.5, 0.1];
    let noise = [0.001, -0.002, 0.0, 0.002, -0.001];
    let base: Vec<f64> = drift.to_vec();
    let new: Vec<f64> = drift.iter().zip(noise).map(|(drift, noise)| drift + 0.05 + noise).collect();
    let apart = difference(&side(&base), &side(&new), &in_turn(false)).unwrap();
    let paired = difference(&side(&base), &side(&new), &in_turn(true)).unwrap();
    assert!(apart.p_value(0.0) > 0.5 && paired.p_value(0.0) < 1e-5);
    assert!((paired.estimate - 0.05).abs() < 1e-9);
}

#[test]
fn from_ten_processes_on_a_disturbed_one_hides_nothing() {
    let calm: Vec<f64> = (0..10).map(|n| 0.01 * f64::from(n % 5)).collect();
    let slower: Vec<f64> = calm.iter().map(|value| value + 0.05).collect();
    let mut disturbed = slower.clone();
    disturbed[3] -= 0.6;
    let clean = difference(&side(&calm), &side(&slower), &in_turn(false)).unwrap();
    let found = difference(&side(&calm), &side(&disturbed), &in_turn(false)).unwrap();
    assert!((clean.estimate - 0.05).abs() < 1e-9 && clean.p_value(0.0) < 1e-4, "{clean:?}");
    assert!((found.estimate - 0.05).abs() < 0.005 && found.p_value(0.0) < 1e-3, "{found:?}");
    let nine = difference(&side(&calm[..9]), &side(&disturbed[..9]), &in_turn(false)).unwrap();
    assert!(nine.p_value(0.0) > 0.5, "of nine none is left out: {nine:?}");
}

#[test]
fn passes_that_are_alike_count_for_less() {
    let (base, new) = (side(&[0.0, 0.01, -0.01, 0.0]), side(&[0.05, 0.06, 0.04, 0.05]));
    let plain = difference(&base, &new, &in_turn(false)).unwrap();
    let alike = |side: Side| Side { inflation: Some(4.0), ..side };
    let wider = difference(&alike(base), &alike(new), &in_turn(false)).unwrap();
    assert!((wider.standard_error - 2.0 * plain.standard_error).abs() < 1e-12);
    assert_eq!(wider.estimate, plain.estimate);
}

#[test]
fn one_process_is_not_taken_for_many() {
    let many = side(&[1.00, 1.02, 0.98, 1.01, 0.99]);
    let one = Side { processes: vec![(0, 1.1)], generations: vec![1.099, 1.1, 1.101], ..Side::default() };
    let found = difference(&many, &one, &in_turn(false)).unwrap();
    assert_eq!(found.basis, Basis::OneSideAlone);
    // s = 0.0158; its own three generations would have said 0.0006.
    let expected = 0.015_811 * 1.2_f64.sqrt();
    assert!((found.standard_error - expected).abs() < 1e-5 && found.degrees_of_freedom == 4.0);
    assert!((found.estimate - 0.1).abs() < 1e-9);
    assert!((difference(&one, &many, &in_turn(false)).unwrap().estimate + 0.1).abs() < 1e-9);

    let alone = difference(&one, &one.clone(), &in_turn(false)).unwrap();
    assert_eq!(alone.basis, Basis::Generations);
    assert!(alone.standard_error > 2.0 * 0.001 * (2.0_f64 / 3.0).sqrt());
    let mute = Side { processes: vec![(0, 1.0)], generations: vec![1.0], ..Side::default() };
    assert!(difference(&mute, &one, &in_turn(false)).unwrap_err().contains("two generations"));
    assert!(difference(&Side::default(), &one, &in_turn(false)).unwrap_err().contains("baseline did not"));
}

#[test]
fn beside_one_process_the_others_are_trimmed_and_inflated_as_ever() {
    let mut values: Vec<f64> = (0..10).map(|n| 0.01 * f64::from(n % 5)).collect();
    values[3] -= 0.6;
    let many = Side { inflation: Some(4.0), ..side(&values) };
    let one = Side { processes: vec![(0, 0.05)], ..Side::default() };
    let found = difference(&one, &many, &in_turn(false)).unwrap();
    let trimmed = difference(&many, &many, &in_turn(false)).unwrap();
    assert!((found.estimate + 0.03).abs() < 0.004, "a disturbed one is left out of the mean: {found:?}");
    // The one alone may be such a one itself: its spread is that of all ten.
    let mean = values.iter().sum::<f64>() / 10.0;
    let all = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 9.0;
    let expected = all + trimmed.standard_error.powi(2) / 2.0;
    assert!((found.standard_error.powi(2) - expected).abs() < 1e-9, "{found:?}");
    assert_eq!(found.degrees_of_freedom, 7.0);
    assert_eq!(found.counts, [1, 10]);
}

#[test]
fn holm_is_the_step_down_correction() {
    // Worked by hand: 0.01 × 4, 0.02 × 3, then never less than before.
    let near = |weighted: &[(f64, f64)], expected: &[f64]| {
        let adjusted = holm(weighted);
        assert_eq!(adjusted.len(), expected.len());
        assert!(adjusted.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{adjusted:?}");
    };
    near(&[(0.02, 1.0), (0.01, 1.0), (0.03, 1.0), (0.9, 1.0)], &[0.06, 0.04, 0.06, 0.9]);
    near(&[], &[]);
    near(&[(0.6, 1.0), (0.7, 1.0)], &[1.0, 1.0]);
    // Half a question each: 0.01 × 2, 0.02 × 1.5, 0.03 × 1, and never less than one.
    near(&[(0.02, 0.5), (0.01, 0.5), (0.03, 0.5), (0.9, 0.5)], &[0.03, 0.02, 0.03, 0.9]);
}

#[test]
fn a_threshold_asks_for_more() {
    let found =
        difference(&side(&[0.0, 0.01, -0.01, 0.0]), &side(&[0.05, 0.06, 0.04, 0.05]), &in_turn(false))
            .unwrap();
    assert!(found.p_value(0.0) < 0.001 && found.p_value(0.045) > 0.1 && found.p_value(0.06) > 0.9);
}
