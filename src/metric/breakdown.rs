//! Where a cell's CPU time went: the shares of the cost classes with their
//! intervals, and what they make of what a byte and a message cost. It owns that
//! arithmetic; the samples are `breakdown/`'s, the rounds `exchange/`'s.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::breakdown::{CostClass, SampledEvent, SideTally};
use crate::counter::{self, Sum, Sums};
use crate::exchange::{SampledGeneration, SampledRounds};
use crate::or_absent::OrAbsent;
use crate::ratio::spread::half_width;

/// A context switch takes no longer without samples: 2 to 15 µs were measured.
const MOST_OF_A_SWITCH_NS: f64 = 20_000.0;

/// Two processes differ by more than their generations say; by how much was measured
/// (docs/METHOD.md, "Where the time goes").
const BEYOND_GENERATIONS: f64 = 1.5;

/// What stands for a symbol where there is no sample.
const SWITCHING: &str = "(switching threads: in no sample, by estimate)";

/// How many symbols of a class are kept.
const SYMBOLS_OF_A_CLASS: usize = 5;

/// Where a cell's CPU time went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breakdown {
    /// What the threads were sampled with.
    pub event: SampledEvent,
    /// How many generations the intervals rest on.
    pub generations: usize,
    /// Rounds that were sampled.
    pub rounds: u64,
    /// Their messages.
    pub messages: u64,
    /// The client threads.
    pub client: SideBreakdown,
    /// The server threads.
    pub server: SideBreakdown,
}

/// Where one side's CPU time went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideBreakdown {
    /// Samples that the shares are of.
    pub samples: u64,
    /// Samples that did not arrive.
    pub lost: u64,
    /// How often the kernel held the event back.
    pub throttled: u64,
    /// What the samples stand for: CPU nanoseconds or cycles.
    pub sampled: u64,
    /// What the counters gave beyond that and no sample saw, about each context switch: it
    /// is in [`CostClass::Waking`] by estimate.
    pub switching: u64,
    /// Context switches in the same rounds.
    pub context_switches: OrAbsent<f64>,
    /// What the counters gave for the same rounds, in the same unit.
    pub counted: OrAbsent<f64>,
    /// What a byte cost in the sampled rounds over what it cost in the measured ones.
    pub cost_over_measured: OrAbsent<f64>,
    /// The share seen where interrupts are turned on again.
    pub after_interrupts: f64,
    /// The classes that were seen, in the order of [`CostClass::ALL`].
    pub classes: Vec<ClassShare>,
}

/// One class of a side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassShare {
    /// Which.
    pub class: CostClass,
    /// Samples in it.
    pub samples: u64,
    /// Its share of the side's CPU time, 0 to 1.
    pub share: f64,
    /// Lower end of the share's 95 % interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Of what a byte cost in the measured rounds, the class's share, in the unit of
    /// CPU cost.
    pub per_byte: OrAbsent<f64>,
    /// The same for a message.
    pub per_message: OrAbsent<f64>,
    /// The share of the side, of this class, seen where interrupts are turned on again.
    pub after_interrupts: f64,
    /// What ran, the largest first, as shares of the side.
    pub symbols: Vec<SymbolShare>,
}

/// A function that samples fell into.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SymbolShare {
    /// Its name, or its address where it has none.
    pub symbol: String,
    /// Its share of the side's CPU time.
    pub share: f64,
}

/// What the cell cost in the rounds that were measured, or why that is not known.
#[derive(Clone, Debug)]
pub struct MeasuredCost {
    /// A byte at the clients.
    pub client_per_byte: OrAbsent<f64>,
    /// A byte at the servers.
    pub server_per_byte: OrAbsent<f64>,
    /// The size of a message.
    pub message_bytes: usize,
}

impl MeasuredCost {
    /// Of the client and the server, where they were counted.
    pub fn new([client, server]: [Option<f64>; 2], message_bytes: usize) -> MeasuredCost {
        let cost = |cost: Option<f64>| {
            cost.map_or_else(|| OrAbsent::absent(counter::NEVER_COUNTED), OrAbsent::Found)
        };
        MeasuredCost { client_per_byte: cost(client), server_per_byte: cost(server), message_bytes }
    }
}

impl Breakdown {
    /// What `sampled` comes to for a cell that costs `cost`; why it comes to nothing
    /// where a side has no sample.
    pub fn new(sampled: &SampledRounds, cost: &MeasuredCost) -> OrAbsent<Breakdown> {
        let of = |side: fn(&SampledGeneration) -> (&SideTally, &Sums), per_byte: &OrAbsent<f64>| {
            side_of(sampled, side, per_byte, cost.message_bytes)
        };
        let client = of(|one| (&one.client, &one.client_counts), &cost.client_per_byte);
        let server = of(|one| (&one.server, &one.server_counts), &cost.server_per_byte);
        let (Some(client), Some(server)) = (client, server) else {
            return OrAbsent::absent("a generation of the sampled rounds brought no sample of one side");
        };
        OrAbsent::Found(Breakdown {
            event: sampled.event,
            generations: sampled.generations.len(),
            rounds: sampled.generations.iter().map(|one| one.rounds).sum(),
            messages: sampled.generations.iter().map(|one| one.messages).sum(),
            client,
            server,
        })
    }

    /// Both sides by name.
    pub fn sides(&self) -> [(&'static str, &SideBreakdown); 2] {
        [("client", &self.client), ("server", &self.server)]
    }
}

impl SideBreakdown {
    /// The class, if it was seen.
    pub fn class(&self, class: CostClass) -> Option<&ClassShare> {
        self.classes.iter().find(|one| one.class == class)
    }

    /// Its share; 0 of one that was not seen.
    pub fn share(&self, class: CostClass) -> f64 {
        self.class(class).map_or(0.0, |one| one.share)
    }

    /// How much of what the counters gave the samples stand for.
    pub fn seen_by_samples(&self) -> Option<f64> {
        self.counted.found().map(|counted| self.sampled as f64 / counted)
    }

    /// How much of what the counters gave no sample saw and is in waking by estimate.
    pub fn estimated(&self) -> Option<f64> {
        self.counted.found().map(|counted| self.switching as f64 / counted)
    }

    /// By how much all classes together differ from what the counters gave, as a share
    /// of that. Where something was estimated it is 0 by construction:
    /// [`SideBreakdown::seen_by_samples`] is not.
    pub fn off_the_counters(&self) -> Option<f64> {
        self.counted.found().map(|counted| (self.sampled + self.switching) as f64 / counted - 1.0)
    }
}

fn side_of(
    sampled: &SampledRounds,
    side: fn(&SampledGeneration) -> (&SideTally, &Sums),
    measured_per_byte: &OrAbsent<f64>,
    message_bytes: usize,
) -> Option<SideBreakdown> {
    let mut all = SideTally::default();
    let mut counts = Sums::default();
    let mut samples = 0;
    let mut shares: Vec<[f64; CostClass::ALL.len()]> = Vec::new();
    let kind = match sampled.event {
        SampledEvent::Cycles => counter::CYCLES,
        SampledEvent::CpuClock => counter::CPU_TIME,
    };
    for generation in &sampled.generations {
        let (tally, sums) = side(generation);
        let tally = &with_switches(sampled.event, tally, sums);
        let weight = tally.weight() as f64;
        if weight == 0.0 {
            return None;
        }
        shares.push(std::array::from_fn(|class| tally.classes[class].weight as f64 / weight));
        all.plus(tally);
        samples += side(generation).0.weight();
        counts = counts.plus(sums);
    }
    let messages: u64 = sampled.generations.iter().map(|one| one.messages).sum();
    let weight = all.weight();
    let context_switches =
        switches(&counts).map_or_else(|| OrAbsent::absent(counter::NEVER_COUNTED), OrAbsent::Found);
    let counted = whole(&counts[kind]);
    let spent_per_byte = counted.found().map(|counted| counted / (messages as f64 * message_bytes as f64));
    let cost_over_measured = match (spent_per_byte, measured_per_byte) {
        (Some(spent), OrAbsent::Found(measured)) => OrAbsent::Found(spent / measured),
        (None, _) => OrAbsent::absent("the sampled rounds were not counted"),
        (_, OrAbsent::Absent { absent }) => OrAbsent::absent(absent.clone()),
    };
    let share = |part: u64| part as f64 / weight as f64;
    let classes = CostClass::ALL.iter().enumerate().filter(|(at, _)| all.classes[*at].samples > 0);
    let classes = classes.map(|(at, class)| {
        let tally = &all.classes[at];
        let centre = share(tally.weight);
        let of_generations = half_width(&shares.iter().map(|shares| shares[at]).collect::<Vec<_>>());
        let half = of_generations.map_or(1.0, |half| half * BEYOND_GENERATIONS);
        let of_cost = |factor: f64| match measured_per_byte {
            OrAbsent::Found(cost) => OrAbsent::Found(centre * cost * factor),
            OrAbsent::Absent { absent } => OrAbsent::absent(absent.clone()),
        };
        ClassShare {
            class: *class,
            samples: tally.samples,
            share: centre,
            lower: (centre - half).max(0.0),
            upper: (centre + half).min(1.0),
            per_byte: of_cost(1.0),
            per_message: of_cost(message_bytes as f64),
            after_interrupts: share(tally.after_interrupts),
            symbols: largest(&tally.symbols, weight),
        }
    });
    Some(SideBreakdown {
        samples: all.samples(),
        lost: all.lost,
        throttled: all.throttled,
        sampled: samples,
        switching: weight - samples,
        context_switches,
        counted,
        cost_over_measured,
        after_interrupts: share(all.classes.iter().map(|class| class.after_interrupts).sum()),
        classes: classes.collect(),
    })
}

/// What threads were charged for and no sample stands for comes with the switch from one
/// thread to another: the kernel stops a thread's event where a switch begins and starts
/// it where it ends, and the timer of a burst shorter than it is late finds none. It is
/// the difference of two counts. Where samples were lost it could as well be theirs, and
/// where it is more than switches take the timer came late altogether: then it is left out.
fn with_switches(event: SampledEvent, tally: &SideTally, sums: &Sums) -> SideTally {
    let mut tally = tally.clone();
    let is_whole = event == SampledEvent::CpuClock && tally.lost == 0 && tally.throttled == 0;
    let counted = sums[counter::CPU_TIME].whole().filter(|_| is_whole);
    let switching = counted.map_or(0, |counted| (counted as u64).saturating_sub(tally.weight()));
    if switching > 0 && switching as f64 <= MOST_OF_A_SWITCH_NS * switches(sums).unwrap_or(0.0) {
        let waking = &mut tally.classes[CostClass::Waking as usize];
        waking.weight += switching;
        waking.symbols.insert(SWITCHING.to_string(), switching);
    }
    tally
}

/// Context switches of both kinds.
fn switches(sums: &Sums) -> Option<f64> {
    let kinds = [counter::VOLUNTARY_SWITCHES, counter::INVOLUNTARY_SWITCHES];
    kinds.iter().map(|kind| sums[*kind].whole()).sum()
}

fn whole(sum: &Sum) -> OrAbsent<f64> {
    match sum.whole() {
        Some(counted) => OrAbsent::Found(counted),
        None => OrAbsent::absent(counter::NEVER_COUNTED),
    }
}

fn largest(symbols: &HashMap<String, u64>, weight: u64) -> Vec<SymbolShare> {
    let mut symbols: Vec<(&String, &u64)> = symbols.iter().collect();
    symbols.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let kept = symbols.into_iter().take(SYMBOLS_OF_A_CLASS);
    let share = |part: u64| part as f64 / weight as f64;
    kept.map(|(symbol, part)| SymbolShare { symbol: symbol.clone(), share: share(*part) }).collect()
}
