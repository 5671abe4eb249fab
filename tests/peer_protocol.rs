//! A peer as whoever asks it might treat it: requests out of turn, numbers that are
//! absurd, bytes that are not what was promised.

#[path = "support/spoken.rs"]
mod spoken;

use std::io::Write;
use std::net::TcpStream;

use copycost::control::PROGRAM;
use copycost::profile::Profile;
use serde_json::{Value, json};
use spoken::{Spoken, frame};

struct Peer(Spoken);

impl Peer {
    fn start(profile: &Profile) -> Peer {
        let mut peer = Spoken::start();
        assert!(peer.ask(&json!({"start": {"program": PROGRAM}}))["started"].is_object());
        let profile = serde_json::to_value(profile).unwrap();
        let ready = peer.ask(&json!({"peer": {"profile": profile, "silence_s": 30.0}}));
        assert!(ready["peer"]["environment"].is_object() || ready["refused"].is_object(), "{ready}");
        Peer(peer)
    }

    fn servers(&mut self, request: &Value) -> Value {
        self.0.ask(&json!({"servers": request}))
    }

    /// What it says after the words of how far it is.
    fn word(&mut self) -> Value {
        loop {
            let word = self.0.answer()["word"].clone();
            if !word["progress"].is_object() {
                return word;
            }
        }
    }

    /// Where it listens for so many connections, and with which nonces.
    fn listen(&mut self, connections: usize) -> (u16, Vec<Vec<u8>>) {
        let listening = self.servers(&listen(connections, 100));
        let listening = &listening["servers"]["listening"];
        let port = u16::try_from(listening["port"].as_u64().unwrap()).unwrap();
        (port, serde_json::from_value(listening["nonces"][0].clone()).unwrap())
    }

    /// A generation of one connection.
    fn open(&mut self) -> TcpStream {
        let (port, nonces) = self.listen(1);
        let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        client.write_all(&nonces[0]).unwrap();
        let set_up = self.servers(&json!({"set_up": {}}));
        assert_eq!(set_up["servers"]["set_up"]["strangers"], 0, "{set_up}");
        client
    }
}

fn profile() -> Profile {
    Profile::parse("p", "p.toml", "[server]\nverify = true\n[peer]\n").unwrap()
}

fn listen(threads: usize, message_bytes: usize) -> Value {
    let cell = json!({
        "target": "throughput", "mode": "two-copy", "message_bytes": message_bytes, "threads": threads
    });
    let lanes = json!([{"name": "two-copy", "kind": {"mode": "two-copy"}}]);
    let ends = vec![json!({"client": null, "server": null}); threads.min(1000)];
    let plan = json!({"ends": ends, "cpus": 1});
    json!({"listen": {"cell": cell, "lanes": lanes, "plan": plan, "fault": "none", "is_counted": false}})
}

#[test]
fn bytes_are_compared_with_what_must_have_been_sent_and_counted() {
    let mut peer = Peer::start(&profile());
    let mut client = peer.open();
    assert!(peer.servers(&json!({"arm": {"lane": 0, "bytes": [100]}}))["servers"]["armed"].is_object());
    client.write_all(&[0xaa; 100]).unwrap();
    let failed = peer.word();
    let what = failed["failed"]["what"].as_str().unwrap();
    assert!(
        what.contains("throughput/1-thread/two-copy/100") && what.contains("of message 0 is 170"),
        "{what}"
    );
    assert!(peer.servers(&json!({"close": {}}))["servers"]["closed"].is_object());

    // More than was said.
    let mut unverified = profile();
    unverified.server.verify = false;
    let mut peer = Peer::start(&unverified);
    let mut client = peer.open();
    peer.servers(&json!({"arm": {"lane": 0, "bytes": [100]}}));
    client.write_all(&[0; 100]).unwrap();
    assert!(peer.word()["read"].is_object());
    let round = peer.word();
    assert_eq!(round["round"]["received"]["copied_bytes"], 100, "{round}");
    client.write_all(&[0; 7]).unwrap();
    client.shutdown(std::net::Shutdown::Both).unwrap();
    peer.servers(&json!({"arm": {"lane": 0, "bytes": [1]}}));
    let failed = peer.word();
    assert!(
        failed["failed"]["what"].as_str().is_some_and(|what| what.contains("more than were sent")),
        "{failed}"
    );
}

#[test]
fn strangers_at_the_door_are_counted_and_cost_next_to_nothing_and_a_round_has_no_door() {
    let mut peer = Peer::start(&profile());
    let (port, nonces) = peer.listen(2);
    let process = peer.0.process();
    let open_files = || std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
    let memory_kib = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let knock = |shown: &[u8]| {
        let mut stranger = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let _ = stranger.write_all(shown); // it may be closed already
        stranger
    };
    let before_kib = memory_kib();
    let (mut silent, mut most_files, mut most_kib) = (std::collections::VecDeque::new(), 0, 0);
    for number in 0..10_000 {
        match number % 3 {
            0 => drop(knock(b"GET / HTTP/1.1\r\n\r\n")),
            1 => drop(knock(&[0; 16])),
            _ => silent.push_back(knock(b"")),
        }
        silent.truncate(100);
        if number % 500 == 499 {
            (most_files, most_kib) = (most_files.max(open_files()), most_kib.max(memory_kib()));
        }
    }
    // One that waits longest is let go for the next: 64 are kept.
    assert!(most_files < 128, "{most_files} open files");
    assert!(most_kib < before_kib + 16_384, "{before_kib} KiB, then {most_kib}");
    let _clients = [knock(&nonces[0]), knock(&nonces[0]), knock(&nonces[1])]; // the second is a replay
    let set_up = peer.servers(&json!({"set_up": {}}));
    assert_eq!(set_up["servers"]["set_up"]["strangers"], 10_001, "{set_up}");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "it still listens");
}

#[test]
fn a_round_that_is_given_up_makes_room_for_the_next_generation() {
    let mut peer = Peer::start(&profile());
    let _client = peer.open();
    peer.servers(&json!({"arm": {"lane": 0, "bytes": [1_u64 << 40]}}));
    peer.0.send(&frame(&json!({"servers": {"close": {}}})));
    loop {
        let said = peer.0.answer();
        if said["servers"]["closed"].is_object() {
            break;
        }
        assert!(said["word"]["progress"].is_object(), "{said}");
    }
    let _client = peer.open();
}

#[test]
fn what_is_out_of_turn_fails_and_what_is_absurd_is_refused() {
    for (request, expected) in [
        (json!({"set_up": {}}), "not now"),
        (json!({"arm": {"lane": 0, "bytes": [1]}}), "not now"),
        (json!({"report": {}}), "not now"),
    ] {
        let mut peer = Peer::start(&profile());
        let failed = peer.servers(&request);
        assert!(failed["failed"]["what"].as_str().is_some_and(|what| what.contains(expected)), "{failed}");
        // The session goes on.
        assert!(peer.servers(&json!({"ping": {}}))["servers"]["pong"].is_object());
    }
    let mut peer = Peer::start(&profile());
    let _client = peer.open();
    for wrong in [json!({"lane": 7, "bytes": [1]}), json!({"lane": 0, "bytes": [1, 1]})] {
        let failed = peer.servers(&json!({"arm": wrong}));
        assert!(failed["failed"]["what"].is_string(), "{failed}");
        let _client = peer.open(); // no generation was left
        peer.servers(&json!({"close": {}}));
        let _client = peer.open();
    }
    for (request, expected) in [
        (json!({"servers": listen(100_000, 100)}), "threads"),
        (json!({"servers": listen(1, 0)}), "bytes"),
        (json!({"servers": {"arm": {"lane": 0, "bytes": [u64::MAX]}}}), "allowed"),
        (
            json!({"prepare": {"target": "throughput", "profile": profile(), "silence_s": 30.0}}),
            "it is a peer",
        ),
    ] {
        let mut peer = Peer::start(&profile());
        let refused = peer.0.ask(&request);
        assert!(refused["refused"]["what"].as_str().is_some_and(|what| what.contains(expected)), "{refused}");
    }
}
