//! What a run could show, from made-up records: figures that can be worked out
//! by hand.

#[path = "support/healthy_cell.rs"]
mod healthy_cell;
#[path = "support/made_up.rs"]
mod made_up;

use copycost::OrAbsent;
use copycost::exchange::{CellMeasurement, SELF_LANE};
use copycost::ratio::Ratio;
use copycost::results::record::Record;
use copycost::results::resolution::{Resolution, Smallest, SmallestDifferences};
use healthy_cell::{measurement, record};

fn ratio(estimate: f64, half: f64) -> OrAbsent<Ratio> {
    OrAbsent::Found(Ratio { estimate, lower: estimate / half, upper: estimate * half })
}

/// A record whose intervals against the others reach from over to times `half`.
fn with_halves(mode: &str, message_bytes: usize, halves: &[(&str, f64)]) -> Record {
    let mut record = record(measurement(mode));
    record.cell.message_bytes = message_bytes;
    record.row_ratios.clear();
    record.ratios.clear(); // no self check widens them
    for (lane, half) in halves {
        record.row_ratios.insert((*lane).to_string(), ratio(0.8, *half));
    }
    record
}

#[track_caller]
fn assert_found(found: &Smallest, count: usize, median: f64, worst: f64, at: &str) {
    let Smallest::Found(SmallestDifferences { count: of, median_percent, worst_percent, worst_at }) = found
    else {
        panic!("{found:?}")
    };
    assert_eq!(*of, count, "{found:?}");
    assert!((median_percent - median).abs() < 1e-6, "{found:?}");
    assert!((worst_percent - worst).abs() < 1e-6, "{found:?}");
    assert_eq!(worst_at, at);
}

#[test]
fn between_modes_it_is_the_half_width_of_a_rows_intervals_each_pair_once() {
    let mut records = vec![
        with_halves("two-copy", 1024, &[("one-copy", 1.01), ("zero-copy", 1.05)]),
        with_halves("one-copy", 1024, &[("two-copy", 1.01), ("zero-copy", 1.02)]),
        with_halves("zero-copy", 4096, &[("two-copy", 1.03)]),
    ];
    let found = Resolution::of_run(&records);
    // 1, 2, 3 and 5 %.
    assert_found(&found.between_modes, 4, 2.5, 5.0, "two-copy and zero-copy, 1 thread × 1024 B");
    assert!(matches!(&found.between_modes_oversubscribed, Smallest::Absent { absent } if !absent.is_empty()));

    // Cells whose threads have no CPU each are apart.
    records[0].placement.cpus = 1;
    let found = Resolution::of_run(&records);
    assert_found(&found.between_modes, 3, 2.0, 3.0, "two-copy and zero-copy, 1 thread × 4096 B");
    let at = "two-copy and zero-copy, 1 thread × 1024 B";
    assert_found(&found.between_modes_oversubscribed, 2, 3.0, 5.0, at);
    assert!(found.lines().contains("median of 2 row ratios), 5.00 % at worst"), "{}", found.lines());
}

/// Half of the generations are 2 % slower than the others.
fn uneven(measurement: &mut CellMeasurement) {
    for block in &mut measurement.blocks {
        let slower = block.generation % 2 == 1;
        for round in &mut block.rounds {
            round.time_ns = if slower { 1_020_000 } else { 1_000_000 };
        }
    }
}

#[test]
fn between_runs_it_is_what_generations_differ_by_and_says_that_this_is_too_little() {
    let mut measured = measurement("two-copy");
    uneven(&mut measured);
    let found = Resolution::of_run(&[record(measured)]);
    // Ten generations, five each way: s = ln 1.02 / 2 · √(10/9); t(18) = 2.10092204.
    let deviation = 1.02f64.ln() / 2.0 * (10.0f64 / 9.0).sqrt();
    let percent = 100.0 * (2.10092204 * deviation * (2.0f64 / 10.0).sqrt()).exp_m1();
    assert_found(&found.between_runs_at_least, 1, percent, percent, "two-copy, 1 thread × 4096 B");
    assert!(found.lines().contains("processes differ by more"), "{}", found.lines());
}

#[test]
fn selves_are_counted_and_what_is_not_known_is_absent() {
    let mut records = vec![record(measurement("two-copy")), record(measurement("one-copy"))];
    records[0].ratios.insert(SELF_LANE.into(), ratio(1.0, 1.01));
    records[1].ratios.insert(SELF_LANE.into(), ratio(1.1, 1.01));
    let found = Resolution::of_run(&records);
    assert_eq!((found.self_checks, found.self_checks_held), (2, 1));
    assert!(found.lines().contains("self held 1 in 1 of 2 cells"), "{}", found.lines());

    let mut alone = measurement("two-copy");
    alone.blocks.iter_mut().for_each(|block| block.generation = 0);
    let found = Resolution::of_run(&[record(alone)]);
    for smallest in [&found.between_modes, &found.between_runs_at_least] {
        assert!(matches!(smallest, Smallest::Absent { absent } if absent.len() > 10), "{smallest:?}");
    }
    let lines = found.lines();
    for nonsense in ["could show between modes: absent", "more than absent", "oversubscribed absent"] {
        assert!(!lines.contains(nonsense), "{lines}");
    }
    assert!(lines.contains("(it needs two generations a cell): record several processes"), "{lines}");
    let written = serde_json::to_value(&found).unwrap();
    assert!(written["between_modes"]["absent"].is_string(), "{written}");
    assert_eq!(serde_json::from_value::<Resolution>(written).unwrap(), found);
}
