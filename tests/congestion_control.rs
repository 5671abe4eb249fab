//! The profile's settings hold at both ends from the first byte on, whatever
//! the system's default is.

mod support;

use copycost::cell::Target;
use copycost::exchange::Granted;
use copycost::profile::BufferSize;
use support::{Setup, find};

#[test]
fn congestion_control_is_set_before_the_connection_exists() {
    let default = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control").unwrap();
    let available = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control").unwrap();
    println!("system default {}, available {}", default.trim(), available.trim());
    for name in available.split_whitespace() {
        for address in ["127.0.0.1", "::1"] {
            let mut setup = Setup::new(Target::Throughput, &[find("one-copy")], 4096, 2);
            setup.profile.socket.congestion_control = name.into();
            setup.profile.socket.address = address.parse().unwrap();
            let mut generation = match setup.open() {
                Ok(generation) => generation,
                Err(error) if address == "::1" => {
                    println!("skipped {address}: {error}");
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            generation.run(0, 100).unwrap();
            let report = generation.close().unwrap();
            assert_eq!(report.connections.len(), 2);
            for connection in report.connections {
                for granted in [connection.client_granted, connection.server_granted] {
                    // Never another one, so nothing of another's pacing stays:
                    // bbr switches it on when a connection begins under it.
                    assert_eq!(granted.congestion_control_before, name);
                    assert_eq!(granted.congestion_control, name);
                    assert!(!granted.pacing_rate_set);
                }
                assert_eq!(connection.client_info.state, 1, "established until the report");
            }
        }
    }
}

#[test]
fn buffers_and_nagle_are_read_back_from_the_kernel() {
    for (target, nagle) in [(Target::Throughput, true), (Target::Latency, false)] {
        let mut setup = Setup::new(target, &[find("two-copy")], 1024, 1);
        setup.profile.socket.send_buffer_bytes = BufferSize::Fixed(100_000);
        setup.profile.socket.receive_buffer_bytes = BufferSize::Fixed(120_000);
        let report = setup.open().unwrap().close().unwrap();
        let check = |granted: &Granted| {
            // socket(7): the kernel doubles what it is given.
            assert_eq!((granted.send_buffer_bytes, granted.receive_buffer_bytes), (200_000, 240_000));
            assert_eq!(granted.nagle, nagle);
        };
        check(&report.connections[0].client_granted);
        check(&report.connections[0].server_granted);
    }
}

#[test]
fn a_congestion_control_that_does_not_exist_is_named() {
    let mut setup = Setup::new(Target::Throughput, &[find("two-copy")], 1024, 1);
    setup.profile.socket.congestion_control = "nonesuch".into();
    let text = setup.open().err().unwrap().to_string();
    assert!(text.contains("`socket.congestion_control` = \"nonesuch\""), "{text}");
    assert!(text.contains("allowed") && text.contains("reno"), "{text}");
}
