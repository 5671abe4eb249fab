//! A round that cannot end ends in an error that names the cell and what was
//! outstanding, within the stall timeout, and leaves no thread behind. One
//! test, so that no other's threads are counted.

mod support;

use std::collections::VecDeque;
use std::io;

use copycost::Error;
use copycost::cell::Target;
use copycost::copy_mode::{self, Connection, CopyMode, Handover, ModeEntry, SendFailure, Tally, Wait};
use copycost::exchange::{Fault, Generation};
use copycost::message::Message;
use support::{Setup, find, threads_named};

#[test]
fn every_fault_is_an_error_and_leaves_no_thread() {
    let before = rings_and_pipes();
    for mode in copy_mode::REGISTRY {
        server_that_closes(mode);
        server_that_stops_reading(mode);
        assert_eq!(rings_and_pipes(), before, "{} left some behind", mode.name);
    }
    client_that_panics();
    client_whose_mode_loses_messages();
    server_that_closes_in_a_latency_round();
    mode_that_cannot_open();
}

/// What this process has open of what a mode opens for itself.
fn rings_and_pipes() -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let names = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    let names = names.map(|name| name.display().to_string());
    names.filter(|name| name.contains("io_uring") || name.starts_with("pipe:")).count()
}

fn server_that_closes(mode: &ModeEntry) {
    let mut setup = quick_to_give_up(Target::Throughput, *mode);
    setup.fault = Fault::CloseAfter(300_000);
    let error = failure_of(setup.open().unwrap(), 1000);
    let text = error.to_string();
    assert!(matches!(error, Error::System { .. } | Error::PeerClosed { .. }), "{text}");
    assert!(text.starts_with(&format!("throughput/2-threads/{}/65536: ", mode.name)), "{text}");
}

fn server_that_stops_reading(mode: &ModeEntry) {
    let mut setup = quick_to_give_up(Target::Throughput, *mode);
    setup.fault = Fault::StopReadingAfter(300_000);
    let error = failure_of(setup.open().unwrap(), 1000);
    let text = error.to_string();
    // Whoever notices first: the coordinator, or a mode's own wait.
    let expected = match &error {
        Error::Stalled { outstanding, .. } => {
            outstanding.contains(&format!("{} connection 0: ", mode.name))
                && outstanding.contains("bytes read")
        }
        Error::System { source, .. } => source.kind() == io::ErrorKind::TimedOut,
        _ => false,
    };
    assert!(expected && text.contains(mode.name), "{text}");
}

fn server_that_closes_in_a_latency_round() {
    let mut setup = quick_to_give_up(Target::Latency, find("one-copy"));
    setup.fault = Fault::CloseAfter(200_000);
    let text = failure_of(setup.open().unwrap(), 1000).to_string();
    assert!(text.starts_with("latency/2-threads/one-copy/65536: "), "{text}");
}

fn client_that_panics() {
    let setup = quick_to_give_up(Target::Throughput, PANICS);
    let error = failure_of(setup.open().unwrap(), 10);
    assert!(matches!(error, Error::Panicked { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("panics/65536: client") && text.contains("panicked: not today"), "{text}");
}

fn client_whose_mode_loses_messages() {
    let setup = quick_to_give_up(Target::Throughput, LOSES);
    let error = failure_of(setup.open().unwrap(), 1);
    assert!(matches!(error, Error::Broken { .. } | Error::Stalled { .. }), "{error}");
}

fn mode_that_cannot_open() {
    let setup = quick_to_give_up(Target::Throughput, CANNOT_OPEN);
    let error = setup.open().err().unwrap();
    assert!(error.to_string().contains("client") && error.to_string().contains("no such thing"), "{error}");
    assert_eq!(threads_named(&["client", "server"]), Vec::<String>::new());
}

#[test]
fn threads_that_are_not_set_up_in_time_are_counted() {
    let setup = quick_to_give_up(Target::Throughput, SLOW_TO_OPEN);
    let error = setup.open().err().unwrap().to_string();
    assert!(error.contains("2 of 4 threads were not set up within 400ms"), "{error}");
    assert_eq!(threads_named(&["client", "server"]), Vec::<String>::new());
}

fn quick_to_give_up(target: Target, mode: ModeEntry) -> Setup {
    let mut setup = Setup::new(target, &[mode], 65536, 2);
    setup.profile.rounds.stall_timeout_s = 0.4;
    setup
}

fn failure_of(mut generation: Generation, messages: u64) -> Error {
    let error = generation.run(0, messages).expect_err("the fault was not noticed");
    assert_eq!(threads_named(&["client", "server"]), Vec::<String>::new(), "after {error}");
    error
}

const PANICS: ModeEntry = ModeEntry {
    name: "panics",
    summary: "",
    handover: Handover::Copied,
    open_files: 0,
    open: |_| Ok(Box::new(Fake { panics: true })),
};
const LOSES: ModeEntry = ModeEntry {
    name: "loses",
    summary: "",
    handover: Handover::Copied,
    open_files: 0,
    open: |_| Ok(Box::new(Fake { panics: false })),
};
const CANNOT_OPEN: ModeEntry = ModeEntry {
    name: "cannot-open",
    summary: "",
    handover: Handover::Copied,
    open_files: 0,
    open: cannot_open,
};

const SLOW_TO_OPEN: ModeEntry = ModeEntry {
    name: "slow-to-open",
    summary: "",
    handover: Handover::Copied,
    open_files: 0,
    open: slow_to_open,
};

fn slow_to_open(connection: Connection) -> Result<Box<dyn CopyMode>, SendFailure> {
    std::thread::sleep(std::time::Duration::from_secs(2));
    cannot_open(connection)
}

fn cannot_open(_: Connection) -> Result<Box<dyn CopyMode>, SendFailure> {
    Err(SendFailure { operation: "open", source: io::Error::other("no such thing") })
}

struct Fake {
    panics: bool,
}

impl CopyMode for Fake {
    fn send(&mut self, _: Message) -> Result<(), SendFailure> {
        assert!(!self.panics, "not today");
        Ok(())
    }

    fn reclaim(&mut self, _: Wait, _: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        Ok(())
    }

    fn outstanding(&self) -> usize {
        0
    }

    fn tally(&self) -> Tally {
        Tally::default()
    }
}
