//! What `copycost record` refuses before a recording takes its name, what it says
//! at the end, and how a recording goes.

#[path = "support/stage.rs"]
mod stage;

use std::path::PathBuf;
use std::process::Output;

use copycost::compare::Baseline;
use copycost::results::criterion_files;
use copycost::results::recording;
use stage::{Stage, succeeded, text};

const ONE: [&str; 4] = ["--rounds", "1", "--filter", "one-copy/1024"];

#[track_caller]
fn refused(stage: &Stage, run: Output, says: &[&str]) {
    let error = text(&run.stderr);
    assert!(run.status.code() == Some(2) && says.iter().all(|part| error.contains(part)), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    assert!(!stage.output().join("copycost").exists(), "the name is taken");
}

#[test]
fn a_filter_that_selects_nothing_is_refused_before_the_name_is_taken() {
    let stage = Stage::new();
    let run = stage.record(&["--name", "mine", "--filter", "nomatch"]);
    refused(
        &stage,
        run,
        &["--filter 'nomatch'", "6 cells of throughput", "the closest are throughput/1-thread/"],
    );
    let run = stage.record(&["--name", "mine", "--filter", "("]);
    refused(&stage, run, &["--filter '(': it is no regular expression: unclosed group"]);
    // A pass that has nothing to measure would end the recording half-way.
    let run = stage.record(&["--name", "mine", "--target", "latency", "--filter", "^throughput"]);
    refused(&stage, run, &["cells of latency", "--target"]);
    let run = stage.run(&["record", "--name", "mine", "--profile", "nosuch"]);
    refused(&stage, run, &["nosuch"]);
}

#[test]
fn the_time_it_takes_is_that_of_the_cells_that_the_filter_leaves() {
    let stage = Stage::new();
    let profile = stage::PROFILE.replace("sample_size = 10", "sample_size = 200");
    std::fs::write(stage.directory.path().join("profile.toml"), profile).unwrap();
    let run = succeeded(stage.record(&["--name", "mine", "--rounds", "1", "--filter", "one-copy/1024"]));
    let said = text(&run.stderr);
    assert!(said.contains("copycost: 1 pass to measure, about 1 s;"), "{said}");
}

#[test]
fn a_setting_that_the_profile_overrides_is_named_before_anything_is_measured() {
    let stage = Stage::new();
    let pair = |name: &str, before: [&str; 2]| {
        let before = ["--interleave", "--name", name, "--before-a", before[0], "--before-b", before[1]];
        text(&succeeded(stage.record(&[&ONE[..], &before].concat())).stderr)
    };
    let said = pair("one", ["true net.core.rmem_default=212992", "true net.core.rmem_default=425984"]);
    let warning = "copycost: WARNING: net.core.rmem_default: the profile sets `socket.receive_buffer_bytes`, so \
                   this setting has no effect on what is measured\n";
    let (warned, measured) = (said.find(warning), said.find("to measure"));
    assert!(warned.is_some() && warned < measured, "{said}");
    assert_eq!(said.matches("WARNING").count(), 1, "{said}");
    let said = pair("two", ["true net.ipv4.tcp_limit_output_bytes=1", "true"]);
    assert!(!said.contains("WARNING"), "{said}");
}

#[test]
fn what_was_recorded_now_is_told_from_what_was_there() {
    let stage = Stage::new();
    let record = |rounds: &str| {
        let arguments = ["--name", "mine", "--rounds", rounds, "--filter", "one-copy/1024"];
        text(&succeeded(stage.record(&arguments)).stdout)
    };
    let first = record("2");
    assert!(first.contains("recorded mine: 2 passes; it has 2 of each target"), "{first}");
    let second = record("1");
    assert!(second.contains("recorded mine: 1 pass; it has 3 of each target"), "{second}");
}

#[test]
fn the_setting_that_is_left_in_force_is_named_however_the_recording_ends() {
    let stage = Stage::new();
    let pair = |after: &str| {
        let before =
            [&ONE[..], &["--interleave", "--name", "pair", "--before-a", "true", "--before-b", after]];
        stage.record(&before.concat())
    };
    let run = pair("exit 7");
    assert!(!run.status.success());
    let said = text(&run.stdout);
    assert!(said.contains("still in force") && said.contains("`exit 7`"), "{said}");
    std::fs::remove_dir_all(stage.output()).unwrap();
    let said = text(&succeeded(pair("false || true")).stdout);
    let last =
        said.contains("`true` was the last command") || said.contains("`false || true` was the last command");
    assert!(last, "{said}");
}

#[test]
fn lists_say_how_far_each_recording_is_and_what_to_do_first() {
    let stage = Stage::new();
    let run = stage.run(&["report", "--baseline", "nosuch"]);
    let error = text(&run.stderr);
    assert!(error.contains("copycost record --name NAME") && !error.contains("none"), "{error}");

    succeeded(stage.record(&[&ONE[..], &["--name", "whole"]].concat()));
    let began = stage.record(
        &[&ONE[..], &["--interleave", "--name", "none", "--before-a", "false", "--before-b", "false"]]
            .concat(),
    );
    assert!(!began.status.success());
    let mut twice =
        recording::Manifest::read(&recording::directory(&stage.output(), "whole")).unwrap().unwrap();
    twice.rounds = 2;
    succeeded(stage.record(&[&ONE[..], &["--name", "half"]].concat()));
    let manifest = recording::directory(&stage.output(), "half").join("recording.json");
    std::fs::write(manifest, serde_json::to_vec(&twice).unwrap()).unwrap();
    let error = text(&stage.run(&["compare", "whole", "nosuch"]).stderr);
    assert!(
        error.contains(
            "there are: half (unfinished: 1 of 2 passes), none-a (empty), none-b (empty), whole (1 pass)"
        ),
        "{error}"
    );
}

#[test]
fn a_recording_is_discarded_with_criterions_files_of_it_once_that_is_sure() {
    let stage = Stage::new();
    succeeded(stage.record(&[&ONE[..], &["--name", "mine"]].concat()));
    succeeded(stage.record(&[&ONE[..], &["--name", "other"]].concat()));
    let run = stage.run(&["record", "--discard", "mine"]);
    let error = text(&run.stderr);
    assert!(run.status.code() == Some(2) && error.contains("--yes"), "{error}");
    assert_eq!(Baseline::load(&stage.output(), "mine").unwrap().processes.len(), 1);

    let run = succeeded(stage.run(&["record", "--discard", "mine", "--yes"]));
    assert!(text(&run.stdout).contains("discarded mine: 1 pass"), "{}", text(&run.stdout));
    assert_eq!(criterion_files::baseline_names(&stage.output()).unwrap(), ["other"]);
    assert!(!recording::directory(&stage.output(), "mine").exists());
    let run = stage.run(&["record", "--discard", "mine", "--yes"]);
    assert!(
        run.status.code() == Some(1) && text(&run.stderr).contains("other (1 pass)"),
        "{}",
        text(&run.stderr)
    );

    // What is of a run of `cargo bench` under the same name stays.
    let cell: PathBuf = criterion_files::baseline_directories(&stage.output(), "other").unwrap().remove(0);
    let record = std::fs::read_to_string(cell.join("copycost.json")).unwrap();
    let mut of_a_bench: serde_json::Value = serde_json::from_str(&record).unwrap();
    of_a_bench["seed"] = 1.into();
    std::fs::write(cell.join("copycost.json"), of_a_bench.to_string()).unwrap();
    let run = succeeded(stage.run(&["record", "--discard", "other", "--yes"]));
    assert!(text(&run.stdout).contains("1 cell of a run of `cargo bench`"), "{}", text(&run.stdout));
    let run = stage.run(&["record", "--discard", "other", "--yes"]);
    let error = text(&run.stderr);
    assert!(run.status.code() == Some(2) && error.contains("no recording"), "{error}");
}

#[test]
fn both_sides_of_a_pair_are_discarded_together() {
    let stage = Stage::new();
    let pair = ["--interleave", "--name", "pair", "--before-a", "true", "--before-b", "true"];
    succeeded(stage.record(&[&ONE[..], &pair].concat()));
    succeeded(stage.run(&["record", "--discard", "pair", "--yes"]));
    assert!(criterion_files::baseline_names(&stage.output()).unwrap().is_empty());
}

#[test]
fn no_cause_is_printed_twice() {
    let stage = Stage::new();
    for command in [
        &["import", "/nonexistent/file"][..],
        &["record", "--profile", "/nonexistent/file"],
        &["profile", "/nonexistent/file"],
    ] {
        let run = stage.run(command);
        let error = text(&run.stderr);
        assert!(!run.status.success());
        assert_eq!(error.matches("No such file or directory (os error 2)").count(), 1, "{error}");
    }
}
