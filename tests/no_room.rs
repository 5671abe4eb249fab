//! Results that cannot be written, before and while they are measured: nothing is
//! measured in vain, nothing that was kept is lost, and no run with a loss ends
//! well.

#[path = "support/mounts.rs"]
mod mounts;
#[path = "support/stage.rs"]
mod stage;

use std::path::Path;
use std::process::{Command, Output};

use copycost::compare::Baseline;
use copycost::results::criterion_files::{self, BASELINE_FILES};
use mounts::{FILL, READ_ONLY, SMALL};
use stage::{Stage, text};

const BENCH: &str = r#"cargo bench --workspace --quiet --profile dev --bench throughput -- --noplot"#;

fn run(stage: &Stage, command: &mut Command) -> Output {
    command.env("CRITERION_HOME", stage.output());
    command.env("COPYCOST_PROFILE", stage.directory.path().join("profile.toml"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

/// How often the system's reason is given in each line that gives it.
#[track_caller]
fn says_once(output: &str, reason: &str) {
    assert!(output.contains(reason), "{output}");
    for line in output.lines() {
        assert!(line.matches(reason).count() <= 1, "twice: {line}");
    }
}

#[test]
fn a_read_only_place_is_refused_before_anything_is_measured() {
    let stage = Stage::new();
    let record = format!(
        "exec {} record --profile \"$COPYCOST_PROFILE\" --rounds 1 --name mine",
        env!("CARGO_BIN_EXE_copycost")
    );
    for command in [BENCH, &record] {
        let Some(mut script) = mounts::script(READ_ONLY, &stage.output(), command) else { return };
        let run = run(&stage, &mut script);
        let error = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{error}");
        says_once(&error, "Read-only file system (os error 30)");
        assert!(
            error.contains(&format!("results cannot be kept in {}", stage.output().display())),
            "{error}"
        );
        assert!(!text(&run.stdout).contains("time:"), "{}", text(&run.stdout));
    }
    // What writes nothing is not refused.
    let list = format!("{BENCH} --list");
    let run = run(&stage, &mut mounts::script(READ_ONLY, &stage.output(), &list).unwrap());
    assert!(run.status.success() && text(&run.stdout).contains("zero-copy/4096"), "{}", text(&run.stderr));
}

#[test]
fn a_disk_that_fills_up_in_a_bench_loses_what_it_names_and_nothing_else() {
    for plots in ["", "--noplot"] {
        let stage = Stage::new();
        let script = format!(
            r#"{FILL}
            {} {plots} & bench=$!
            while kill -0 $bench 2>/dev/null && [ -z "$(find "$CRITERION_HOME" -name copycost.json)" ]; do sleep 0.01; done
            fill "$CRITERION_HOME" $bench
            wait $bench; status=$?
            cp -r "$CRITERION_HOME" "$1"
            exit $status"#,
            BENCH.replace("--noplot", "")
        );
        let Some(mut script) = mounts::script(SMALL, &stage.output(), &script) else { return };
        let kept = stage.directory.path().join("kept");
        let run = run(&stage, script.arg(&kept));
        let (said, error) = (text(&run.stdout), text(&run.stderr));
        assert_eq!(run.status.code(), Some(1), "{said}{error}");
        assert!(!error.contains("panicked"), "{error}");
        says_once(&error, "No space left on device (os error 28)");
        let lost = error.split("failed or not kept:").nth(1).unwrap();
        assert!(lost.contains("throughput/1-thread/") && lost.contains("not kept"), "{error}");
        // Each cell's record is whole, or its cell is named.
        let records = criterion_files::records(&kept, "new").unwrap();
        assert!(!records.is_empty(), "{said}{error}");
        let whole: Vec<String> = records.into_iter().map(|record| record.unwrap().cell.to_string()).collect();
        for mode in ["two-copy", "one-copy", "zero-copy"] {
            for bytes in [1024, 4096] {
                let cell = format!("throughput/1-thread/{mode}/{bytes}");
                assert!(whole.contains(&cell) || lost.contains(&cell), "{cell}: {error}");
            }
        }
    }
}

#[test]
fn a_disk_that_fills_up_in_a_recording_loses_one_pass_and_resume_goes_on() {
    let stage = Stage::new();
    let script = format!(
        r#"{FILL}
        record="{} record"
        $record --profile "$COPYCOST_PROFILE" --target throughput --rounds 3 --name mine & pass=$!
        while kill -0 $pass 2>/dev/null && [ ! -e "$CRITERION_HOME/copycost/mine/pass-001-throughput.jsonl" ]; do sleep 0.01; done
        fill "$CRITERION_HOME" $pass
        wait $pass; echo "status $?" >&2
        cp -r "$CRITERION_HOME" "$1"
        rm "$CRITERION_HOME/filler"
        $record --resume --name mine || exit 3
        cp -r "$CRITERION_HOME" "$2""#,
        env!("CARGO_BIN_EXE_copycost")
    );
    let Some(mut script) = mounts::script(SMALL, &stage.output(), &script) else { return };
    let (full, resumed) = (stage.directory.path().join("full"), stage.directory.path().join("resumed"));
    let run = run(&stage, script.arg(&full).arg(&resumed));
    let error = text(&run.stderr);
    assert!(run.status.success(), "{error}");
    says_once(&error, "No space left on device (os error 28)");
    assert!(
        error.contains("status 1")
            && error.contains("still to be measured")
            && error.contains("record --resume --name mine` goes on"),
        "{error}"
    );
    assert_baseline(&full, 1);
    assert_baseline(&resumed, 3);
}

/// At least so many passes that are all whole, and Criterion's files whole as well.
#[track_caller]
fn assert_baseline(output: &Path, passes: usize) {
    let baseline = Baseline::load(output, "mine").unwrap();
    assert!(baseline.processes.len() >= passes && baseline.notes.is_empty(), "{:?}", baseline.notes);
    assert!(baseline.processes.iter().all(|process| process.records.len() == 6));
    for directory in criterion_files::baseline_directories(output, "mine").unwrap() {
        for file in BASELINE_FILES {
            let text = std::fs::read(directory.join(file)).unwrap();
            serde_json::from_slice::<serde_json::Value>(&text).unwrap();
        }
    }
}
