//! What a process needs to break cells down, found once: how threads are sampled,
//! and what the samples' addresses are called. It owns why that cannot be had.

use serde::{Deserialize, Serialize};

use super::folded::Folded;
use super::sample::Samples;
use super::sampler::Sampling;
use super::symbols::Symbols;
use super::table::Table;
use super::tally::SideTally;

/// Samples threads and names what they did.
pub struct Profiler {
    /// How threads are sampled.
    pub sampling: Sampling,
    symbols: Symbols,
    table: Table,
}

/// The samples of one side under the names that they have on the machine they were
/// taken on: elsewhere their addresses mean nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedSamples {
    /// By class.
    pub tally: SideTally,
    /// By call chain.
    pub folded: Folded,
}

impl Profiler {
    /// This machine's, or why cells cannot be broken down on it.
    pub fn of_this_machine() -> Result<Profiler, String> {
        let sampling = Sampling::of_this_machine()?;
        Ok(Profiler { sampling, symbols: Symbols::read()?, table: Table::built_in() })
    }

    /// Counts `samples` of one side into `tally`, and their stacks where those are
    /// wanted.
    pub fn count(&self, samples: &Samples, tally: &mut SideTally, folded: Option<(&mut Folded, &str)>) {
        tally.add(samples, &self.symbols, &self.table, folded);
    }

    /// `samples` of `side` under their names; or why there are none.
    pub fn named(&self, samples: &Samples, side: &str) -> Result<NamedSamples, String> {
        let mut named = NamedSamples::default();
        match &samples.refused {
            Some(why) => Err(why.clone()),
            None => {
                self.count(samples, &mut named.tally, Some((&mut named.folded, side)));
                Ok(named)
            }
        }
    }
}
