//! Under tight kernel limits every byte still arrives, and the ENOBUFS count is
//! reported. The program is run as a process of its own, since the limits are
//! those of a user and of a network namespace; where the machine does not
//! allow the set-up the test says why and passes over it.

#[path = "support/strace.rs"]
mod strace;

use copycost::copy_mode::{Handover, REGISTRY};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

/// The program and a profile that verifies every byte, where any user can
/// reach them.
struct Stage {
    directory: tempfile::TempDir,
}

impl Stage {
    fn new() -> Stage {
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let stage = Stage { directory };
        std::fs::copy(env!("CARGO_BIN_EXE_copycost"), stage.path("copycost")).unwrap();
        std::fs::write(stage.path("verify.toml"), "[server]\nverify = true\n").unwrap();
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Sends 2,000 messages of 4 KiB by zero-copy and checks them all.
    fn stream(&self) -> String {
        self.stream_of("zero-copy", 4096)
    }

    fn stream_of(&self, mode: &str, message_bytes: usize) -> String {
        format!(
            "{} stream --mode {mode} --message-bytes {message_bytes} --messages 2000 --json --profile {}",
            self.path("copycost").display(),
            self.path("verify.toml").display()
        )
    }
}

#[test]
fn locked_memory_of_64_kib_as_an_unprivileged_user() {
    let stage = Stage::new();
    let wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", "sh", "-c"];
    // Of 64 KiB, as eight fields of it go by reference in every such mode.
    let by_reference = REGISTRY.iter().filter(|mode| mode.handover == Handover::Reported);
    for (mode, bytes) in by_reference.map(|mode| (mode.name, 65536)).chain([("zero-copy", 4096)]) {
        let script = format!("ulimit -l 64 && exec {}", stage.stream_of(mode, bytes));
        check(&format!("RLIMIT_MEMLOCK, {mode}"), &wrapper, &script);
    }
}

#[test]
fn option_memory_at_its_minimum() {
    let stage = Stage::new();
    let before = std::fs::read_to_string("/proc/sys/net/core/optmem_max").ok();
    // 0: no notification fits. The others: one, and a few.
    for bytes in [0, 1024, 4096] {
        let script = format!(
            "ip link set lo up 2>/dev/null || exit 77
             echo {bytes} > /proc/sys/net/core/optmem_max || exit 77
             exec {}",
            stage.stream()
        );
        let what = format!("optmem_max {bytes}");
        let tally = check(&what, &["unshare", "--net", "--", "sh", "-c"], &script);
        if let Some(tally) = tally.filter(|_| bytes == 0) {
            assert_eq!((&tally["sends"], &tally["fallback_sends"]), (&0.into(), &2000.into()));
        }
    }
    if let Some(before) = before {
        // Not every kernel keeps this setting apart for each namespace.
        let _ = std::fs::write("/proc/sys/net/core/optmem_max", before);
    }
}

/// A send that is refused while none of its socket's own is in flight is tried
/// again, since the memory may be another socket's; within bounds.
#[test]
fn memory_that_others_hold_is_waited_for() {
    // Refused in each thread: once; eight times more, which is all its patience.
    for (refused, enobufs, fallbacks) in [("1", 2, 0), ("1..8", 16, 0), ("1..9", 18, 2)] {
        let injection = format!("sendmsg:error=ENOBUFS:when={refused}");
        let arguments = [
            "stream",
            "--mode",
            "zero-copy",
            "--message-bytes",
            "4096",
            "--messages",
            "100",
            "--threads",
            "2",
            "--json",
        ];
        let Some(run) = strace::copycost(&[&injection], &arguments) else { return };
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let printed: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        let tally = &printed["zero_copy"];
        assert_eq!((&tally["enobufs"], &tally["fallback_sends"]), (&enobufs.into(), &fallbacks.into()));
        assert_eq!((&printed["messages"], &tally["sends"]), (&100.into(), &tally["notifications"]));
    }
}

/// Runs `script` and returns the tally; `None` where the machine does not
/// allow the set-up.
fn check(what: &str, wrapper: &[&str], script: &str) -> Option<serde_json::Value> {
    let command = Command::new(wrapper[0]).args(&wrapper[1..]).arg(script).output();
    let skip = |why: &str| println!("skipped {what}: the machine does not allow the set-up: {}", why.trim());
    let Output { status, stdout, stderr } = match command {
        Ok(output) => output,
        Err(error) => {
            skip(&format!("{}: {error}", wrapper[0]));
            return None;
        }
    };
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    let refused = ["Operation not permitted", "unshare failed", "setpriv:", "ulimit:"];
    if status.code() == Some(77) || refused.iter().any(|refusal| stderr.contains(refusal)) {
        skip(&stderr);
        return None;
    }
    assert!(status.success(), "{what}: {stderr}");
    let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let tally = result["zero_copy"].clone();
    println!("{what}: {tally}");
    // The servers compared every byte; a round that ended had them all.
    assert_eq!(result["messages"], 2000);
    assert_eq!(tally["sends"], tally["notifications"]);
    assert!(tally["enobufs"].is_u64(), "the count must be reported: {tally}");
    Some(tally)
}
