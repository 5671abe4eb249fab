//! A seed says which round follows which, whatever the machine: a record of the
//! same seed holds the same lanes in the same order. Their lengths follow from
//! the times of the blocks before; those of the first block from nothing.

mod support;

use std::sync::Arc;

use copycost::cell::Target;
use copycost::copy_mode::REGISTRY;
use copycost::exchange::{CellRun, CostUnit, Instruments};
use support::Setup;

#[test]
fn a_seed_says_the_order_of_all_rounds_and_the_lengths_of_the_first_block() {
    let mut setup = Setup::new(Target::Throughput, &REGISTRY[..3], 1024, 2);
    setup.profile.rounds.seed = Some(7);
    setup.profile.rounds.generations = 3;
    setup.profile.criterion.sample_size = 6;
    setup.cell.mode = REGISTRY[1].name.into();
    let instruments =
        Instruments { counters: Arc::default(), cost_unit: CostUnit::CpuNanoseconds, peer: None };
    let mut run =
        CellRun::new(setup.cell, &Arc::new(setup.profile), &setup.plan, &REGISTRY[..3], &instruments)
            .unwrap();
    for _ in 0..6 {
        run.block(40).unwrap();
    }
    let measured = run.finish(6).unwrap();

    let names = ["two-copy", "one-copy", "zero-copy", "self", "memcpy", "system-call"];
    let place = |lane: &str| names.iter().position(|name| *name == lane).unwrap();
    let orders: Vec<(usize, Vec<usize>)> = measured
        .blocks
        .iter()
        .map(|block| (block.generation, block.rounds.iter().map(|round| place(&round.lane)).collect()))
        .collect();
    let expected = [
        (0, [5, 1, 4, 0, 3, 2]),
        (0, [4, 0, 5, 1, 3, 2]),
        (1, [2, 1, 5, 3, 4, 0]),
        (1, [1, 3, 5, 0, 2, 4]),
        (2, [5, 4, 2, 1, 3, 0]),
        (2, [1, 4, 5, 0, 2, 3]),
    ];
    assert_eq!(orders, expected.map(|(generation, order)| (generation, order.to_vec())));
    assert!(measured.blocks.iter().all(|block| block.round("one-copy").unwrap().messages == 40));
    let lengths = names.map(|lane| measured.blocks[0].round(lane).unwrap().messages);
    assert_eq!(lengths, [40, 40, 40, 40, 5, 5], "references are shorter");
    for generation in &measured.generations {
        let connections: Vec<&str> = generation.connections.iter().map(|one| one.lane.as_str()).collect();
        assert_eq!(connections, names[..4].iter().flat_map(|lane| [*lane; 2]).collect::<Vec<_>>());
    }
}
