//! Verdicts from made-up recordings: a mode that was slowed is found and no
//! other is blamed, drift is no verdict, what is missing is said.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::Target;
use copycost::compare::table::{Style, render};
use copycost::compare::{Baseline, Comparison, Options, Quantity, Verdict, compare};
use copycost::metric::{Reading, Value};
use copycost::report::Report;
use copycost::report::estimate::{Ends, Interval};
use copycost::results::record::Record;
use made_up::{MODES, Machine, cell, options};

fn relative(comparison: &Comparison) -> Vec<Verdict> {
    MODES.iter().map(|mode| cell(comparison, mode).relative.verdict).collect()
}

#[test]
fn a_slowed_mode_is_found_and_no_other_blamed() {
    let machine = Machine::new();
    let base = machine.record("base", 1, 8, Target::Throughput);
    let slowed = Machine { slowed: Some(("one-copy", 1.05)), ..machine };
    let comparison = compare(&base, &slowed.record("new", 2, 8, Target::Throughput), options()).unwrap();
    let none = Verdict::NoDifferenceFound;
    assert_eq!(relative(&comparison), [none, Verdict::Slower, none]);
    let one_copy = &cell(&comparison, "one-copy").relative;
    let ratio = one_copy.ratio.unwrap();
    assert!(ratio.lower <= 1.05 && 1.05 <= ratio.upper && ratio.upper / ratio.lower < 1.02, "{ratio:?}");
    assert!(one_copy.p_value.unwrap() < 0.001 && one_copy.against.is_some());
    // The machine moves by a fifth between processes: by itself a figure cannot
    // tell 5 %, and says what it could have told.
    let absolute = &cell(&comparison, "one-copy").absolute;
    assert_eq!(absolute.verdict, Verdict::CannotTell);
    assert!(absolute.findable.unwrap() > 0.1, "{absolute:?}");
    assert!(comparison.has(Verdict::Slower) && !comparison.has(Verdict::Faster));

    let quiet = Machine { drift: 0.0, ..slowed };
    let base = Machine { slowed: None, ..quiet.clone() }.record("base", 3, 8, Target::Throughput);
    let comparison = compare(&base, &quiet.record("new", 4, 8, Target::Throughput), options()).unwrap();
    assert_eq!(cell(&comparison, "one-copy").absolute.verdict, Verdict::Slower);
    assert_eq!(cell(&comparison, "two-copy").absolute.verdict, Verdict::NoDifferenceFound);
    let text = render(&comparison, Style::Text);
    assert!(text.contains("each reference alike"), "{text}");
    assert!(text.contains("memcpy ×") && text.contains("system-call ×"), "{text}");
    let few_percent = Options { threshold: 0.06, force: false, comparisons: 1 };
    let comparison = compare(&base, &quiet.record("new", 4, 8, Target::Throughput), few_percent).unwrap();
    assert!(!comparison.has(Verdict::Slower), "5 % is below the threshold of 6 %");
}

#[test]
fn a_mode_between_two_that_changed_is_not_said_to_be_as_it_was() {
    let machine = Machine { slowed: Some(("zero-copy", 1.1)), ..Machine::new() };
    let base = machine.record("base", 1, 8, Target::Throughput);
    let new = Machine { slowed: Some(("one-copy", 1.05)), ..machine };
    let comparison = compare(&base, &new.record("new", 2, 8, Target::Throughput), options()).unwrap();
    assert_eq!(relative(&comparison), [Verdict::CannotTell, Verdict::Slower, Verdict::Faster]);
    let between = &cell(&comparison, "two-copy").relative;
    assert_eq!(between.reason.as_deref(), Some("slower against zero-copy and faster against one-copy"));
    assert_eq!(between.against.as_deref(), Some("one-copy"), "the nearer");
}

#[test]
fn a_machine_that_became_slower_as_a_whole_is_no_verdict() {
    let machine = Machine { drift: 0.0, ..Machine::new() };
    let base = machine.record("base", 1, 12, Target::Throughput);
    let slower = Machine { pace: 1.2, ..machine.clone() };
    let comparison = compare(&base, &slower.record("new", 2, 12, Target::Throughput), options()).unwrap();
    for mode in MODES {
        let absolute = &cell(&comparison, mode).absolute;
        assert!(absolute.ratio.unwrap().lower > 1.1, "{absolute:?}");
        assert_eq!(absolute.verdict, Verdict::CannotTell);
        let reason = absolute.reason.as_deref().unwrap();
        assert!(absolute.confounded);
        assert!(reason.contains("memcpy ×1.20") && reason.contains("system-call ×1.20"), "{reason}");
    }
    let text = render(&comparison, Style::Text);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" "); // lines are broken anywhere
    assert_eq!(words.matches("cannot tell from the machine").count(), 3, "{text}");
    assert!(text.contains("that stands above"), "{text}");
    let references: Vec<_> = comparison.references.iter().map(|change| change.reference.as_str()).collect();
    assert_eq!(references, ["memcpy", "system-call"]);
    // One mode that became slower by more than the machine did is found all the same.
    let both = Machine { slowed: Some(("one-copy", 1.1)), ..slower };
    let comparison = compare(&base, &both.record("new", 3, 12, Target::Throughput), options()).unwrap();
    assert_eq!(cell(&comparison, "one-copy").absolute.verdict, Verdict::Slower);
    assert_eq!(cell(&comparison, "two-copy").absolute.verdict, Verdict::CannotTell);
    // Nor is it "no difference" if the machine became as much faster as a mode slower.
    let hidden = Machine { pace: 0.8, slowed: Some(("one-copy", 1.25)), ..machine };
    let comparison = compare(&base, &hidden.record("new", 4, 12, Target::Throughput), options()).unwrap();
    let absolute = &cell(&comparison, "one-copy").absolute;
    assert!((0.99..1.01).contains(&absolute.ratio.unwrap().estimate), "{absolute:?}");
    assert!(absolute.verdict == Verdict::CannotTell && absolute.confounded, "{absolute:?}");
    // Over the system call it is slower, by itself faster: that is no verdict.
    let apart = Machine { pace: 0.9, slowed: Some(("one-copy", 1.05)), ..hidden };
    let comparison = compare(&base, &apart.record("new", 5, 12, Target::Throughput), options()).unwrap();
    assert_eq!(cell(&comparison, "one-copy").absolute.verdict, Verdict::CannotTell);
    assert_eq!(cell(&comparison, "one-copy").absolute.p_value, Some(1.0));
}

#[test]
fn without_references_a_figure_by_itself_tells_nothing_of_the_mode() {
    let machine = Machine { drift: 0.0, references: false, ..Machine::new() };
    let slowed = Machine { slowed: Some(("one-copy", 1.5)), ..machine.clone() };
    for target in [Target::Throughput, Target::CpuCost, Target::Latency] {
        let (base, new) = (machine.record("base", 1, 12, target), slowed.record("new", 2, 12, target));
        let comparison = compare(&base, &new, options()).unwrap();
        let absolute = &cell(&comparison, "one-copy").absolute;
        assert_eq!((absolute.verdict, absolute.findable), (Verdict::CannotTell, None));
        assert!(absolute.reason.as_deref().unwrap().contains("no reference rounds"), "{absolute:?}");
        assert_eq!(cell(&comparison, "one-copy").relative.verdict, Verdict::Slower);
    }
}

/// How many of 200 comparisons call what they should not: 5 %, and so many only
/// by a chance of one in 3000.
const TOO_MANY: usize = 21;

#[test]
fn drift_alone_is_no_verdict() {
    let machine = Machine::new();
    let mut called = 0;
    for seed in 0..200 {
        let base = machine.record("base", 1000 + seed, 5, Target::Throughput);
        let new = machine.record("new", 2000 + seed, 5, Target::Throughput);
        let comparison = compare(&base, &new, options()).unwrap();
        called += usize::from(comparison.has(Verdict::Slower) || comparison.has(Verdict::Faster));
    }
    // Two questions, so twice as many.
    assert!(called < 2 * TOO_MANY, "{called} of 200 comparisons of a machine with itself");
}

#[test]
fn where_one_mode_changed_no_other_is_blamed_more_than_chance_allows() {
    let machine = Machine::new();
    let slowed = Machine { slowed: Some(("one-copy", 1.02)), ..machine.clone() };
    let (mut blamed, mut found) = (0, 0);
    for seed in 0..200 {
        let base = machine.record("base", 3000 + seed, 5, Target::Throughput);
        let new = slowed.record("new", 4000 + seed, 5, Target::Throughput);
        let verdicts = relative(&compare(&base, &new, options()).unwrap());
        let called = |verdict: Verdict| matches!(verdict, Verdict::Slower | Verdict::Faster);
        blamed += usize::from(called(verdicts[0]) || called(verdicts[2]));
        found += usize::from(verdicts[1] == Verdict::Slower);
    }
    assert!(blamed < TOO_MANY && found > 150, "{blamed} blamed, {found} found of 200");
}

#[test]
fn every_target_is_judged_by_its_own_quantity() {
    let machine = Machine::new();
    for (target, quantities) in [
        (Target::Latency, &[Quantity::LatencyMedian, Quantity::LatencyP99][..]),
        (Target::CpuCost, &[Quantity::CpuCost]),
    ] {
        let base = machine.record("base", 1, 6, target);
        let faster = Machine { slowed: Some(("zero-copy", 0.8)), ..machine.clone() };
        let comparison = compare(&base, &faster.record("new", 2, 6, target), options()).unwrap();
        for quantity in quantities {
            let of_quantity: Vec<_> =
                comparison.cells.iter().filter(|cell| cell.quantity == *quantity).collect();
            assert_eq!(of_quantity.len(), 3, "{quantity:?}");
            let verdict =
                |mode: &str| of_quantity.iter().find(|cell| cell.cell.mode == mode).unwrap().relative.verdict;
            assert_eq!(verdict("zero-copy"), Verdict::Faster, "{quantity:?}");
            assert_eq!(verdict("two-copy"), Verdict::NoDifferenceFound, "{quantity:?}");
        }
        assert_eq!(comparison.cells.len(), 3 * quantities.len());
    }
}

#[test]
fn one_process_says_so_and_never_gives_an_absolute_verdict() {
    let machine = Machine { drift: 0.0, ..Machine::new() };
    let slowed = Machine { slowed: Some(("one-copy", 1.5)), ..machine.clone() };
    let (base, new) =
        (machine.record("base", 1, 1, Target::Throughput), slowed.record("new", 2, 1, Target::Throughput));
    let comparison = compare(&base, &new, options()).unwrap();
    assert!(comparison.cells.iter().all(|cell| cell.absolute.verdict == Verdict::CannotTell));
    assert_eq!(cell(&comparison, "one-copy").relative.verdict, Verdict::Slower);
    let text = render(&comparison, Style::Text);
    assert!(text.contains("one process on a side") && text.contains("1 process a cell"), "{text}");
    // Wider than five processes of the same machine give.
    let width = |comparison: &Comparison| {
        let ratio = cell(comparison, "one-copy").relative.ratio.unwrap();
        ratio.upper / ratio.lower
    };
    let many = compare(
        &machine.record("base", 1, 5, Target::Throughput),
        &slowed.record("new", 2, 5, Target::Throughput),
        options(),
    );
    assert!(width(&comparison) > width(&many.unwrap()));
}

/// Another baseline of the same figures, the first processes half as fast in one mode,
/// with so much stolen of them.
fn disturbed(base: &Baseline, processes: usize, percent: f64) -> Baseline {
    let mut new = base.clone();
    new.processes.iter_mut().flat_map(|process| &mut process.records).for_each(|record| record.seed ^= 1);
    for record in new.processes.iter_mut().take(processes).flat_map(|process| &mut process.records) {
        record.steal_percent = Reading::Value(Value::Number(percent));
        for round in record.blocks.iter_mut().flat_map(|block| &mut block.rounds) {
            round.time_ns *= if round.lane == "one-copy" { 2 } else { 1 };
        }
    }
    new
}

#[test]
fn a_disturbed_process_is_left_out_and_told_of_if_enough_are_calm() {
    let machine = Machine::new();
    let base = machine.record("base", 1, 14, Target::Throughput);
    let comparison = compare(&base, &disturbed(&base, 4, 4.2), options()).unwrap();
    assert!(comparison.base.notes.is_empty() && comparison.new.processes == 10, "{:?}", comparison.new);
    let text = render(&comparison, Style::Text);
    assert!(text.contains("in 4 of 14 processes of `base`") && text.contains("4.2 % at worst"), "{text}");
    let ratio = cell(&comparison, "one-copy").relative.ratio.unwrap();
    assert!((0.99..1.01).contains(&ratio.estimate), "{ratio:?}");

    let kept = compare(&base, &disturbed(&base, 4, 0.9), options()).unwrap();
    assert!(kept.new.notes.is_empty() && kept.new.processes == 14, "{:?}", kept.new);
    let few = compare(&base, &disturbed(&base, 5, 4.2), options()).unwrap();
    assert!(few.new.notes[0].contains("too few others") && few.new.processes == 14, "{:?}", few.new);
}

#[test]
fn what_one_side_lacks_is_said() {
    let machine = Machine::new();
    let base = machine.record("base", 1, 5, Target::Throughput);
    let mut processes: Vec<Vec<Record>> = base.processes.iter().map(|p| p.records.clone()).collect();
    for records in &mut processes {
        records.retain(|record| record.cell.mode != "zero-copy");
        for block in records.iter_mut().flat_map(|record| &mut record.blocks) {
            block.rounds.retain(|round| round.lane != "zero-copy");
        }
    }
    let new = Baseline::of_processes("new", processes);
    let comparison = compare(&base, &new, options()).unwrap();
    let missing = cell(&comparison, "zero-copy");
    assert_eq!(missing.absolute.verdict, Verdict::CannotTell);
    assert!(missing.absolute.reason.as_ref().unwrap().contains("new run did not"), "{missing:?}");
    assert!(missing.relative.ratio.is_none());
    assert!(cell(&comparison, "two-copy").relative.ratio.is_some());
    let turned = compare(&new, &base, options()).unwrap();
    assert!(cell(&turned, "zero-copy").absolute.reason.as_ref().unwrap().contains("baseline did not"));
}

#[test]
fn the_tables_hold_every_cell_in_both_styles() {
    let machine = Machine::new();
    let base = machine.record("base", 1, 3, Target::Throughput);
    let comparison = compare(&base, &machine.record("new", 2, 3, Target::Throughput), options()).unwrap();
    let markdown = render(&comparison, Style::Markdown);
    assert_eq!(markdown.lines().filter(|line| line.starts_with("| 1 | 4096 |")).count(), 3, "{markdown}");
    let text = render(&comparison, Style::Text);
    assert!(MODES.iter().all(|mode| text.contains(mode)) && text.contains("Gbit/s"), "{text}");
    let value = serde_json::to_value(&comparison).unwrap();
    let read: Comparison = serde_json::from_value(value).unwrap();
    assert_eq!(read.cells.len(), comparison.cells.len());
}

#[test]
fn the_report_pools_processes_as_a_comparison_does() {
    let machine = Machine::new();
    let base = disturbed(&machine.record("base", 1, 14, Target::Throughput), 3, 2.0);
    let new = machine.record("new", 2, 14, Target::Throughput);
    let comparison = compare(&base, &new, options()).unwrap();
    let report = Report::gather(&[base, new], Vec::new());
    for mode in MODES {
        let relative = &cell(&comparison, mode).relative;
        let over = relative.against.as_deref().unwrap();
        for (name, value) in [("base", relative.base), ("new", relative.new)] {
            let ratio = report.ratio(name, Quantity::Throughput, (1, 4096), mode, over).unwrap();
            assert!((ratio.reading.value().unwrap() - value.unwrap()).abs() < 1e-12, "{ratio:?}");
            let Some(Interval::Found(Ends { count, .. })) = ratio.reading.found().map(|it| &it.interval)
            else {
                panic!("{ratio:?}")
            };
            assert_eq!(*count, if name == "base" { 11 } else { 14 });
        }
    }
    assert!(report.baselines[0].notes.iter().any(|note| note.contains("left out")));
}
