//! What a process needs to break cells down, found once: how threads are sampled,
//! and what the samples' addresses are called. It owns why that cannot be had.

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
}
