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
    for (place, mode) in copycost::copy_mode::REGISTRY.iter().enumerate() {
        let set_up = SET_UP.iter().filter(|_| place == 0);
        for call in OF_MESSAGES.iter().chain(set_up) {
            // The first call of each thread, and every third: once and on and on.
            for when in ["1", "1+3"] {
                let injection = format!("{call}:error=EINTR:when={when}");
                let arguments = [
                    "stream",
                    "--mode",
                    mode.name,
                    "--message-bytes",
                    "100000",
                    "--messages",
                    "20",
                    "--threads",
                    "2",
                    "--profile",
                    profile.to_str().unwrap(),
                ];
                let Some(run) = strace::copycost(&[&injection], &arguments) else { return };
                let errors = String::from_utf8_lossy(&run.stderr);
                assert!(run.status.success(), "{}: {injection}: {errors}", mode.name);
                assert!(String::from_utf8_lossy(&run.stdout).contains("20 messages"));
            }
        }
    }
}
