//! Under tight kernel limits every byte still arrives, and the ENOBUFS count is
//! reported. The program is run as a process of its own, since the limits are
//! those of a user and of a network namespace; where the machine does not
//! allow the set-up the test says why and passes over it.

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
        format!(
            "{} stream --mode zero-copy --message-bytes 4096 --messages 2000 --json --profile {}",
            self.path("copycost").display(),
            self.path("verify.toml").display()
        )
    }
}

#[test]
fn locked_memory_of_64_kib_as_an_unprivileged_user() {
    let stage = Stage::new();
    let script = format!("ulimit -l 64 && exec {}", stage.stream());
    let wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", "sh", "-c"];
    check("RLIMIT_MEMLOCK", &wrapper, &script);
}

#[test]
fn option_memory_at_its_minimum() {
    let stage = Stage::new();
    // The smallest value that the kernel takes: found by trying.
    let script = format!(
        "ip link set lo up 2>/dev/null || exit 77
         for bytes in 0 1 64 256 512 1024 2048; do
             if echo $bytes > /proc/sys/net/core/optmem_max; then break; fi
         done 2>/dev/null
         echo optmem_max $(cat /proc/sys/net/core/optmem_max) >&2
         exec {}",
        stage.stream()
    );
    let before = std::fs::read_to_string("/proc/sys/net/core/optmem_max").ok();
    check("optmem_max", &["unshare", "--net", "--", "sh", "-c"], &script);
    if let Some(before) = before {
        // Not every kernel keeps this setting apart for each namespace.
        let _ = std::fs::write("/proc/sys/net/core/optmem_max", before);
    }
}

fn check(what: &str, wrapper: &[&str], script: &str) {
    let command = Command::new(wrapper[0]).args(&wrapper[1..]).arg(script).output();
    let Output { status, stdout, stderr } = match command {
        Ok(output) => output,
        Err(error) => return println!("skipped {what}: {}: {error}", wrapper[0]),
    };
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    let refused = ["Operation not permitted", "unshare failed", "setpriv:", "ulimit:"];
    if status.code() == Some(77) || refused.iter().any(|refusal| stderr.contains(refusal)) {
        return println!("skipped {what}: the machine does not allow the set-up: {}", stderr.trim());
    }
    // With too little memory for even one notification the kernel refuses
    // every send, which must be said, not hung on.
    if !status.success() {
        assert!(
            stderr.contains("No buffer space available") && stderr.contains("MSG_ZEROCOPY"),
            "{what}: {stderr}"
        );
        return println!("{what}: refused in full: {}", stderr.trim());
    }
    let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    println!("{what}: {} {}", stderr.trim(), result["zero_copy"]);
    assert_eq!(result["messages"], 2000);
    let tally = &result["zero_copy"];
    assert_eq!(tally["sends"], tally["notifications"]);
    assert!(tally["enobufs"].is_u64(), "the count must be reported: {tally}");
}
