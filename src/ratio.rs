//! One mode against another: the median of within-block ratios with its 95 %
//! interval. It owns the statistics of a cell; comparing runs is not its work.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::loopback::{Block, CellMeasurement, SELF_LANE};
use crate::metric::median;

/// This cell's time a message over another lane's. Below 1 the cell's own
/// mode is the faster.
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

/// A ratio, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RatioReading {
    /// The ratio.
    Ratio(Ratio),
    /// Why there is none.
    Absent {
        /// The reason, in words.
        absent: String,
    },
}

impl RatioReading {
    /// The ratio, if there is one.
    pub fn ratio(&self) -> Option<Ratio> {
        match self {
            RatioReading::Ratio(ratio) => Some(*ratio),
            RatioReading::Absent { .. } => None,
        }
    }
}

/// The ratios of a cell by lane: each other mode, and `self`.
pub type Ratios = BTreeMap<String, RatioReading>;

/// Every ratio that the cell's blocks give.
pub fn of_cell(measurement: &CellMeasurement) -> Ratios {
    let own = &measurement.cell.mode;
    let rounds = measurement.blocks.first().map_or(&[][..], |block| &block.rounds);
    let others = rounds.iter().map(|round| &round.lane).filter(|lane| *lane != own);
    others
        .map(|lane| {
            let reading = match of_blocks(&samples(&measurement.blocks, own, lane)) {
                Ok(ratio) => RatioReading::Ratio(ratio),
                Err(absent) => RatioReading::Absent { absent },
            };
            (lane.clone(), reading)
        })
        .collect()
}

/// The ratio of the self check, if the blocks had one.
pub fn self_ratio(ratios: &Ratios) -> Option<Ratio> {
    ratios.get(SELF_LANE)?.ratio()
}

/// A within-block ratio and the generation that its block ran in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Counted from 0.
    pub generation: usize,
    /// The own round's time a message over the other's.
    pub ratio: f64,
}

fn samples(blocks: &[Block], own: &str, lane: &str) -> Vec<Sample> {
    let sample = |block: &Block| {
        let ratio = block.round(own)?.ns_per_message() / block.round(lane)?.ns_per_message();
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
    let mut generations: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for sample in samples {
        if !(sample.ratio.is_finite() && sample.ratio > 0.0) {
            return Err(format!("a block's ratio is {}", sample.ratio));
        }
        generations.entry(sample.generation).or_default().push(sample.ratio.ln());
    }
    let count = generations.len();
    if count < 2 {
        return Err(format!("an interval needs two generations, and {count} were measured"));
    }
    let all: Vec<f64> = generations.values().flatten().copied().collect();
    let medians: Vec<f64> = generations.values().filter_map(|logs| median(logs)).collect();
    let mean = medians.iter().sum::<f64>() / count as f64;
    let variance = medians.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (count - 1) as f64;
    let half = student_t_975(count - 1) * (variance / count as f64).sqrt();
    let centre = median(&all).unwrap_or(mean);
    Ok(Ratio { estimate: centre.exp(), lower: (centre - half).exp(), upper: (centre + half).exp() })
}

/// The 0.975 quantile of Student's t distribution: from a table to 30 degrees
/// of freedom, beyond that by the expansion of Abramowitz and Stegun 26.7.5
/// about the normal quantile (error below 1e-4 there).
pub fn student_t_975(degrees_of_freedom: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788,
        2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639,
        2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
    ];
    if let Some(exact) = TABLE.get(degrees_of_freedom.wrapping_sub(1)) {
        return *exact;
    }
    if degrees_of_freedom == 0 {
        return f64::INFINITY;
    }
    let (x, n) = (1.959_964_f64, degrees_of_freedom as f64);
    let (first, second) = ((x.powi(3) + x) / 4.0, (5.0 * x.powi(5) + 16.0 * x.powi(3) + 3.0 * x) / 96.0);
    x + first / n + second / (n * n)
}
