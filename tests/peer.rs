//! Servers in another process, over 127.0.0.1: every mode delivers there what it
//! delivers here, in each target, and what the servers say arrives.

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use copycost::cell::Target;
use copycost::control::StartedPeer;
use copycost::copy_mode::{self, ModeEntry};
use copycost::counter;
use copycost::exchange::probe;
use copycost::profile::{PeerSettings, Profile, ReceiveMethod};
use peer::{PROGRAM, open};
use support::{Setup, find};

fn with_peer(profile: &mut Profile) -> StartedPeer {
    let program = Some(PROGRAM.to_string());
    profile.peer = Some(PeerSettings { program, ..PeerSettings::default() });
    StartedPeer::start(profile, Path::new(PROGRAM)).unwrap()
}

/// Modes that need not know how far the server is.
fn modes() -> Vec<ModeEntry> {
    let unknowing = ["sendfile", "splice"];
    copy_mode::REGISTRY.iter().filter(|mode| !unknowing.contains(&mode.name)).copied().collect()
}

#[test]
fn every_mode_delivers_every_byte_to_a_peer_in_each_target() {
    let modes = modes();
    let mut first = Setup::new(Target::Throughput, &modes, 1024, 1);
    first.profile.server.verify = true;
    let peer = with_peer(&mut first.profile);
    for target in Target::ALL {
        for (message_bytes, threads) in [(1, 1), (1000, 3), (65536, 2), ((1 << 20) + 3, 1)] {
            let mut setup = Setup::new(target, &modes, message_bytes, threads);
            setup.profile = first.profile.clone();
            setup.counters = Arc::new(counter::sources());
            let mut generation = open(&setup, &peer).unwrap();
            for (lane, mode) in modes.iter().enumerate() {
                for messages in [1, 2, if message_bytes > 65536 { 4 } else { 40 }] {
                    let round = generation.run(lane, messages);
                    let round = round.unwrap_or_else(|error| panic!("{}: {error}", mode.name));
                    assert_eq!(round.messages, messages);
                    let bytes = messages * message_bytes as u64;
                    assert_eq!(round.received.copied_bytes, bytes, "{}", mode.name);
                    assert!(round.wall > Duration::ZERO);
                    let trips = if target == Target::Latency { messages } else { 0 };
                    assert_eq!(round.round_trips_ns.len() as u64, trips);
                    let cpu = round.server_counts.unwrap()[counter::CPU_TIME];
                    let servers = messages.min(threads as u64);
                    assert_eq!((cpu.rounds, cpu.of), (servers, servers));
                    assert!(cpu.counted > 0.0);
                }
            }
            let report = generation.close().unwrap();
            assert_eq!(report.connections.len(), modes.len() * threads);
            let at_peer = report.peer.unwrap();
            assert!(at_peer.control_round_trip > Duration::ZERO && at_peer.strangers == 0);
            for connection in &report.connections {
                assert_eq!(connection.server_granted.congestion_control, "reno");
                assert_eq!(
                    connection.server_granted.receive_buffer_bytes,
                    connection.client_granted.receive_buffer_bytes
                );
            }
        }
    }
}

#[test]
fn servers_at_a_peer_take_what_comes_as_the_profile_says() {
    for receive in [ReceiveMethod::Discard, ReceiveMethod::Mapped] {
        let mut setup = Setup::new(Target::Throughput, &[find("one-copy")], 65536, 1);
        setup.profile.server.receive = receive;
        let peer = with_peer(&mut setup.profile);
        let mut generation = open(&setup, &peer).unwrap();
        let received = generation.run(0, 50).unwrap().received;
        assert_eq!(
            received.copied_bytes + received.mapped_bytes + received.discarded_bytes,
            50 * 65536,
            "{received:?}"
        );
        assert_eq!(received.discarded_bytes > 0, receive == ReceiveMethod::Discard, "{received:?}");
    }
}

#[test]
fn a_mode_that_must_know_how_far_the_server_is_is_refused_before_anything_is_measured() {
    let mut setup = Setup::new(Target::Throughput, &[find("sendfile")], 4096, 1);
    let peer = with_peer(&mut setup.profile);
    for mode in [find("sendfile"), find("splice")] {
        let refusal = probe(Target::Throughput, &setup.profile, &setup.plan, mode, Some(&peer)).unwrap();
        let text = refusal.unwrap().to_string();
        assert!(text.contains("the server is at a peer"), "{text}");
    }
    // The session goes on.
    assert!(
        probe(Target::Throughput, &setup.profile, &setup.plan, find("two-copy"), Some(&peer))
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_server_that_closes_at_the_peer_is_an_error_and_the_next_generation_is_whole() {
    let mut setup = Setup::new(Target::Throughput, &[find("one-copy")], 4096, 1);
    setup.profile.server.verify = true;
    let peer = with_peer(&mut setup.profile);
    setup.fault = copycost::exchange::Fault::CloseAfter(100_000);
    let error = open(&setup, &peer).unwrap().run(0, 10_000).err().unwrap().to_string();
    assert!(error.contains("throughput/1-thread/one-copy/4096"), "{error}");
    // And the next generation is fine.
    setup.fault = copycost::exchange::Fault::None;
    open(&setup, &peer).unwrap().run(0, 100).unwrap();
}

#[test]
fn a_profile_with_a_peer_is_never_measured_without() {
    let mut setup = Setup::new(Target::Throughput, &[find("one-copy")], 4096, 1);
    setup.profile.peer = Some(PeerSettings::default());
    let error = setup.open().err().unwrap().to_string();
    assert!(error.contains("no peer was started"), "{error}");
}
