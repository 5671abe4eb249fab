//! Where the kernel processes packets: what made-up machines come to, what is
//! refused on each, and what is read in a namespace of one's own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use copycost::environment::Environment;
use copycost::metric::{Reading, Value};
use copycost::profile::Profile;
use copycost::steering::{Kind, LOOPBACK, ReceiveSteering, Wanted};

/// A machine of four CPUs whose `lo` has these queues: CPU mask and flows.
fn machine(queues: &[(&str, &str)], flows: Option<&str>) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{text}\n")).unwrap();
    };
    write("sys/devices/system/cpu/online", "0-3");
    for (number, (mask, flows)) in queues.iter().enumerate() {
        write(&format!("sys/class/net/lo/queues/rx-{number}/rps_cpus"), mask);
        write(&format!("sys/class/net/lo/queues/rx-{number}/rps_flow_cnt"), flows);
    }
    if let Some(flows) = flows {
        write("proc/sys/net/core/rps_sock_flow_entries", flows);
    }
    root
}

fn kind(root: &Path) -> Result<Kind, String> {
    ReceiveSteering::read(root, LOOPBACK)?.kind()
}

#[test]
fn what_settings_come_to() {
    let kind = |queues: &[(&str, &str)], flows| kind(machine(queues, flows).path());
    let other = |words: &str| Ok(Kind::Other(words.into()));
    for (queues, flows, expected) in [
        (&[("0", "0")][..], Some("0"), Ok(Kind::None)),
        (&[("00000000,00000000", "0")], Some("32768"), Ok(Kind::None)),
        (&[("0", "4096")], Some("0"), Ok(Kind::None)), // the host follows no flow
        (&[("f", "4096")], Some("32768"), Ok(Kind::Follow)),
        (&[("f", "64"), ("00000000,0000000f", "64")], Some("1"), Ok(Kind::Follow)),
        (&[("f", "0")], Some("32768"), other("by hash to CPU 0-3")),
        (&[("f", "64")], Some("0"), other("by hash to CPU 0-3")),
        (&[("2", "0")], Some("0"), other("by hash to CPU 1")),
        (&[("3", "64")], Some("64"), other("flows followed, others to CPU 0-1")),
        (&[("0", "64")], Some("64"), other("flows followed, others to no CPU")),
        (
            &[("f", "64"), ("0", "0")],
            Some("64"),
            other("rx-0 flows followed, others to CPU 0-3; rx-1 by hash to no CPU"),
        ),
        (&[("0", "0")], None, Ok(Kind::None)), // a namespace that has no flows needs no host to say so
        (&[("2", "0")], None, other("by hash to CPU 1")),
    ] {
        assert_eq!(kind(queues, flows), expected, "{queues:?} {flows:?}");
    }
    assert!(kind(&[("f", "64")], None).unwrap_err().contains("rps_sock_flow_entries"));
    assert!(kind(&[], Some("0")).unwrap_err().contains("queues"));
    assert!(kind(&[("x", "0")], Some("0")).unwrap_err().contains("rps_cpus of rx-0"));
    assert!(kind(&[("0", "x")], Some("0")).unwrap_err().contains("rps_flow_cnt"));
}

#[test]
fn the_record_has_each_setting_or_the_reason() {
    let root = machine(&[("f", "64"), ("1", "0")], Some("32768"));
    let write = |file: &str, text: &str| {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let profile = Profile::load("default").unwrap();
    let read = |name: &str| match &Environment::read_from(root.path(), &profile).items[name] {
        Reading::Value(Value::Text(text)) => text.clone(),
        Reading::Value(value) => value.to_string(),
        Reading::Absent(why) => format!("absent: {why}"),
    };
    assert!(
        read("receive_steering.threaded_napi")
            .contains("absent: this kernel has no /sys/class/net/lo/threaded")
    );
    assert!(read("packet_filter.connection_tracking").contains("no connection tracking is loaded"));
    assert!(read("packet_filter.nf_tables_users").contains("shown to administrators only"));
    for (file, text) in [
        ("sys/class/net/lo/threaded", "1\n"),
        ("sys/class/net/lo/queues/tx-0/xps_cpus", "0f\n"),
        ("proc/sys/net/core/rps_default_mask", "3\n"),
        ("proc/sys/net/netfilter/nf_conntrack_count", "17\n"),
        ("proc/net/ip_tables_names", "nat\nfilter\n"),
        ("proc/net/ip6_tables_names", ""),
        ("sys/module/nf_tables/refcnt", "5\n"),
    ] {
        write(file, text);
    }
    for (name, expected) in [
        ("receive_steering.kind", "rx-0 flows followed, others to CPU 0-3; rx-1 by hash to CPU 0"),
        ("receive_steering.rps_cpus", "rx-0 0-3; rx-1 0"),
        ("receive_steering.rps_flow_cnt", "rx-0 64; rx-1 0"),
        ("receive_steering.threaded_napi", "1"),
        ("receive_steering.xps_cpus", "0f"),
        ("sysctl.net.core.rps_sock_flow_entries", "32768"),
        ("sysctl.net.core.rps_default_mask", "3"),
        ("packet_filter.connection_tracking", "yes"),
        ("packet_filter.ip_tables", "nat filter"),
        ("packet_filter.ip6_tables", "none"),
        ("packet_filter.nf_tables_users", "5"),
    ] {
        assert_eq!(read(name), expected, "{name}");
    }
    write("proc/sys/net/netfilter/nf_conntrack_count", "0\n");
    assert_eq!(read("packet_filter.connection_tracking"), "no");
}

#[test]
fn a_profile_is_refused_where_the_machine_has_another_one() {
    let refusal = |wanted: Wanted, queues: &[(&str, &str)], flows| {
        let mut profile = Profile::load("default").unwrap();
        profile.placement.receive_steering = wanted;
        let found = ReceiveSteering::read(machine(queues, flows).path(), LOOPBACK);
        profile.check_receive_steering(&found).err().map(|error| error.to_string())
    };
    let (none, follow, hash) = (&[("0", "0")][..], &[("f", "64")][..], &[("2", "0")][..]);
    for queues in [none, follow, hash, &[]] {
        assert_eq!(refusal(Wanted::Any, queues, Some("64")), None);
    }
    assert_eq!(refusal(Wanted::None, none, Some("64")), None);
    assert_eq!(refusal(Wanted::Follow, follow, Some("64")), None);
    let refused = |wanted, queues, flows, words: &[&str]| {
        let text = refusal(wanted, queues, flows).unwrap();
        assert!(text.starts_with("profile default: `placement.receive_steering` = "), "{text}");
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    };
    let queue = "/sys/class/net/lo/queues/rx-0";
    let follows = format!(
        "echo 32768 > /proc/sys/net/core/rps_sock_flow_entries; echo f > {queue}/rps_cpus; echo 32768 > {queue}/rps_flow_cnt"
    );
    refused(
        Wanted::Follow,
        none,
        Some("0"),
        &["lo has `none` here", "tune --receive-steering follow", &follows],
    );
    let none_again = format!("or echo 0 > {queue}/rps_cpus; echo 0 > {queue}/rps_flow_cnt; ");
    refused(
        Wanted::None,
        follow,
        Some("64"),
        &["lo has `follow` here", "tune --receive-steering none", &none_again],
    );
    refused(Wanted::None, hash, Some("64"), &["lo has `by hash to CPU 1` here", &none_again]);
    refused(Wanted::Follow, follow, None, &["cannot be told", "rps_sock_flow_entries"]);
    let text = refusal(Wanted::Follow, none, Some("64")).unwrap();
    assert!(!text.contains("rps_sock_flow_entries"), "what is there need not be set: {text}");
}

#[test]
fn a_profile_that_names_another_one_is_refused() {
    let refused =
        Profile::parse("x", "x.toml", "[placement]\nreceive_steering = \"rfs\"").unwrap_err().to_string();
    assert!(refused.contains("rfs") && refused.contains("follow"), "{refused}");
}

/// Runs a command of the program in a namespace of its own after `set_up`;
/// `None`, with the reason printed, where that is not possible.
fn in_namespace(set_up: &str, arguments: &str, profile: &Path) -> Option<Output> {
    let script = format!("ip link set lo up && {set_up} || exit 77; exec \"$0\" {arguments}");
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "--", "sh", "-c", &script, env!("CARGO_BIN_EXE_copycost")]);
    let run = match command.env("PROFILE", profile).output() {
        Ok(run) => run,
        Err(error) => {
            println!("skipped: unshare: {error}");
            return None;
        }
    };
    let errors = String::from_utf8_lossy(&run.stderr);
    if run.status.code() == Some(77) || errors.contains("unshare") {
        println!("skipped: the machine does not allow the set-up: {}", errors.trim());
        return None;
    }
    Some(run)
}

#[test]
fn a_namespace_of_ones_own_has_its_own_steering() {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("profile.toml");
    let read = |set_up: &str| {
        let run = in_namespace(set_up, "doctor --json", &profile)?;
        let said: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        Some(said["environment"]["receive_steering.kind"].clone())
    };
    let own_sysfs = "mount -t sysfs none /sys";
    if let Some(kind) = read(own_sysfs) {
        assert_eq!(kind["value"], "none", "{kind}");
    }
    if let Some(kind) = read(&format!("{own_sysfs} && echo 1 > /sys/class/net/lo/queues/rx-0/rps_cpus")) {
        assert_eq!(kind["value"], "by hash to CPU 0", "{kind}");
    }
    // The mounted sysfs is still that of the namespace before.
    if let Some(kind) = read("true") {
        assert!(kind["absent"].as_str().unwrap().contains("another network namespace"), "{kind}");
    }
    fs::write(&profile, "[placement]\nreceive_steering = \"follow\"\n").unwrap();
    for command in [
        "profile \"$PROFILE\"",
        "stream --mode one-copy --message-bytes 4096 --messages 10 --profile \"$PROFILE\"",
    ] {
        let Some(run) = in_namespace(own_sysfs, command, &profile) else { continue };
        let errors = String::from_utf8_lossy(&run.stderr);
        assert_eq!((run.status.code(), run.stdout.len()), (Some(2), 0), "{errors}");
        assert!(errors.contains("tune --receive-steering follow"), "{errors}");
    }
    fs::write(&profile, "[placement]\nreceive_steering = \"none\"\n").unwrap();
    let Some(run) = in_namespace(own_sysfs, "profile \"$PROFILE\"", &profile) else { return };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
