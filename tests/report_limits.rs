//! What a report does not claim: shares beyond 0 and 1, references that are no
//! limit, more than a comparison would find, processes that were not there.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::{Cell, Target};
use copycost::compare::{Baseline, Options, Quantity, compare};
use copycost::metric::{Metric, Reading, Value};
use copycost::profile::Profile;
use copycost::report::Report;
use copycost::report::csv;
use copycost::report::estimate::{Basis, Ends, Estimate, Interval};
use copycost::report::findings::FindingKind;
use copycost::results::recording::{Manifest, Pair, Side};
use copycost::results::resolution::{Smallest, SmallestDifferences};
use copycost::results::table;
use made_up::{Machine, reference};

const ALL: [&str; 3] = ["two-copy", "one-copy", "zero-copy"];

fn plain(lane: &str, bytes: usize, _: usize) -> f64 {
    reference(lane, bytes).unwrap_or(match lane {
        "two-copy" => 1000.0 + 0.1 * bytes as f64,
        "one-copy" => 1200.0 + 0.1 * bytes as f64,
        _ => 3000.0,
    })
}

#[track_caller]
fn assert_within(what: &str, estimate: &Estimate) {
    let (lower, upper) = estimate.ends().unwrap_or((estimate.value, estimate.value));
    assert!(0.0 <= lower && lower <= estimate.value, "{what}: {estimate:?}");
    assert!(estimate.value <= upper && upper <= 1.0, "{what}: {estimate:?}");
}

#[test]
fn shares_stay_within_0_and_1_and_counts_above_0() {
    // Noise that puts a straight line anywhere, and processes of which one differs.
    let rows = Machine {
        modes: ALL.to_vec(),
        sizes: vec![1024, 1500],
        noise: 0.4,
        processes: 4,
        ..Machine::taking(plain)
    };
    for seed in 0..8 {
        let mut baseline = Machine { seed, ..rows.clone() }.baseline("noisy");
        for process in &mut baseline.processes {
            let odd = process.number == 2;
            for record in &mut process.records {
                for (name, value) in [
                    ("zerocopy_deferred_share", if odd { 0.1 } else { 1.0 }),
                    ("counted_share", if odd { 1.0 } else { 0.05 }),
                ] {
                    let reading = Reading::Value(Value::Number(value));
                    record.metrics.insert(name.into(), Metric { reading, unit: String::new() });
                }
                if odd {
                    let reading = Reading::Value(Value::Number(1e6));
                    record
                        .metrics
                        .insert("client_voluntary_switches".into(), Metric { reading, unit: String::new() });
                }
            }
        }
        let report = Report::gather(&[baseline], Vec::new());
        let mut shares = 0;
        for figure in &report.figures {
            let Some(estimate) = figure.reading.found() else { continue };
            if figure.quantity.ends_with("_share") {
                assert_within(&figure.quantity, estimate);
                shares += 1;
            }
            if let Some((lower, _)) = estimate.ends() {
                assert!(lower >= 0.0, "{}: {estimate:?}", figure.quantity);
            }
        }
        assert!(shares > 6, "{shares}");
        let derived = report.findings.iter().flat_map(|finding| &finding.figures);
        for figure in derived.filter(|figure| figure.label.contains("share of the time")) {
            if let Some(estimate) = figure.reading.found() {
                assert_within(&figure.label, estimate);
            }
        }
    }
}

/// With 200 threads a round of the plain copy takes longer than one of any mode.
fn waiting(lane: &str, bytes: usize, threads: usize) -> f64 {
    let waits = lane == "memcpy" && threads == 200;
    if waits { 14.0 * plain("two-copy", bytes, threads) } else { plain(lane, bytes, threads) }
}

#[test]
fn a_reference_that_waits_for_itself_is_not_shown_as_a_limit() {
    let rows = |cpus: usize| Machine { threads: vec![4, 200], cpus, ..Machine::taking(waiting) };
    let over = |report: &Report, threads: usize, lane: &str| {
        let ratio = report.ratio("made-up", Quantity::Throughput, (threads, 4096), "two-copy", lane);
        ratio.unwrap().reading.clone()
    };
    let memcpy =
        |threads| Cell { target: Target::Throughput, mode: "memcpy".into(), message_bytes: 4096, threads };
    let report = rows(2).report();
    let why = over(&report, 200, "memcpy").absence().unwrap().to_string();
    assert!(why.contains("waited for each other") && why.contains("no lower limit"), "{why}");
    let figure = report.figure("made-up", &memcpy(200), "throughput").unwrap();
    assert_eq!(figure.reading.absence(), Some(why.as_str()));
    assert!(csv::figures(&report).contains("no lower limit"));
    // What is a limit stays one, also with too few CPUs, and with enough of them what is
    // below a mode is news and no artefact.
    assert!(over(&report, 200, "system-call").value().is_some());
    assert!(over(&report, 4, "memcpy").value().is_some());
    assert!(report.figure("made-up", &memcpy(4), "throughput").unwrap().reading.value().is_some());
    assert!(over(&rows(400).report(), 200, "memcpy").value().unwrap() < 0.1);

    let records = rows(2).baseline("made-up").processes[0].records.clone();
    let modes = ["two-copy".to_string(), "one-copy".to_string()];
    let text = table::render(Target::Throughput, &modes, &records);
    assert_eq!(text.matches("no limit").count(), 4 + 1, "four sizes and their line:\n{text}");
    assert!(text.contains("no limit: with more threads than CPUs") && !text.contains("×0.07"), "{text}");
}

#[test]
fn between_recordings_it_promises_what_compare_gives() {
    let rows = Machine {
        modes: ALL.to_vec(),
        sizes: vec![4096],
        processes: 14,
        drift: 0.04,
        ..Machine::taking(plain)
    };
    let mut base = rows.baseline("one");
    // Neighbours that are alike, which a comparison allows for.
    for (number, process) in base.processes.iter_mut().enumerate() {
        for round in process.records.iter_mut().flat_map(|r| &mut r.blocks).flat_map(|b| &mut b.rounds) {
            round.time_ns += round.time_ns / 10 * u64::from(number >= 7);
        }
    }
    let mut other = base.clone();
    other.name = "other".into();
    other.processes.iter_mut().flat_map(|p| &mut p.records).for_each(|record| record.seed ^= 1);
    let comparison =
        compare(&base, &other, Options { threshold: 0.0, force: false, comparisons: 1 }).unwrap();
    let gives: Vec<f64> =
        comparison.cells.iter().map(|cell| 100.0 * cell.absolute.findable.unwrap()).collect();
    let worst = gives.iter().copied().fold(0.0, f64::max);
    let report = Report::gather(&[base], Vec::new());
    let [resolution] = &report.resolution[..] else { panic!("{:?}", report.resolution) };
    let Smallest::Found(SmallestDifferences { count, worst_percent, .. }) =
        &resolution.resolution.between_runs_at_least
    else {
        panic!("{resolution:?}")
    };
    assert!(*count == 3 && (worst_percent / worst - 1.0).abs() < 1e-9, "{worst} {resolution:?}");
    assert!(resolution.text.contains("would find 8 of 10"), "{}", resolution.text);
}

#[test]
fn a_change_rests_on_the_processes_that_there_were() {
    let rows =
        |processes| Machine { modes: ALL.to_vec(), sizes: vec![4096], processes, ..Machine::taking(plain) };
    let slower = |lane: &str, bytes: usize, threads: usize| {
        plain(lane, bytes, threads) * if lane == "one-copy" { 1.5 } else { 1.0 }
    };
    let found = |base: usize, new: usize| {
        let new = Machine { time: slower, seed: 9, ..rows(new) };
        let report = Report::gather(&[rows(base).baseline("old"), new.baseline("new")], Vec::new());
        let finding = report.findings.iter().find(|it| it.kind == FindingKind::Comparison).unwrap();
        let relative = finding.figures.iter().find(|figure| figure.label.contains("other modes")).unwrap();
        match &relative.reading.found().unwrap().interval {
            Interval::Found(Ends { basis, count, .. }) => (*basis, *count),
            Interval::Absent { absent } => panic!("{absent}"),
        }
    };
    assert_eq!(found(6, 7), (Basis::Processes, 13));
    assert_eq!(found(1, 1), (Basis::GenerationsWidened, 12));
}

#[test]
fn the_command_that_measures_a_pair_again_has_the_pairs_name() {
    let profile = Profile::load("recording").unwrap();
    let command = |name: &str, side: Side| {
        let one = Machine::taking(plain).baseline(name);
        let mut pair = Manifest::new(profile.clone(), Target::ALL.to_vec(), 4, None);
        pair.pair = Some(Pair { id: 1, side, before: None, torn: None });
        let baseline = Baseline { manifest: Some(pair), ..one };
        Report::gather(&[baseline], Vec::new()).baselines[0].commands[0].clone()
    };
    for (name, side, expected) in [
        ("x-b-a", Side::A, " --name x-b "),
        ("x-a-b", Side::B, " --name x-a "),
        ("x-a-a", Side::A, " --name x-a "),
        ("x-a", Side::A, " --name x "),
        ("elsewhere-a", Side::B, " --name elsewhere-a "),
    ] {
        let command = command(name, side);
        assert!(command.contains(expected) && command.contains("--interleave"), "{name}: {command}");
    }
}
