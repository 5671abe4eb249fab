//! A loopback device that carries nothing: what is wrong and the command that
//! changes it, from the probe before anything is measured and from `stream`. In
//! a network namespace of its own; where there is none a test says so.

use std::process::{Command, Output, Stdio};

/// Runs the program in a fresh namespace after `set_up`; `None`, with the reason
/// printed, where that is not possible.
fn in_namespace(set_up: &str, arguments: &str, profile: &str) -> Option<Output> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("profile.toml");
    std::fs::write(&path, format!("[matrix]\nthreads = [1]\nmessage_bytes = [4096]\n{profile}")).unwrap();
    let script = format!("{set_up} || exit 77; exec \"$0\" {arguments}");
    let mut command = Command::new("unshare");
    command.args(["--net", "--", "sh", "-c", &script, env!("CARGO_BIN_EXE_copycost")]);
    command.env("COPYCOST_PROFILE", &path).env("PROFILE", &path).env("CRITERION_HOME", directory.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            println!("skipped: unshare: {error}");
            return None;
        }
    };
    // Its standard input stays open while it runs, as `pass` wants it.
    let _input = child.stdin.take();
    let run = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&run.stderr);
    if run.status.code() == Some(77) || errors.contains("unshare") {
        println!("skipped: the machine does not allow the set-up: {}", errors.trim());
        return None;
    }
    Some(run)
}

const PASS: &str = "pass --target throughput --baseline x --seed 1";
const STREAM: &str = "stream --mode one-copy --message-bytes 4096 --messages 10 --profile \"$PROFILE\"";
const IPV6: &str = "[socket]\naddress = \"::1\"\n";

#[test]
fn what_is_wrong_is_said_with_the_command() {
    let up = "ip link set lo up";
    for (set_up, profile, expected) in [
        ("true", "", up),
        ("true", IPV6, up),
        (
            "ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6",
            IPV6,
            "sysctl -w net.ipv6.conf.lo.disable_ipv6=0",
        ),
        ("ip link set lo up && ip addr del ::1/128 dev lo", IPV6, "ip addr add ::1/128 dev lo"),
    ] {
        let Some(run) = in_namespace(set_up, PASS, profile) else { continue };
        let errors = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{set_up}: {errors}");
        assert!(errors.contains(expected) && errors.contains("probe of two-copy"), "{set_up}: {errors}");
        assert!(!errors.contains("throughput/"), "a cell that was not asked for: {errors}");
        let Some(run) = in_namespace(set_up, STREAM, profile) else { continue };
        let errors = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{set_up}: {errors}");
        assert!(errors.contains(expected) && !errors.contains("probe"), "{set_up}: {errors}");
    }
}

#[test]
fn a_recording_that_cannot_begin_takes_no_name() {
    let record = "record --name mine --rounds 1 --target throughput";
    let Some(run) = in_namespace("true", record, "") else { return };
    let errors = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(2), "{errors}");
    assert!(errors.contains("ip link set lo up") && errors.contains("probe of two-copy"), "{errors}");
    let tried = format!("(\"$0\" {record} || true) 2>/dev/null");
    let Some(run) = in_namespace(&tried, "record --discard mine --yes", "") else { return };
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success() && errors.contains("nothing is kept"), "{errors}");
}

/// The mounted sysfs is that of the namespace which mounted it.
#[test]
fn the_mtu_is_that_of_the_processs_own_namespace() {
    let Some(run) = in_namespace("ip link set lo up mtu 1500", "doctor --json", "") else { return };
    let said: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(said["environment"]["loopback.mtu_bytes"]["value"], 1500, "{said:#}");
}

#[test]
fn a_device_that_is_up_is_no_reason() {
    let set_up = "ip link set lo up";
    let Some(run) = in_namespace(set_up, STREAM, "") else { return };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
