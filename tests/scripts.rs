//! `scripts/method` on made-up recordings: each table is made, of what the
//! recordings hold, and docs/METHOD.md names each where its figures stand.

#[path = "support/archives.rs"]
mod archives;
#[path = "support/made_up.rs"]
mod made_up;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use copycost::cell::Target;
use copycost::results::recording::{self, Manifest, Pair, PassId, Side};
use made_up::Machine;
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Where Python 3 is; without it the test says that it is skipped.
fn python() -> Option<PathBuf> {
    let asked = ["-c", "import sys; print(sys.executable)"];
    let run = Command::new("python3").args(asked).output().ok().filter(|run| run.status.success());
    if run.is_none() {
        println!("skipped: python3 is not installed");
    }
    run.map(|run| String::from_utf8(run.stdout).unwrap().trim().into())
}

fn method(python: &Path, home: &TempDir, arguments: &str) -> Output {
    let mut command = Command::new(python);
    command.arg(Path::new(ROOT).join("scripts/method")).args(arguments.split_whitespace());
    command.env("CRITERION_HOME", home.path()).args(["--copycost", env!("CARGO_BIN_EXE_copycost")]);
    command.output().unwrap()
}

/// What `scripts/method` prints.
fn table(python: &Path, home: &TempDir, arguments: &str) -> String {
    let run = method(python, home, arguments);
    assert!(run.status.success(), "{arguments}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

fn assert_holds(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

/// A recording of `passes` passes of three cells of one row; the last pass lies
/// beside Criterion's files too.
fn lay(home: &TempDir, name: &str, machine: &Machine, passes: usize, pair: Option<Side>) {
    let directory = recording::directory(home.path(), name);
    fs::create_dir_all(&directory).unwrap();
    let pair = pair.map(|side| Pair { id: 1, side, before: None, torn: None });
    let profile = machine.profile.clone();
    let manifest = Manifest { pair, ..Manifest::new(profile, vec![Target::Throughput], passes, None) };
    fs::write(directory.join("recording.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
    let seed = name.bytes().map(u64::from).sum();
    for (index, process) in
        machine.record(name, seed, passes, Target::Throughput).processes.iter().enumerate()
    {
        let lines: Vec<String> =
            process.records.iter().map(|record| serde_json::to_string(record).unwrap()).collect();
        let pass = PassId { round: index + 1, target: Target::Throughput };
        fs::write(recording::pass_file(&directory, pass), lines.join("\n")).unwrap();
        archives::lay_cells(home.path(), name, &process.records);
    }
}

/// A machine that stays as it is.
fn steady() -> Machine {
    Machine { drift: 0.01, ..Machine::new() }
}

#[test]
fn verdicts_are_counted() {
    let Some(python) = python() else { return };
    let home = tempfile::tempdir().unwrap();
    lay(&home, "one", &steady(), 12, None);
    lay(&home, "two", &steady(), 12, None);
    lay(&home, "slower", &Machine { pace: 1.3, ..steady() }, 12, None);
    let slowed = |percent| {
        let mut machine = steady();
        machine.profile.slowdown.mode = "one-copy".into();
        Machine { slowed: Some(("one-copy", percent)), ..machine }
    };
    lay(&home, "slowed", &slowed(1.2), 12, None);

    let same = table(&python, &home, "false-verdicts one two --passes 3 --resamples 40");
    assert_holds(
        &same,
        &["| throughput, relative | 0 of 1 | 0 of 3 |", "noise threshold 5% | 0 of 3 | 0.0 of 3"],
    );
    let slower = table(&python, &home, "false-verdicts one slower --passes 2 --resamples 40");
    assert_holds(&slower, &["noise threshold 5% | 2 of 2 | 3.0 of 3", "relative | 0 of 1"]);
    let found = table(&python, &home, "slowdown one two --slowed slowed");
    let row = "| throughput, one-copy | 1 | 4096 | 2 of 2 |";
    assert_holds(&found, &[row, "another mode blamed (relative): 0 of 2 comparisons"]);
    let absolute = table(&python, &home, "injected one two --percent 0 50");
    assert_holds(&absolute, &["| 0 % | 0 of 1 | 0 of 1 |", "| 50 % | 1 of 1 | 1 of 1 |"]);
    let refused = method(&python, &home, "slowdown one --slowed two");
    assert_eq!(refused.status.code(), Some(2));
    assert_holds(&String::from_utf8_lossy(&refused.stderr), &["recording two slows no mode"]);
}

#[test]
fn a_pair_is_split_into_pairs_of_fewer_passes() {
    let Some(python) = python() else { return };
    let home = tempfile::tempdir().unwrap();
    lay(&home, "same-a", &steady(), 12, Some(Side::A));
    lay(&home, "same-b", &steady(), 12, Some(Side::B));
    let text = table(&python, &home, "interleaved same --parts 3");
    assert_holds(&text, &["3 pairs of 4 passes a side", "absolute | 0 of 3 | 0 of 9 |"]);
    let absolute = table(&python, &home, "injected same-a same-b --both-directions --percent 20");
    assert_holds(&absolute, &["2 comparison(s)", "| 20 % | 2 of 2 | 2 of 2 |"]);
    let refused = method(&python, &home, "interleaved same --parts 7");
    assert_eq!(refused.status.code(), Some(2));
    assert_holds(
        &String::from_utf8_lossy(&refused.stderr),
        &["pair same has 12 passes a side", "--parts is 7"],
    );
}

#[test]
fn what_varies_is_of_the_recordings() {
    let Some(python) = python() else { return };
    let home = tempfile::tempdir().unwrap();
    lay(&home, "one", &steady(), 12, None);
    lay(&home, "slower", &Machine { pace: 1.3, ..steady() }, 12, None);
    let mut longer = Machine { slowed: Some(("one-copy", 1.5)), ..steady() };
    longer.profile.rounds.length_ms = 4.0;
    lay(&home, "longer", &longer, 6, None);

    let split = table(&python, &home, "split one longer");
    assert_holds(&split, &["| one | 2 ms | 12 |", "| longer | 4 ms | 6 |", "half of the blocks"]);
    let between = table(&python, &home, "between one longer");
    assert_holds(&between, &["| 1 | 2 |"]);
    // One-copy takes 1200 ns where two-copy takes 1000.
    let repeat = table(&python, &home, "repeat one slower");
    assert_holds(&repeat, &["| one-copy 4096 | 0.83", "absolute figures of these cells moved by up to"]);
    let lengths = table(&python, &home, "round-length one longer");
    let [one, longer] = ["| one | 2 ms | 24 | 6 |", "| longer | 4 ms | 24 | 6 |"];
    assert_holds(&lengths, &[one, longer, "moved from one by at most"]);
    let references = table(&python, &home, "references one slower");
    let moved = |line: &str| -> f64 {
        let line = references.lines().find(|found| found.starts_with(line)).unwrap();
        line.trim_end_matches(" % |").rsplit("| ").next().unwrap().parse().unwrap()
    };
    for reference in ["memcpy", "system-call"] {
        let by = moved(&format!("| {reference} | 1 | 4096 |"));
        assert!((by - 30.0).abs() < 2.0, "{reference} moved by {by} %");
    }
    let missing = method(&python, &home, "split nobody");
    assert_eq!(missing.status.code(), Some(2));
    assert_holds(&String::from_utf8_lossy(&missing.stderr), &["no baseline nobody"]);
}

#[test]
fn a_mood_of_the_memory_is_left_out_or_corrected_for() {
    let Some(python) = python() else { return };
    let home = tempfile::tempdir().unwrap();
    let slow_memory = Machine {
        time: |lane, bytes, threads| match lane {
            "memcpy" => 140.0,
            "one-copy" => 1440.0,
            _ => (Machine::new().time)(lane, bytes, threads),
        },
        ..steady()
    };
    lay(&home, "calm", &steady(), 12, None);
    lay(&home, "moody", &steady(), 12, None);
    lay(&home, "moody", &slow_memory, 6, None); // its first six passes
    let moods = table(&python, &home, "moods calm moody");
    // One-copy's ratio is 18 % more in a half of one recording, zero-copy's is as ever.
    let differ = |treatment: &str| -> (String, f64) {
        let line = moods.lines().find(|line| line.starts_with(&format!("| {treatment}"))).unwrap();
        let words: Vec<&str> = line.split(" | ").collect();
        (words[1].to_string(), words[4].trim_end_matches(" %").parse().unwrap())
    };
    let (left_out, percent) = differ("as they are");
    assert!(left_out == "0 %" && percent > 5.0, "{moods}");
    let (left_out, percent) = differ("without those 1.25 times");
    assert!(left_out == "25 %" && percent < 0.5, "{moods}");
    let (left_out, percent) = differ("corrected");
    assert!(left_out == "0 %" && percent < 1.0, "{moods}");
    let slower = Machine { pace: 1.3, ..steady() };
    lay(&home, "slower", &slower, 12, None);
    let apart = table(&python, &home, "moods calm slower");
    assert!(apart.contains("| 50 % | 0 | – | – | – |"), "{apart}");
}

#[test]
fn a_tool_that_is_not_there_is_skipped_with_the_reason() {
    let Some(python) = python() else { return };
    let empty = tempfile::tempdir().unwrap();
    for (table, tool) in [("iperf3", "iperf3"), ("perf-stat", "perf")] {
        let mut command = Command::new(&python);
        command.arg(Path::new(ROOT).join("scripts/method")).arg(table).env("PATH", empty.path());
        let run = command.output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let text = String::from_utf8(run.stdout).unwrap();
        assert!(text.starts_with(&format!("skipped: {tool} is not installed")), "{text}");
    }
}

/// The tables that `scripts/method` knows, from its source: no Python needed.
fn tables() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(Path::new(ROOT).join("scripts/method_tables")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let names = text.lines().filter_map(|line| line.strip_prefix("    name = \"")?.strip_suffix('"'));
        found.extend(names.map(String::from));
    }
    assert!(found.len() > 8, "{found:?}");
    found
}

#[test]
fn the_method_names_every_table_and_no_other() {
    let method = fs::read_to_string(Path::new(ROOT).join("docs/METHOD.md")).unwrap();
    let words: Vec<&str> = method.split_whitespace().collect();
    let follows = |pair: &[&str]| {
        let name: String = pair[1].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        (pair[0].trim_start_matches(['`', '(']) == "scripts/method").then_some(name)
    };
    let named: BTreeSet<String> = words.windows(2).filter_map(follows).collect();
    assert_eq!(named, tables());
    for word in words {
        let path = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_there = !path.starts_with("scripts/") || Path::new(ROOT).join(path).exists();
        assert!(is_there, "docs/METHOD.md names {path}, which is not there");
    }
}

#[test]
fn every_table_says_what_it_needs_and_how_long_it_takes() {
    let Some(python) = python() else { return };
    let home = tempfile::tempdir().unwrap();
    for name in tables() {
        let text = table(&python, &home, &format!("{name} --help"));
        let times = [" s ", " seconds", "minutes"];
        assert!(text.contains("Needs ") && times.iter().any(|time| text.contains(time)), "{name}: {text}");
        let written = table(&python, &home, "--help");
        assert!(written.contains(&format!("    {name}")), "{written}");
    }
    let unknown = method(&python, &home, "nothing");
    assert_eq!(unknown.status.code(), Some(2));
}
