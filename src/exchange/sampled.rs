//! Runs the rounds that a breakdown is made from: the cell's own mode alone, on
//! connections of its own, every thread sampled. It owns how many rounds that
//! takes; no figure of the cell comes from them.

use std::sync::Arc;
use std::time::Duration;

use super::block::CostUnit;
use super::generation::Generation;
use super::instruments::Instruments;
use super::lane::Lane;
use super::spec::{Fault, GenerationSpec};
use crate::breakdown::{Folded, Profiler, SampledEvent, Sampling, SideTally};
use crate::cell::Cell;
use crate::copy_mode::ModeEntry;
use crate::counter::Sums;
use crate::cpu::Plan;
use crate::error::Result;
use crate::or_absent::OrAbsent;
use crate::profile::Profile;

/// How much is sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampledLength {
    /// Generations: what shares rest on.
    pub generations: usize,
    /// Samples that each side is to have.
    pub samples: u64,
    /// All rounds take no longer, whatever came by then.
    pub limit: Duration,
}

impl SampledLength {
    /// What the `cpu_cost` target spends on a cell.
    pub const OF_A_BENCH: SampledLength =
        SampledLength { generations: 6, samples: 2040, limit: Duration::from_millis(900) };

    /// What a pass of a recording spends, of which there are many.
    pub const OF_A_PASS: SampledLength =
        SampledLength { generations: 2, samples: 300, limit: Duration::from_millis(120) };
}

/// A cell whose rounds can be sampled.
#[derive(Clone, Copy)]
pub struct SampledCell<'a> {
    /// The cell.
    pub cell: &'a Cell,
    /// Its copy mode.
    pub mode: ModeEntry,
    /// Every setting.
    pub profile: &'a Profile,
    /// Where the threads run.
    pub plan: &'a Plan,
    /// What is counted, as in the rounds that are measured.
    pub instruments: &'a Instruments,
    /// Messages of a round.
    pub messages: u64,
}

/// What one generation's samples are.
#[derive(Clone, Debug, Default)]
pub struct SampledGeneration {
    /// Its rounds.
    pub rounds: u64,
    /// Their messages.
    pub messages: u64,
    /// The clients' samples.
    pub client: SideTally,
    /// The servers'.
    pub server: SideTally,
    /// What the counters gave for the clients in the same rounds.
    pub client_counts: Sums,
    /// For the servers.
    pub server_counts: Sums,
}

/// What all of them are, and what they were taken with.
#[derive(Clone, Debug)]
pub struct SampledRounds {
    /// What fired.
    pub event: SampledEvent,
    /// The generations.
    pub generations: Vec<SampledGeneration>,
}

impl SampledCell<'_> {
    /// Runs rounds of the profile's length without sampling for about `length`, to
    /// say how many messages one has and what they cost.
    pub fn measure(&self, length: Duration) -> Result<UnsampledRounds> {
        let mut open = self.open(None)?;
        let round_length = self.profile.round_length(self.cell.target);
        let mut messages = 64 * self.cell.threads as u64;
        loop {
            let wall = open.run(0, messages)?.wall;
            if 2 * wall >= round_length {
                let longer = round_length.as_secs_f64() / wall.as_secs_f64();
                messages = ((messages as f64 * longer) as u64).max(1);
                break;
            }
            messages *= 2;
        }
        let mut done = UnsampledRounds { messages_of_a_round: messages, ..UnsampledRounds::default() };
        let mut wall = Duration::ZERO;
        while wall < length {
            let round = open.run(0, messages)?;
            wall += round.wall;
            done.messages += round.messages;
            done.client_counts = done.client_counts.plus(&round.client_counts.unwrap_or_default());
            done.server_counts = done.server_counts.plus(&round.server_counts.unwrap_or_default());
        }
        open.close()?;
        Ok(done)
    }

    /// Samples the cell, or says why a thread could not be sampled. Stacks are
    /// gathered into `folded` where that is given.
    pub fn sample(
        &self,
        profiler: &Profiler,
        length: SampledLength,
        mut folded: Option<&mut Folded>,
    ) -> Result<OrAbsent<SampledRounds>> {
        let mut generations = Vec::new();
        for _ in 0..length.generations {
            match self.generation(profiler, length, folded.as_deref_mut())? {
                OrAbsent::Found(generation) => generations.push(generation),
                OrAbsent::Absent { absent } => return Ok(OrAbsent::Absent { absent }),
            }
        }
        Ok(OrAbsent::Found(SampledRounds { event: profiler.sampling.event, generations }))
    }

    fn open(&self, sampling: Option<Sampling>) -> Result<Generation> {
        Generation::open(&GenerationSpec {
            cell: self.cell,
            profile: self.profile,
            plan: self.plan,
            lanes: &[Lane::mode(self.mode)],
            peer: self.instruments.peer.as_deref(),
            fault: Fault::None,
            counters: Arc::clone(&self.instruments.counters),
            sampling,
        })
    }

    fn generation(
        &self,
        profiler: &Profiler,
        length: SampledLength,
        mut folded: Option<&mut Folded>,
    ) -> Result<OrAbsent<SampledGeneration>> {
        let mut open = self.open(Some(profiler.sampling))?;
        open.run(0, self.messages)?; // the first touch of each page
        let mut done = SampledGeneration::default();
        let mut wall = Duration::ZERO;
        let share = length.generations as u32;
        let enough = |tally: &SideTally| tally.samples() >= length.samples.div_ceil(share.into());
        while !(enough(&done.client) && enough(&done.server)) && wall < length.limit / share {
            let round = open.run(0, self.messages)?;
            wall += round.wall;
            let sides = [&round.client_samples, &round.server_samples];
            if let Some(why) = sides.iter().find_map(|samples| samples.refused.clone()) {
                return Ok(OrAbsent::absent(why));
            }
            profiler.count(&round.client_samples, &mut done.client, with_stacks(&mut folded, "client"));
            match &round.named_server_samples {
                Some(named) => {
                    done.server.plus(&named.tally);
                    if let Some(folded) = folded.as_deref_mut() {
                        folded.plus(&named.folded);
                    }
                }
                None => {
                    profiler.count(
                        &round.server_samples,
                        &mut done.server,
                        with_stacks(&mut folded, "server"),
                    );
                }
            }
            done.client_counts = done.client_counts.plus(&round.client_counts.unwrap_or_default());
            done.server_counts = done.server_counts.plus(&round.server_counts.unwrap_or_default());
            done.messages += round.messages;
            done.rounds += 1;
        }
        open.close()?;
        Ok(OrAbsent::Found(done))
    }
}

/// What the cell's rounds came to while nobody sampled.
#[derive(Clone, Debug, Default)]
pub struct UnsampledRounds {
    /// Messages of a round as long as the profile says.
    pub messages_of_a_round: u64,
    messages: u64,
    client_counts: Sums,
    server_counts: Sums,
}

impl UnsampledRounds {
    /// The totals of client and server, in the unit of CPU cost, a byte.
    pub fn per_byte(&self, unit: CostUnit, message_bytes: usize) -> [Option<f64>; 2] {
        let bytes = self.messages as f64 * message_bytes as f64;
        [&self.client_counts, &self.server_counts].map(|sums| Some(sums[unit.kind()].total()? / bytes))
    }
}

fn with_stacks<'a>(folded: &'a mut Option<&mut Folded>, side: &'a str) -> Option<(&'a mut Folded, &'a str)> {
    folded.as_deref_mut().map(|folded| (folded, side))
}
