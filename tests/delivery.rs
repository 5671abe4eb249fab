//! Every byte arrives, in order, whatever the mode, the size and the number of
//! threads; with partial sends, and while signals interrupt the calls. The
//! servers compare every byte with what its message's stamp demands.

mod support;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use copycost::cell::Target;
use copycost::copy_mode::{self, Connection, CopyMode, ModeEntry, SendFailure};
use copycost::profile::{Profile, ServerSettings};
use copycost::zerocopy::Tally as Completions;
use support::{Setup, find};

const SIZES: [usize; 6] = [1, 7, 1000, 1024, 65536, (1 << 20) + 3];

/// Even, with a small header, and with a rest between two others: as TOML.
const LAYOUTS: [&str; 3] = ["\"even\"", "[64, \"rest\"]", "[16, \"rest\", 300]"];

/// Settings under which a mode's own ways differ: none, batches on a ring of
/// registered memory, and a receiver that maps what it can.
const SETTINGS: [&str; 3] =
    ["", "[io_uring]\nbatch_messages = 7\nregistered_buffers = true\n", "[server]\nreceive = \"mapped\"\n"];

#[test]
fn every_mode_delivers_every_size_and_layout_from_one_and_three_threads() {
    for (layout, settings) in LAYOUTS.into_iter().zip(SETTINGS) {
        let profile = profile(&format!("[message]\nlayout = {layout}\n{settings}"));
        for target in [Target::Throughput, Target::Latency] {
            for message_bytes in SIZES.into_iter().filter(|bytes| *bytes >= profile.message.smallest_bytes())
            {
                for threads in [1, 3] {
                    deliver(target, &profile, copy_mode::REGISTRY, message_bytes, threads);
                }
            }
        }
    }
}

/// Each mode on a lane of its own, every byte compared.
fn deliver(target: Target, profile: &Profile, modes: &[ModeEntry], message_bytes: usize, threads: usize) {
    let mut setup = Setup::new(target, modes, message_bytes, threads);
    setup.profile =
        Profile { server: ServerSettings { verify: true, ..profile.server.clone() }, ..profile.clone() };
    let mut generation = setup.open().unwrap();
    for (lane, mode) in modes.iter().enumerate() {
        for messages in [1, 2, if message_bytes > 65536 { 4 } else { 40 }] {
            let round =
                generation.run(lane, messages).unwrap_or_else(|error| panic!("{}: {error}", mode.name));
            assert_eq!(round.messages, messages);
            if target == Target::Latency {
                assert_eq!(round.round_trips_ns.len() as u64, messages);
            }
        }
    }
    generation.close().unwrap();
}

fn profile(text: &str) -> Profile {
    let mut profile = Profile::parse("delivery", "delivery.toml", text).unwrap();
    profile.message.ring_bytes = 1 << 18; // quicker to set up
    profile
}

/// A message is stamped anew as soon as it is back. With two in the ring, and
/// buffers that hold many, one that came back too early would arrive with the
/// stamp of a later one.
#[test]
fn a_message_that_is_back_is_nobody_elses() {
    let mut profile = profile("[message]\nzero_copy_from_bytes = 100");
    profile.message.ring_bytes = 1;
    for message_bytes in [1000, 65536] {
        let mut setup = Setup::new(Target::Throughput, copy_mode::REGISTRY, message_bytes, 1);
        setup.profile =
            Profile { server: ServerSettings { verify: true, ..profile.server.clone() }, ..profile.clone() };
        let mut generation = setup.open().unwrap();
        for (lane, mode) in copy_mode::REGISTRY.iter().enumerate() {
            generation.run(lane, 300).unwrap_or_else(|error| panic!("{}: {error}", mode.name));
        }
    }
}

/// Two completions are all that the smallest queue holds: the kernel keeps the
/// others until there is room.
#[test]
fn a_completion_queue_at_its_smallest_loses_nothing() {
    let open: fn(Connection) -> Opened = |mut connection| {
        connection.ring_messages = 1;
        (find("io-uring-zero-copy").open)(connection)
    };
    for message_bytes in [1, 4096, 65536] {
        let mode = ModeEntry { open, ..find("io-uring-zero-copy") };
        deliver(Target::Throughput, &profile(""), &[mode], message_bytes, 3);
    }
}

#[test]
fn partial_sends_continue_where_they_stopped() {
    for (mode, batch_messages) in non_blocking().into_iter().flat_map(|mode| [(mode, 1), (mode, 7)]) {
        for message_bytes in [1000, 65536, (1 << 20) + 3] {
            let mut setup = Setup::new(Target::Throughput, &[mode], message_bytes, 3);
            setup.profile.server.verify = true;
            setup.profile.io_uring.batch_messages = batch_messages;
            setup.profile.socket.send_buffer_bytes = copycost::profile::BufferSize::Fixed(2048);
            let mut generation = setup.open().unwrap();
            let round = generation.run(0, 9).unwrap_or_else(|error| panic!("{}: {error}", mode.name));
            let completions = round.tally.and_then(|tally| tally.completions);
            if let Some(tally) = completions.filter(|_| message_bytes > 65536) {
                assert!(tally.partial_sends > 0, "the buffer was meant to be too small: {tally:?}");
                assert_eq!(tally.sends, tally.notifications);
                assert_eq!(tally.sends, 9 + tally.partial_sends);
            }
        }
    }
}

#[test]
fn signals_interrupt_calls_and_nothing_is_lost() {
    copycost::testing::ignore_by_handler().unwrap();
    let stop = AtomicBool::new(false);
    let sent = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                sent.fetch_add(
                    copycost::testing::interrupt_threads(&["client", "server"]),
                    Ordering::Relaxed,
                );
                std::thread::sleep(Duration::from_micros(100));
            }
        });
        let modes = copy_mode::REGISTRY.iter().copied();
        let modes = modes.chain(non_blocking());
        let blocking = copy_mode::REGISTRY.iter().map(|mode| (Target::Latency, *mode));
        for (target, mode) in modes.map(|mode| (Target::Throughput, mode)).chain(blocking) {
            let mut setup = Setup::new(target, &[mode], (1 << 20) + 3, 2);
            setup.profile.server.verify = true;
            setup.profile.socket.send_buffer_bytes = copycost::profile::BufferSize::Fixed(2048);
            let outcome = setup.open().and_then(|mut generation| generation.run(0, 6));
            if let Err(error) = outcome {
                stop.store(true, Ordering::Relaxed);
                panic!("{}: {error}", mode.name);
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let sent = sent.into_inner();
    assert!(sent > 50, "only {sent} signals: the calls were not interrupted");
}

type Opened = Result<Box<dyn CopyMode>, SendFailure>;

/// Every mode on a socket that never blocks, so that a full send buffer gives
/// partial sends and EAGAIN.
fn non_blocking() -> Vec<ModeEntry> {
    let opens = [open::<0>, open::<1>, open::<2>, open::<3>, open::<4>, open::<5>, open::<6>, open::<7>];
    assert!(opens.len() >= copy_mode::REGISTRY.len(), "one more for each mode");
    copy_mode::REGISTRY.iter().zip(opens).map(|(mode, open)| ModeEntry { open, ..*mode }).collect()
}

fn open<const PLACE: usize>(connection: Connection) -> Opened {
    connection.socket.set_nonblocking(true).unwrap();
    (copy_mode::REGISTRY[PLACE].open)(connection)
}

#[test]
fn the_tally_of_a_round_is_that_round_alone() {
    let setup = Setup::new(Target::Throughput, &[find("zero-copy")], 4096, 2);
    let mut generation = setup.open().unwrap();
    for messages in [10, 25] {
        let tally = generation.run(0, messages).unwrap().tally.unwrap();
        assert_eq!((tally.copied_bytes, tally.reported_bytes), (0, messages * 4096));
        let Completions { sends, notifications, partial_sends, deferred_copies, .. } =
            tally.completions.unwrap();
        assert_eq!((sends - partial_sends, notifications), (messages, sends));
        assert_eq!(deferred_copies, sends, "loopback always falls back to a copy");
    }
}
