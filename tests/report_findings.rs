//! Findings from made-up records whose truth is known: whether zero-copy was,
//! what threads do, what a small message pays for, what changed.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::Target;
use copycost::metric;
use copycost::report::estimate::{Basis, Ends, Interval, Reading};
use copycost::report::findings::{Finding, FindingKind};
use copycost::report::{Compared, Report, markdown};
use made_up::{Machine, reference};

const ALL: [&str; 3] = ["two-copy", "one-copy", "zero-copy"];

/// A fixed cost and 0.1 ns a byte.
fn fixed(lane: &str, bytes: usize, _: usize) -> f64 {
    let fixed = match lane {
        "two-copy" => 1000.0,
        "one-copy" => 1200.0,
        _ => 4000.0,
    };
    reference(lane, bytes).unwrap_or(fixed + 0.1 * bytes as f64)
}

fn of_kind(report: &Report, kind: FindingKind) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.kind == kind).collect()
}

fn zero_copy(deferred: u64) -> (String, String) {
    let rows = Machine { modes: ALL.to_vec(), sizes: vec![1024, 4096], deferred, ..Machine::taking(fixed) };
    let report = rows.report();
    let [finding] = of_kind(&report, FindingKind::ZeroCopy)[..] else { panic!("{:?}", report.findings) };
    assert!(finding.cells.iter().all(|cell| cell.mode == "zero-copy") && finding.cells.len() == 2);
    (finding.headline.clone(), finding.details.join(" "))
}

#[test]
fn deferred_copies_are_told_from_zero_copy_that_was() {
    // 16 blocks of 1000 messages in each of two cells.
    let (headline, details) = zero_copy(100);
    assert!(headline.contains("did not save the copy: all 32000 completions in 2 cells"), "{headline}");
    assert!(details.contains("price of asking not to copy"), "{details}");
    let (headline, details) = zero_copy(0);
    assert!(headline.contains("saved the copy: none of 32000 completions"), "{headline}");
    assert!(!details.contains("price of asking"), "{details}");
    let (headline, details) = zero_copy(25);
    assert!(headline.contains("in part: 25.0 % of 32000 completions"), "{headline}");
    assert!(details.contains("2 cells hold both kinds"), "{details}");
}

#[test]
fn a_device_without_scatter_gather_is_told_whatever_completions_say() {
    for (deferred, said) in [(0, "only 0.0 %"), (25, "only 25.0 %"), (100, "all 32000")] {
        let mut machine =
            Machine { modes: ALL.to_vec(), sizes: vec![1024, 4096], deferred, ..Machine::taking(fixed) };
        let off = metric::Reading::Value(metric::Value::Text("off".into()));
        machine.environment.items.insert("path.scatter_gather".into(), off);
        let report = machine.report();
        let [finding] = of_kind(&report, FindingKind::ZeroCopy)[..] else { panic!("{:?}", report.findings) };
        assert!(finding.headline.contains("did not save the copy: the device takes no"), "{finding:?}");
        assert!(finding.headline.contains(said), "{finding:?}");
    }
}

#[test]
fn without_zero_copy_sends_it_is_said_that_nothing_is_known() {
    let report = Machine::taking(fixed).report();
    let [finding] = of_kind(&report, FindingKind::ZeroCopy)[..] else { panic!("{:?}", report.findings) };
    assert!(finding.headline.contains("No cell handed anything over by reference"), "{finding:?}");
}

#[test]
fn a_mode_whose_interface_reports_nothing_is_not_said_to_have_been_counted() {
    let modes = vec!["two-copy", "sendfile", "zero-copy"];
    let report = Machine { modes, sizes: vec![1024, 4096], ..Machine::taking(fixed) }.report();
    let [sendfile, zero_copy] = of_kind(&report, FindingKind::ZeroCopy)[..] else { panic!() };
    assert!(
        sendfile.headline.contains("sendfile handed every byte over by reference in 2 cells"),
        "{sendfile:?}"
    );
    assert!(sendfile.details[0].contains("reports nothing"), "{sendfile:?}");
    assert!(sendfile.cells.iter().all(|cell| cell.mode == "sendfile"));
    assert!(zero_copy.headline.contains("completions"), "{zero_copy:?}");
}

/// Fastest on two threads, and half as fast on eight.
fn peak_at_two(lane: &str, bytes: usize, threads: usize) -> f64 {
    let factor = match threads {
        2 => 1.0,
        8 => 2.0,
        _ => 1.5,
    };
    reference(lane, bytes).unwrap_or(factor * fixed(lane, bytes, threads))
}

fn threads(time: made_up::Time) -> Machine {
    Machine {
        modes: vec!["two-copy"],
        sizes: vec![4096],
        threads: vec![1, 2, 8],
        processes: 5,
        cpus: 4,
        switches: Some(|threads| if threads == 8 { 1000.0 } else { 50.0 }),
        ..Machine::taking(time)
    }
}

#[test]
fn a_peak_that_the_intervals_tell_is_named_and_what_lies_beyond() {
    let report = threads(peak_at_two).report();
    let [finding] = of_kind(&report, FindingKind::Threads)[..] else { panic!("{:?}", report.findings) };
    assert!(finding.headline.contains("at 4 KiB it peaks at 2 threads."), "{finding:?}");
    let beyond = &finding.details[0];
    assert!(beyond.contains("8 threads (oversubscribed) over 2 threads: throughput ×0.50 ["), "{beyond}");
    // Both sides' switches over 1000 messages.
    assert!(beyond.contains("context switches a message 0.100 → 2.00"), "{beyond}");
    assert!(beyond.contains("L1 data cache misses a byte absent (no such counter here)"), "{beyond}");
    let ratio =
        finding.figures.iter().find(|figure| figure.label.contains("over 2 threads: throughput")).unwrap();
    let Reading::Found(estimate) = &ratio.reading else { panic!("{ratio:?}") };
    let Interval::Found(Ends { basis, count, .. }) = estimate.interval else { panic!("{ratio:?}") };
    assert_eq!((basis, count), (Basis::Processes, 5));
}

#[test]
fn processes_are_compared_each_with_itself() {
    // Processes differ by a factor of two both ways and agree on the peak.
    let drifting = Machine { drift: 1.0, ..threads(peak_at_two) };
    let report = drifting.report();
    assert!(of_kind(&report, FindingKind::Threads)[0].headline.contains("peaks at 2 threads"));
}

#[test]
fn a_peak_that_the_intervals_do_not_tell_is_not_claimed() {
    let report = threads(fixed).report(); // the same on any number
    let headline = &of_kind(&report, FindingKind::Threads)[0].headline;
    assert!(
        headline.contains("no difference between 1, 2 and 8 threads (8 oversubscribed) can be told"),
        "{headline}"
    );
    assert!(!headline.contains("peaks"), "{headline}");

    // Of one process, generations are too narrow for cells minutes apart.
    let slightly = |lane: &str, bytes: usize, threads: usize| {
        reference(lane, bytes).unwrap_or(fixed(lane, bytes, 1) * if threads == 8 { 1.01 } else { 1.0 })
    };
    let one = Machine { processes: 1, noise: 0.04, seed: 5, ..threads(slightly) }.report();
    let finding = of_kind(&one, FindingKind::Threads)[0];
    assert!(finding.headline.contains("no difference between"), "{finding:?}");
    assert!(finding.details.last().unwrap().contains("widened as in"), "{finding:?}");
}

#[test]
fn highest_at_the_most_threads_is_no_peak_and_one_thread_count_says_nothing() {
    let rising = |lane: &str, bytes: usize, threads: usize| {
        reference(lane, bytes).unwrap_or(fixed(lane, bytes, 1) / threads as f64)
    };
    let headline = &of_kind(&threads(rising).report(), FindingKind::Threads)[0].headline.clone();
    assert!(
        headline.contains("highest at 8 threads (oversubscribed), the most that were measured"),
        "{headline}"
    );
    let one = Machine { threads: vec![1], ..threads(rising) }.report();
    assert!(of_kind(&one, FindingKind::Threads).is_empty());
}

#[test]
fn a_small_message_pays_for_what_does_not_grow_with_it() {
    let report = Machine { modes: ALL.to_vec(), ..Machine::taking(fixed) }.report();
    let [finding] = of_kind(&report, FindingKind::SmallMessages)[..] else { panic!("{:?}", report.findings) };
    // (1000 + 102.4) / 100 empty system calls; a copy takes 51.2 ns.
    assert!(
        finding.headline.starts_with("A message of 1 KiB on 1 thread takes as long as so many"),
        "{finding:?}"
    );
    assert!(finding.headline.contains(": 11.") || finding.headline.contains(": 10.9"), "{finding:?}");
    let figure = |label: &str| {
        let found = finding.figures.iter().find(|figure| figure.label == label);
        found.unwrap_or_else(|| panic!("no {label}: {finding:?}"))
    };
    let close = |label: &str, truth: f64| {
        let Reading::Found(estimate) = &figure(label).reading else { panic!("{label}") };
        assert!((estimate.value / truth - 1.0).abs() < 0.02, "{label}: {estimate:?}");
        assert_eq!(estimate.holds(truth), Some(true), "{label}: {estimate:?}");
    };
    close("two-copy, 1 KiB: time a message over an empty system call", 11.024);
    close("two-copy, 1 KiB: share of the time that does not grow with the size", 1000.0 / 1102.4);
    close("zero-copy, 1 KiB: share of the time that does not grow with the size", 4000.0 / 4102.4);
    // 10 reads for 1000 messages, each 100 ns at least of 4102.4.
    close("zero-copy, 1 KiB: least share of the time that error-queue reads take", 0.01 * 100.0 / 4102.4);
    for (label, derived) in [
        ("two-copy, 1 KiB: share of the time that does not grow with the size", true),
        ("zero-copy, 1 KiB: error-queue reads a message", false),
        ("zero-copy, 1 KiB: least share of the time that error-queue reads take", true),
        ("two-copy, 1 KiB: time a message over the plain copy of its bytes", false),
    ] {
        assert_eq!(figure(label).derived.is_some(), derived, "{label}");
    }
    assert!(finding.details.iter().any(|detail| detail.contains("do not tell the rest apart")));
}

#[test]
fn what_cannot_be_derived_says_why() {
    let report = Machine { sizes: vec![4096], ..Machine::taking(fixed) }.report();
    let finding = of_kind(&report, FindingKind::SmallMessages)[0];
    assert!(finding.details[0].contains("cannot be derived (it needs two sizes)"), "{finding:?}");
    let mut bare = Machine::taking(fixed).baseline("bare");
    for block in bare.processes[0].records.iter_mut().flat_map(|record| &mut record.blocks) {
        block.rounds.retain(|round| !["memcpy", "system-call"].contains(&round.lane.as_str()));
    }
    let report = Report::gather(&[bare], Vec::new());
    let finding = of_kind(&report, FindingKind::SmallMessages)[0];
    assert!(finding.headline.contains("no reference was measured beside it"), "{finding:?}");
}

/// One row in which all are held up by the client, and one in which the slow
/// mode waits.
#[test]
fn what_limits_the_modes_of_a_row_is_told_and_what_follows_where_it_differs() {
    let busy = |mode: &str, bytes: usize, _: usize| match (mode, bytes) {
        ("zero-copy", 4096) => (0.48, 0.47),
        ("one-copy", 16384) => (0.4, 0.97),
        _ => (0.98, 0.5),
    };
    let machine =
        Machine { modes: ALL.to_vec(), sizes: vec![1024, 4096, 16384], busy, ..Machine::taking(fixed) };
    let report = machine.report();
    let [finding] = of_kind(&report, FindingKind::LimitedBy)[..] else { panic!("{:?}", report.findings) };
    assert!(finding.headline.starts_with("Throughput: in 2 of 3 rows the modes are limited by different"));
    let [alike, waits, ends] = &finding.details[..] else { panic!("{finding:?}") };
    assert_eq!(alike, "1 KiB on 1 thread: all modes are limited by the client.");
    assert_eq!(
        waits,
        "4 KiB on 1 thread: limited are two-copy (client 98 %, server 50 %) and one-copy (client 98 %, server 50 %) \
         by the client; zero-copy (client 48 %, server 47 %) by waiting; zero-copy is slower than two-copy and one-copy \
         while both ends wait, at 48 and 47 %: where a CPU is short it would fall behind less."
    );
    assert!(ends.contains("held up at different places, the client and the server"), "{ends}");
    assert_eq!((finding.cells.len(), finding.figures.len()), (9, 12));

    let alike = Machine { busy: |_, _, _| (0.3, 0.4), ..machine };
    let report = alike.report();
    let finding = of_kind(&report, FindingKind::LimitedBy)[0];
    assert_eq!(finding.headline, "Throughput: every cell is limited by waiting.");
}

#[test]
fn what_changed_is_counted_from_the_verdicts() {
    let rows = Machine { modes: ALL.to_vec(), sizes: vec![4096], processes: 6, ..Machine::taking(fixed) };
    let slower = |lane: &str, bytes: usize, threads: usize| {
        fixed(lane, bytes, threads) * if lane == "one-copy" { 1.3 } else { 1.0 }
    };
    let new = Machine { time: slower, seed: 9, ..rows.clone() };
    let report = Report::gather(&[rows.baseline("old"), new.baseline("new")], Vec::new());
    let [finding] = of_kind(&report, FindingKind::Comparison)[..] else { panic!("{:?}", report.findings) };
    assert_eq!(finding.baseline, "new");
    assert!(
        finding.headline.contains("against the other modes of their blocks 1 slower and 0 faster"),
        "{finding:?}"
    );
    assert!(finding.figures[0].label.contains("one-copy/4096"), "{finding:?}");
    assert!(matches!(&report.comparisons[..], [Compared::Comparison(_)]));
}

#[test]
fn different_things_are_not_compared_and_that_is_said() {
    let rows = Machine { processes: 2, ..Machine::taking(fixed) };
    let mut other = rows.baseline("other");
    for record in other.processes.iter_mut().flat_map(|process| &mut process.records) {
        record.profile.message.fields = 1;
    }
    let report = Report::gather(&[rows.baseline("one"), other], Vec::new());
    assert!(
        matches!(&report.comparisons[..], [Compared::Refused { why, .. }] if why.contains("message.fields"))
    );
    let finding = of_kind(&report, FindingKind::Comparison)[0];
    assert!(finding.headline.contains("not compared: message.fields: 8 → 1"), "{finding:?}");
}

#[test]
fn every_finding_stands_in_the_markdown_whatever_the_target() {
    for target in Target::ALL {
        let rows =
            Machine { target, modes: ALL.to_vec(), threads: vec![1, 2], cpus: 2, ..Machine::taking(fixed) };
        let report = rows.report();
        let text = markdown::render(&report);
        for finding in &report.findings {
            assert!(text.contains(&finding.headline), "{}\n{text}", finding.headline);
        }
        assert!(text.contains("**o** Oversubscribed") && text.contains("Remedy: "), "{text}");
        assert!(text.contains("no such counter here") && text.contains("Smallest difference"), "{text}");
    }
}
