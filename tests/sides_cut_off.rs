//! Agents and controllers that are killed, stopped or cut off, in a set-up and in a
//! round: the other end says so, names side and cell, and nothing is left behind.

#[path = "support/stage.rs"]
mod stage;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use copycost::results::recording;
use stage::{PROFILE, Stage, text};

/// More recordings at once would keep each other from answering in time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn one_at_a_time() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Long rounds, so that an agent that is looked for a while after it has begun is in one.
fn stage() -> Stage {
    let stage = Stage::new();
    let profile = PROFILE.replace("length_ms = 1.0", "length_ms = 5.0");
    let profile = profile.replace("stall_timeout_s = 60.0", "stall_timeout_s = 2.5");
    std::fs::write(stage.directory.path().join("profile.toml"), profile).unwrap();
    stage
}

/// The processes of a stage whose command line begins so, and whose environment holds
/// these words.
fn processes(stage: &Stage, command: &str, environment: &str) -> Vec<u32> {
    let output = stage.output().display().to_string();
    let numbers = std::fs::read_dir("/proc").unwrap();
    let numbers = numbers.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_meant = |process: &u32| {
        let read = |file| text(&std::fs::read(format!("/proc/{process}/{file}")).unwrap_or_default());
        let environ = read("environ");
        let is_alive = !read("stat").contains(") Z");
        is_alive
            && environ.contains(&output)
            && environ.contains(environment)
            && read("cmdline").replace('\0', " ").starts_with(command)
    };
    numbers.filter(is_meant).collect()
}

const AGENT: &str = concat!(env!("CARGO_BIN_EXE_copycost"), " serve --agent");

/// Waits for a while for what is to come.
#[track_caller]
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what} did not come about");
}

fn agent_of(stage: &Stage, environment: &str) -> u32 {
    wait_for("an agent", || processes(stage, AGENT, environment).first().copied())
}

fn send(signal: &str, process: u32) {
    let status = Command::new("kill").args([format!("-{signal}"), process.to_string()]).status().unwrap();
    assert!(status.success());
}

const SIDES: [&str; 8] = ["--side", "a", "--side", "b=env SIDE=b", "--name", "g", "--filter", "1024"];

fn start(stage: &Stage, arguments: &[&str]) -> Child {
    let profile = stage.directory.path().join("profile.toml");
    let record =
        ["record", "--target", "throughput", "--rounds", "1", "--profile", profile.to_str().unwrap()];
    let mut command = stage.command(&[&record[..], arguments].concat());
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

const CELL: &str = ": throughput/1-thread/";

const IN_A_ROUND: Duration = Duration::from_millis(700);

fn passes(stage: &Stage, name: &str) -> usize {
    recording::passes(&recording::directory(&stage.output(), name)).unwrap().len()
}

/// Two that are stopped one after the other in their set-up are waited for twice as long as an agent
/// waits for a word: the first side hears words meanwhile.
#[test]
fn agents_that_are_killed_or_stopped_are_named_with_their_cell_and_spoil_no_other() {
    let stage = stage();
    let sides = ["b", "c", "d", "e", "f"].map(|side| format!("{side}=env SIDE={side}"));
    let sides: Vec<&str> = sides.iter().flat_map(|side| ["--side", side]).collect();
    let child = start(&stage, &[&["--side", "a", "--name", "g", "--filter", "1024"], &sides[..]].concat());
    for (side, signal) in [("b", "STOP"), ("c", "STOP"), ("d", "KILL")] {
        send(signal, agent_of(&stage, &format!("SIDE={side}")));
    }
    let in_a_round = ["e", "f"].map(|side| agent_of(&stage, &format!("SIDE={side}")));
    std::thread::sleep(IN_A_ROUND);
    for (signal, agent) in ["STOP", "KILL"].into_iter().zip(in_a_round) {
        send(signal, agent);
    }
    let run = child.wait_with_output().unwrap();
    let said = text(&run.stderr);
    assert!(run.status.success(), "{said}");
    assert_eq!(passes(&stage, "g-a"), 1, "{said}");
    for (side, is_in_a_round, expected) in [
        ("b", false, "did not answer in time"),
        ("c", false, "did not answer in time"),
        ("d", false, "signal: 9"),
        ("e", true, "did not answer in time"),
        ("f", true, "signal: 9"),
    ] {
        let of_side = format!("side {side}: ");
        let lines: Vec<&str> = said.lines().filter(|line| line.contains(&of_side)).collect();
        assert!(lines.len() == 1 && lines[0].contains(expected), "{side}: {said}");
        assert!(!is_in_a_round || lines[0].contains(CELL), "{side}: {said}");
        assert_eq!(passes(&stage, &format!("g-{side}")), 0);
    }
    assert!(!said.contains("side a: "), "{said}");
    wait_for("the end of all processes", || processes(&stage, "", "").is_empty().then_some(()));
}

/// Of a network that falls silent no end is told.
#[test]
fn a_connection_that_falls_silent_ends_both_ends() {
    let _alone = one_at_a_time();
    let stage = stage();
    let mut listening = stage.command(&["serve", "--listen", "127.0.0.1:0", "--token-file", "token"]);
    let mut listening =
        listening.env("SIDE", "b").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(listening.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split(&[' ', ';'][..]).nth(2).unwrap();
    let side = format!("b={} connect {address} --token-file token", env!("CARGO_BIN_EXE_copycost"));
    let mut child = start(&stage, &["--side", "a", "--side", &side, "--name", "g", "--filter", "1024"]);
    agent_of(&stage, "SIDE=b");
    std::thread::sleep(IN_A_ROUND);
    let relay = processes(&stage, concat!(env!("CARGO_BIN_EXE_copycost"), " connect"), "");
    relay.iter().for_each(|process| send("STOP", *process));
    assert!(!relay.is_empty());
    wait_for("the agent's end", || processes(&stage, AGENT, "SIDE=b").is_empty().then_some(()));
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said = lines.find_map(|line| line.ok().filter(|line| line.contains("side b"))).unwrap();
    assert!(said.contains(CELL) && said.contains("did not answer in time"), "{said}");
    relay.iter().for_each(|process| send("KILL", *process)); // else its end would be waited for
    lines.for_each(drop);
    child.wait().unwrap();
    listening.kill().unwrap();
    let output = listening.wait_with_output().unwrap();
    assert!(text(&output.stderr).contains("nothing came for"), "{}", text(&output.stderr));
}

#[test]
fn agents_whose_controller_is_stopped_end_and_the_next_pass_has_others() {
    let _alone = one_at_a_time();
    let stage = stage();
    let child = start(&stage, &SIDES[..]);
    agent_of(&stage, "SIDE=b");
    std::thread::sleep(IN_A_ROUND);
    send("STOP", child.id());
    wait_for("the agents' end", || processes(&stage, AGENT, "").is_empty().then_some(()));
    send("CONT", child.id());
    let run = child.wait_with_output().unwrap();
    let said = text(&run.stderr);
    for side in ["side a: throughput/1-thread/", "side b: throughput/1-thread/"] {
        assert!(said.contains(side), "{said}");
    }
    assert!(said.contains("nothing came for 2.25s"), "{said}");
    let resumed = stage.run(&["record", "--resume", "--name", "g"]);
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
    assert_eq!((passes(&stage, "g-a"), passes(&stage, "g-b")), (1, 1));
}
