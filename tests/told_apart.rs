//! Table and map say the same of the same records, and what they show of a
//! ratio is what they went by: one rule for "told apart".

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::Target;
use copycost::compare::{Baseline, Quantity};
use copycost::doubt::DoubtKind;
use copycost::exchange::{Block, SELF_LANE};
use copycost::report::Report;
use copycost::report::map::Answer;
use copycost::report::markdown;
use copycost::results::record::Record;
use copycost::results::table;
use made_up::{Machine, reference};

const MODES: [&str; 3] = ["two-copy", "one-copy", "zero-copy"];

/// A few percent apart, so that noise decides which are told apart.
fn close(lane: &str, bytes: usize, _: usize) -> f64 {
    let own = match lane {
        "one-copy" => 1.01,
        "zero-copy" => 1.03,
        _ => 1.0,
    };
    reference(lane, bytes).unwrap_or(own * (300.0 + 0.2 * bytes as f64))
}

/// The records of one process as a bench target completes them.
fn records(target: Target, seed: u64, off_itself: f64) -> Vec<Record> {
    let rows = Machine { target, modes: MODES.to_vec(), noise: 0.04, seed, ..Machine::taking(close) };
    let mut records = rows.baseline("run").processes.remove(0).records;
    for record in records.iter_mut().filter(|record| record.cell.mode == "two-copy") {
        let selves = record.blocks.iter_mut().flat_map(|block| &mut block.rounds);
        for round in selves.filter(|round| round.lane == SELF_LANE) {
            round.time_ns = (round.time_ns as f64 * off_itself) as u64;
            round.p50_ns = round.p50_ns.map(|ns| (ns as f64 * off_itself) as u64);
            round.cost = round.cost.map(|cost| (cost as f64 * off_itself) as u64);
        }
    }
    let modes = MODES.map(String::from);
    let blocks: Vec<(usize, Vec<Block>)> =
        records.iter().map(|record| (record.cell.message_bytes, record.blocks.clone())).collect();
    for record in &mut records {
        let of_row = blocks.iter().filter(|(bytes, _)| *bytes == record.cell.message_bytes);
        record.set_row(&modes, &of_row.map(|(_, blocks)| blocks.as_slice()).collect::<Vec<_>>());
        record.ratios = again(record).ratios;
    }
    records
}

/// The ratios of the blocks as they are now.
fn again(record: &Record) -> Record {
    let measurement = copycost::exchange::CellMeasurement {
        cell: record.cell.clone(),
        plan: record.placement.clone(),
        seed: record.seed,
        blocks: record.blocks.clone(),
        generations: Vec::new(),
        cost_unit: record.counted_in,
        absent_counters: Vec::new(),
    };
    Record::new(measurement, &record.profile, &record.environment, record.steal_percent.clone())
}

/// The entry of each mode in the row of `bytes`, as the table has them: beside its
/// keys, or below them where the table would be too wide.
fn entries(text: &str, bytes: usize) -> Vec<String> {
    let mut lines = text.lines().skip_while(|line| {
        let mut words = line.split_whitespace();
        words.next() != Some("1") || words.next() != Some(&bytes.to_string())
    });
    let line = lines.next().unwrap_or_else(|| panic!("no row of {bytes} in {text}"));
    let parts = |line: &str| -> Vec<String> {
        line.trim().split("  ").map(str::trim).filter(|word| !word.is_empty()).map(String::from).collect()
    };
    match parts(line).split_off(2) {
        beside if beside.is_empty() => lines.take(MODES.len()).map(|line| parts(line).remove(1)).collect(),
        beside => beside,
    }
}

const QUANTITIES: [(Target, Quantity); 3] = [
    (Target::Throughput, Quantity::Throughput),
    (Target::Latency, Quantity::LatencyMedian),
    (Target::CpuCost, Quantity::CpuCost),
];

#[test]
fn the_table_stars_a_mode_exactly_where_the_map_calls_it_the_best() {
    let modes = MODES.map(String::from);
    let (mut best, mut level) = (0, 0);
    for (target, quantity) in QUANTITIES {
        for seed in 0..12 {
            let records = records(target, seed, if seed % 2 == 0 { 1.0 } else { 1.02 });
            let text = table::render(target, &modes, &records);
            let report = Report::gather(&[Baseline::of_processes("run", vec![records])], Vec::new());
            for cell in report.map.iter().filter(|cell| cell.quantity == quantity) {
                let entries = entries(&text, cell.message_bytes);
                let starred: Vec<&str> = MODES
                    .into_iter()
                    .zip(&entries)
                    .filter(|(_, entry)| entry.contains('*'))
                    .map(|it| it.0)
                    .collect();
                match &cell.answer {
                    Answer::Best { mode, .. } => {
                        assert_eq!(starred, [mode.as_str()], "{} B: {text}", cell.message_bytes);
                        best += 1;
                    }
                    _ => {
                        assert!(starred.is_empty(), "{:?}: {text}", cell.answer);
                        level += 1;
                    }
                }
            }
        }
    }
    assert!(best > 20 && level > 20, "{best} best, {level} not told apart");
}

#[test]
fn the_tables_ratio_is_the_reports() {
    let modes = MODES.map(String::from);
    for (target, quantity) in QUANTITIES {
        let records = records(target, 1, 1.0);
        let text = table::render(target, &modes, &records);
        let report = Report::gather(&[Baseline::of_processes("run", vec![records])], Vec::new());
        for bytes in [1024, 65536] {
            for (mode, entry) in MODES.into_iter().zip(entries(&text, bytes)).skip(1) {
                let ratio = report.ratio("run", quantity, (1, bytes), mode, "two-copy").unwrap();
                let estimate = ratio.reading.found().unwrap();
                let value = if target == Target::Throughput { 1.0 / estimate.value } else { estimate.value };
                let shown: f64 = entry.split('×').nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
                assert!((shown - value).abs() <= 0.0051, "{target:?} {mode} {bytes}: {entry}, {value}");
            }
        }
        let heading = text.lines().next().unwrap();
        let named = if target == Target::Latency { "×median round trip over" } else { "over two-copy's" };
        assert!(heading.contains(named), "{heading}");
    }
}

#[test]
fn what_is_said_of_a_pair_is_what_its_shown_interval_says() {
    let mut widened = 0;
    for seed in 0..12 {
        let records = records(Target::Throughput, seed, 1.08);
        let report = Report::gather(&[Baseline::of_processes("run", vec![records])], Vec::new());
        let text = markdown::render(&report);
        let figures = &text[text.find("## Figures").unwrap()..];
        for cell in report.map.iter().filter(|cell| cell.quantity == Quantity::Throughput) {
            let row = (cell.threads, cell.message_bytes);
            let shown = |mode: &str, over: &str| {
                let ratio = report.ratio("run", Quantity::Throughput, row, mode, over).unwrap();
                (ratio, ratio.reading.found().unwrap().holds(1.0).unwrap())
            };
            match &cell.answer {
                Answer::Best { mode, .. } => {
                    for other in MODES.into_iter().filter(|other| other != mode) {
                        assert!(!shown(mode, other).1, "{cell:?}");
                    }
                }
                Answer::NoDifference { modes, .. } => {
                    let held = |one: &String| {
                        modes.iter().filter(|other| *other != one).all(|other| shown(one, other).1)
                    };
                    assert!(modes.iter().any(held), "{cell:?}");
                }
                other => panic!("{other:?}"),
            }
            // The widened interval is marked.
            let off = |mode: &str| !shown(mode, SELF_LANE).1;
            let (ratio, _) = shown("one-copy", "two-copy");
            assert_eq!(ratio.widened_by.is_some(), off("one-copy") || off("two-copy"), "{ratio:?}");
            assert_eq!(
                ratio.doubts.contains(DoubtKind::SelfRatioOff),
                ratio.widened_by.is_some(),
                "{ratio:?}"
            );
            let at = format!("| 1 | {} KiB |", cell.message_bytes / 1024);
            let line = figures.lines().find(|line| line.starts_with(&at)).unwrap();
            let marks = line.split(" | ").nth(3).unwrap().rsplit_once(" (").map_or("", |(_, marks)| marks);
            assert_eq!(marks.contains('s'), ratio.widened_by.is_some(), "{line}");
            widened += usize::from(ratio.widened_by.is_some());
        }
    }
    assert!(widened > 10, "{widened}");
}
