//! A made-up machine for the doctor's tests, and one case for each kind of
//! finding.
#![allow(unreachable_pub)] // a module of a test

use copycost::doctor::Severity;
use copycost::doctor::Severity::{Missing, Note, Worse};
use copycost::environment::Environment;
use copycost::metric::{Reading, Value};

/// A machine on which nothing is amiss.
pub fn healthy() -> Environment {
    let mut environment = Environment::default();
    for (name, count) in [
        ("cpu.allowed", 16),
        ("cpu.online", 16),
        ("smt.active", 0),
        ("loopback.mtu_bytes", 65_536),
        ("limit.open_files", 1024),
        ("limit.open_files_hard", 4096),
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
        ("cpu.kinds", "capacity 1024: 0-15"),
        ("cpu.nodes", "node 0: 0-15"),
        ("cpu.offline_list", "none"),
        ("cpu.online_list", "0-15"),
        ("debug_build", "no"),
        ("frequency.driver", "acpi-cpufreq"),
        ("frequency.governor", "performance"),
        ("huge_pages.enabled", "madvise"),
        ("hypervisor.flag", "no"),
        ("limit.locked_memory_exempt", "no"),
        ("perf.paranoid_exempt", "no"),
        ("perf.processor_devices", "cpu"),
        ("perf.refused", "no"),
        ("profile", "default"),
        ("receive_steering.kind", "follow"),
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
pub fn machine(items: &[(&str, &str)]) -> Environment {
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
pub type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    Severity,
    &'static str,
    &'static [(&'static str, &'static str)],
);

pub const CASES: &[Case] = &[
    (
        "emulated",
        &[("hypervisor.signature", "TCGTCGTCGTCG")],
        Missing,
        "calls itself TCGTCGTCGTCG",
        &[("hypervisor.signature", "KVMKVMKVM"), ("cpu.model", "QEMU Virtual CPU version 2.5+")],
    ),
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
    (
        "open_files",
        &[("limit.open_files_hard", "100")],
        Missing,
        "ulimit -n 361",
        &[("limit.open_files", "100"), ("limit.open_files_hard", "361")],
    ),
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
    (
        "perf_event_refused",
        &[("perf.refused", "a seccomp filter refuses perf_event_open")],
        Missing,
        "a seccomp filter",
        &[("perf.refused", "no")],
    ),
    ("cpu_mask", &[("cpu.online", "32")], Note, "16 of 32 CPUs: 0-15", &[("cpu.online", "16")]),
    (
        "cpu_quota",
        &[("cgroup_cpu_quota", "150000 100000")],
        Worse,
        "`150000 100000`",
        &[("cgroup_cpu_quota", "max 50000")],
    ),
    (
        "offline_cpus",
        &[("cpu.offline_list", "16-17,20")],
        Note,
        "echo 1 > /sys/devices/system/cpu/cpu16/online",
        &[("cpu.offline_list", "none")],
    ),
    (
        "unequal_cores",
        &[("cpu.kinds", "cpu_core of capacity 1024: 0-7; cpu_atom of capacity 600: 8-15")],
        Worse,
        "taskset -c 0-7 cargo bench",
        &[("cpu.kinds", "cpu_core: 0-15")],
    ),
    (
        "numa_nodes",
        &[("cpu.nodes", "node 0: 0-7; node 1: 8-15")],
        Note,
        "both ends of a connection on one",
        &[("cpu.nodes", "node 1: 0-15")],
    ),
    (
        "halts",
        &[("idle.governor", "haltpoll"), ("idle.halt_poll_ns", "0")],
        Worse,
        "halt after 0 ns",
        &[("idle.governor", "haltpoll"), ("idle.halt_poll_ns", "200000")],
    ),
    (
        "halts",
        &[("idle.governor", "haltpoll"), ("idle.halt_poll_ns", "199999")],
        Worse,
        "copycost tune",
        &[("idle.governor", "menu"), ("idle.halt_poll_ns", "0")],
    ),
    ("debug_build", &[("debug_build", "yes")], Worse, "--release", &[("debug_build", "no")]),
    ("load", &[("load_average.1_min", "4.9")], Worse, "4.90", &[("load_average.1_min", "4.7")]),
    (
        "load",
        &[("load_average.1_min", "4.9"), ("tasks.running", "1")],
        Note,
        "nothing else runs now",
        &[("load_average.1_min", "4.7"), ("tasks.running", "1")],
    ),
    (
        "load",
        &[("load_average.1_min", "4.9"), ("tasks.running", "3")],
        Worse,
        "4.90",
        &[("load_average.1_min", "4.7"), ("tasks.running", "3")],
    ),
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
    (
        "turbo",
        &[("turbo", "on")],
        Worse,
        "echo 0 > /sys/devices/system/cpu/cpufreq/boost",
        &[("turbo", "off")],
    ),
    ("tuned", &[("tuned", "yes")], Note, "tune --reset", &[("tuned", "no")]),
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
        "receive_steering",
        &[("receive_steering.kind", "by hash to CPU 0-15")],
        Worse,
        "by hash to CPU 0-15",
        &[("receive_steering.kind", "follow")],
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
    (
        "huge_pages",
        &[("huge_pages.enabled", "always")],
        Note,
        "echo madvise >",
        &[("huge_pages.enabled", "never")],
    ),
    (
        "oversubscribed",
        &[("cpu.allowed", "4"), ("cpu.online", "4")],
        Worse,
        "4, 8 client threads",
        &[("cpu.allowed", "17"), ("cpu.online", "17")],
    ),
];
