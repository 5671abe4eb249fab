//! Findings from a made-up machine: each kind is found where it should be, and
//! a healthy machine has none.

use std::collections::BTreeSet;

use copycost::doctor::{self, Finding, Severity, measure};
use copycost::environment::Environment;
use copycost::metric::{Reading, Value};
use copycost::profile::Profile;

fn profile() -> Profile {
    Profile::load("default").unwrap()
}

/// A machine on which nothing is amiss.
fn healthy() -> Environment {
    let mut environment = Environment::default();
    for (name, count) in [
        ("cpu.allowed", 16),
        ("cpu.online", 16),
        ("smt.active", 0),
        ("loopback.mtu_bytes", 65_536),
        ("limit.open_files", 1024),
        ("limit.locked_memory_bytes", 8_388_608),
        ("cpu_time.steal_ticks", 0),
        ("cpu_time.total_ticks", 1_000_000),
        ("sysctl.kernel.nmi_watchdog", 0),
        ("sysctl.kernel.perf_event_paranoid", 1),
        ("sysctl.net.core.optmem_max", 131_072),
        ("sysctl.net.core.rmem_max", 212_992),
        ("sysctl.net.core.wmem_max", 212_992),
        ("sysctl.net.ipv4.tcp_slow_start_after_idle", 0),
        ("sysctl.net.ipv4.tcp_window_scaling", 1),
    ] {
        environment.items.insert(name.into(), Reading::Value(Value::Count(count)));
    }
    for (name, text) in [
        ("cgroup_cpu_quota", "max 100000"),
        ("clock_source.available", "tsc hpet acpi_pm"),
        ("clock_source.current", "tsc"),
        ("cpu.allowed_list", "0-15"),
        ("cpu.online_list", "0-15"),
        ("debug_build", "no"),
        ("frequency.driver", "acpi-cpufreq"),
        ("frequency.governor", "performance"),
        ("huge_pages.enabled", "madvise"),
        ("hypervisor.flag", "no"),
        ("limit.locked_memory_exempt", "no"),
        ("perf.processor_devices", "cpu"),
        ("profile", "default"),
        ("sysctl.net.ipv4.tcp_allowed_congestion_control", "reno cubic"),
        ("sysctl.net.ipv4.tcp_available_congestion_control", "reno cubic"),
        ("sysctl.net.ipv4.tcp_congestion_control", "cubic"),
        ("sysctl.net.ipv4.tcp_wmem", "4096 16384 4194304"),
        ("turbo", "off"),
    ] {
        environment.items.insert(name.into(), Reading::Value(Value::Text(text.into())));
    }
    environment.items.insert("load_average.1_min".into(), Reading::Value(Value::Number(0.2)));
    environment
}

/// The healthy machine with some items changed.
fn machine(items: &[(&str, &str)]) -> Environment {
    let mut environment = healthy();
    for (name, text) in items {
        let value = match (text.parse::<u64>(), text.parse::<f64>()) {
            (Ok(count), _) => Value::Count(count),
            (_, Ok(number)) => Value::Number(number),
            _ => Value::Text((*text).into()),
        };
        environment.items.insert((*name).into(), Reading::Value(value));
    }
    environment
}

/// One kind: its name, what brings it about, how much it matters, what its
/// words must hold, and what is just on the good side of it.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    Severity,
    &'static str,
    &'static [(&'static str, &'static str)],
);

use Severity::{Missing, Note, Worse};

const CASES: &[Case] = &[
    (
        "congestion_control_unavailable",
        &[("sysctl.net.ipv4.tcp_available_congestion_control", "cubic bbr")],
        Missing,
        "modprobe tcp_reno",
        &[("sysctl.net.ipv4.tcp_available_congestion_control", "bbr reno")],
    ),
    (
        "congestion_control_not_allowed",
        &[("sysctl.net.ipv4.tcp_allowed_congestion_control", "cubic")],
        Missing,
        "sysctl -w net.ipv4.tcp_allowed_congestion_control=\"cubic reno\"",
        &[("sysctl.net.ipv4.tcp_allowed_congestion_control", "reno")],
    ),
    ("open_files", &[("limit.open_files", "100")], Missing, "ulimit -n 136", &[("limit.open_files", "136")]),
    (
        "hardware_counters",
        &[("perf.processor_devices", "none")],
        Missing,
        "-cpu host,pmu=on",
        &[("perf.processor_devices", "cpu_atom cpu_core")],
    ),
    (
        "perf_event_paranoid",
        &[("sysctl.kernel.perf_event_paranoid", "2")],
        Missing,
        "is 2; needed: 1 or lower",
        &[("sysctl.kernel.perf_event_paranoid", "-1")],
    ),
    ("cpu_mask", &[("cpu.online", "32")], Note, "16 of 32 CPUs: 0-15", &[("cpu.online", "16")]),
    (
        "cpu_quota",
        &[("cgroup_cpu_quota", "150000 100000")],
        Worse,
        "`150000 100000`",
        &[("cgroup_cpu_quota", "max 50000")],
    ),
    ("debug_build", &[("debug_build", "yes")], Worse, "--release", &[("debug_build", "no")]),
    ("load", &[("load_average.1_min", "4.9")], Worse, "4.90", &[("load_average.1_min", "4.7")]),
    ("steal", &[("cpu_time.steal_ticks", "20000")], Worse, "2.0 %", &[("cpu_time.steal_ticks", "9000")]),
    (
        "virtual_machine",
        &[("hypervisor.flag", "yes"), ("dmi.product_name", "Example Cloud")],
        Worse,
        "(Example Cloud)",
        &[("dmi.product_name", "Example Server")],
    ),
    (
        "governor",
        &[("frequency.governor", "schedutil")],
        Worse,
        "cpupower frequency-set -g performance",
        &[("frequency.governor", "performance")],
    ),
    ("turbo", &[("turbo", "on")], Worse, "echo 0 > /sys/devices/system/cpu/cpufreq/boost", &[("turbo", "off")]),
    ("smt", &[("smt.active", "1")], Worse, "smt/control", &[("smt.active", "0")]),
    (
        "clock_source",
        &[("clock_source.current", "hpet")],
        Worse,
        "echo tsc >",
        &[("clock_source.current", "arch_sys_counter")],
    ),
    (
        "nmi_watchdog",
        &[("sysctl.kernel.nmi_watchdog", "1")],
        Note,
        "sysctl -w kernel.nmi_watchdog=0",
        &[("sysctl.kernel.nmi_watchdog", "0")],
    ),
    (
        "send_buffer",
        &[("sysctl.net.core.wmem_max", "131072")],
        Worse,
        "sysctl -w net.core.wmem_max=212992",
        &[("sysctl.net.core.wmem_max", "4194304")],
    ),
    (
        "receive_buffer",
        &[("sysctl.net.core.rmem_max", "131072")],
        Worse,
        "sysctl -w net.core.rmem_max=212992",
        &[("sysctl.net.core.rmem_max", "4194304")],
    ),
    (
        "optmem",
        &[("sysctl.net.core.optmem_max", "20480")],
        Worse,
        "sysctl -w net.core.optmem_max=131072",
        &[("sysctl.net.core.optmem_max", "262144")],
    ),
    (
        "locked_memory",
        &[("limit.locked_memory_bytes", "65536")],
        Worse,
        "ulimit -l 3328",
        &[("limit.locked_memory_bytes", "unlimited")],
    ),
    (
        "loopback_mtu",
        &[("loopback.mtu_bytes", "16436")],
        Worse,
        "ip link set dev lo mtu 65536",
        &[("loopback.mtu_bytes", "65536")],
    ),
    (
        "window_scaling",
        &[("sysctl.net.ipv4.tcp_window_scaling", "0")],
        Worse,
        "64 KiB",
        &[("sysctl.net.ipv4.tcp_window_scaling", "1")],
    ),
    (
        "slow_start_after_idle",
        &[("sysctl.net.ipv4.tcp_slow_start_after_idle", "1")],
        Note,
        "sysctl -w net.ipv4.tcp_slow_start_after_idle=0",
        &[("sysctl.net.ipv4.tcp_slow_start_after_idle", "0")],
    ),
    (
        "default_congestion_control",
        &[("sysctl.net.ipv4.tcp_congestion_control", "bbr")],
        Note,
        "the profile sets reno",
        &[("sysctl.net.ipv4.tcp_congestion_control", "reno")],
    ),
    ("huge_pages", &[("huge_pages.enabled", "always")], Note, "echo madvise >", &[("huge_pages.enabled", "never")]),
    (
        "oversubscribed",
        &[("cpu.allowed", "4"), ("cpu.online", "4")],
        Worse,
        "4, 8 client threads",
        &[("cpu.allowed", "17"), ("cpu.online", "17")],
    ),
];

fn found(items: &[(&str, &str)]) -> Vec<Finding> {
    doctor::findings(&machine(items), &profile())
}

#[test]
fn a_healthy_machine_has_no_findings() {
    assert_eq!(doctor::findings(&healthy(), &profile()), []);
    let line = doctor::summary_line(&[]);
    assert!(line.contains("nothing on this machine"), "{line}");
}

#[test]
fn each_kind_is_found_alone_and_not_on_its_good_side() {
    for (kind, bad, severity, holds, good) in CASES {
        let findings = found(bad);
        let kinds: Vec<&str> = findings.iter().map(|finding| finding.kind.as_str()).collect();
        assert_eq!(kinds, [*kind], "{bad:?}");
        let finding = &findings[0];
        assert_eq!(finding.severity, *severity, "{kind}");
        for part in [&finding.what, &finding.why, &finding.change] {
            assert!(part.len() > 10, "{finding:?}");
        }
        assert!(finding.to_string().contains(holds), "{kind}: {holds:?} is not in\n{finding}");
        assert_eq!(found(good), [], "{kind} on its good side");
    }
}

#[test]
fn one_cpu_is_too_few_and_oversubscribed() {
    let findings = found(&[("cpu.allowed", "1"), ("cpu.online", "1")]);
    let kinds: Vec<&str> = findings.iter().map(|finding| finding.kind.as_str()).collect();
    assert_eq!(kinds, ["few_cpus", "oversubscribed"]);
    assert!(!found(&[("cpu.allowed", "2"), ("cpu.online", "2")]).iter().any(|found| found.kind == "few_cpus"));
}

#[test]
fn every_kind_has_a_case_here() {
    let cases: BTreeSet<&str> = CASES.iter().map(|(kind, ..)| *kind).chain(["few_cpus"]).collect();
    assert_eq!(cases, doctor::kinds().collect(), "kinds without a case, or cases without a kind");
}

#[test]
fn what_is_not_known_is_no_finding() {
    assert_eq!(doctor::findings(&Environment::default(), &profile()), []);
    let mut environment = healthy();
    for reading in environment.items.values_mut() {
        *reading = Reading::Absent("not to be had".into());
    }
    assert_eq!(doctor::findings(&environment, &profile()), []);
}

#[test]
fn the_profile_decides_what_matters() {
    let mut profile = profile();
    profile.matrix.modes = vec!["two-copy".into()];
    let poor = machine(&[("sysctl.net.core.optmem_max", "20480"), ("limit.locked_memory_bytes", "65536")]);
    assert_eq!(doctor::findings(&poor, &profile), [], "nothing is sent with MSG_ZEROCOPY");
    profile.socket.congestion_control = "bbr".into();
    let bbr = "reno bbr";
    let same = machine(&[
        ("sysctl.net.ipv4.tcp_congestion_control", "bbr"),
        ("sysctl.net.ipv4.tcp_available_congestion_control", bbr),
        ("sysctl.net.ipv4.tcp_allowed_congestion_control", bbr),
    ]);
    assert_eq!(doctor::findings(&same, &profile), [], "it is what the profile asks for");
    profile.matrix.threads = vec![9];
    let kinds: Vec<String> = doctor::findings(&same, &profile).into_iter().map(|found| found.kind).collect();
    assert_eq!(kinds, ["oversubscribed"]);
}

#[test]
fn who_may_lock_memory_without_limit_has_enough() {
    assert_eq!(found(&[("limit.locked_memory_bytes", "65536"), ("limit.locked_memory_exempt", "yes")]), []);
}

#[test]
fn the_worst_comes_first_and_the_summary_names_all_but_notes() {
    let findings =
        found(&[("huge_pages.enabled", "always"), ("turbo", "on"), ("perf.processor_devices", "none")]);
    let severities: Vec<Severity> = findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Missing, Worse, Note]);
    assert_eq!(
        doctor::summary_line(&findings),
        "doctor: figures missing: hardware_counters; figures worse: turbo; 1 note (`copycost doctor` says why)"
    );
}

#[test]
fn measuring_gives_every_figure_or_its_reason() {
    let quick = Profile::load("quick").unwrap();
    let measured = measure::measure(&quick);
    assert_eq!(measured.len(), measure::CATALOGUE.len());
    for described in measure::CATALOGUE {
        let metric = &measured[described.name];
        assert_eq!(metric.unit, described.unit);
        match &metric.reading {
            Reading::Value(Value::Number(number)) => {
                assert!(number.is_finite() && *number > 0.0, "{}: {number}", described.name);
            }
            Reading::Absent(reason) => assert!(reason.len() > 10, "{}: {reason:?}", described.name),
            other => panic!("{}: {other:?}", described.name),
        }
    }
}
