//! A system call that a signal interrupts is resumed, whichever it is and
//! however often: `strace` lets each of them fail with EINTR. The servers
//! compare every byte.

#[path = "support/strace.rs"]
mod strace;

/// Of the set-up, the same whatever the mode.
const SET_UP: [&str; 11] = [
    "socket",
    "setsockopt",
    "getsockopt",
    "bind",
    "listen",
    "getsockname",
    "connect",
    "accept4",
    "shutdown",
    "memfd_create",
    "perf_event_open",
];

/// Of some mode's messages.
const OF_MESSAGES: [&str; 9] =
    ["sendmsg", "sendto", "recvfrom", "recvmsg", "poll", "sendfile", "vmsplice", "splice", "io_uring_enter"];

#[test]
fn an_interrupted_call_is_resumed() {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("verify.toml");
    // A send buffer this small makes calls wait, so that `poll` is among them.
    let settings =
        "[server]\nverify = true\n[socket]\nsend_buffer_bytes = 4096\n[message]\nring_bytes = 262144\n";
    std::fs::write(&profile, settings).unwrap();
    let profile = profile.to_str().unwrap();
    let mut interrupted = std::collections::BTreeSet::new();
    for (place, mode) in copycost::copy_mode::REGISTRY.iter().enumerate() {
        let bytes = ["--message-bytes", "100000", "--messages", "20", "--threads", "2"];
        let arguments = [&["stream", "--mode", mode.name, "--profile", profile][..], &bytes].concat();
        let Some(made) = strace::calls(&OF_MESSAGES, &arguments) else { return };
        let set_up = SET_UP.into_iter().filter(|_| place == 0);
        for call in OF_MESSAGES.into_iter().filter(|call| made.contains(*call)).chain(set_up) {
            interrupted.insert(call);
            // The first call of each thread, and every third: once and on and on.
            for when in ["1", "1+3"] {
                let injection = format!("{call}:error=EINTR:when={when}");
                let Some(run) = strace::copycost(&[&injection], &arguments) else { return };
                let errors = String::from_utf8_lossy(&run.stderr);
                assert!(run.status.success(), "{}: {injection}: {errors}", mode.name);
                assert!(String::from_utf8_lossy(&run.stdout).contains("20 messages"));
            }
        }
    }
    let missed: Vec<_> = OF_MESSAGES.iter().filter(|call| !interrupted.contains(*call)).collect();
    assert!(missed.is_empty(), "no mode makes these calls: {missed:?}");
}
