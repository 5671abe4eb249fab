//! A mode that the kernel refuses is told apart from one that is broken.

#[path = "support/strace.rs"]
mod strace;
mod support;

use copycost::cell::Target;
use copycost::copy_mode::{self, Connection, CopyMode, Handover, ModeEntry, SendFailure};
use copycost::exchange::probe;
use support::Setup;

#[test]
fn this_kernel_takes_every_registered_mode() {
    for mode in copy_mode::REGISTRY {
        let setup = Setup::new(Target::Throughput, &[*mode], 4096, 1);
        assert!(probe(Target::Throughput, &setup.profile, &setup.plan, *mode, None).unwrap().is_none());
    }
}

#[test]
fn a_refusal_has_its_reason_and_another_failure_is_an_error() {
    for (mode, refused) in [(OLD_KERNEL, true), (SANDBOX, true), (BROKEN, false)] {
        let setup = Setup::new(Target::Throughput, &[mode], 4096, 1);
        match probe(Target::Throughput, &setup.profile, &setup.plan, mode, None) {
            Ok(Some(reason)) => {
                assert!(refused && reason.to_string().contains("setsockopt SO_ZEROCOPY"), "{reason}");
            }
            Ok(None) => panic!("{} was taken", mode.name),
            Err(error) => assert!(!refused, "{error}"),
        }
    }
}

#[test]
fn a_ring_that_is_refused_says_what_would_change_it() {
    for (errno, expected) in
        [("EPERM", "seccomp=unconfined"), ("ENOSYS", "CONFIG_IO_URING"), ("EINVAL", "Linux 6.1")]
    {
        for mode in ["io-uring-copy", "io-uring-zero-copy"] {
            let injection = format!("io_uring_setup:error={errno}");
            let arguments = ["stream", "--mode", mode, "--message-bytes", "4096", "--messages", "1"];
            let Some(run) = strace::copycost(&[&injection], &arguments) else { return };
            let errors = String::from_utf8_lossy(&run.stderr);
            assert!(!run.status.success() && errors.contains(expected), "{mode}, {errno}: {errors}");
        }
    }
}

type Opened = Result<Box<dyn CopyMode>, SendFailure>;

const OLD_KERNEL: ModeEntry = entry("old-kernel", |_: Connection| fails_with(92)); // ENOPROTOOPT
const SANDBOX: ModeEntry = entry("sandbox", |_: Connection| fails_with(1)); // EPERM, as seccomp gives
const BROKEN: ModeEntry = entry("broken", |_: Connection| fails_with(5)); // EIO

const fn entry(name: &'static str, open: fn(Connection) -> Opened) -> ModeEntry {
    ModeEntry { name, summary: "refused", handover: Handover::Copied, open_files: 0, open }
}

fn fails_with(errno: i32) -> Opened {
    let source = std::io::Error::from_raw_os_error(errno);
    Err(SendFailure { operation: "setsockopt SO_ZEROCOPY", source })
}
