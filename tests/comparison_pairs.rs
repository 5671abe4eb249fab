//! Which passes of two recordings are a pair, from made-up recordings, and that a
//! recording is not compared with itself.

#[path = "support/made_up.rs"]
mod made_up;

use std::collections::BTreeSet;

use copycost::cell::Target;
use copycost::compare::statistics::Basis;
use copycost::compare::table::{Style, render};
use copycost::compare::{Baseline, Comparison, compare};
use copycost::metric::{Reading, Value};
use copycost::report::Report;
use copycost::results::recording::{Manifest, Pair, PassId, Side};
use made_up::{Machine, cell, options};

/// Two recordings of 12 rounds in turn, a round a minute.
fn pair(torn: Option<&[usize]>) -> [Baseline; 2] {
    let machine = Machine { drift: 0.0, ..Machine::new() };
    let pass = |round: &usize| PassId { round: *round, target: Target::Throughput };
    let torn: Option<BTreeSet<PassId>> = torn.map(|rounds| rounds.iter().map(pass).collect());
    [(Side::A, 1), (Side::B, 2)].map(|(side, seed)| {
        let mut baseline =
            machine.record(if seed == 1 { "in-turn-a" } else { "in-turn-b" }, seed, 12, Target::Throughput);
        let manifest = Manifest::new(machine.profile.clone(), vec![Target::Throughput], 12, None);
        let pair = Some(Pair { id: 7, side, before: None, torn: torn.clone() });
        baseline.manifest = Some(Manifest { pair, ..manifest });
        for process in 0..12 {
            dated(
                &mut baseline,
                process,
                &format!("2026-02-28T23:{:02}:{:02}Z", 45 + process, 30 * (seed - 1)),
            );
        }
        baseline
    })
}

fn dated(baseline: &mut Baseline, process: usize, date: &str) {
    for record in &mut baseline.processes[process].records {
        record.environment.items.insert("date_utc".into(), Reading::Value(Value::Text(date.into())));
    }
}

fn pairs(comparison: &Comparison) -> usize {
    let absolute = &cell(comparison, "one-copy").absolute;
    assert_eq!(absolute.basis, Some(Basis::Pairs), "{absolute:?}");
    let [base, new] = absolute.counts.unwrap();
    assert_eq!(base, new);
    base
}

#[test]
fn passes_that_were_torn_apart_are_no_pair() {
    let [a, b] = pair(Some(&[]));
    let whole = compare(&a, &b, options()).unwrap();
    assert!(pairs(&whole) == 12 && whole.new.notes.is_empty(), "{:?}", whole.new.notes);
    let [a, mut b] = pair(Some(&[3]));
    // A side that was written before the other was marked adds to it.
    let torn = b.manifest.as_mut().unwrap().pair.as_mut().unwrap().torn.as_mut().unwrap();
    *torn = [PassId { round: 5, target: Target::Throughput }].into();
    let comparison = compare(&a, &b, options()).unwrap();
    assert_eq!(pairs(&comparison), 10);
    assert!(render(&comparison, Style::Text).contains("2 pairs of passes torn apart"));
    // Of another target it is torn, not of this.
    let [mut a, b] = pair(Some(&[]));
    let torn = a.manifest.as_mut().unwrap().pair.as_mut().unwrap().torn.as_mut().unwrap();
    *torn = [PassId { round: 5, target: Target::Latency }].into();
    assert_eq!(pairs(&compare(&a, &b, options()).unwrap()), 12);
    // With fewer than two left they are compared as any two recordings are.
    let [a, b] = pair(Some(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]));
    let apart = compare(&a, &b, options()).unwrap();
    assert_eq!(cell(&apart, "one-copy").absolute.basis, Some(Basis::Processes));
}

#[test]
fn without_marks_passes_that_began_far_apart_are_no_pair() {
    let [a, mut b] = pair(None);
    assert_eq!(pairs(&compare(&a, &b, options()).unwrap()), 12);
    dated(&mut b, 4, "2026-03-01T07:00:00Z");
    let comparison = compare(&a, &b, options()).unwrap();
    assert!(
        pairs(&comparison) == 11 && comparison.new.notes[0].contains("1 pair of passes"),
        "{:?}",
        comparison.new
    );
    // A minute later than usual is a longer pass, and without a date nothing is known.
    dated(&mut b, 4, "2026-02-28T23:50:20Z");
    dated(&mut b, 5, "some day");
    assert_eq!(pairs(&compare(&a, &b, options()).unwrap()), 12);
}

#[test]
fn a_recording_and_its_copy_are_one_and_say_so() {
    let machine = Machine::new();
    let base = machine.record("before", 1, 5, Target::Throughput);
    let copy = Baseline { name: "imported".into(), ..base.clone() };
    for new in [&base, &copy] {
        let error = compare(&base, new, options()).unwrap_err().to_string();
        assert!(error.contains(&format!("before and {} are one", new.name)), "{error}");
        let forced = copycost::compare::Options { force: true, ..options() };
        assert!(compare(&base, new, forced).is_err());
    }
    let report = Report::gather(&[base.clone(), copy.clone()], Vec::new());
    let text = serde_json::to_string(&report).unwrap();
    assert!(text.contains("are one") && !text.contains("measured different things"), "{text}");
    // A part that both hold is no answer either, but the rest is.
    let mut added = machine.record("added", 2, 9, Target::Throughput);
    added.processes.splice(0..5, copy.processes);
    let comparison = compare(&base, &added, options()).unwrap();
    assert!(comparison.new.notes[0].contains("5 processes shared by `added`"), "{:?}", comparison.new);
}
