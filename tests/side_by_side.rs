//! Several baselines beside one: a table with a column a side that fits a terminal,
//! what differs in a sentence each, and what was counted, whoever emulated.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::Target;
use copycost::compare::side_by_side::render;
use copycost::compare::table::Style;
use copycost::compare::{Baseline, Comparison, compare};
use copycost::metric::{Reading, Value};
use made_up::{MODES, Machine, options};

/// A side that takes `pace` times as long, under a kernel of its own.
fn side(name: &str, seed: u64, pace: f64, change: impl Fn(&mut Machine)) -> Baseline {
    let mut machine = Machine {
        pace,
        sizes: vec![4096, 65536],
        threads: vec![1, 16],
        drift: 0.01,
        deferred: 100,
        switches: Some(|_| 500.0),
        ..Machine::new()
    };
    let release = Reading::Value(Value::Text(format!("{name}-amd64")));
    machine.environment.items.insert("kernel_release".into(), release);
    change(&mut machine);
    machine.record(name, seed, 12, Target::Throughput)
}

fn emulated(machine: &mut Machine) {
    let signature = Reading::Value(Value::Text("TCGTCGTCGTCG".into()));
    machine.environment.items.insert("hypervisor.signature".into(), signature);
}

fn compared(sides: &[Baseline]) -> Vec<Comparison> {
    sides[1..].iter().map(|new| compare(&sides[0], new, options()).unwrap()).collect()
}

#[track_caller]
fn assert_tables_fit(text: &str) {
    let is_of_a_table = |line: &&str| MODES.iter().any(|mode| line.contains(&format!("  {mode}")));
    let lines: Vec<&str> = text.lines().filter(is_of_a_table).collect();
    assert!(lines.len() > 20, "{text}");
    for line in lines {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn three_sides_are_columns_of_one_table() {
    let sides = [
        side("6.1", 1, 1.0, |_| {}),
        side("6.12", 2, 1.3, |_| {}),
        side("6.18", 3, 0.7, |machine| machine.slowed = Some(("zero-copy", 1.4))),
    ];
    let text = render(&compared(&sides), Style::Text);
    assert_tables_fit(&text);
    for line in [
        "A = 6.1: kernel 6.1-amd64, 12 processes a cell\n",
        "6.12 against 6.1: What differs of the kernel and its settings: kernel_release: 6.1-amd64 → 6.12-amd64.",
        "6.18 against 6.1: What differs of the kernel and its settings: kernel_release: 6.1-amd64 → 6.18-amd64.",
        "throughput, absolute: 6.1 in Gbit/s",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let header = text.lines().find(|line| line.starts_with("thr ")).unwrap();
    let columns: Vec<&str> = header.split_whitespace().collect();
    assert_eq!(columns, ["thr", "bytes", "mode", "6.1", "6.12", "6.18"]);
    let row = text.lines().find(|line| line.contains("1   4096  two-copy")).unwrap();
    let entries: Vec<&str> = row.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
    assert!(
        entries[3].starts_with("32.") || entries[3].starts_with("33."),
        "Gbit/s of 4096 B in 1 µs: {row}"
    );
    assert!(entries[4].starts_with("×1.") && entries[5].starts_with("×0."), "{row}");
    let relative = text.split("throughput, relative").nth(1).unwrap();
    let row = relative.lines().find(|line| line.contains("1   4096  zero-copy")).unwrap();
    assert!(row.contains("×1.399") && row.ends_with("slower"), "{row}");
    assert!(!text.contains("more: `copycost compare"), "{text}");
}

#[test]
fn of_nine_sides_it_says_how_the_others_are_seen() {
    let name = |number: u64| format!("a-recording-with-a-long-name-of-kernel-{number}");
    let sides: Vec<Baseline> = (0..9).map(|number| side(&name(number), number, 1.0, |_| {})).collect();
    let text = render(&compared(&sides), Style::Text);
    assert_tables_fit(&text);
    let header = text.lines().find(|line| line.starts_with("thr ")).unwrap();
    assert_eq!(header.split_whitespace().skip(3).collect::<Vec<_>>(), ["A", "B", "C"], "names do not fit");
    assert!(text.contains(&format!("I = {}", name(8))), "{text}");
    let next = format!("6 sides more: `copycost compare {} {} {}` shows", name(0), name(3), name(4));
    assert!(text.contains(&next), "{text}");
    for other in 1..9 {
        assert!(text.contains(&format!("{} against {}: ", name(other), name(0))), "{other}");
        assert!(text.contains(&format!("{}: slower: ", name(other))), "{other}");
    }
    let markdown = render(&compared(&sides), Style::Markdown);
    let header = markdown.lines().find(|line| line.starts_with("| thr")).unwrap();
    assert!((0..9).all(|number| header.contains(&name(number))), "{header}");
}

#[test]
fn what_was_counted_compares_where_times_do_not() {
    let fewer = |machine: &mut Machine| machine.deferred = 40;
    let sides = [
        side("guest", 1, 30.0, emulated),
        side("guest-too", 2, 33.0, |machine| {
            emulated(machine);
            fewer(machine);
        }),
        side("host", 3, 1.0, |_| {}),
    ];
    let comparisons = compared(&sides);
    let text = render(&comparisons, Style::Text);
    assert_tables_fit(&text);
    assert!(
        text.contains("A = guest: kernel guest-amd64, 12 processes a cell, processors emulated"),
        "{text}"
    );
    assert!(text.contains("note: the processors of `guest` were emulated"), "{text}");
    let row = text.lines().find(|line| line.contains("1   4096  two-copy le")).unwrap();
    assert!(row.contains("×1.") && row.ends_with('?') && row.contains("32."), "a figure and no ratio: {row}");
    let relative = text.split("throughput, relative").nth(1).unwrap();
    let row = relative.lines().find(|line| line.contains("1   4096  two-copy le")).unwrap();
    assert_eq!(row.split_whitespace().last(), Some("?"), "{row}");
    assert!(row.contains("±") && row.matches('×').count() == 1 && row.len() < 60, "{row}");
    let counted =
        text.lines().find(|line| line.contains("1   4096  zero-copy  deferred copies a completion"));
    let shares: Vec<&str> = counted.unwrap().split_whitespace().rev().take(3).collect();
    assert_eq!(shares, ["1.00", "0.400", "1.00"], "host, guest-too, guest");
    let of_host = &comparisons[1].counts;
    let switches = of_host.iter().find(|it| it.count == "context switches a message").unwrap();
    assert_eq!((switches.base, switches.new), (Some(1.0), Some(1.0)), "500 of each side in 1000 messages");
}

/// A side that lacks a cell has a dash there.
#[test]
fn what_a_side_did_not_measure_is_a_dash() {
    let sides = [
        side("6.1", 1, 1.0, |_| {}),
        side("6.12", 2, 1.0, |machine| machine.missing = vec![("one-copy", 65536)]),
        side("6.18", 3, 1.0, |_| {}),
    ];
    let text = render(&compared(&sides), Style::Text);
    assert_tables_fit(&text);
    let row = text.lines().find(|line| line.contains("1  65536  one-copy")).unwrap();
    assert!(row.contains("  ?") && row.contains('×'), "{row}");
}
