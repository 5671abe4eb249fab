//! Each way in which `perf_event_open` is refused has its own true reason,
//! through the program: `strace` gives the answers of other machines.

#[path = "support/strace.rs"]
mod strace;

const STREAM: [&str; 8] =
    ["stream", "--mode", "one-copy", "--message-bytes", "4096", "--messages", "10", "--json"];

#[test]
fn a_refusal_has_the_reason_that_holds() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let held = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap().trim().to_string();
    let exempt = u64::from_str_radix(&held, 16).unwrap() >> 21 & 1 == 1;
    let paranoid = std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_default();
    println!("CapEff {held}, kernel.perf_event_paranoid {}", paranoid.trim());
    for (error, expected) in [
        ("EPERM", "seccomp filter or a security module"),
        ("ENOSYS", "perf_event_open"),
        ("ENOENT", "no such event"),
        ("EOPNOTSUPP", "lacks a feature"),
        ("EMFILE", "ulimit -n"),
        ("EBUSY", "to itself"),
    ] {
        let Some(run) = strace::copycost(&[&format!("perf_event_open:error={error}")], &STREAM) else {
            return;
        };
        assert!(run.status.success(), "{error}: {}", String::from_utf8_lossy(&run.stderr));
        let printed: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        let why = printed["absent"]["cycles"].as_str().unwrap();
        assert!(why.contains(expected), "{error}: {why}");
        // What has a count is not called absent, nor the other way round.
        for (name, count) in printed["client"].as_object().unwrap() {
            let is_absent = !printed["absent"][name].is_null();
            assert!(name == "counted_share" || is_absent == count.is_null(), "{error}: {name}: {printed}");
        }
        // What does not hold is not named.
        let forbids = why.contains("kernel.perf_event_paranoid is");
        assert!(!forbids || (error == "EPERM" && !exempt), "{error}: {why}");
    }
}

#[test]
fn the_doctor_names_what_forbids_events_and_paranoid_does_not() {
    let Some(run) = strace::copycost(&["perf_event_open:error=EPERM"], &["doctor", "--json"]) else { return };
    let printed: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let findings = printed["findings"].as_array().unwrap();
    let found = |kind: &str| findings.iter().find(|finding| finding["kind"] == kind);
    let by_paranoid =
        found("perf_event_paranoid").is_some_and(|finding| finding["severity"].as_str() == Some("missing"));
    match found("perf_event_refused") {
        Some(finding) => assert!(finding["what"].as_str().unwrap().contains("seccomp"), "{finding}"),
        None => assert!(by_paranoid, "{findings:?}"),
    }
}
