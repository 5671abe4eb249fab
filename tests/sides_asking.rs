//! Runners that ask for something, such as ssh for a password, and runners that are
//! slow: they keep nobody longer than `--start-timeout`, what they asked is shown, and
//! what is late within the limit is waited for.

#[path = "support/stage.rs"]
mod stage;
#[path = "support/told_agent.rs"]
mod told_agent;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use copycost::compare::Baseline;
use stage::{Stage, succeeded, text};

/// A runner of its own: a shell script before the side's command.
fn script(stage: &Stage, name: &str, lines: &str) -> String {
    let path = stage.directory.path().join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{name}={}", path.display())
}

const ONE_CELL: [&str; 8] = ["--side", "a", "--name", "g", "--filter", "two-copy/1024", "--rounds", "1"];

#[test]
fn a_runner_that_asks_for_a_password_is_named_with_its_words_and_waited_for_no_longer() {
    let stage = Stage::new();
    let here = script(&stage, "b", "exec \"$@\"");
    let to_error = script(&stage, "c", "printf \"root@lab's password: \" >&2; read word; \"$@\"");
    let to_output = script(&stage, "d", "printf 'Are you sure (yes/no)? '; read word; \"$@\"");
    let run = succeeded(
        stage.record(
            &[
                &ONE_CELL[..],
                &["--side", &here, "--side", &to_error, "--side", &to_output, "--start-timeout", "3"],
            ]
            .concat(),
        ),
    );
    let said = text(&run.stderr);
    for expected in [
        "side c: no agent showed itself in time; it printed last: root@lab's password:",
        "side d: no agent showed itself in time; it printed last: Are you sure (yes/no)?",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(Baseline::load(&stage.output(), "g-a").unwrap().processes.len(), 1);
    assert!(Baseline::load(&stage.output(), "g-c").is_err());
}

#[test]
fn a_runner_has_no_terminal_to_ask_at() {
    if !Command::new("script").arg("--version").output().is_ok_and(|run| run.status.success()) {
        println!("left out: no script(1), which would give `record` a terminal");
        return;
    }
    let stage = Stage::new();
    let here = script(&stage, "b", "exec \"$@\"");
    // Stopped for it (SIGTTIN), were there one.
    let asks =
        script(&stage, "c", "printf 'password: ' > /dev/tty; read word < /dev/tty; echo no terminal >&2");
    let profile = stage.directory.path().join("profile.toml");
    let sides = format!("--side a --side '{here}' --side '{asks}'");
    let record = format!(
        "'{}' record --profile '{}' --target throughput --name g --filter two-copy/1024 --rounds 1 {sides}",
        env!("CARGO_BIN_EXE_copycost"),
        profile.display()
    );
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &record, "/dev/null"]);
    command.env("CRITERION_HOME", stage.output()).stdin(std::process::Stdio::null());
    let run = succeeded(command.output().unwrap());
    let said = text(&run.stdout);
    assert!(said.contains("side c: ") && said.contains("/dev/tty"), "{said}");
    assert!(said.contains("no terminal") && !said.contains("in time"), "{said}");
}

#[test]
fn answers_that_come_late_are_waited_for_within_the_limit() {
    let stage = Stage::new();
    // As much as there is, a frame as a rule.
    let slow = "\"$@\" | while dd bs=1M count=1 of=\"$0.chunk\" 2> /dev/null && [ -s \"$0.chunk\" ]; do \
                sleep 0.005; cat \"$0.chunk\"; done";
    let slow = script(&stage, "b", slow);
    succeeded(stage.record(&[&ONE_CELL[..], &["--side", &slow]].concat()));
    for name in ["g-a", "g-b"] {
        assert_eq!(Baseline::load(&stage.output(), name).unwrap().processes.len(), 1, "{name}");
    }
    succeeded(stage.run(&["compare", "g"]));
}

#[test]
fn answers_that_come_too_late_name_side_and_cell() {
    let directory = tempfile::tempdir().unwrap();
    let answers = told_agent::honest("throughput");
    let first = &answers[..told_agent::ROUND];
    let what = told_agent::told_no_more(directory.path(), first, "throughput").unwrap_err();
    assert!(what.contains("side x: throughput/1-thread/zero-copy/4096: "), "{what}");
    assert!(what.contains("it did not answer in time"), "{what}");
}
