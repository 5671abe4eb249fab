//! How large a change must be to be found, as a comparison says it, against
//! made-up recordings that have a change of just that size.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::Target;
use copycost::compare::table::{Style, render};
use copycost::compare::{Comparison, Judged, Verdict, compare};
use made_up::{Machine, cell, options};

const MODE: &str = "one-copy";

/// In how many of 200 runs a change of the size that one comparison gives is
/// found by the whole verdict of another such comparison.
fn found(machine: &Machine, processes: usize, of: fn(&Comparison) -> &Judged) -> usize {
    let run = |seed: u64| {
        let record =
            |machine: &Machine, seed: u64| machine.record("made-up", seed, processes, Target::Throughput);
        let stated = compare(&record(machine, seed), &record(machine, seed + 1), options()).unwrap();
        let size = of(&stated).findable.expect("a size");
        let slowed = Machine { slowed: Some((MODE, 1.0 + size)), ..machine.clone() };
        let changed = compare(&record(machine, seed + 2), &record(&slowed, seed + 3), options()).unwrap();
        of(&changed).verdict == Verdict::Slower
    };
    (0..200).filter(|number| run(10_000 + 4 * number)).count()
}

/// Fewer of 200 than this are found by a chance of one in 50 if it is 8 of 10.
const TOO_FEW: usize = 148;

/// Together in at least 8 of 10, in no machine by more than chance in fewer, and not in
/// so many more that less could have been said.
fn assert_kept(question: &str, found: &[(f64, usize, usize)]) {
    for (drift, processes, of_200) in found {
        assert!(
            (TOO_FEW..=190).contains(of_200),
            "{question}, drift {drift}, {processes} processes: {of_200}"
        );
    }
    let all: usize = found.iter().map(|(_, _, of_200)| of_200).sum();
    assert!(10 * all >= 8 * 200 * found.len(), "{question}: {found:?}");
}

/// Where references take all of the drift away, half of it or none.
const MACHINES: [(f64, usize); 4] = [(0.0, 5), (0.01, 5), (0.2, 4), (0.0, 12)];

#[test]
fn a_change_of_the_stated_size_is_found_by_the_whole_relative_verdict() {
    let found = MACHINES.map(|(drift, processes)| {
        let machine = Machine { drift, ..Machine::new() };
        (drift, processes, found(&machine, processes, |it| &cell(it, MODE).relative))
    });
    assert_kept("relative", &found);
}

#[test]
fn a_change_of_the_stated_size_is_found_by_the_whole_absolute_verdict() {
    let found = MACHINES.map(|(drift, processes)| {
        let machine = Machine { drift, ..Machine::new() };
        (drift, processes, found(&machine, processes, |it| &cell(it, MODE).absolute))
    });
    assert_kept("absolute", &found);
}

#[test]
fn what_cannot_be_told_says_what_was_missed_and_how_many_passes_it_takes() {
    let machine = Machine { drift: 0.3, ..Machine::new() };
    let record = |seed: u64, processes: usize| machine.record("made-up", seed, processes, Target::Throughput);
    let comparison = compare(&record(1, 8), &record(2, 8), options()).unwrap();
    let absolute = &cell(&comparison, MODE).absolute;
    let (size, passes) = (100.0 * absolute.findable.unwrap(), absolute.passes_needed.unwrap());
    assert!(absolute.verdict == Verdict::CannotTell && size > 10.0 && passes > 8, "{absolute:?}");
    // Words are wrapped where the table is wide.
    let text = render(&comparison, Style::Text).split_whitespace().collect::<Vec<_>>().join(" ");
    let words = format!(
        "cannot tell: changes below {size:.1} % could have been missed; {passes} passes would find 10 %"
    );
    assert!(text.contains(&words) && text.contains("if they vary as these did"), "{words}\n{text}");
    assert!(!text.contains("% on)"), "{text}");
    // It is no more than a guess of how these vary, but it is one.
    let more = compare(&record(3, passes), &record(4, passes), options()).unwrap();
    let findable = cell(&more, MODE).absolute.findable.unwrap();
    assert!((0.05..0.2).contains(&findable), "{findable} with {passes}");
    // A few processes that vary much would need more passes than can be made.
    let hopeless = Machine { drift: 4.0, ..machine.clone() };
    let record = |seed: u64| hopeless.record("made-up", seed, 3, Target::Throughput);
    let comparison = compare(&record(5), &record(6), options()).unwrap();
    let reason = cell(&comparison, MODE).absolute.reason.clone().unwrap();
    assert!(reason.contains("not even 999 passes would find 10 %"), "{reason}");
    assert!(reason.contains("even a tenfold change could have been missed"), "{reason}");
    // One process on each side never gives an absolute verdict, whatever the change.
    let alone = compare(
        &machine.record("one", 7, 1, Target::Throughput),
        &machine.record("other", 8, 1, Target::Throughput),
        options(),
    );
    let alone = cell(&alone.unwrap(), MODE).absolute.clone();
    assert_eq!((alone.findable, alone.passes_needed), (None, None));
}
