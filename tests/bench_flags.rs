//! What a bench target does with Criterion's flags: values that cannot be are
//! refused before anything is measured, and no panic of Criterion's is seen.

#[path = "support/bench_stage.rs"]
mod bench_stage;

use bench_stage::{BenchStage, PROFILE, text};

/// Refused as wrong usage, in words that name the flag, the value and what is
/// allowed, with nothing measured and nothing written.
fn refused(stage: &BenchStage, arguments: &[&str], words: &[&str]) {
    let before = files(stage);
    let run = stage.bench("throughput", arguments);
    let (said, shown) = (text(&run.stderr), text(&run.stdout));
    assert_eq!(run.status.code(), Some(2), "{arguments:?}: {said}{shown}");
    for word in words {
        assert!(said.contains(word), "{arguments:?} lacks {word:?}: {said}");
    }
    assert!(!said.contains("panicked") && !said.contains("Benchmarking"), "{arguments:?}: {said}");
    assert_eq!(shown, "", "{arguments:?}");
    assert_eq!(files(stage), before, "{arguments:?}");
}

/// Every file under the output directory.
fn files(stage: &BenchStage) -> Vec<std::path::PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![stage.output()]);
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn succeeded(run: std::process::Output) -> String {
    assert!(run.status.success(), "{}{}", text(&run.stdout), text(&run.stderr));
    text(&run.stdout)
}

#[test]
fn values_that_criterion_panics_at_are_refused_with_what_is_allowed() {
    let stage = BenchStage::new(PROFILE);
    for (flag, value, allowed) in [
        ("--sample-size", "5", "10 to 100000"),
        ("--sample-size", "many", "10 to 100000"),
        ("--warm-up-time", "0", "0.001 to 60"),
        ("--warm-up-time", "-1", "0.001 to 60"),
        ("--warm-up-time", "nan", "0.001 to 60"),
        ("--measurement-time", "0", "0.01 to 3600"),
        ("--measurement-time", "inf", "0.01 to 3600"),
        ("--nresamples", "0", "1000 to 1000000"),
        ("--noise-threshold", "0", "0.0001 to 0.9999"),
        ("--confidence-level", "2", "0.0001 to 0.9999"),
        ("--significance-level", "1", "0.0001 to 0.9999"),
        ("--profile-time", "0.5", "1 to 3600"),
        ("--save-baseline", "a/b", "allowed"),
        ("--save-baseline", "..", "allowed"),
        ("--save-baseline", "new", "not allowed"),
        ("--output-format", "json", "bencher"),
        ("--plotting-backend", "excel", "plotters"),
    ] {
        refused(&stage, &[flag, value], &[flag, value, allowed]);
        refused(&stage, &[&format!("{flag}={value}")], &[flag, value, allowed]);
    }
    refused(&stage, &["-s", "a/b"], &["--save-baseline", "a/b", "allowed"]);
    refused(&stage, &["("], &["`(`", "no regular expression", "unclosed group"]);
    refused(&stage, &["--baseline", "a", "--save-baseline", "b"], &["cannot be used with"]);
    refused(&stage, &["--no-such-flag"], &["--no-such-flag"]);
    if std::process::Command::new("gnuplot").arg("--version").output().is_err() {
        refused(&stage, &["--plotting-backend", "gnuplot"], &["--plotting-backend", "gnuplot", "plotters"]);
    }
}

#[test]
fn a_baseline_that_lacks_cells_is_refused_before_anything_is_measured() {
    let stage = BenchStage::new(PROFILE);
    for flag in [["--baseline", "nope"].as_slice(), &["-b", "nope"], &["-bnope"], &["--baseline=nope"]] {
        refused(&stage, flag, &["--baseline nope", "6 of the 6 cells", "two-copy/1024", "there are: none"]);
    }
    succeeded(stage.bench("throughput", &["--noplot", "--save-baseline", "before", "two-copy/1024$"]));
    refused(&stage, &["--baseline", "nope", "two-copy"], &["2 of the 2 cells", "before"]);
    refused(
        &stage,
        &["--baseline", "before", "two-copy"],
        &["--baseline before", "1 of the 2 cells", "throughput/1-thread/two-copy/4096", "--baseline-lenient"],
    );
    for path in ["..", "../1024/before", "new"] {
        refused(&stage, &["--baseline", path, "two-copy/1024$"], &["--baseline", path]);
    }
    refused(&stage, &["--baseline-lenient", "new"], &["--baseline-lenient new: it is the last run"]);
    refused(
        &stage,
        &["--baseline", "before", "--load-baseline", "nope", "two-copy/1024$"],
        &["--load-baseline nope", "1 of the 1 cells"],
    );
    let whole = succeeded(stage.bench("throughput", &["--noplot", "-b", "before", "two-copy/1024$"]));
    assert!(whole.contains("change:"), "{whole}");
    let lenient = ["--noplot", "--baseline-lenient", "before", "two-copy"];
    let lenient = succeeded(stage.bench("throughput", &lenient));
    assert!(lenient.contains("change:") && lenient.contains("cell 2 of 2"), "{lenient}");
    let loaded = ["--noplot", "--baseline", "before", "--load-baseline", "before", "two-copy/1024$"];
    assert!(succeeded(stage.bench("throughput", &loaded)).contains("No change"));
}

#[test]
fn a_filter_that_matches_nothing_names_the_closest_ids() {
    let stage = BenchStage::new(PROFILE);
    refused(
        &stage,
        &["zerocopy/1024"],
        &["no cell", "`zerocopy/1024`", "throughput/1-thread/zero-copy/1024"],
    );
    refused(&stage, &["--exact", "zero-copy/1024"], &["throughput/1-thread/zero-copy/1024"]);
    // What another target has is no mistake: `cargo bench` hands the filter to all three.
    let run = stage.bench("throughput", &["^latency/"]);
    let shown = succeeded(run);
    assert!(shown.contains("no cell of throughput matches `^latency/`") && shown.contains("latency has 6"));
    assert_eq!(shown.lines().count(), 1, "{shown}");
    for nothing in [["--ignored"].as_slice(), &["--list", "nomatch"], &["--list", "--ignored"]] {
        let run = stage.bench("throughput", nothing);
        assert_eq!(text(&run.stderr), "", "{nothing:?}");
        assert_eq!(succeeded(run), "", "{nothing:?}");
    }
    assert!(files(&stage).is_empty());
}

#[test]
fn progress_counts_the_cells_that_are_asked_for() {
    let stage = BenchStage::new(PROFILE);
    let shown = succeeded(stage.bench("throughput", &["--noplot", "1024$"]));
    assert!(shown.contains("3 of 6 cells match `1024$`"), "{shown}");
    assert!(shown.contains("target 3 of 3 (cpu_cost, latency, throughput)"), "{shown}");
    for cell in ["cell 1 of 3; about ", "cell 2 of 3; about ", "cell 3 of 3; the last of throughput"] {
        assert!(shown.contains(cell), "{shown}");
    }
    assert!(shown.contains(" s left in throughput"), "{shown}");
}

#[test]
fn numbers_on_the_command_line_are_those_of_the_record() {
    let stage = BenchStage::new(PROFILE);
    let numbers = ["--sample-size", "12", "--warm-up-time", "0.03", "--nresamples", "1200"];
    succeeded(stage.bench("throughput", &[&["--noplot", "two-copy/1024$"], numbers.as_slice()].concat()));
    let record = stage.output().join("throughput_1-thread/two-copy/1024/new/copycost.json");
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(record).unwrap()).unwrap();
    let settings = &record["profile"]["criterion"];
    assert_eq!((settings["sample_size"].as_u64(), settings["warm_up_s"].as_f64()), (Some(12), Some(0.03)));
    assert_eq!(settings["resamples"], 1200);
    assert_eq!(record["blocks"].as_array().unwrap().len(), 12);
}

#[test]
fn the_heading_names_the_profile_and_where_it_comes_from() {
    let stage = BenchStage::new(PROFILE);
    let shown = succeeded(stage.bench("throughput", &["--test", "two-copy/1024$"]));
    assert!(shown.contains("profile.toml (from COPYCOST_PROFILE)"), "{shown}");
    let mut unset = stage.command("throughput", &["--test", "1-thread/two-copy/1024$"]);
    let shown = succeeded(unset.env_remove("COPYCOST_PROFILE").output().unwrap());
    assert!(shown.contains("profile default, "), "{shown}");
    assert!(!shown.contains("cells are oversubscribed"), "of cells that nobody asked for: {shown}");
}

/// Criterion panics in other places too, of which a stale `CARGO_CRITERION_PORT`
/// is one; and anybody's `println!` does if nobody reads.
#[test]
fn a_panic_of_criterions_is_one_line_and_a_failure() {
    let stage = BenchStage::new(PROFILE);
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        use std::io::Write;
        other.accept().unwrap().0.write_all(&[b'x'; 18]).unwrap();
    });
    let mut command = stage.command("throughput", &["two-copy/1024$"]);
    let run = command.env("CARGO_CRITERION_PORT", port.to_string()).output().unwrap();
    answering.join().unwrap();
    let said = text(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(said.starts_with("copycost: stopped: ") && said.contains("Not connected to cargo-criterion"));
    assert_eq!(said.lines().count(), 1, "{said}");

    let (unread, pipe) = std::io::pipe().unwrap();
    drop(unread);
    let mut command = stage.command("throughput", &["--test"]);
    let run = command.stdout(pipe).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let run = run.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stderr).contains("copycost: stopped: failed printing to stdout"), "{:?}", run.stderr);
    assert!(!text(&run.stderr).contains("panicked"));
}
