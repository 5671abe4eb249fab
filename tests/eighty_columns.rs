//! Tables for a terminal hold in its 80 columns, however many modes they have and
//! however long the names of those are.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::Target;
use copycost::compare::side_by_side;
use copycost::compare::table::{Style, render};
use copycost::compare::{Comparison, compare};
use copycost::copy_mode;
use copycost::exchange::Block;
use copycost::results::record::Record;
use copycost::results::table;
use made_up::{Machine, options, reference};

const TARGETS: [Target; 3] = [Target::Throughput, Target::Latency, Target::CpuCost];

/// Three modes, all that there are, and one more.
fn choices() -> [Vec<&'static str>; 3] {
    let all: Vec<&str> = copy_mode::REGISTRY.iter().map(|mode| mode.name).collect();
    let more = [all.clone(), vec!["one-with-a-long-name"]].concat();
    assert_eq!((all.len(), more.len()), (8, 9), "choose anew");
    [all[..3].to_vec(), all, more]
}

/// Long figures, all different, and doubts.
fn machine(target: Target, modes: &[&'static str]) -> Machine {
    Machine {
        target,
        modes: modes.to_vec(),
        threads: vec![1, 16],
        noise: 0.3,
        cpus: 4,
        busy: |_, _, _| (0.99, 0.98),
        ..Machine::taking(|lane, bytes, _| {
            reference(lane, bytes).unwrap_or(300.0 + 0.2 * bytes as f64 + 7.0 * lane.len() as f64)
        })
    }
}

fn records(machine: &Machine) -> Vec<Record> {
    let modes: Vec<String> = machine.modes.iter().map(|mode| mode.to_string()).collect();
    let mut records = machine.baseline("run").processes.remove(0).records;
    let blocks: Vec<(usize, usize, Vec<Block>)> = records
        .iter()
        .map(|record| (record.cell.threads, record.cell.message_bytes, record.blocks.clone()))
        .collect();
    for record in &mut records {
        let row = (record.cell.threads, record.cell.message_bytes);
        let of_row = blocks.iter().filter(|(threads, bytes, _)| (*threads, *bytes) == row);
        record.set_row(&modes, &of_row.map(|(_, _, blocks)| blocks.as_slice()).collect::<Vec<_>>());
    }
    records
}

/// The tables in `text`: what begins with such a header, as far as the next empty line.
fn tables(text: &str) -> Vec<&str> {
    let headers = ["threads  ", "thr  "];
    text.split("\n\n").filter(|part| headers.iter().any(|header| part.starts_with(header))).collect()
}

fn hold(text: &str, at_least: usize) {
    let tables = tables(text);
    assert!(tables.len() >= at_least, "{} tables in {text}", tables.len());
    for line in tables.iter().flat_map(|table| table.lines()) {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn the_tables_under_a_run_hold_with_3_8_and_9_modes() {
    for modes in choices() {
        let names: Vec<String> = modes.iter().map(|mode| mode.to_string()).collect();
        for target in TARGETS {
            let records = records(&machine(target, &modes));
            let text = table::render(target, &names, &records);
            hold(&text, if target == Target::Throughput { 3 } else { 2 });
            // Nothing is left out: each cell has its ratio, which only the first lacks.
            let figures = tables(&text)[0];
            assert_eq!(figures.matches('×').count(), (modes.len() - 1) * 8, "{figures}");
        }
    }
}

#[test]
fn comparisons_hold_with_3_8_and_9_modes() {
    for modes in choices() {
        let machine = machine(Target::Throughput, &modes);
        let base = machine.record("base", 1, 3, Target::Throughput);
        let against = |name: &str, seed| -> Comparison {
            let slowed = Machine { slowed: Some((modes[1], 1.5)), ..machine.clone() };
            compare(&base, &slowed.record(name, seed, 3, Target::Throughput), options()).unwrap()
        };
        let text = render(&against("new", 2), Style::Text);
        hold(&text, 1);
        assert_eq!(tables(&text)[0].matches(" → ").count(), modes.len() * 8, "{text}");
        let several = [against("a-side-of-a-long-name", 2), against("another-side-of-such-a-name", 3)];
        hold(&side_by_side::render(&several, Style::Text), 2);
    }
}
