//! `copycost record` as people run it: passes that are kept, that come in an
//! order of their own, and that survive SIGINT and SIGKILL at any point.

#[path = "support/stage.rs"]
mod stage;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use copycost::compare::Baseline;
use copycost::results::recording::{self, Manifest};
use stage::{PROFILE, Stage, succeeded, text};

/// Every pass once, every cell of it once, and no run twice.
fn assert_whole(stage: &Stage, name: &str, passes: usize) {
    let baseline = Baseline::load(&stage.output(), name).unwrap();
    assert_eq!(baseline.processes.len(), passes, "{:?}", stage.files(name));
    let mut seeds = BTreeSet::new();
    for process in &baseline.processes {
        let cells: BTreeSet<_> = process.records.iter().map(|record| record.cell.clone()).collect();
        assert_eq!((cells.len(), process.records.len()), (6, 6));
        assert!(process.records.iter().all(|record| seeds.insert(record.seed)), "a cell was counted twice");
    }
    assert!(baseline.notes.is_empty(), "{:?}", baseline.notes);
}

#[test]
fn a_recording_is_kept_pass_by_pass_and_can_be_added_to() {
    let stage = Stage::new();
    let run = succeeded(stage.record(&["--rounds", "2", "--name", "mine"]));
    assert!(text(&run.stderr).contains("2 of 2 passes done"), "{}", text(&run.stderr));
    assert_whole(&stage, "mine", 2);
    succeeded(stage.record(&["--rounds", "1", "--name", "mine"]));
    assert_whole(&stage, "mine", 3);

    // The log of each pass lists its cells in the order in which they ran.
    let order = |pass: usize| -> Vec<String> {
        let path =
            recording::directory(&stage.output(), "mine").join(format!("pass-00{pass}-throughput.log"));
        let log = std::fs::read_to_string(path).unwrap();
        let ids = log.lines().filter(|line| line.starts_with("throughput/1-thread/"));
        ids.map(|line| line.split_whitespace().next().unwrap().to_string()).collect()
    };
    assert_eq!(order(1).len(), 6);
    assert!(order(1) != order(2) || order(2) != order(3), "{:?}", order(1));
    // What Criterion keeps under the name is the last pass, for its own tools.
    let sample = stage.output().join("throughput_1-thread/one-copy/1024/mine/sample.json");
    assert!(sample.is_file());

    // A generation has as many blocks as any other where the warm-up's last block was as
    // long as those that count: here all have one message.
    let one_message =
        PROFILE.replace("warm_up_s = 0.02", "warm_up_s = 0.001").replace("[1024, 4096]", "[4194304]");
    let profile = one_message.replace("length_ms = 1.0", "length_ms = 0.1");
    std::fs::write(stage.directory.path().join("profile.toml"), profile).unwrap();
    succeeded(stage.record(&["--rounds", "1", "--name", "long"]));
    for record in &Baseline::load(&stage.output(), "long").unwrap().processes[0].records {
        let own = record.blocks.iter().filter_map(|block| block.round(&record.cell.mode));
        assert!(own.map(|own| own.messages).eq([1; 10]), "{}", record.cell);
        let generations: Vec<usize> = record.blocks.iter().map(|block| block.generation).collect();
        assert_eq!(generations, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    }

    // Of another kind it is not added to.
    std::fs::write(
        stage.directory.path().join("profile.toml"),
        PROFILE.replace("length_ms = 1.0", "length_ms = 2.0"),
    )
    .unwrap();
    let run = stage.record(&["--rounds", "1", "--name", "mine"]);
    let error = text(&run.stderr);
    assert!(
        run.status.code() == Some(1) && error.contains("profile") && error.contains("another --name"),
        "{error}"
    );
    assert_whole(&stage, "mine", 3);
}

#[test]
fn what_breaks_it_off_loses_no_pass_and_counts_none_twice() {
    let stage = Stage::new();
    // A pass of this profile takes a second or so: these points fall before the
    // first, into one, and between two.
    for (interruption, after_ms) in [200, 900, 1700, 2600, 3300].into_iter().enumerate() {
        let mut child = match interruption {
            0 => stage.start(&["--rounds", "4", "--name", "broken"]),
            _ => {
                let mut command = stage.command(&["record", "--resume", "--name", "broken"]);
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
            }
        };
        std::thread::sleep(Duration::from_millis(after_ms));
        let signal = if interruption % 2 == 0 { "-INT" } else { "-KILL" };
        // It may be done already; then there is nothing to break off.
        let _ = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        child.wait().unwrap();
        if interruption == 0
            && !recording::directory(&stage.output(), "broken").join("recording.json").exists()
        {
            succeeded(stage.record(&["--rounds", "4", "--name", "broken"]));
        }
    }
    // What is not finished is not silently begun anew.
    let due = !recording::passes(&recording::directory(&stage.output(), "broken")).unwrap().len().eq(&4);
    if due {
        let run = stage.record(&["--rounds", "4", "--name", "broken"]);
        assert!(text(&run.stderr).contains("--resume takes it up"), "{}", text(&run.stderr));
    }
    succeeded(stage.run(&["record", "--resume", "--name", "broken"]));
    assert_whole(&stage, "broken", 4);
    assert!(
        !stage.files("broken").iter().any(|file| file.ends_with(".partial")),
        "{:?}",
        stage.files("broken")
    );
}

#[test]
fn a_killed_recorder_leaves_no_process_that_measures() {
    let stage = Stage::new();
    let mut child = stage.start(&["--rounds", "50", "--name", "orphan"]);
    std::thread::sleep(Duration::from_millis(1200));
    child.kill().unwrap();
    child.wait().unwrap();
    // The pass sees that its recorder is gone by the end of its input.
    for _ in 0..100 {
        if passes_running(&stage).is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("still running: {:?}", passes_running(&stage));
}

/// Processes whose output directory lies in the stage.
fn passes_running(stage: &Stage) -> Vec<String> {
    let output = stage.output().display().to_string();
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let ours = processes.filter(|process| {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        text(&environment).contains(&output)
    });
    ours.map(|process| process.display().to_string()).collect()
}

#[test]
fn two_recorders_of_one_name_do_not_mix() {
    let stage = Stage::new();
    let mut first = stage.start(&["--rounds", "50", "--name", "shared"]);
    for _ in 0..200 {
        if recording::directory(&stage.output(), "shared").join("recording.json").exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let run = stage.record(&["--rounds", "1", "--name", "shared"]);
    assert!(text(&run.stderr).contains("another process is recording it"), "{}", text(&run.stderr));
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn two_sides_are_measured_in_turn_each_after_its_command() {
    let stage = Stage::new();
    let trace = stage.directory.path().join("trace");
    let note = |side: &str| format!("echo {side} >> '{}'", trace.display());
    let rounds = ["--interleave", "--name", "pair", "--rounds", "4", "--filter", "1024"];
    succeeded(stage.record(&[&rounds[..], &["--before-a", &note("a"), "--before-b", &note("b")]].concat()));
    let order: Vec<String> = std::fs::read_to_string(&trace).unwrap().lines().map(str::to_string).collect();
    assert_eq!(order.len(), 8);
    for pair in order.chunks(2) {
        assert_eq!(pair.iter().collect::<BTreeSet<_>>().len(), 2, "each pair has both sides: {order:?}");
    }
    let side = |name: &str| Manifest::read(&recording::directory(&stage.output(), name)).unwrap().unwrap();
    let (a, b) = (side("pair-a").pair.unwrap(), side("pair-b").pair.unwrap());
    assert!(a.id == b.id && a.side != b.side);
    let run = succeeded(stage.run(&["compare", "pair-a", "pair-b", "--json"]));
    assert!(text(&run.stdout).contains("\"basis\": \"pairs\""));

    let failing = [&rounds[..3], &["--rounds", "1", "--before-a", "exit 7", "--before-b", "true"]].concat();
    let failing: Vec<&str> =
        failing.iter().map(|word| if *word == "pair" { "failing" } else { word }).collect();
    let run = stage.record(&failing);
    assert!(run.status.code() == Some(1) && text(&run.stderr).contains("`exit 7`"), "{}", text(&run.stderr));
}

#[test]
fn a_pair_that_was_broken_off_in_between_knows_that_it_is_none() {
    let stage = Stage::new();
    let marker = stage.directory.path().join("counted");
    // The third pass of all is not let begin: one pair is whole, one half.
    let third = format!("echo >> '{0}'; test $(wc -l < '{0}') -ne 4", marker.display());
    let arguments = ["--interleave", "--name", "torn", "--rounds", "3", "--filter", "1024"];
    let run = stage.record(&[&arguments[..], &["--before-a", &third, "--before-b", &third]].concat());
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stderr));
    succeeded(stage.run(&["record", "--resume", "--name", "torn"]));
    for name in ["torn-a", "torn-b"] {
        let manifest = Manifest::read(&recording::directory(&stage.output(), name)).unwrap().unwrap();
        let torn: Vec<usize> = manifest.pair.unwrap().torn.unwrap().iter().map(|pass| pass.round).collect();
        assert_eq!(torn, [2], "{name}");
    }
    let run = succeeded(stage.run(&["compare", "torn-a", "torn-b"]));
    assert!(text(&run.stdout).contains("1 pair of passes torn apart"), "{}", text(&run.stdout));
}

#[test]
fn a_recording_is_not_compared_with_itself() {
    let stage = Stage::new();
    succeeded(stage.record(&["--rounds", "2", "--name", "mine", "--filter", "1024"]));
    for flags in [&[][..], &["--json"], &["--force"]] {
        let run = stage.run(&[&["compare", "mine", "mine"], flags].concat());
        assert!(run.status.code() == Some(2) && run.stdout.is_empty(), "{}", text(&run.stdout));
        assert!(text(&run.stderr).contains("mine and mine are one"), "{}", text(&run.stderr));
    }
}

#[test]
fn bad_arguments_are_refused_before_anything_is_measured() {
    let stage = Stage::new();
    for (arguments, expected) in [
        (&["record", "--rounds", "0"][..], "must be a number from 1 to 999"),
        (&["record", "--target", "speed"], "allowed: throughput, latency, cpu_cost"),
        (&["record", "--profile", "nosuch"], "nosuch"),
        (&["record", "--resume", "--name", "nosuch"], "nothing to resume"),
        (&["record", "--interleave"], "--name"),
        (&["record", "--before-a", "true"], "--interleave"),
        (&["compare", "nosuch", "other"], "first measure with `cargo bench`"),
        (&["compare", "nosuch"], "Give a second name"),
        (&["compare", "a", "b", "--threshold", "-1"], "must be a number from 0 to 100"),
        (&["compare", "a", "b", "--fail-on", "different"], "allowed: slower, faster"),
    ] {
        let run = stage.run(arguments);
        let error = text(&run.stderr);
        assert!(!run.status.success() && error.contains(expected), "{arguments:?}: {error}");
    }
    assert!(!stage.output().join("copycost").join("nosuch").exists());
}
