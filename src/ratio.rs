//! One mode against another: the median of within-block ratios with its 95 %
//! interval. It owns the statistics of a cell; comparing runs is not its work.

pub(crate) mod printed;
pub(crate) mod spread;
pub(crate) mod student;
pub(crate) mod told;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::exchange::{Block, CellMeasurement, SELF_LANE};
use crate::metric::median;
use crate::or_absent::OrAbsent;
use spread::{by_generation, half_width};

/// This cell's time a message over another lane's; of a latency cell its
/// median round trip. Below 1 the cell's own mode is the faster.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The median over all blocks.
    pub estimate: f64,
    /// Lower end of the 95 % interval.
    pub lower: f64,
    /// Upper end of the 95 % interval.
    pub upper: f64,
}

impl Ratio {
    /// Whether the interval holds `value`.
    pub fn holds(&self, value: f64) -> bool {
        (self.lower..=self.upper).contains(&value)
    }

    /// The other lane's time over this cell's.
    pub fn inverse(&self) -> Ratio {
        Ratio { estimate: 1.0 / self.estimate, lower: 1.0 / self.upper, upper: 1.0 / self.lower }
    }
}

/// The ratios of a cell by lane: each other mode, and `self`.
pub type Ratios = BTreeMap<String, OrAbsent<Ratio>>;

/// Every ratio that the cell's blocks give.
pub fn of_cell(measurement: &CellMeasurement) -> Ratios {
    let own = &measurement.cell.mode;
    // A block may lack a companion whose CPU cost was not counted, and all
    // blocks may: its connections were there.
    let rounds = measurement.blocks.iter().flat_map(|block| &block.rounds).map(|round| &round.lane);
    let connections = measurement.generations.iter().flat_map(|generation| &generation.connections);
    let lanes = rounds.chain(connections.map(|connection| &connection.lane));
    let others: BTreeSet<&String> = lanes.filter(|lane| *lane != own).collect();
    let of_lane = |lane: &String| (lane.clone(), reading(&samples(&measurement.blocks, own, lane)));
    others.into_iter().map(of_lane).collect()
}

/// The ratios of `own` to each other mode from every block of a row, the cells
/// of one size and thread count: each block holds a round of every mode,
/// whichever cell it was measured for. `cells` are the blocks of each. More
/// blocks, and spread over more time, than a cell has of its own; `self` is
/// the cell's alone and not among them.
pub fn of_row(own: &str, modes: &[String], cells: &[&[Block]]) -> Ratios {
    let others = modes.iter().filter(|mode| *mode != own);
    let samples_of = |lane: &str| -> Vec<Sample> {
        let numbered = cells.iter().enumerate().flat_map(|(cell, blocks)| {
            samples(blocks, own, lane).into_iter().map(move |sample| (cell, sample))
        });
        let apart = |(cell, sample): (usize, Sample)| Sample {
            generation: cell * 1_000_000 + sample.generation,
            ..sample
        };
        numbered.map(apart).collect()
    };
    others.map(|lane| (lane.clone(), reading(&samples_of(lane)))).collect()
}

fn reading(samples: &[Sample]) -> OrAbsent<Ratio> {
    if samples.is_empty() {
        return OrAbsent::absent("no block has a counted round of both");
    }
    of_blocks(samples).map_or_else(OrAbsent::absent, OrAbsent::Found)
}

/// The ratio of the self check, if the blocks had one.
pub fn self_ratio(ratios: &Ratios) -> Option<Ratio> {
    ratios.get(SELF_LANE)?.found().copied()
}

/// A within-block ratio and the generation that its block ran in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Counted from 0.
    pub generation: usize,
    /// What the own round comes to over the other's.
    pub ratio: f64,
}

fn samples(blocks: &[Block], own: &str, lane: &str) -> Vec<Sample> {
    let sample = |block: &Block| {
        let ratio = block.round(own)?.compared() / block.round(lane)?.compared();
        Some(Sample { generation: block.generation, ratio })
    };
    blocks.iter().filter_map(sample).collect()
}

/// The median of the ratios, and an interval that rests on what changes from
/// one generation to the next.
///
/// Blocks of one generation share their connections and memory, so they are
/// not independent and an interval from blocks alone would be too narrow. Each
/// generation gives one value, the median of its log ratios; with G of them
/// the half width is `t(0.975, G−1) · s / √G` (Student), laid around the
/// median of all blocks in log scale. It holds for any share of variance
/// between and within generations, from two generations on.
pub fn of_blocks(samples: &[Sample]) -> Result<Ratio, String> {
    if let Some(sample) = samples.iter().find(|sample| !(sample.ratio.is_finite() && sample.ratio > 0.0)) {
        return Err(format!("a block's ratio is {}", sample.ratio));
    }
    let logs: Vec<f64> = samples.iter().map(|sample| sample.ratio.ln()).collect();
    let medians = by_generation(samples.iter().map(|sample| sample.generation).zip(logs.iter().copied()));
    let Some((centre, half)) = median(&logs).zip(half_width(&medians)) else {
        let count = medians.len();
        return Err(format!("an interval needs two generations, and {count} were measured"));
    };
    Ok(Ratio { estimate: centre.exp(), lower: (centre - half).exp(), upper: (centre + half).exp() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::BlockRound;

    /// A normal deviate, by summing uniforms (Irwin and Hall).
    fn normal(random: &mut fastrand::Rng) -> f64 {
        (0..12).map(|_| random.f64()).sum::<f64>() - 6.0
    }

    /// Blocks of two modes whose true ratio is `truth`, on a machine that
    /// drifts by tens of percent, with generations that differ by 1.5 % and a
    /// disturbed round now and then.
    fn rounds(
        random: &mut fastrand::Rng,
        truth: f64,
        generations: usize,
        blocks: usize,
    ) -> Vec<(usize, f64, f64)> {
        let mut drift = 0.0;
        let mut rounds = Vec::new();
        for generation in 0..generations {
            let shift = 0.015 * normal(random);
            for _ in 0..blocks {
                drift += 0.1 * normal(random);
                let mut round = |true_log: f64| {
                    let disturbed = if random.f64() < 0.08 { 2.0 * random.f64() } else { 0.0 };
                    // Within a block the drift is the same but for a little.
                    (drift + true_log + 0.03 * normal(random) + disturbed).exp()
                };
                let (own, other) = (round(truth.ln() + shift), round(0.0));
                rounds.push((generation, own, other));
            }
        }
        rounds
    }

    fn simulate(random: &mut fastrand::Rng, truth: f64, generations: usize, blocks: usize) -> Vec<Sample> {
        let rounds = rounds(random, truth, generations, blocks);
        let sample = |(generation, own, other): (usize, f64, f64)| Sample { generation, ratio: own / other };
        rounds.into_iter().map(sample).collect()
    }

    #[test]
    fn the_interval_holds_the_truth_as_often_as_it_says() {
        for (generations, blocks) in [(10, 15), (6, 4), (20, 30)]
        // default, quick, thorough
        {
            let mut random = fastrand::Rng::with_seed(1);
            let runs = 4000;
            let (mut held, mut error) = (0, 0.0);
            for _ in 0..runs {
                let ratio = of_blocks(&simulate(&mut random, 0.8, generations, blocks)).unwrap();
                held += usize::from(ratio.holds(0.8));
                error += (ratio.estimate / 0.8).ln() / f64::from(runs);
            }
            let coverage = held as f64 / f64::from(runs);
            println!("{generations} generations × {blocks} blocks: {coverage}");
            assert!((0.93..=0.975).contains(&coverage), "{generations} × {blocks}: {coverage}");
            assert!(error.abs() < 0.002, "{generations} × {blocks}: biased by {error}");
        }
    }

    #[test]
    fn drift_cancels_within_blocks_and_does_not_across_them() {
        let mut random = fastrand::Rng::with_seed(2);
        let rounds = rounds(&mut random, 1.0, 10, 10);
        let width = |distance: usize| {
            let samples = rounds.iter().enumerate().map(|(index, (generation, own, _))| {
                let (_, _, other) = rounds[(index + distance) % rounds.len()];
                Sample { generation: *generation, ratio: own / other }
            });
            let ratio = of_blocks(&samples.collect::<Vec<_>>()).unwrap();
            (ratio.upper / ratio.lower).ln()
        };
        let (within, across) = (width(0), width(30));
        assert!(within < 0.06 && across > 5.0 * within, "{within} within blocks, {across} across");
    }

    #[test]
    fn a_row_takes_in_the_blocks_of_every_cell() {
        let block = |generation, times: [(&str, u64); 3]| Block {
            generation,
            rounds: times
                .map(|(lane, time_ns)| BlockRound {
                    lane: lane.into(),
                    messages: 1,
                    time_ns,
                    ..BlockRound::default()
                })
                .to_vec(),
            round_trips_ns: Vec::new(),
            tally: None,
            received: Default::default(),
            client_counts: None,
            server_counts: None,
            wall: std::time::Duration::ZERO,
        };
        let one =
            [block(0, [("a", 100), ("b", 50), ("self", 1)]), block(1, [("a", 100), ("b", 50), ("self", 1)])];
        let other = [
            block(0, [("a", 100), ("b", 200), ("self", 1)]),
            block(1, [("a", 100), ("b", 100), ("self", 1)]),
        ];
        let modes = ["a".to_string(), "b".to_string()];
        let alone = of_row("a", &modes, &[&one])["b"].found().copied().unwrap();
        assert_eq!((alone.estimate, alone.lower, alone.upper), (2.0, 2.0, 2.0));
        let row = of_row("a", &modes, &[&one, &other]);
        assert_eq!(row.len(), 1, "neither the mode itself nor `self`: {row:?}");
        // Log ratios of four generations: 2, 2, 0.5, 1. Their median lies
        // between 1 and 2, and the two cells' generations are not one.
        let ratio = row["b"].found().copied().unwrap();
        assert!(
            (ratio.estimate - 2f64.sqrt()).abs() < 1e-9 && ratio.lower < 1.0 && ratio.upper > 2.0,
            "{ratio:?}"
        );
    }

    #[test]
    fn what_cannot_be_said_is_absent_with_its_reason() {
        let one = [Sample { generation: 0, ratio: 1.0 }, Sample { generation: 0, ratio: 1.1 }];
        assert!(of_blocks(&one).unwrap_err().contains("two generations, and 1"));
        assert!(of_blocks(&[]).unwrap_err().contains("0 were measured"));
        let nonsense = [Sample { generation: 0, ratio: f64::NAN }];
        assert!(of_blocks(&nonsense).unwrap_err().contains("NaN"));
    }

    #[test]
    fn a_ratio_and_its_inverse_agree() {
        let ratio = Ratio { estimate: 0.5, lower: 0.4, upper: 0.625 };
        assert_eq!(ratio.inverse(), Ratio { estimate: 2.0, lower: 1.6, upper: 2.5 });
        assert!(ratio.holds(0.4) && !ratio.holds(0.39));
    }
}
