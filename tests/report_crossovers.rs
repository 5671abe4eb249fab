//! Crossovers from made-up records whose truth is known: one, none, several,
//! flat, cells that are missing, one size only.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::Target;
use copycost::report::Report;
use copycost::report::crossover::{Crossing, Crossover, CrossoverRow};
use copycost::report::findings::{Finding, FindingKind};
use made_up::{Machine, reference};

/// Two-copy by the size alone, one-copy by a ratio over it.
fn against(lane: &str, bytes: usize, ratio: f64) -> f64 {
    let two_copy = 300.0 + 0.2 * bytes as f64;
    reference(lane, bytes).unwrap_or(if lane == "one-copy" { ratio * two_copy } else { two_copy })
}

/// Straight over the log of the size, and 1 at 9000 bytes.
fn at_9000(lane: &str, bytes: usize, _: usize) -> f64 {
    against(lane, bytes, (bytes as f64 / 9000.0).powf(-0.15))
}

fn row(report: &Report) -> &CrossoverRow {
    let rows: Vec<_> = report.crossovers.iter().filter(|row| row.mode == "one-copy").collect();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0]
}

fn finding(report: &Report) -> &Finding {
    report.findings.iter().find(|finding| finding.kind == FindingKind::Crossover).unwrap()
}

fn crossings(report: &Report) -> &[Crossing] {
    match &row(report).crossover {
        Crossover::Crosses { crossings } => crossings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_crossover_is_found_where_it_is() {
    let report = Machine::taking(at_9000).report();
    let [crossing] = crossings(&report) else { panic!("{:?}", row(&report)) };
    assert!((crossing.bytes / 9000.0).ln().abs() < 0.1, "{crossing:?}");
    assert!((crossing.lower_bytes..crossing.upper_bytes).contains(&9000.0), "{crossing:?}");
    assert!(crossing.upper_bytes / crossing.lower_bytes < 1.5, "{crossing:?}");
    assert_eq!(crossing.between_bytes, [4096, 16384]);
    assert_eq!(crossing.leader_after, "one-copy");
    let finding = finding(&report);
    assert!(finding.headline.contains("on 1 thread one-copy overtakes two-copy at "), "{finding:?}");
    assert!(finding.headline.contains("KiB ["), "{finding:?}");
    // The crossing and the four ratios that it is from, and the cells of both.
    assert_eq!((finding.figures.len(), finding.cells.len()), (5, 8));
    assert!(finding.figures[0].derived.is_some() && finding.figures[1].derived.is_none());
}

#[test]
fn the_interval_holds_the_truth_as_often_as_it_says() {
    let runs = 150;
    let mut held = 0;
    for seed in 0..runs {
        let rows = Machine { seed, noise: 0.06, ..Machine::taking(at_9000) };
        let report = rows.report();
        let [crossing] = crossings(&report) else { panic!("{:?}", row(&report)) };
        held += usize::from((crossing.lower_bytes..=crossing.upper_bytes).contains(&9000.0));
    }
    let coverage = held as f64 / runs as f64;
    println!("{coverage}");
    assert!(coverage >= 0.93, "{coverage}");
}

#[test]
fn a_crossover_the_other_way_names_who_leads_after_it() {
    let report =
        Machine::taking(|lane, bytes, _| against(lane, bytes, (bytes as f64 / 9000.0).powf(0.15))).report();
    let [crossing] = crossings(&report) else { panic!("{:?}", row(&report)) };
    assert_eq!(crossing.leader_after, "two-copy");
    assert!((crossing.lower_bytes..crossing.upper_bytes).contains(&9000.0), "{crossing:?}");
    assert!(finding(&report).headline.contains("two-copy overtakes one-copy at "));
}

#[test]
fn none_in_the_measured_range_is_said_with_who_leads() {
    let report = Machine::taking(|lane, bytes, _| against(lane, bytes, 1.3)).report();
    let Crossover::NotInRange { leader, clear_bytes, unclear_bytes } = &row(&report).crossover else {
        panic!("{:?}", row(&report))
    };
    assert_eq!((leader.as_str(), clear_bytes.len(), unclear_bytes.len()), ("two-copy", 4, 0));
    let headline = &finding(&report).headline;
    assert!(headline.contains("two-copy is faster than one-copy at every size"), "{headline}");
    assert!(headline.contains("no crossover in the measured range") && !headline.contains("overtakes"));
}

#[test]
fn where_the_interval_holds_1_at_the_end_no_crossover_is_claimed() {
    let equal_at_the_end =
        |lane: &str, bytes: usize, _: usize| against(lane, bytes, if bytes == 65536 { 1.0 } else { 1.3 });
    let report = Machine { seed: 3, ..Machine::taking(equal_at_the_end) }.report();
    let Crossover::NotInRange { leader, unclear_bytes, .. } = &row(&report).crossover else {
        panic!("{:?}", row(&report))
    };
    assert_eq!((leader.as_str(), unclear_bytes.as_slice()), ("two-copy", &[65536][..]));
    let headline = &finding(&report).headline;
    assert!(
        headline.contains("at 64 KiB it cannot be told") && !headline.contains("every size"),
        "{headline}"
    );
}

#[test]
fn several_are_each_found() {
    let zigzag = |lane: &str, bytes: usize, _: usize| {
        against(lane, bytes, if bytes == 1024 || bytes == 16384 { 1.2 } else { 1.0 / 1.2 })
    };
    let report = Machine::taking(zigzag).report();
    let found = crossings(&report);
    let leaders: Vec<&str> = found.iter().map(|crossing| crossing.leader_after.as_str()).collect();
    assert_eq!(leaders, ["one-copy", "two-copy", "one-copy"]);
    // The same distance from 1 on both sides: in the middle of the logs.
    for (crossing, middle) in found.iter().zip([2048.0, 8192.0, 32768.0]) {
        assert!((crossing.bytes / middle).ln().abs() < 0.1, "{crossing:?}");
    }
    assert_eq!(finding(&report).headline.matches(", then ").count(), 2, "{}", finding(&report).headline);
}

#[test]
fn an_unclear_size_widens_the_interval_and_is_named() {
    let through_one = |lane: &str, bytes: usize, _: usize| {
        let ratio = match bytes {
            1024 => 1.3,
            65536 => 1.0 / 1.3,
            _ => 1.0,
        };
        against(lane, bytes, ratio)
    };
    let report = Machine { noise: 0.1, seed: 2, ..Machine::taking(through_one) }.report();
    let [crossing] = crossings(&report) else { panic!("{:?}", row(&report)) };
    assert_eq!(crossing.between_bytes, [1024, 65536]);
    assert_eq!(crossing.unclear_bytes, [4096, 16384]);
    assert!(crossing.lower_bytes < 4096.0 && crossing.upper_bytes > 16384.0, "{crossing:?}");
    assert!(finding(&report).details[0].contains("at 4 KiB and 16 KiB the interval holds 1"));
}

#[test]
fn where_every_interval_holds_1_it_cannot_be_told() {
    let flat = |lane: &str, bytes: usize, _: usize| against(lane, bytes, 1.0);
    let report = Machine { noise: 0.1, seed: 1, ..Machine::taking(flat) }.report();
    assert_eq!(row(&report).crossover, Crossover::Flat { unclear_bytes: vec![1024, 4096, 16384, 65536] });
    let headline = &finding(&report).headline;
    assert!(headline.contains("cannot be told which leads") && !headline.contains("overtakes"), "{headline}");
}

#[test]
fn missing_cells_are_named_and_not_made_up() {
    let rows = Machine { missing: vec![("one-copy", 4096), ("one-copy", 65536)], ..Machine::taking(at_9000) };
    let report = rows.report();
    let [crossing] = crossings(&report) else { panic!("{:?}", row(&report)) };
    assert_eq!(crossing.between_bytes, [1024, 16384]);
    assert_eq!(crossing.missing_bytes, [4096]);
    assert_eq!(row(&report).missing_bytes, [4096, 65536]);
    let details = finding(&report).details.join(" ");
    assert!(details.contains("4 KiB in between was not measured"), "{details}");
    assert!(details.contains("4 KiB and 64 KiB has no ratio"), "{details}");

    let all = [1024, 4096, 16384, 65536].map(|bytes| ("one-copy", bytes)).to_vec();
    let none = Machine { missing: all[..3].to_vec(), ..Machine::taking(at_9000) }.report();
    assert!(matches!(&row(&none).crossover, Crossover::OneSize { message_bytes: 65536, .. }));
    let without = Machine { missing: all, ..Machine::taking(at_9000) }.report();
    assert!(without.crossovers.is_empty(), "a mode that no cell or block is of: {:?}", without.crossovers);
}

#[test]
fn of_one_size_no_crossover_is_claimed() {
    let report = Machine { sizes: vec![4096], ..Machine::taking(at_9000) }.report();
    let expected = Crossover::OneSize { message_bytes: 4096, leader: Some("two-copy".into()) };
    assert_eq!(row(&report).crossover, expected);
    let headline = &finding(&report).headline;
    assert!(headline.contains("only 4 KiB") && headline.contains("there two-copy leads"), "{headline}");
}

#[test]
fn without_intervals_there_is_no_crossover() {
    let mut baseline = Machine::taking(at_9000).baseline("one generation");
    for record in &mut baseline.processes[0].records {
        record.blocks.iter_mut().for_each(|block| block.generation = 0);
    }
    // Each cell of a row has generations of its own: one of each mode is one.
    baseline.processes[0].records.retain(|record| record.cell.mode == "one-copy");
    let report = Report::gather(&[baseline], Vec::new());
    let Crossover::NotMeasured { absent } = &row(&report).crossover else { panic!("{:?}", row(&report)) };
    assert!(absent.contains("two generations"), "{absent}");
}

#[test]
fn a_mode_that_differs_from_itself_needs_a_greater_difference() {
    let mut baseline = Machine::taking(|lane, bytes, _| against(lane, bytes, 1.05)).baseline("restless");
    let report = Report::gather(&[baseline.clone()], Vec::new());
    assert!(
        matches!(&row(&report).crossover, Crossover::NotInRange { unclear_bytes, .. } if unclear_bytes.is_empty())
    );
    for record in &mut baseline.processes[0].records {
        for block in &mut record.blocks {
            block
                .rounds
                .iter_mut()
                .filter(|round| round.lane == "self")
                .for_each(|round| round.time_ns += round.time_ns / 10);
        }
    }
    let report = Report::gather(&[baseline], Vec::new());
    assert!(matches!(&row(&report).crossover, Crossover::Flat { .. }), "{:?}", row(&report));
}

#[test]
fn cpu_cost_and_latency_have_crossovers_of_their_own() {
    let report = Machine { target: Target::CpuCost, ..Machine::taking(at_9000) }.report();
    assert_eq!(crossings(&report).len(), 1);
    let headline = &finding(&report).headline;
    assert!(headline.starts_with("CPU cost") && headline.contains("one-copy costs less than two-copy from "));
    let report = Machine { target: Target::Latency, ..Machine::taking(at_9000) }.report();
    assert_eq!(crossings(&report).len(), 1);
}

#[test]
fn thread_counts_of_one_answer_share_a_sentence() {
    let by_threads = |lane: &str, bytes: usize, threads: usize| {
        if threads == 8 { at_9000(lane, bytes, 1) } else { against(lane, bytes, 1.3) }
    };
    let rows = Machine { threads: vec![1, 2, 8], cpus: 2, ..Machine::taking(by_threads) };
    let report = rows.report();
    let headline = &finding(&report).headline;
    assert!(headline.contains("on 1 and 2 threads (2 oversubscribed) two-copy is faster"), "{headline}");
    assert!(headline.contains("on 8 threads (oversubscribed) one-copy overtakes two-copy at"), "{headline}");
    assert!(finding(&report).doubts.contains(copycost::doubt::DoubtKind::Oversubscribed));
}
