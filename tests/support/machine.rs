//! A made-up machine for the doctor's tests.
#![allow(unreachable_pub)] // a module of a test

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
