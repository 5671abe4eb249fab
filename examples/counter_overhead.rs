//! What reading the counters does to throughput: rounds with and without them,
//! in turn and in random order, as a ratio with its 95 % interval. It must be 1.
//! `cargo run --release --example counter_overhead -- [MODE/BYTES [GENERATIONS [THREADS]]]`
//! takes one cell, or all, and as many generations as the interval needs. With
//! several threads it holds what those that end early cost the others, which are
//! still timed while they read.

use std::sync::Arc;

use copycost::cell::{Cell, Target};
use copycost::copy_mode::REGISTRY;
use copycost::counter::{self, CounterSource};
use copycost::cpu::Topology;
use copycost::exchange::{Fault, Generation, GenerationSpec, Lane};
use copycost::profile::Profile;
use copycost::ratio::{Sample, of_blocks};

/// Some ten seconds a cell.
const GENERATIONS: usize = 10;
const BLOCKS: usize = 40;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next();
    let generations = arguments.next().map_or(Ok(GENERATIONS), |count| count.parse())?;
    let threads = arguments.next().map_or(Ok(1), |threads| threads.parse())?;
    let profile = Profile::load("default")?;
    let plan = Topology::read()?.plan(profile.placement.policy, threads)?;
    println!("throughput without counters over that with them, {threads} thread(s), 4 ms rounds");
    for mode in REGISTRY {
        for message_bytes in profile.matrix.message_bytes.iter().copied() {
            if wanted.as_ref().is_some_and(|wanted| *wanted != format!("{}/{message_bytes}", mode.name)) {
                continue;
            }
            let cell = Cell { target: Target::Throughput, mode: mode.name.into(), message_bytes, threads };
            let lanes = [Lane::mode(*mode)];
            let open = |counters: Arc<Vec<Box<dyn CounterSource>>>| {
                let (cell, profile, plan, lanes) = (&cell, &profile, &plan, &lanes[..]);
                let (peer, fault, sampling) = (None, Fault::None, None);
                Generation::open(&GenerationSpec {
                    cell,
                    profile,
                    plan,
                    lanes,
                    peer,
                    fault,
                    counters,
                    sampling,
                })
            };
            let mut samples = Vec::new();
            for generation in 0..generations {
                let mut sides = [open(Arc::new(counter::sources()))?, open(Arc::default())?];
                let mut messages = 64;
                while sides[0].run(0, messages)?.wall < profile.round_length(Target::CpuCost) / 2 {
                    messages *= 2;
                }
                sides[1].run(0, messages)?;
                for _ in 0..BLOCKS {
                    let mut wall = [0.0; 2];
                    let first = usize::from(fastrand::bool());
                    for side in [first, 1 - first] {
                        wall[side] = sides[side].run(0, messages)?.wall.as_secs_f64();
                    }
                    samples.push(Sample { generation, ratio: wall[0] / wall[1] });
                }
            }
            let ratio = of_blocks(&samples)?;
            println!("{cell}: {:.4} [{:.4}, {:.4}]", ratio.estimate, ratio.lower, ratio.upper);
        }
    }
    Ok(())
}
