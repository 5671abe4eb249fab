//! A peer that dies, stands still or never comes, and a harness that does: an error
//! that names the peer and the cell, within the stall timeout; the next generation
//! begins with a fresh one, and no process is left behind.

#![allow(clippy::disallowed_methods)] // how long an error took is no measurement

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use copycost::control::StartedPeer;
use copycost::profile::RunnerWords;
use peer::{Marked, PROGRAM, STALL_S, open, start};
use support::Setup;

/// A round longer than any test, from the beginning of which `after` it is spoilt.
fn spoilt_round(setup: &Setup, peer: &StartedPeer, spoil: impl FnOnce() + Send) -> (String, Duration) {
    let mut generation = open(setup, peer).unwrap();
    let spoilt_at = std::thread::scope(|scope| {
        let spoiler = scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(300));
            spoil();
            Instant::now()
        });
        let error = generation.run(0, 1 << 30).err().unwrap().to_string();
        (error, Instant::now().saturating_duration_since(spoiler.join().unwrap()))
    });
    drop(generation);
    spoilt_at
}

#[track_caller]
fn names_both(error: &str, mode: &str) {
    assert!(error.contains("peer: ") || error.contains("at the peer"), "{error}");
    assert!(error.contains(&format!("throughput/2-threads/{mode}/65536")), "{error}");
}

/// The stall timeout, and what a loaded machine may add.
const SOON: Duration = Duration::from_secs(2 + 6);

#[test]
fn a_peer_that_ends_or_stops_in_a_round_is_named_and_begun_anew() {
    for (signal, mode) in [("TERM", "zero-copy"), ("KILL", "two-copy"), ("STOP", "zero-copy")] {
        let marked = Marked::new(&format!("round_{signal}"));
        let setup = marked.setup(mode);
        let peer = start(&setup).unwrap();
        let (error, took) = spoilt_round(&setup, &peer, || marked.signal("--agent", signal));
        names_both(&error, mode);
        assert!(took < SOON, "{signal}: {took:?}: {error}");
        // The run goes on with a fresh one.
        let mut next = open(&setup, &peer).unwrap();
        next.run(0, 100).unwrap();
        next.close().unwrap();
        drop(peer);
        marked.all_gone();
    }
}

#[test]
fn a_peer_that_ends_or_stops_between_rounds_and_in_a_set_up_is_named() {
    for signal in ["KILL", "STOP"] {
        let marked = Marked::new(&format!("between_{signal}"));
        let setup = marked.setup("one-copy");
        let peer = start(&setup).unwrap();
        let mut generation = open(&setup, &peer).unwrap();
        generation.run(0, 100).unwrap();
        marked.signal("--agent", signal);
        let begun = Instant::now();
        let error = generation.run(0, 100).err().unwrap().to_string();
        names_both(&error, "one-copy");
        assert!(begun.elapsed() < SOON, "{:?}: {error}", begun.elapsed());
        drop(generation);
        // In a set-up: of a session that was whole when it began.
        open(&setup, &peer).unwrap().close().unwrap();
        marked.signal("--agent", signal);
        let begun = Instant::now();
        // One that is known to be gone already is begun anew.
        if let Err(error) = open(&setup, &peer) {
            names_both(&error.to_string(), "one-copy");
        } else {
            assert_eq!(signal, "KILL");
        }
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        open(&setup, &peer).unwrap().close().unwrap();
        drop(peer);
        marked.all_gone();
    }
}

#[test]
fn a_runner_that_comes_to_nothing_is_an_error_that_says_what_it_printed() {
    for (runner, expected) in [
        ("no-such-runner-as-this", "no-such-runner-as-this"),
        ("echo permission denied >&2; exit 255;", "permission denied"),
        ("exit 0;", "it ended without a word"),
        // Nobody answers who asks for a password.
        ("printf 'password: ' >&2; sleep 100;", "no agent showed itself in time"),
        ("yes;", "4194304 bytes came, and no word from an agent"),
    ] {
        let mut setup = Marked::new("runner").setup("one-copy");
        setup.profile.rounds.stall_timeout_s = 1.0;
        let mut settings = setup.profile.peer.take().unwrap();
        settings.runner = Some(RunnerWords::Line(runner.into()));
        setup.profile.peer = Some(settings);
        let begun = Instant::now();
        let error = start(&setup).err().unwrap().to_string();
        assert!(error.contains("peer: ") && error.contains(expected), "{runner}: {error}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{runner}: {:?}", begun.elapsed());
    }
}

/// What a profile of `setup` is to another process.
fn profile_file(setup: &Setup, marked: &Marked) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    write!(
        file,
        "[rounds]\nstall_timeout_s = {STALL_S:?}\n[peer]\nrunner = [\"env\", \"{}=1\"]\nprogram = \"{PROGRAM}\"\n",
        marked.0
    )
    .unwrap();
    assert!(setup.profile.peer.is_some());
    file
}

#[test]
fn a_peer_ends_with_its_harness_however_that_ends() {
    for signal in ["KILL", "STOP"] {
        let marked = Marked::new(&format!("harness_{signal}"));
        let file = profile_file(&marked.setup("one-copy"), &marked);
        let mut harness = Command::new(PROGRAM)
            .args(["stream", "--mode", "one-copy", "--message-bytes", "65536", "--seconds", "100"])
            .args(["--profile", file.path().to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..500 {
            if !marked.processes("--agent").is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(300));
        let signal_harness = |signal: &str| {
            let _ = Command::new("kill").args([format!("-{signal}"), harness.id().to_string()]).status();
        };
        signal_harness(signal);
        if signal == "STOP" {
            // Nobody serves who is not heard.
            for _ in 0..600 {
                if marked.processes("--agent").is_empty() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let left = marked.processes("--agent");
            signal_harness("KILL");
            assert!(left.is_empty(), "{left:?}");
        }
        harness.wait().unwrap();
        marked.all_gone();
    }
}
