//! `copycost serve` as whoever controls it might treat it: frames that are none,
//! numbers that are absurd, requests out of turn, a controller that is gone.

#[path = "support/spoken.rs"]
mod spoken;

use std::time::Duration;

use copycost::control::PROGRAM;
use copycost::profile::Profile;
use serde_json::{Value, json};
use spoken::{Spoken, frame};

/// With a pass prepared.
fn prepared() -> Spoken {
    let mut agent = Spoken::start();
    assert!(agent.ask(&start())["started"].is_object());
    let ready = agent.ask(&prepare(&profile()));
    assert!(ready["ready"]["modes"].is_array(), "{ready}");
    agent
}

/// What it printed; it must have failed.
fn failed(agent: Spoken) -> String {
    let (status, said) = agent.end();
    assert_eq!(status, Some(1), "{said}");
    said
}

fn profile() -> Value {
    let mut profile = Profile::load("quick").unwrap();
    profile.message.ring_bytes = 1 << 18;
    serde_json::to_value(profile).unwrap()
}

fn start() -> Value {
    json!({"start": {"program": PROGRAM}})
}

fn prepare(profile: &Value) -> Value {
    json!({"prepare": {"target": "throughput", "profile": profile, "silence_s": 30.0}})
}

fn open(threads: usize, message_bytes: usize, lanes: &Value) -> Value {
    let cell = json!({"target": "throughput", "mode": "two-copy", "message_bytes": message_bytes, "threads": threads});
    json!({"open": {"cell": cell, "lanes": lanes}})
}

fn lanes() -> Value {
    json!([{"name": "two-copy", "kind": {"mode": "two-copy"}}])
}

#[test]
fn a_pass_is_served_request_by_request_and_another_after_it() {
    let mut agent = prepared();
    for _ in 0..2 {
        assert_eq!(
            agent.ask(&open(1, 4096, &lanes()))["opened"]["plan"]["ends"].as_array().unwrap().len(),
            1
        );
        let round = agent.ask(&json!({"round": {"lane": 0, "messages": 500}}));
        assert_eq!(round["round"]["messages"], 500, "{round}");
        let closed = agent.ask(&json!({"close": {}}));
        assert_eq!(closed["closed"]["report"]["connections"].as_array().unwrap().len(), 1, "{closed}");
    }
    assert!(agent.ask(&json!({"end": {}}))["ended"].is_object());
    // A fresh process on the same connection.
    assert!(agent.ask(&start())["started"].is_object());
    assert!(agent.ask(&prepare(&profile()))["ready"].is_object());
    assert!(agent.ask(&json!({"end": {}}))["ended"].is_object());
    assert_eq!(agent.end().0, Some(0), "the end of its input is its end");
}

#[test]
fn an_agent_under_another_kernel_says_how_busy_that_machine_is_between_rounds() {
    let here = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim().to_string();
    let another = "00000000-0000-4000-8000-000000000000".to_string();
    for (boot_id, is_elsewhere) in [(json!(here), false), (json!(another), true), (json!(null), false)] {
        let mut agent = Spoken::start();
        agent.ask(&start());
        let mut prepare = prepare(&profile());
        prepare["prepare"]["boot_id"] = boot_id.clone();
        agent.ask(&prepare);
        agent.ask(&open(1, 4096, &lanes()));
        for _ in 0..2 {
            agent.ask(&json!({"round": {"lane": 0, "messages": 100}}));
            std::thread::sleep(Duration::from_millis(50));
        }
        let report = agent.ask(&json!({"close": {}}))["closed"]["report"].take();
        assert!(report["busy_share_between_rounds"].is_f64(), "{report}");
        let machine = &report["machine_busy_share_between_rounds"];
        assert_eq!(machine.is_f64(), is_elsewhere, "{boot_id}: {machine}");
        assert!(machine.as_f64().is_none_or(|share| (0.0..1000.0).contains(&share)), "{machine}");
    }
}

#[test]
fn what_is_no_request_ends_the_session_and_both_ends_say_why() {
    for (bytes, expected) in [
        (b"99999999\n{".to_vec(), "at most 16777216"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "where the length of a frame belongs"),
        (b"00000002\n{]".to_vec(), "no message"),
        (frame(&json!({"start": {"program": "0.0.1"}})), "0.0.1"),
        (frame(&json!({"start": {"program": PROGRAM, "more": 1}})), "more"),
        (frame(&json!({"restart": {}})), "restart"),
        (frame(&prepare(&profile())), "before an agent was started"),
    ] {
        let mut agent = Spoken::start();
        agent.send(&bytes);
        let refused = agent.answer();
        assert!(refused["refused"]["what"].as_str().unwrap().contains(expected), "{expected}: {refused}");
        let said = failed(agent);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn absurd_numbers_are_refused_before_anything_is_allocated() {
    let many: Vec<Value> =
        (0..65).map(|n| json!({"name": format!("m{n}"), "kind": {"mode": "two-copy"}})).collect();
    let huge = {
        let mut profile = profile();
        profile["message"]["ring_bytes"] = json!(u64::MAX);
        profile
    };
    for (request, expected) in [
        (open(257, 4096, &lanes()), "allowed: 1 to 256"),
        (open(1, 0, &lanes()), "allowed: 1 to 16777216"),
        (open(1, 4096, &json!([])), "lanes; allowed: 1 to 64"),
        (open(1, 4096, &json!(many)), "65 lanes"),
        (open(1, 4096, &json!([lanes()[0], lanes()[0]])), "two lanes called"),
        (open(1, 4096, &json!([{"name": "x", "kind": {"mode": "no-such"}}])), "no copy mode here"),
        (open(1, 4096, &json!([{"name": "../x", "kind": {"mode": "two-copy"}}])), "mode of the name"),
        (json!({"round": {"lane": 0, "messages": 5}}), "there are 0"),
        (json!({"close": {}}), "no generation is open"),
        (prepare(&profile()), "prepared already"),
    ] {
        let mut agent = prepared();
        let refused = agent.ask(&request);
        assert!(
            refused["refused"]["what"].as_str().unwrap_or_default().contains(expected),
            "{expected}: {refused}"
        );
        assert!(failed(agent).contains(expected), "{expected}");
    }
    for messages in [0, 1_u64 << 40] {
        let mut agent = prepared();
        agent.ask(&open(1, 4096, &lanes()));
        let refused = agent.ask(&json!({"round": {"lane": 0, "messages": messages}}));
        assert!(
            refused["refused"]["what"].as_str().unwrap().contains("allowed: 1 to 4294967296"),
            "{refused}"
        );
    }
    let mut agent = Spoken::start();
    agent.ask(&start());
    let refused = agent.ask(&prepare(&huge));
    assert!(refused["refused"]["what"].as_str().unwrap().contains("ring_bytes"), "{refused}");
}

#[test]
fn a_request_out_of_turn_ends_it_and_so_does_a_controller_that_is_gone() {
    let mut agent = prepared();
    agent.ask(&open(1, 4096, &lanes()));
    let round = frame(&json!({"round": {"lane": 0, "messages": 300_000}}));
    agent.send(&[round.clone(), round].concat());
    assert!(agent.answer()["round"].is_object());
    assert!(agent.answer()["refused"]["what"].as_str().unwrap().contains("before the last one was answered"));
    failed(agent);

    // A word that asks for nothing may come at any time.
    let mut agent = prepared();
    agent.ask(&open(1, 4096, &lanes()));
    let wait = frame(&json!({"wait": {}}));
    agent.send(&[frame(&json!({"round": {"lane": 0, "messages": 300_000}})), wait.clone(), wait].concat());
    assert!(agent.answer()["round"].is_object());
    assert!(agent.ask(&json!({"close": {}}))["closed"].is_object());

    let mut agent = prepared();
    agent.ask(&open(1, 4096, &lanes()));
    // Minutes of work, were it let.
    agent.send(&frame(&json!({"round": {"lane": 0, "messages": 4_000_000_000_u64}})));
    std::thread::sleep(Duration::from_millis(300));
    failed(agent);
}
