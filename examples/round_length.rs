//! What the length of a round does to the time of a message: rounds of twice
//! the length over rounds of the length, in turn and in random order, as a ratio
//! with its 95 % interval. Of a reference it must be near 1; of a mode it is
//! below 1 by what the wake-up of its threads weighs in the shorter round.
//! `cargo run --release --example round_length -- [BYTES [THREADS [LENGTH_MS]]]`

use std::sync::Arc;

use copycost::cell::{Cell, Target};
use copycost::copy_mode::REGISTRY;
use copycost::counter;
use copycost::cpu::{Plan, Topology};
use copycost::exchange::{Fault, Generation, GenerationSpec, Lane, LaneKind, REFERENCES, Round};
use copycost::profile::{Profile, REFERENCE_SHARE};
use copycost::ratio::{Sample, of_blocks};

const GENERATIONS: usize = 8;
const BLOCKS: usize = 15;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let message_bytes: usize = arguments.next().map_or(Ok(16384), |bytes| bytes.parse())?;
    let threads: usize = arguments.next().map_or(Ok(1), |threads| threads.parse())?;
    let length_ns: f64 = 1e6 * arguments.next().map_or(Ok(2.0), |length| length.parse::<f64>())?;
    let profile = Profile::load("default")?;
    let plan = Topology::read()?.plan(profile.placement.policy, threads)?;
    let cell = Cell { target: Target::Throughput, mode: REGISTRY[0].name.into(), message_bytes, threads };
    let mut lanes: Vec<Lane> = REGISTRY.iter().map(|mode| Lane::mode(*mode)).collect();
    lanes.extend(REFERENCES.map(Lane::reference));
    println!("{message_bytes} bytes, {threads} threads: time a message, doubled length over the length");
    let mut samples = vec![Vec::new(); lanes.len()];
    let mut lengths_ns = vec![Vec::new(); lanes.len()];
    for generation in 0..GENERATIONS {
        let mut open = Generation::open(&GenerationSpec {
            cell: &cell,
            profile: &profile,
            plan: &plan,
            lanes: &lanes,
            peer: None,
            fault: Fault::None,
            counters: Arc::new(counter::sources()),
            sampling: None,
        })?;
        let mut messages = Vec::new();
        for (lane, Lane { kind, .. }) in lanes.iter().enumerate() {
            let share = if matches!(kind, LaneKind::Reference(_)) { REFERENCE_SHARE } else { 1.0 };
            let mut count = 64 * threads as u64;
            while time_ns(kind, &open.run(lane, count)?, &plan) < 2.0 * length_ns {
                count *= 2;
            }
            let a_message = time_ns(kind, &open.run(lane, count)?, &plan) / count as f64;
            messages.push(((share * length_ns / a_message) as u64).max(threads as u64));
        }
        for _ in 0..BLOCKS {
            // Every lane at both lengths, in one order: what went before a round
            // is as often the one as the other.
            let mut order: Vec<(usize, u64)> =
                (0..lanes.len()).flat_map(|lane| [(lane, 1), (lane, 2)]).collect();
            fastrand::shuffle(&mut order);
            let mut of = vec![[0.0; 2]; lanes.len()];
            for (lane, times) in order {
                let round = open.run(lane, times * messages[lane])?;
                of[lane][times as usize - 1] =
                    time_ns(&lanes[lane].kind, &round, &plan) / round.messages as f64;
            }
            for (lane, [once, twice]) in of.into_iter().enumerate() {
                samples[lane].push(Sample { generation, ratio: twice / once });
                lengths_ns[lane].push(once * messages[lane] as f64);
            }
        }
    }
    for ((lane, samples), mut lengths_ns) in lanes.iter().zip(&samples).zip(lengths_ns) {
        let ratio = of_blocks(samples)?;
        lengths_ns.sort_by(f64::total_cmp);
        let length_ms = lengths_ns[lengths_ns.len() / 2] / 1e6;
        let (estimate, lower, upper) = (ratio.estimate, ratio.lower, ratio.upper);
        println!("  {:12} {length_ms:.2} ms: {estimate:.3} [{lower:.3}, {upper:.3}]", lane.name);
    }
    Ok(())
}

/// What a block would hold of the round.
fn time_ns(kind: &LaneKind, round: &Round, plan: &Plan) -> f64 {
    match kind {
        LaneKind::Mode(_) => round.wall.as_nanos() as f64,
        LaneKind::Reference(_) => round.reference_cpu_time.as_nanos() as f64 / plan.client_cpus() as f64,
    }
}
