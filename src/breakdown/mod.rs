//! Where the time of one thread goes: samples of its call chains, their symbols,
//! and the cost class that each belongs to. It owns how samples are taken and what
//! they are called; which rounds they are of is `exchange/`'s business, what they
//! come to `metric/`'s.

mod class;
mod classify;
mod folded;
mod kernel_symbols;
mod profiler;
mod program_symbols;
mod sample;
mod sampler;
mod symbols;
mod table;
mod tally;

pub use class::CostClass;
pub use classify::{Classified, Frame, Space, classify};
pub use folded::Folded;
pub use kernel_symbols::KernelSymbols;
pub use profiler::{NamedSamples, Profiler};
pub use program_symbols::ProgramSymbols;
pub use sample::{Sample, Samples};
pub use sampler::{SampledEvent, Sampling, ThreadSampler};
pub use symbols::Symbols;
pub use table::{Table, Verdict};
pub use tally::{ClassTally, SideTally};
