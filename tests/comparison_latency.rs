//! Verdicts on latency from made-up recordings: what stands in for what its
//! blocks lack, references and percentiles of short rounds.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::Target;
use copycost::compare::{Quantity, Verdict, compare};
use copycost::metric::{Reading, Value};
use made_up::{Machine, options};

#[test]
fn latency_is_held_against_the_references_of_the_same_processes() {
    let recording = |machine: &Machine, seed: u64| {
        let mut latency = machine.record("both", seed, 12, Target::Latency);
        let throughput = machine.record("both", seed, 12, Target::Throughput);
        for (process, other) in latency.processes.iter_mut().zip(throughput.processes) {
            process.records.extend(other.records);
        }
        latency
    };
    let machine = Machine { drift: 0.0, ..Machine::new() };
    let slowed = Machine { slowed: Some(("one-copy", 1.5)), ..machine.clone() };
    let comparison = compare(&recording(&machine, 1), &recording(&slowed, 2), options()).unwrap();
    let absolute = |quantity: Quantity, mode: &str| {
        let mut cells = comparison.cells.iter().filter(|cell| cell.quantity == quantity);
        cells.find(|cell| cell.cell.mode == mode).unwrap().absolute.verdict
    };
    assert_eq!(absolute(Quantity::LatencyMedian, "one-copy"), Verdict::Slower);
    assert_eq!(absolute(Quantity::LatencyMedian, "two-copy"), Verdict::NoDifferenceFound);
    let slower = Machine { pace: 1.5, ..machine.clone() };
    let comparison = compare(&recording(&machine, 1), &recording(&slower, 3), options()).unwrap();
    for cell in &comparison.cells {
        assert!(cell.absolute.verdict == Verdict::CannotTell && cell.absolute.confounded, "{cell:?}");
    }
}

#[test]
fn where_rounds_are_too_short_for_a_99th_percentile_whole_cells_are_compared() {
    // Every other round has none, and those of one-copy that have one are faster
    // by half.
    let recording = |machine: &Machine, seed: u64| {
        let mut baseline = machine.record("short", seed, 8, Target::Latency);
        for record in baseline.processes.iter_mut().flat_map(|process| &mut process.records) {
            let own = record.blocks[0].round(&record.cell.mode).unwrap().p99_ns.unwrap();
            let metric = record.metrics.get_mut("round_trip_p99").unwrap();
            metric.reading = Reading::Value(Value::Number(own as f64));
            for (number, block) in record.blocks.iter_mut().enumerate() {
                for round in &mut block.rounds {
                    let faster = if round.lane == "one-copy" { 2 } else { 1 };
                    round.p99_ns = round.p99_ns.filter(|_| number % 2 == 0).map(|ns| ns / faster);
                }
            }
        }
        baseline
    };
    let machine = Machine { drift: 0.0, ..Machine::new() };
    let slowed = Machine { slowed: Some(("one-copy", 1.5)), ..machine.clone() };
    let comparison = compare(&recording(&machine, 1), &recording(&slowed, 2), options()).unwrap();
    let p99 = |mode: &str| {
        let mut cells = comparison.cells.iter().filter(|cell| cell.quantity == Quantity::LatencyP99);
        cells.find(|cell| cell.cell.mode == mode).unwrap().relative.clone()
    };
    assert_eq!(p99("one-copy").verdict, Verdict::Slower);
    assert_eq!(p99("two-copy").verdict, Verdict::NoDifferenceFound);
    // As the cells have it, 1200 over 1000 or 3000; rounds would have half of it.
    let one_copy = p99("one-copy").base.unwrap();
    assert!((1.1..1.3).contains(&one_copy) || (0.35..0.45).contains(&one_copy), "{one_copy}");
}
