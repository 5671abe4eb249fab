//! The figures behind the report from made-up records: how processes are
//! pooled, what an interval rests on, what is absent, and that a new mode or
//! metric needs no change here.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::{Cell, Target};
use copycost::compare::{Baseline, Quantity};
use copycost::doubt::DoubtKind;
use copycost::metric::{Metric, Value};
use copycost::report::estimate::{Basis, Ends, Estimate, Interval, Reading};
use copycost::report::map::Answer;
use copycost::report::{Report, csv};
use made_up::{Machine, reference};

fn plain(lane: &str, bytes: usize, _: usize) -> f64 {
    let two_copy = 1000.0 + 0.1 * bytes as f64;
    reference(lane, bytes).unwrap_or(match lane {
        "two-copy" => two_copy,
        "one-copy" => 1.2 * two_copy,
        _ => 2.0 * two_copy,
    })
}

fn cell(target: Target, mode: &str, message_bytes: usize) -> Cell {
    Cell { target, mode: mode.into(), message_bytes, threads: 1 }
}

fn reading<'a>(report: &'a Report, cell: &Cell, quantity: &str) -> &'a Reading {
    let baseline = &report.baselines[0].name;
    let found = report.figure(baseline, cell, quantity);
    &found.unwrap_or_else(|| panic!("no {quantity} of {cell}")).reading
}

#[track_caller]
fn estimate<'a>(report: &'a Report, cell: &Cell, quantity: &str) -> &'a Estimate {
    reading(report, cell, quantity).found().unwrap()
}

#[track_caller]
fn found(estimate: &Estimate) -> (f64, f64, Basis, usize) {
    match &estimate.interval {
        Interval::Found(Ends { lower, upper, basis, count }) => (*lower, *upper, *basis, *count),
        Interval::Absent { absent } => panic!("{absent}"),
    }
}

#[test]
fn of_one_process_the_interval_is_of_its_generations() {
    let rows = Machine { drift: 0.0, ..Machine::taking(plain) };
    let report = rows.report();
    let throughput = estimate(&report, &cell(Target::Throughput, "two-copy", 4096), "throughput");
    let truth = 8.0 * 4096.0 / 1409.6;
    assert!((throughput.value / truth - 1.0).abs() < 0.01, "{throughput:?}");
    let (lower, upper, basis, count) = found(throughput);
    assert_eq!((basis, count), (Basis::Generations, 4));
    assert!(lower < truth && truth < upper && upper / lower < 1.05, "{throughput:?}");
    // Counters are kept by cell alone.
    let switches =
        estimate(&report, &cell(Target::Throughput, "two-copy", 4096), "context_switches_per_message");
    assert!((switches.value - 0.02).abs() < 1e-9);
    assert!(matches!(&switches.interval, Interval::Absent { absent } if absent.contains("one process")));
}

/// A baseline whose processes' throughput metric is what is given.
fn processes(throughputs: &[f64]) -> Baseline {
    let one = Machine { sizes: vec![4096], ..Machine::taking(plain) }.baseline("one");
    let process = |throughput: &f64| {
        let mut records = one.processes[0].records.clone();
        for record in &mut records {
            let unit = "Gbit/s".to_string();
            let value = copycost::metric::Reading::Value(Value::Number(*throughput));
            record.metrics.insert("throughput".into(), Metric { reading: value, unit });
        }
        records
    };
    Baseline::of_processes("several", throughputs.iter().map(process).collect())
}

#[test]
fn of_several_processes_it_is_students_interval_of_their_logs() {
    let report = Report::gather(&[processes(&[10.0, 20.0])], Vec::new());
    let throughput = estimate(&report, &cell(Target::Throughput, "two-copy", 4096), "throughput");
    assert!((throughput.value - 200f64.sqrt()).abs() < 1e-9, "the geometric mean: {throughput:?}");
    let (lower, upper, basis, count) = found(throughput);
    assert_eq!((basis, count), (Basis::Processes, 2));
    // s / √2 of two values is half their distance; t(0.975, 1) = 12.7062.
    let half = 12.7062 * 2f64.ln() / 2.0;
    assert!(((upper / throughput.value).ln() / half - 1.0).abs() < 1e-4, "{throughput:?}");
    assert!(((throughput.value / lower).ln() / half - 1.0).abs() < 1e-4, "{throughput:?}");
}

#[test]
fn ratios_of_several_processes_rest_on_processes_and_stand_both_ways() {
    let report = Machine { processes: 4, drift: 1.0, ..Machine::taking(plain) }.report();
    let ratio = |mode: &str, over: &str| {
        let found = report.ratio("made-up", Quantity::Throughput, (1, 4096), mode, over).unwrap();
        found.reading.found().unwrap().clone()
    };
    let (one, other) = (ratio("one-copy", "two-copy"), ratio("two-copy", "one-copy"));
    assert!(
        (one.value - 1.2).abs() < 0.01 && (one.value * other.value - 1.0).abs() < 1e-9,
        "{one:?} {other:?}"
    );
    let (lower, upper, basis, count) = found(&one);
    assert_eq!((basis, count), (Basis::Processes, 4));
    // The drift of the processes is not in it.
    assert!(upper / lower < 1.05, "{one:?}");
    assert_eq!(ratio("one-copy", "self").holds(1.0), Some(true));
    assert!((ratio("two-copy", "system-call").value / 14.096 - 1.0).abs() < 0.02);
}

#[test]
fn references_are_figures_of_their_own() {
    let report = Machine { drift: 0.0, ..Machine::taking(plain) }.report();
    let memcpy = estimate(&report, &cell(Target::Throughput, "memcpy", 4096), "throughput");
    assert!((memcpy.value / 160.0 - 1.0).abs() < 0.01, "20 GB/s: {memcpy:?}");
    let call = estimate(&report, &cell(Target::Throughput, "system-call", 4096), "time_per_message");
    assert!((call.value / 100.0 - 1.0).abs() < 0.01, "{call:?}");
    assert_eq!(found(call).2, Basis::Generations);
    let cost = Machine { target: Target::CpuCost, drift: 0.0, ..Machine::taking(plain) }.report();
    let memcpy = estimate(&cost, &cell(Target::CpuCost, "memcpy", 4096), "cpu_cost_per_byte");
    assert!((memcpy.value / 0.05 - 1.0).abs() < 0.01, "{memcpy:?}");
}

#[test]
fn what_is_absent_says_why_and_is_no_zero() {
    let report = Machine::taking(plain).report();
    let cycles = reading(&report, &cell(Target::Throughput, "two-copy", 4096), "client_cycles_per_byte");
    assert_eq!(cycles.absence(), Some("no such counter here"));
    let absence = report.absences.iter().find(|absence| absence.reason == "no such counter here").unwrap();
    assert!(absence.quantities.contains(&"client_l1d_misses_per_byte".to_string()), "{absence:?}");
    assert_eq!(absence.cells, 8);
    let text = csv::figures(&report);
    let line = text.lines().find(|line| line.contains(",client_cycles_per_byte,")).unwrap();
    assert!(line.contains(",cycles/B,,,,,,no such counter here,"), "{line}");
}

#[test]
fn a_metric_and_a_mode_that_nobody_knows_yet_just_appear() {
    let modes = vec!["two-copy", "one-copy", "carrier-pigeon"];
    let mut baseline = Machine { modes, ..Machine::taking(plain) }.baseline("later");
    for record in &mut baseline.processes[0].records {
        let reading = copycost::metric::Reading::Value(Value::Number(3.5));
        record.metrics.insert("feathers".into(), Metric { reading, unit: "g".into() });
    }
    let report = Report::gather(&[baseline], Vec::new());
    assert_eq!(report.modes, ["two-copy", "one-copy", "carrier-pigeon"]);
    let pigeon = cell(Target::Throughput, "carrier-pigeon", 4096);
    assert_eq!(estimate(&report, &pigeon, "feathers").value, 3.5);
    assert!(report.quantities.iter().any(|quantity| quantity.id == "feathers"));
    assert!(report.ratio("later", Quantity::Throughput, (1, 4096), "carrier-pigeon", "two-copy").is_some());
    assert_eq!(report.crossovers.iter().filter(|row| row.mode == "carrier-pigeon").count(), 2);
}

#[test]
fn latency_has_percentiles_and_a_curve_of_all_processes() {
    let rows = Machine { target: Target::Latency, processes: 3, ..Machine::taking(plain) };
    let report = rows.report();
    let of = cell(Target::Latency, "two-copy", 4096);
    let p50 = estimate(&report, &of, "round_trip_p50");
    assert_eq!(found(p50).2, Basis::Processes);
    assert!(matches!(&estimate(&report, &of, "round_trip_max").interval, Interval::Absent { .. }));
    let curve = report.curves.iter().find(|curve| curve.cell == of).unwrap();
    // 16 blocks of 100 round trips in 3 processes.
    assert_eq!((curve.round_trips, curve.processes, curve.absent.as_deref()), (4800, 3, None));
    assert!(curve.points.windows(2).all(|pair| pair[0].share <= pair[1].share && pair[0].ns <= pair[1].ns));
    let last = curve.points.last().unwrap();
    let longest = estimate(&report, &of, "round_trip_max").value;
    assert_eq!((last.share, last.ns as f64), (1.0, longest));
    assert_eq!(report.curves.len(), 8);
}

#[test]
fn the_map_names_the_best_or_says_that_there_is_no_difference() {
    let modes = vec!["two-copy", "one-copy", "zero-copy"];
    let by_size = |lane: &str, bytes: usize, threads: usize| match (lane, bytes) {
        ("one-copy", 16384) => plain("two-copy", bytes, threads),
        ("one-copy", 65536) => plain("two-copy", bytes, threads) / 1.1,
        _ => plain(lane, bytes, threads),
    };
    let report = Machine { modes, seed: 4, ..Machine::taking(by_size) }.report();
    let at = |bytes: usize| {
        let found = report.map.iter().find(|cell| cell.message_bytes == bytes && cell.threads == 1);
        found.unwrap()
    };
    let Answer::Best { mode, second, advantage, text } = &at(4096).answer else { panic!("{:?}", at(4096)) };
    assert_eq!((mode.as_str(), second.as_str()), ("two-copy", "one-copy"));
    assert_eq!(advantage.found().unwrap().holds(1.2), Some(true), "{advantage:?}");
    assert!(text.starts_with("two-copy: ×1.2") && text.ends_with("the throughput of one-copy"), "{text}");
    assert!(!at(4096).doubts.contains(DoubtKind::DeferredCopies), "zero-copy is not named: {:?}", at(4096));
    let Answer::NoDifference { modes, .. } = &at(16384).answer else { panic!("{:?}", at(16384)) };
    assert_eq!(modes, &["two-copy", "one-copy"], "zero-copy is told to be worse");
    assert!(matches!(&at(65536).answer, Answer::Best { mode, .. } if mode == "one-copy"));
    let alone = Machine { modes: vec!["two-copy"], ..Machine::taking(plain) }.report();
    assert!(matches!(&alone.map[0].answer, Answer::OnlyOne { mode, .. } if mode == "two-copy"));
}

#[test]
fn a_mode_that_differs_from_itself_is_best_only_by_more_than_that() {
    let mut baseline = Machine { sizes: vec![4096], ..Machine::taking(plain) }.baseline("restless");
    let mut twin = |factor: f64| {
        for block in baseline.processes[0].records.iter_mut().flat_map(|record| &mut record.blocks) {
            let own = block.rounds.iter().find(|round| round.lane == "two-copy").unwrap().time_ns;
            block.rounds.iter_mut().filter(|round| round.lane == "self").for_each(|round| {
                round.time_ns = (own as f64 * factor) as u64;
            });
        }
        Report::gather(&[baseline.clone()], Vec::new()).map[0].answer.clone()
    };
    assert!(matches!(twin(1.05), Answer::Best { .. }), "1.2 is more than 1.05");
    assert!(matches!(twin(1.4), Answer::NoDifference { .. }), "and less than 1.4");
}

#[test]
fn csv_has_a_row_for_each_figure_and_ratio_and_quotes_what_it_must() {
    let mut baseline = Machine { sizes: vec![4096], ..Machine::taking(plain) }.baseline("a,\"b\"\nc");
    baseline.processes[0].records.truncate(1);
    let report = Report::gather(&[baseline], Vec::new());
    let text = csv::figures(&report);
    assert!(text.starts_with("baseline,kind,target,"), "{text}");
    let name = "\"a,\"\"b\"\"\nc\"";
    assert_eq!(text.matches(name).count(), report.figures.len() + report.ratios.len());
    let row = text.split("\r\n").find(|row| row.contains(",figure,throughput,throughput,")).unwrap();
    let fields = row.strip_prefix(name).unwrap().split(',').count() - 1;
    assert_eq!(fields, csv::FIGURE_COLUMNS.len() - 1, "{row}");
}

#[test]
fn the_report_is_whole_in_json() {
    let rows =
        Machine { processes: 2, modes: vec!["two-copy", "one-copy", "zero-copy"], ..Machine::taking(plain) };
    let mut other = rows.baseline("other");
    other.processes.truncate(1);
    let report = Report::gather(&[rows.baseline("one"), other], Vec::new());
    let text = serde_json::to_string(&report).unwrap();
    let read: Report = serde_json::from_str(&text).unwrap();
    // Decimal fractions of floats need not come back to the last bit.
    assert_eq!(
        serde_json::to_value(&read).unwrap(),
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    );
    assert_eq!(read.figures.len(), report.figures.len());
    assert_eq!(report.resolution.iter().map(|run| run.processes).collect::<Vec<_>>(), [2, 1]);
    assert!(report.resolution[0].text.contains("these 2 processes"));
    assert!(report.command.ends_with("--baseline one --baseline other"), "{}", report.command);
}

#[test]
fn a_filtered_run_over_another_is_noted() {
    let mut baseline = Machine { sizes: vec![4096], ..Machine::taking(plain) }.baseline("new");
    baseline.processes[0].number = 0;
    let noted = |baseline: &Baseline| {
        Report::gather(std::slice::from_ref(baseline), Vec::new()).baselines[0].notes.clone()
    };
    assert!(noted(&baseline).is_empty());
    let later = copycost::metric::Reading::Value(Value::Text("2026-01-02T00:00:00Z".into()));
    baseline.processes[0].records[0].environment.items.insert("date_utc".into(), later);
    assert!(noted(&baseline)[0].contains("several runs of `cargo bench`"), "{:?}", noted(&baseline));
}

#[test]
fn of_emulated_processors_times_are_doubted_and_counts_are_not() {
    let mut machine = Machine { modes: vec!["two-copy", "zero-copy"], ..Machine::taking(plain) };
    machine.environment.items.insert(
        "hypervisor.signature".into(),
        copycost::metric::Reading::Value(Value::Text("TCGTCGTCGTCG".into())),
    );
    let report = machine.report();
    let cell = cell(Target::Throughput, "zero-copy", 4096);
    let is_doubted = |quantity: &str| {
        let figure = report.figure("made-up", &cell, quantity).unwrap_or_else(|| panic!("no {quantity}"));
        figure.doubts.contains(DoubtKind::Emulated)
    };
    for time in ["throughput", "time_per_message"] {
        assert!(is_doubted(time), "{time}");
    }
    for count in ["zerocopy_completions", "zerocopy_deferred_share", "context_switches_per_message"] {
        assert!(!is_doubted(count), "{count}");
    }
    assert!(report.ratios.iter().all(|ratio| ratio.doubts.contains(DoubtKind::Emulated)));
    let counted = &report.findings[0]; // of completions
    assert!(counted.doubts.contains(DoubtKind::DeferredCopies), "{counted:?}");
    assert!(!counted.doubts.contains(DoubtKind::Emulated), "{counted:?}");
}
