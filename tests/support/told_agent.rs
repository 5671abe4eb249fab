//! An agent that says what a test tells it to, whatever it is asked: the answers of an
//! honest one, some of them changed.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use std::path::{Path, PathBuf};
use std::time::Duration;

use copycost::cell::Cell;
use copycost::control::{AgentSide, PROGRAM, PROTOCOL, Runner};
use copycost::copy_mode;
use copycost::exchange::{Lane, Place, REFERENCES};
use copycost::profile::Profile;
use serde_json::{Value, json};

pub const BEGIN: usize = 1;
pub const OPEN: usize = 2;
pub const ROUND: usize = 3;
pub const CLOSE: usize = 5;

fn profile() -> Profile {
    let mut profile = Profile::load("quick").unwrap();
    profile.message.ring_bytes = 1 << 18;
    profile.matrix.modes = vec!["two-copy".into(), "zero-copy".into()];
    profile
}

fn lanes() -> Vec<Lane> {
    let mode = *copy_mode::find("zero-copy").unwrap();
    vec![Lane::mode(mode), Lane::reference(REFERENCES[0])]
}

pub fn cell(target: &str) -> Cell {
    format!("{target}/1-thread/zero-copy/4096").parse().unwrap()
}

fn side(command: &str) -> AgentSide {
    let mut runner = Runner::start(Path::new(env!("CARGO_BIN_EXE_copycost")), command).unwrap();
    runner.greet(Duration::from_secs(60)).unwrap();
    AgentSide::new("x", runner)
}

/// A generation at `side` with a round of each lane, and the answers as JSON.
fn pass(side: &mut AgentSide, target: &str, profile: &Profile) -> copycost::Result<Vec<Value>> {
    let ready = begin(side, cell(target).target, profile)?;
    let lanes = if target == "latency" { lanes()[..1].to_vec() } else { lanes() };
    let plan = side.open(&cell(target), &lanes)?;
    let mut answers = vec![json!({"started": {}}), ready, json!({"opened": {"plan": plan}})];
    for lane in 0..lanes.len() {
        answers.push(json!({"round": side.run(lane, 200)?}));
    }
    let ended = side.close()?;
    answers.push(json!({"closed": {
        "report": ended.report, "absent_counters": ended.absent_counters, "steal_percent": side.steal_percent()
    }}));
    Ok(answers)
}

fn begin(side: &mut AgentSide, target: copycost::cell::Target, profile: &Profile) -> copycost::Result<Value> {
    let found = side.begin(target, profile)?;
    let modes: Vec<&str> = found.modes.iter().map(|mode| mode.name).collect();
    Ok(json!({"ready": {
        "environment": found.environment, "cost_unit": found.cost_unit, "modes": modes, "refused": found.refused
    }}))
}

/// What an agent here answers to [`pass`].
pub fn honest(target: &str) -> Vec<Value> {
    let mut honest = side(&format!("'{}' serve --stdio", env!("CARGO_BIN_EXE_copycost")));
    pass(&mut honest, target, &profile()).unwrap()
}

/// A file with all that an agent says.
fn words(directory: &Path, name: &str, answers: &[Value]) -> PathBuf {
    let path = directory.join(name);
    let mut text = format!("copycost-agent protocol {PROTOCOL} program {PROGRAM}\n");
    for answer in answers {
        let answer = answer.to_string();
        text += &format!("{:08}\n{answer}", answer.len());
    }
    std::fs::write(&path, text).unwrap();
    path
}

/// What becomes of a pass in which an agent says so many of `answers`, and then nothing.
pub fn told_no_more(directory: &Path, answers: &[Value], target: &str) -> Result<(), String> {
    let path = words(directory, "first-answers", answers);
    let mut profile = profile();
    profile.rounds.stall_timeout_s = 1.0;
    let mut side = side(&format!("cat '{}'; cat > /dev/null", path.display()));
    pass(&mut side, target, &profile).map(drop).map_err(|error| error.to_string())
}

/// What becomes of a pass in which `answers` are all that the agent says.
pub fn told(directory: &Path, number: usize, answers: &[Value], target: &str) -> Result<(), String> {
    let path = words(directory, &format!("answers-{target}-{number}"), answers);
    let mut side = side(&format!("cat '{}'; cat > /dev/null", path.display()));
    let told = pass(&mut side, target, &profile());
    if told.is_err() {
        let again = side.begin(cell(target).target, &profile()).unwrap_err();
        assert_eq!(Some(again.to_string()), told.as_ref().err().map(ToString::to_string), "it stays broken");
    }
    told.map(drop).map_err(|error| error.to_string())
}
