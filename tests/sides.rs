//! `copycost record --side`: several agents, started by real runners, whose rounds
//! share their blocks; each side a baseline, compared within the blocks.

#[path = "support/stage.rs"]
mod stage;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use copycost::compare::{Baseline, statistics::Basis};
use copycost::doubt::DoubtKind;
use copycost::exchange::ACROSS_LANE;
use stage::{Stage, succeeded, text};

const TWO: [&str; 8] = ["--side", "a", "--side", "b=env COPYCOST_SIDE=b", "--name", "g", "--filter", "1024"];

/// A shell script to run a side's command by.
fn script(stage: &Stage, name: &str, lines: &str) -> String {
    let path = stage.directory.path().join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn sides_share_their_blocks_and_are_baselines_of_their_own() {
    let stage = Stage::new();
    succeeded(stage.record(&[&TWO[..], &["--rounds", "3"]].concat()));
    let [a, b] = ["g-a", "g-b"].map(|name| Baseline::load(&stage.output(), name).unwrap());
    assert_eq!((a.processes.len(), b.processes.len()), (3, 3));
    for (of_a, of_b) in a.processes.iter().zip(&b.processes) {
        assert_eq!((of_a.records.len(), of_b.records.len()), (3, 3));
        for record in &of_a.records {
            let other = of_b.records.iter().find(|other| other.cell == record.cell).unwrap();
            assert_eq!((record.seed, record.blocks.len()), (other.seed, other.blocks.len()));
            assert_ne!(record.blocks, other.blocks, "each side has rounds of its own");
            let lanes = |block: &copycost::exchange::Block| block.rounds.len();
            assert!(
                record.blocks.iter().all(|block| lanes(block) == 7 && block.round(ACROSS_LANE).is_some())
            );
            assert!(other.blocks.iter().all(|block| lanes(block) == 6 && block.round("self").is_some()));
            assert!(record.ratios[ACROSS_LANE].found().is_some());
        }
    }
    let run = succeeded(stage.run(&["compare", "g", "--json"]));
    let comparisons: Vec<copycost::compare::Comparison> = serde_json::from_slice(&run.stdout).unwrap();
    let cells = &comparisons[0].cells;
    assert!(!cells.is_empty() && cells.iter().all(|cell| cell.absolute.basis == Some(Basis::SharedBlocks)));
    assert!(cells.iter().all(|cell| cell.relative.basis == Some(Basis::SharedBlocks)));
    succeeded(stage.run(&["report", "--baseline", "g", "--format", "markdown"]));

    // More of the same, and not of others.
    succeeded(stage.record(&[&TWO[..], &["--rounds", "1"]].concat()));
    assert_eq!(Baseline::load(&stage.output(), "g-b").unwrap().processes.len(), 4);
    let run =
        stage.record(&["--side", "a", "--side", "c", "--name", "g", "--filter", "1024", "--rounds", "1"]);
    assert!(text(&run.stderr).contains("other sides"), "{}", text(&run.stderr));
    let run = stage.record(&["--name", "g", "--rounds", "1"]);
    assert!(text(&run.stderr).contains("group of sides"), "{}", text(&run.stderr));
}

#[test]
fn a_side_that_fails_is_said_and_set_aside_and_spoils_no_other() {
    let stage = Stage::new();
    let broken = script(&stage, "broken", "echo no such host as this >&2; exit 3");
    let broken = format!("c={broken}");
    let run = stage.record(&[&TWO[..], &["--side", &broken, "--rounds", "4"]].concat());
    let error = text(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{error}");
    assert_eq!(error.matches("no such host as this").count(), 3, "three times, then no more: {error}");
    assert!(error.contains("side c failed 3 passes in a row and is set aside"), "{error}");
    assert!(error.contains("set aside after 3 failures in a row: c"), "{error}");
    for name in ["g-a", "g-b"] {
        assert_eq!(Baseline::load(&stage.output(), name).unwrap().processes.len(), 4);
    }
    succeeded(stage.run(&["compare", "g"]));
}

#[test]
fn what_a_runner_prints_first_is_passed_over_and_nonsense_is_not_believed() {
    let stage = Stage::new();
    let banner = script(&stage, "banner", "echo Welcome; printf 'no line end'; exec \"$@\"");
    let garbled = script(&stage, "garbled", "\"$@\" | tr '{' '['");
    let truncated = script(&stage, "truncated", "\"$@\" | head -c 300");
    let flood = script(&stage, "flood", "yes copycost");
    let sides =
        [format!("b={banner}"), format!("c={garbled}"), format!("d={truncated}"), format!("e={flood}")];
    let sides: Vec<&str> = sides.iter().flat_map(|side| ["--side", side.as_str()]).collect();
    let record = [
        &["--side", "a", "--name", "g", "--filter", "1024", "--rounds", "1", "--start-timeout", "8"],
        &sides[..],
    ]
    .concat();
    let run = succeeded(stage.record(&record));
    let error = text(&run.stderr);
    for expected in [
        "side c: the agent ended",
        "side d: the connection ended within a frame",
        "side e: 4194304 bytes came, and no word from an agent",
    ] {
        let first = expected.split(' ').take(2).collect::<Vec<_>>().join(" ");
        assert!(error.contains(&first), "{expected}: {error}");
    }
    assert!(!error.contains("side b"), "{error}");
    for (name, passes) in [("g-a", 1), ("g-b", 1)] {
        assert_eq!(Baseline::load(&stage.output(), name).unwrap().processes.len(), passes);
    }
    for name in ["g-c", "g-d", "g-e"] {
        assert!(Baseline::load(&stage.output(), name).is_err());
    }
}

#[test]
fn passes_of_sides_with_commands_are_in_turn() {
    let stage = Stage::new();
    let trace = stage.directory.path().join("trace");
    let before = ["a", "b"].map(|side| format!("{side}=echo {side} >> '{}'", trace.display()));
    let before = ["--before", &before[0], "--before", &before[1], "--rounds", "3"];
    succeeded(stage.record(&[&TWO[..], &before].concat()));
    let order = std::fs::read_to_string(&trace).unwrap();
    assert_eq!((order.matches('a').count(), order.matches('b').count()), (3, 3), "{order}");
    let run = succeeded(stage.run(&["compare", "g", "--json"]));
    assert!(text(&run.stdout).contains("\"basis\": \"pairs\""));
}

#[test]
fn sides_that_cannot_be_are_refused_before_anything_is_started() {
    let stage = Stage::new();
    for (arguments, expected) in [
        (&["--side", "a", "--name", "g"][..], "two sides or more"),
        (&["--side", "a", "--side", "a=env", "--name", "g"], "a side `a` already"),
        (&["--side", "a/b", "--side", "b", "--name", "g"], "baseline's name"),
        (&["--side", "a", "--side", "b"], "--name"),
        (&["--side", "a", "--side", "b", "--name", "g", "--before", "c=true"], "there are: a, b"),
        (&["--side", "a", "--side", "b", "--name", "g", "--reboot-every", "0"], "1 to 999"),
    ] {
        let run = stage.record(arguments);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {}", text(&run.stderr));
        assert!(text(&run.stderr).contains(expected), "{arguments:?}: {}", text(&run.stderr));
    }
    assert!(!stage.output().join("copycost").exists());
}

/// Processes whose output directory lies in the stage.
fn running(stage: &Stage) -> Vec<String> {
    let output = stage.output().display().to_string();
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let ours = processes.filter(|process| {
        text(&std::fs::read(process.join("environ")).unwrap_or_default()).contains(&output)
    });
    ours.map(|process| text(&std::fs::read(process.join("cmdline")).unwrap_or_default())).collect()
}

#[test]
fn whatever_ends_a_recording_leaves_no_process_and_loses_no_pass() {
    let stage = Stage::new();
    // Does not end when it is asked to, nor when its input does.
    let stubborn = script(&stage, "stubborn", "trap '' TERM INT HUP; \"$@\"; sleep 100 & wait; sleep 100");
    let stubborn = format!("b={stubborn}");
    let sides = ["--side", "a", "--side", &stubborn, "--name", "g", "--filter", "1024", "--rounds", "4"];
    for (number, (signal, after_ms)) in [("INT", 900), ("TERM", 1700), ("KILL", 2600)].into_iter().enumerate()
    {
        let mut child = match number {
            0 => stage.start(&sides),
            _ => stage.command(&["record", "--resume", "--name", "g"]).spawn().unwrap(),
        };
        std::thread::sleep(Duration::from_millis(after_ms));
        let _ = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        child.wait().unwrap();
        for _ in 0..200 {
            if running(&stage).is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(running(&stage).is_empty(), "after {signal}: {:?}", running(&stage));
    }
    succeeded(stage.run(&["record", "--resume", "--name", "g"]));
    for name in ["g-a", "g-b"] {
        let baseline = Baseline::load(&stage.output(), name).unwrap();
        let passes: Vec<usize> = baseline.processes.iter().map(|process| process.number).collect();
        assert_eq!(passes, [1, 2, 3, 4], "{name}");
    }
    assert!(running(&stage).is_empty(), "{:?}", running(&stage));
    succeeded(stage.run(&["record", "--discard", "g", "--yes"]));
    assert!(std::fs::read_dir(stage.output().join("copycost")).unwrap().next().is_none());
}

#[test]
fn a_pass_that_was_half_handed_over_is_handed_over_once() {
    let stage = Stage::new();
    succeeded(stage.record(&[&TWO[..], &["--rounds", "2"]].concat()));
    // As it was before the second side got its records.
    let place = |name: &str| stage.output().join("copycost").join(name).join("pass-002-throughput.jsonl");
    let mut journal = String::new();
    for (side, name) in ["g-a", "g-b"].into_iter().enumerate() {
        for line in std::fs::read_to_string(place(name)).unwrap().lines() {
            journal += &format!("{{\"side\":{side},\"record\":{line}}}\n");
        }
    }
    std::fs::write(place("g"), journal).unwrap();
    let kept = std::fs::read(place("g-b")).unwrap();
    std::fs::remove_file(place("g-b")).unwrap();
    succeeded(stage.run(&["record", "--resume", "--name", "g"]));
    assert_eq!(std::fs::read(place("g-b")).unwrap(), kept);
    assert!(!place("g").exists());
    for name in ["g-a", "g-b"] {
        assert_eq!(Baseline::load(&stage.output(), name).unwrap().processes.len(), 2);
    }
}

#[test]
fn sides_travel_one_by_one_and_still_share_their_blocks() {
    let stage = Stage::new();
    succeeded(stage.record(&[&TWO[..], &["--rounds", "2"]].concat()));
    for (name, other) in [("g-a", "x"), ("g-b", "y")] {
        succeeded(stage.run(&["export", name, other]));
        succeeded(stage.run(&["import", other, "--as", other]));
    }
    let run = succeeded(stage.run(&["compare", "x", "y", "--json"]));
    assert!(text(&run.stdout).contains("\"basis\": \"shared_blocks\""));
}

#[test]
fn a_slowdown_of_one_side_is_of_that_side() {
    let stage = Stage::new();
    let slowdown = |side: &str| {
        let slowdown = format!("[slowdown]\nmode = \"one-copy\"\nside = \"{side}\"\npercent = [5.0, 5.0]\n");
        std::fs::write(stage.directory.path().join("profile.toml"), stage::PROFILE.to_string() + &slowdown)
            .unwrap();
    };
    slowdown("c");
    let run = stage.record(&[&TWO[..], &["--rounds", "1"]].concat());
    assert_eq!(run.status.code(), Some(2));
    let error = text(&run.stderr);
    assert!(error.contains("slowdown.side = \"c\": must be empty or one of: a, b"), "{error}");

    slowdown("b");
    succeeded(stage.record(&[&TWO[..], &["--rounds", "1"]].concat()));
    for (side, expected) in [("a", vec![]), ("b", vec!["one-copy"])] {
        let baseline = Baseline::load(&stage.output(), &format!("g-{side}")).unwrap();
        let records = baseline.processes.iter().flat_map(|process| &process.records);
        let slowed = records.filter(|record| record.doubt_kinds().contains(DoubtKind::Slowed));
        let slowed: Vec<&str> = slowed.map(|record| record.cell.mode.as_str()).collect();
        assert_eq!(slowed, expected, "at {side}");
    }
}
