//! Samples counted by class and symbol. Plain sums; what they come to in shares and
//! with what interval is `metric/`'s business.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::class::CostClass;
use super::classify::classify;
use super::folded::Folded;
use super::sample::Samples;
use super::symbols::Symbols;
use super::table::Table;

/// The samples of one class.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassTally {
    /// How many.
    pub samples: u64,
    /// What they stand for together: nanoseconds or cycles.
    pub weight: u64,
    /// Of that, what was seen where interrupts are turned on again.
    pub after_interrupts: u64,
    /// The weight of each symbol that ran.
    pub symbols: HashMap<String, u64>,
}

/// The samples of one side.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideTally {
    /// By class, in the order of [`CostClass::ALL`].
    pub classes: [ClassTally; CostClass::ALL.len()],
    /// Samples that did not arrive.
    pub lost: u64,
    /// How often the kernel held the event back.
    pub throttled: u64,
}

impl SideTally {
    /// Counts `samples` of one side in, and their stacks where those are wanted.
    pub fn add(
        &mut self,
        samples: &Samples,
        symbols: &Symbols,
        table: &Table,
        mut folded: Option<(&mut Folded, &str)>,
    ) {
        self.lost += samples.lost;
        self.throttled += samples.throttled;
        for sample in &samples.taken {
            let frames = symbols.frames(sample);
            let found = classify(table, &frames);
            let class = &mut self.classes[found.class as usize];
            class.samples += 1;
            class.weight += sample.period;
            if found.after_interrupts {
                class.after_interrupts += sample.period;
            }
            let leaf = frames.first().and_then(|frame| frame.name.as_deref());
            let leaf = leaf.map_or_else(|| format!("{:#x}", sample.instruction), str::to_string);
            *class.symbols.entry(leaf).or_default() += sample.period;
            if let Some((folded, side)) = &mut folded {
                folded.add(side, &frames, sample.period);
            }
        }
    }

    /// Adds another round's or generation's.
    pub fn plus(&mut self, other: &SideTally) {
        for (class, more) in self.classes.iter_mut().zip(&other.classes) {
            class.samples += more.samples;
            class.weight += more.weight;
            class.after_interrupts += more.after_interrupts;
            for (symbol, weight) in &more.symbols {
                *class.symbols.entry(symbol.clone()).or_default() += weight;
            }
        }
        self.lost += other.lost;
        self.throttled += other.throttled;
    }

    /// All samples.
    pub fn samples(&self) -> u64 {
        self.classes.iter().map(|class| class.samples).sum()
    }

    /// What all of them stand for.
    pub fn weight(&self) -> u64 {
        self.classes.iter().map(|class| class.weight).sum()
    }
}
