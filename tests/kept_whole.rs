//! What is kept stays whole wherever the process that keeps it is killed, and
//! what cannot be read is said and costs no more than itself.

#[path = "support/stage.rs"]
mod stage;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use copycost::compare::Baseline;
use copycost::results::criterion_files::{self, BASELINE_FILES};
use copycost::results::recording;
use stage::{Stage, succeeded, text};

/// One cell, so that a pass takes no time.
const FILTER: [&str; 2] = ["--filter", "one-copy/1024"];

/// Kills the recorder, not its pass, at the nth call of each kind that changes
/// what lies on disk, until it has made all its calls.
#[test]
fn a_recorder_killed_at_any_point_loses_no_pass_and_cuts_no_file() {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: strace is not installed");
        return;
    }
    let stage = Stage::new();
    succeeded(stage.record(&[&["--rounds", "1", "--name", "mine"], &FILTER[..]].concat()));
    let begun = stage.directory.path().join("begun");
    fs::rename(stage.output(), &begun).unwrap();
    let mut kills = 0;
    for calls in ["/^rename", "/^fsync", "/^unlink|rmdir"] {
        for nth in 1.. {
            copy(&begun, &stage.output());
            if !killed_at(&stage, calls, nth) {
                break;
            }
            kills += 1;
            let at = format!("{calls} {nth}");
            assert_whole_files(&stage.output(), &at);
            let done = Baseline::load(&stage.output(), "mine").unwrap();
            assert!(!done.processes.is_empty() && done.notes.is_empty(), "{at}: {:?}", done.notes);
            // Unless it was killed before the plan of two passes had its place, it is taken up.
            succeeded(stage.run(&["record", "--resume", "--name", "mine"]));
            let resumed = Baseline::load(&stage.output(), "mine").unwrap();
            assert!(resumed.processes.len() >= done.processes.len(), "{at}");
            let planned = resumed.manifest.as_ref().unwrap().planned_passes();
            assert_eq!((resumed.processes.len(), &resumed.notes[..]), (planned, &[][..]), "{at}");
            let left: Vec<String> =
                stage.files("mine").into_iter().filter(|name| name.ends_with(".partial")).collect();
            assert!(left.is_empty(), "{at}: {left:?}");
            assert_whole_files(&stage.output(), &at);
            fs::remove_dir_all(stage.output()).unwrap();
        }
        fs::remove_dir_all(stage.output()).unwrap();
    }
    // The plan, the records and five files of Criterion's, each written, synced and renamed.
    assert!(kills >= 14, "{kills}");
}

/// Whether the kill came before the recorder was done with a second pass.
fn killed_at(stage: &Stage, calls: &str, nth: usize) -> bool {
    let profile = stage.directory.path().join("profile.toml");
    let inject = format!("inject={calls}:signal=KILL:when={nth}");
    let mut command = Command::new("strace");
    command.args(["-qq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject]);
    command.arg(env!("CARGO_BIN_EXE_copycost")).args(["record", "--target", "throughput"]);
    command.arg("--profile").arg(profile).args(["--rounds", "1", "--name", "mine"]).args(FILTER);
    let run = command.env("CRITERION_HOME", stage.output()).output().unwrap();
    // strace ends as the process that it traces did.
    use std::os::unix::process::ExitStatusExt;
    let killed = run.status.signal() == Some(9);
    assert!(killed || run.status.success(), "{calls} {nth}: {}", text(&run.stderr));
    killed
}

/// Every file that lives is whole JSON; what lies beside is not read.
fn assert_whole_files(output: &Path, at: &str) {
    let mut files = Vec::new();
    for directory in criterion_files::baseline_directories(output, "mine").unwrap() {
        files.extend(BASELINE_FILES.map(|file| directory.join(file)));
    }
    files.push(recording::directory(output, "mine").join("recording.json"));
    for file in files {
        let text = fs::read(&file).unwrap_or_else(|error| panic!("{at}: {}: {error}", file.display()));
        let whole = serde_json::from_slice::<serde_json::Value>(&text);
        assert!(whole.is_ok(), "{at}: {} is cut", file.display());
    }
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-r").args([from, to]).status().unwrap();
    assert!(status.success());
}

/// Three passes of six cells under one name.
fn recorded() -> Stage {
    let stage = Stage::new();
    succeeded(stage.record(&["--rounds", "3", "--name", "mine"]));
    stage
}

#[test]
fn one_record_that_cannot_be_read_is_said_and_the_rest_stands() {
    let stage = recorded();
    let pass = recording::directory(&stage.output(), "mine").join("pass-002-throughput.jsonl");
    let cell: PathBuf = criterion_files::baseline_directories(&stage.output(), "mine").unwrap().remove(0);
    let cut = |path: &Path, text: &[u8]| fs::write(path, &text[..text.len() / 2]).unwrap();

    succeeded(stage.record(&["--rounds", "1", "--name", "other"]));

    // A line in the middle of a pass, and Criterion's copy of another.
    let whole = fs::read_to_string(&pass).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let cut_line = format!("{}\n{}\n{}\n", lines[0], &lines[1][..100], lines[2..].join("\n"));
    fs::write(&pass, cut_line).unwrap();
    cut(&cell.join("copycost.json"), &fs::read(cell.join("copycost.json")).unwrap());
    let baseline = Baseline::load(&stage.output(), "mine").unwrap();
    assert_eq!(baseline.processes.iter().map(|process| process.records.len()).sum::<usize>(), 17);
    let [note] = &baseline.notes[..] else { panic!("{:?}", baseline.notes) };
    assert!(
        note.starts_with("2 records of `mine` cannot be read and are left out; the first: ")
            && note.contains("pass-002-throughput.jsonl"),
        "{note}"
    );
    for command in
        [&["compare", "other", "mine"][..], &["report", "--baseline", "mine", "--format", "markdown"]]
    {
        let run = succeeded(stage.run(command));
        assert!(text(&run.stdout).contains("2 records of `mine` cannot be read"), "{}", text(&run.stdout));
    }

    // A whole pass that cannot be read is one process fewer.
    fs::remove_file(&pass).unwrap();
    fs::create_dir(&pass).unwrap();
    let baseline = Baseline::load(&stage.output(), "mine").unwrap();
    assert_eq!((baseline.processes.len(), baseline.notes.len()), (2, 1), "{:?}", baseline.notes);

    // Where none can be read, that is what is said.
    for number in [1, 3] {
        let pass =
            recording::directory(&stage.output(), "mine").join(format!("pass-00{number}-throughput.jsonl"));
        fs::write(&pass, "{").unwrap();
    }
    for cell in criterion_files::baseline_directories(&stage.output(), "mine").unwrap() {
        fs::write(cell.join("copycost.json"), "{").unwrap();
    }
    let error = Baseline::load(&stage.output(), "mine").unwrap_err().to_string();
    assert!(error.contains("cannot be read") && !error.contains("nothing is kept"), "{error}");
}

/// As an earlier version left it, killed between two steps.
#[test]
fn where_a_pass_that_counts_was_measured_is_cleared_away() {
    let stage = recorded();
    let directory = recording::directory(&stage.output(), "mine");
    let staging = directory.join("pass-003-throughput.partial");
    fs::create_dir(&staging).unwrap();
    fs::write(staging.join("left"), "over").unwrap();
    fs::write(directory.join("pass-004-throughput.jsonl.partial"), "{\"cell\":").unwrap();
    succeeded(stage.run(&["record", "--resume", "--name", "mine"]));
    let left: Vec<String> = stage.files("mine").into_iter().filter(|name| name.contains("partial")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_export_that_fails_or_is_killed_leaves_nothing_beside() {
    let stage = recorded();
    let archive = stage.directory.path().join("mine.tar.gz");
    let beside = || {
        let entries = fs::read_dir(stage.directory.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("mine.tar")).collect::<Vec<_>>()
    };
    let pass = recording::directory(&stage.output(), "mine").join("pass-002-throughput.jsonl");
    let whole = fs::read(&pass).unwrap();
    // Half of the file could be a record or two, and whole.
    let record = whole.iter().position(|byte| *byte == b'\n').unwrap();
    fs::write(&pass, &whole[..record / 2]).unwrap();
    let run = stage.run(&["export", "mine", archive.to_str().unwrap()]);
    assert!(run.status.code() == Some(1) && text(&run.stderr).contains("pass-002"), "{}", text(&run.stderr));
    assert!(beside().is_empty(), "{:?}", beside());
    fs::write(&pass, &whole).unwrap();
    succeeded(stage.run(&["export", "mine", archive.to_str().unwrap()]));
    assert_eq!(beside(), ["mine.tar.gz"]);
}
