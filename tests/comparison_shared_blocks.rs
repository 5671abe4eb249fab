//! Two sides of one recording on a simulated machine that drifts by 30 % within each
//! pass and as much between passes: as few false verdicts as promised, a true percent
//! found, and blocks and passes that lack a side left out.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::Target;
use copycost::compare::statistics::Basis;
use copycost::compare::{Baseline, CellComparison, Comparison, LEVEL, Process, Verdict, compare};
use copycost::exchange::{Block, BlockRound};
use copycost::results::record::Record;
use copycost::results::recording::{Manifest, Membership};
use made_up::{MODES, Machine, cell, options};

const PASSES: usize = 12;
const BLOCKS: usize = 20;

/// By how much time a message changes from the beginning of a pass to its end, and
/// from pass to pass, in log scale.
const DRIFT: f64 = 0.3;

/// Of a round, and of a mode at a side in a pass: what its connections and memory
/// make of it.
const NOISE: f64 = 0.02;
const OF_PASS: f64 = 0.004;

#[derive(Clone, Copy, Default)]
struct Simulated {
    /// By how much a mode takes longer at the second side.
    slower: Option<(&'static str, f64)>,
    /// The chance that a round of the second side is not in its block.
    missing_rounds: f64,
}

fn normal(random: &mut fastrand::Rng) -> f64 {
    (0..12).map(|_| random.f64()).sum::<f64>() - 6.0
}

impl Simulated {
    /// Both sides of a group.
    fn group(self, seed: u64) -> [Baseline; 2] {
        let random = &mut fastrand::Rng::with_seed(seed);
        let template = Machine { processes: 1, ..Machine::new() }.baseline("x").processes.remove(0).records;
        let mut sides = ["a", "b"].map(|side| {
            let profile = template[0].profile.clone();
            let manifest = Manifest::new(profile, vec![Target::Throughput], PASSES, None);
            let (name, place) = (format!("g-{side}"), usize::from(side == "b"));
            let group = Membership { id: seed, group: "g".into(), side: side.into(), place, in_turn: false };
            let manifest = Some(Manifest { group: Some(group), ..manifest });
            Baseline { name, manifest, processes: Vec::new(), notes: Vec::new() }
        });
        for number in 1..=PASSES {
            let records = self.pass(random, &template);
            for (side, records) in sides.iter_mut().zip(records) {
                side.processes.push(Process { number, records });
            }
        }
        sides
    }

    /// The records of a pass at each side: its cells one after the other, their blocks
    /// one after the other, and in each a round of every mode at every side in random order.
    fn pass(self, random: &mut fastrand::Rng, template: &[Record]) -> [Vec<Record>; 2] {
        let mut of_pass = || MODES.map(|_| OF_PASS * normal(random));
        let own = [of_pass(), of_pass()];
        let (level, direction) = (DRIFT * normal(random), if random.bool() { DRIFT } else { -DRIFT });
        let rounds = template.len() * BLOCKS * 2 * MODES.len();
        let mut done = 0;
        let mut records = [template.to_vec(), template.to_vec()];
        for cell in 0..template.len() {
            let seed = random.u64(..);
            let mut blocks = [Vec::new(), Vec::new()];
            for number in 0..BLOCKS {
                let mut block = [0, 1].map(|_| Block { generation: number / 10, ..Block::default() });
                let mut order: Vec<(usize, usize)> =
                    (0..2 * MODES.len()).map(|at| (at % 2, at / 2)).collect();
                random.shuffle(&mut order);
                for (side, mode) in order {
                    let drift = level + direction * done as f64 / rounds as f64;
                    done += 1;
                    let slower = self.slower.filter(|(slower, _)| side == 1 && *slower == MODES[mode]);
                    let slower = slower.map_or(0.0, |(_, share)| share.ln_1p());
                    let log = drift + own[side][mode] + slower + NOISE * normal(random);
                    if side == 1 && random.f64() < self.missing_rounds {
                        continue;
                    }
                    block[side].rounds.push(BlockRound {
                        lane: MODES[mode].into(),
                        messages: 1000,
                        time_ns: (1e6 * (mode + 1) as f64 * log.exp()) as u64,
                        ..BlockRound::default()
                    });
                }
                for (blocks, block) in blocks.iter_mut().zip(block) {
                    blocks.push(block);
                }
            }
            for (records, blocks) in records.iter_mut().zip(blocks) {
                (records[cell].seed, records[cell].blocks) = (seed, blocks);
            }
        }
        records
    }

    fn compared(self, seed: u64) -> Comparison {
        let [a, b] = self.group(seed);
        let comparison = compare(&a, &b, options()).unwrap();
        for cell in &comparison.cells {
            assert_eq!(cell.absolute.basis, Some(Basis::SharedBlocks), "{:?}", cell.absolute);
            assert_eq!(cell.relative.basis, Some(Basis::SharedBlocks), "{:?}", cell.relative);
        }
        comparison
    }
}

fn is_said(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Slower | Verdict::Faster)
}

/// Of so many comparisons those with a verdict on a mode that is the same at both
/// sides, by question.
fn false_verdicts(comparisons: &[Comparison], simulated: Simulated) -> [usize; 2] {
    let is_true = |mode: &str| simulated.slower.is_some_and(|(slower, _)| slower == mode);
    let count = |verdict: fn(&CellComparison) -> Verdict| {
        let is_false = |cell: &CellComparison| !is_true(&cell.cell.mode) && is_said(verdict(cell));
        comparisons.iter().filter(|comparison| comparison.cells.iter().any(is_false)).count()
    };
    [count(|cell| cell.absolute.verdict), count(|cell| cell.relative.verdict)]
}

/// As many as 5 % are, and three standard errors of so few comparisons.
fn promised(comparisons: &[Comparison]) -> usize {
    let count = comparisons.len() as f64;
    (LEVEL * count + 3.0 * (LEVEL * (1.0 - LEVEL) * count).sqrt()) as usize
}

#[test]
fn drift_within_a_pass_makes_no_more_false_verdicts_than_promised() {
    let mut of_both = 0;
    for missing_rounds in [0.0, 0.2] {
        let simulated = Simulated { missing_rounds, ..Simulated::default() };
        let comparisons: Vec<Comparison> = (0..100).map(|seed| simulated.compared(seed)).collect();
        let found = false_verdicts(&comparisons, simulated);
        println!("{missing_rounds} missing: of {} absolute, relative: {found:?}", comparisons.len());
        assert!(found.iter().all(|found| *found <= promised(&comparisons)), "{missing_rounds}: {found:?}");
        of_both += found[0];
    }
    assert!(of_both > 0, "a machine that never errs is none");
}

#[test]
fn a_true_percent_is_found_in_its_mode_and_in_no_other() {
    let simulated = Simulated { slower: Some(("one-copy", 0.01)), missing_rounds: 0.1 };
    let comparisons: Vec<Comparison> = (1000..1080).map(|seed| simulated.compared(seed)).collect();
    let is_found = |comparison: &&Comparison| {
        let judged = &cell(comparison, "one-copy").absolute;
        let ratio = judged.ratio.unwrap();
        assert!((ratio.estimate - 1.01).abs() < 0.008, "{ratio:?}");
        judged.verdict == Verdict::Slower
    };
    let found = comparisons.iter().filter(is_found).count();
    let false_ones = false_verdicts(&comparisons, simulated);
    println!("found in {found} of {}, another mode blamed in {false_ones:?}", comparisons.len());
    assert!(6 * found >= 5 * comparisons.len(), "{found}");
    assert!(false_ones.iter().all(|found| *found <= promised(&comparisons)), "{false_ones:?}");
}

/// Passes differ by far more than sides do: one that were held against another would show.
#[test]
fn passes_and_cells_that_lack_a_side_are_left_out_and_the_others_stay_together() {
    let [a, mut b] = Simulated { slower: Some(("zero-copy", 0.02)), missing_rounds: 0.0 }.group(7);
    let whole = compare(&a, &b, options()).unwrap();
    b.processes.retain(|process| ![1, 6].contains(&process.number));
    let mut a = a;
    a.processes.retain(|process| process.number != 9);
    // A cell failed at a side: the others of its row hold the mode's rounds as well.
    b.processes[4].records.retain(|record| record.cell.mode != "zero-copy");
    // Measured at another time, under the same number.
    for record in &mut b.processes[2].records {
        record.seed ^= 1;
    }
    let some = compare(&a, &b, options()).unwrap();
    let (whole, some) = (&cell(&whole, "zero-copy").absolute, &cell(&some, "zero-copy").absolute);
    assert_eq!((whole.counts, some.counts), (Some([12, 12]), Some([8, 8])));
    assert_eq!(some.basis, Some(Basis::SharedBlocks));
    for judged in [whole, some] {
        let ratio = judged.ratio.unwrap();
        assert!((ratio.estimate - 1.02).abs() < 0.01 && ratio.upper / ratio.lower < 1.02, "{ratio:?}");
        assert_eq!(judged.verdict, Verdict::Slower);
    }

    // None was measured at once: then they are held against each other as any two recordings.
    for record in b.processes.iter_mut().flat_map(|process| &mut process.records) {
        record.seed = 0;
    }
    let apart = compare(&a, &b, options()).unwrap();
    let judged = &cell(&apart, "zero-copy").absolute;
    assert_ne!(judged.basis, Some(Basis::SharedBlocks));
    assert!(judged.ratio.unwrap().upper / judged.ratio.unwrap().lower > 1.02, "{judged:?}");
}
