//! The kernel's part of the conditions: version, command line, mitigations,
//! memory, loopback and the settings that change what TCP does. It owns the
//! list of settings, and of command-line parameters that are kept.

use super::root::Root;
use super::{Items, reading, value, words};
use crate::metric::{Reading, Value};
use crate::sys;

/// The settings that are kept, as `sysctl` names them. Keys, secrets and names
/// (`kernel.hostname`, `net.ipv4.tcp_fastopen_key`) are none of them.
const SYSCTLS: &[&str] = &[
    "kernel.nmi_watchdog",
    "kernel.numa_balancing",
    "kernel.perf_event_paranoid",
    "kernel.sched_autogroup_enabled",
    "kernel.timer_migration",
    "net.core.busy_poll",
    "net.core.busy_read",
    "net.core.default_qdisc",
    "net.core.dev_weight",
    "net.core.gro_normal_batch",
    "net.core.high_order_alloc_disable",
    "net.core.max_skb_frags",
    "net.core.netdev_budget",
    "net.core.netdev_budget_usecs",
    "net.core.netdev_max_backlog",
    "net.core.optmem_max",
    "net.core.rmem_default",
    "net.core.rmem_max",
    "net.core.rps_default_mask",
    "net.core.rps_sock_flow_entries",
    "net.core.skb_defer_max",
    "net.core.somaxconn",
    "net.core.wmem_default",
    "net.core.wmem_max",
    "net.ipv4.tcp_adv_win_scale",
    "net.ipv4.tcp_allowed_congestion_control",
    "net.ipv4.tcp_app_win",
    "net.ipv4.tcp_autocorking",
    "net.ipv4.tcp_available_congestion_control",
    "net.ipv4.tcp_backlog_ack_defer",
    "net.ipv4.tcp_comp_sack_delay_ns",
    "net.ipv4.tcp_comp_sack_nr",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_early_retrans",
    "net.ipv4.tcp_ecn",
    "net.ipv4.tcp_limit_output_bytes",
    "net.ipv4.tcp_mem",
    "net.ipv4.tcp_min_tso_segs",
    "net.ipv4.tcp_moderate_rcvbuf",
    "net.ipv4.tcp_no_metrics_save",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_pacing_ca_ratio",
    "net.ipv4.tcp_pacing_ss_ratio",
    "net.ipv4.tcp_recovery",
    "net.ipv4.tcp_reordering",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_rto_min_us",
    "net.ipv4.tcp_sack",
    "net.ipv4.tcp_shrink_window",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_timestamps",
    "net.ipv4.tcp_tso_rtt_log",
    "net.ipv4.tcp_tso_win_divisor",
    "net.ipv4.tcp_window_scaling",
    "net.ipv4.tcp_wmem",
];

/// The command-line parameters that are kept, by how their names begin: those
/// that change what a processor, the scheduler or memory does. Others may hold
/// a host name, an address or a secret.
const PARAMETERS: &[&str] = &[
    "amd_iommu",
    "amd_pstate",
    "apparmor",
    "audit",
    "clearcpuid",
    "clocksource",
    "cpufreq",
    "cpuidle",
    "debug_pagealloc",
    "default_hugepagesz",
    "deferred_init",
    "gather_data_sampling",
    "haltpoll",
    "hpet",
    "hugepages",
    "idle",
    "init_on_alloc",
    "init_on_free",
    "intel_idle",
    "intel_iommu",
    "intel_pstate",
    "iommu",
    "irqaffinity",
    "isolcpus",
    "kasan",
    "kfence",
    "kpti",
    "l1tf",
    "lapic",
    "maxcpus",
    "mds",
    "mitigations",
    "mmio_stale_data",
    "nested_pvm",
    "nmi_watchdog",
    "no_timer_check",
    "nohz",
    "nokaslr",
    "nopcid",
    "nopti",
    "nosmap",
    "nosmep",
    "nosmt",
    "nospectre",
    "nowatchdog",
    "nr_cpus",
    "numa",
    "page_poison",
    "page_reporting",
    "preempt",
    "processor",
    "psi",
    "pti",
    "rcu",
    "reg_file_data_sampling",
    "retbleed",
    "sched_",
    "selinux",
    "skew_tick",
    "slab",
    "slub",
    "spec",
    "srbds",
    "swiotlb",
    "threadirqs",
    "transparent_hugepage",
    "tsc",
    "tsx",
];

pub(super) fn items(root: &Root) -> Items {
    let mut items: Items = [
        // /proc/version would name who built the kernel, and on which host.
        ("kernel_release", "proc/sys/kernel/osrelease"),
        ("kernel_version", "proc/sys/kernel/version"),
        ("clock_source.current", "sys/devices/system/clocksource/clocksource0/current_clocksource"),
        ("clock_source.available", "sys/devices/system/clocksource/clocksource0/available_clocksource"),
    ]
    .map(|(name, file)| (name.to_string(), root.reading(file)))
    .into();
    items.push(("loopback.mtu_bytes".into(), loopback_mtu_bytes(root)));
    for name in ["enabled", "defrag", "shmem_enabled"] {
        let chosen = root.line(&format!("sys/kernel/mm/transparent_hugepage/{name}"));
        items.push((format!("huge_pages.{name}"), reading(chosen, |line| words(in_brackets(&line)))));
    }
    for name in SYSCTLS {
        items.push((format!("sysctl.{name}"), root.reading(&format!("proc/sys/{}", name.replace('.', "/")))));
    }
    items.extend(command_line(root));
    items.extend(mitigations(root));
    items
}

/// Of this process's namespace, of which a mounted sysfs need not be.
fn loopback_mtu_bytes(root: &Root) -> Reading {
    if !root.is_this_machine() {
        return root.reading("sys/class/net/lo/mtu");
    }
    let asked = sys::device_mtu_bytes(c"lo").map_err(|error| format!("SIOCGIFMTU of lo: {error}"));
    reading(asked, |bytes| Reading::Value(Value::Count(bytes)))
}

/// `always [madvise] never` means `madvise`.
fn in_brackets(line: &str) -> &str {
    let chosen = line.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    chosen.map_or(line, |(chosen, _)| chosen)
}

fn command_line(root: &Root) -> Items {
    let parameters = root.line("proc/cmdline").map(|line| {
        let all: Vec<String> = line.split(' ').map(str::to_string).collect();
        // What follows `--` is for the first program, not for the kernel.
        let kernels = all.iter().take_while(|parameter| *parameter != "--");
        let kept: Vec<String> = kernels.filter(|parameter| is_kept(parameter)).cloned().collect();
        (kept.join(" "), all.len() - kept.len())
    });
    let kept = reading(parameters.clone(), |(kept, left_out)| match kept.is_empty() {
        true => Reading::Absent(format!("none of its {left_out} parameters is one that is kept")),
        false => words(kept),
    });
    let left_out = reading(parameters, |(_, left_out)| value(&left_out.to_string()));
    vec![("kernel_command_line".into(), kept), ("kernel_command_line_left_out".into(), left_out)]
}

/// The kernel takes `-` and `_` in names for the same.
fn is_kept(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or("").replace('-', "_");
    PARAMETERS.iter().any(|begins| name.starts_with(begins))
}

fn mitigations(root: &Root) -> Items {
    const DIRECTORY: &str = "sys/devices/system/cpu/vulnerabilities";
    match root.names(DIRECTORY) {
        Ok(names) => names
            .iter()
            .map(|name| (format!("mitigation.{name}"), root.reading(&format!("{DIRECTORY}/{name}"))))
            .collect(),
        Err(reason) => vec![("mitigation".into(), Reading::Absent(reason))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parameters_that_bear_on_the_measurement_are_kept() {
        for kept in ["mitigations=off", "isolcpus=1-3", "intel_idle.max_cstate=1", "cpuidle-haltpoll.force=1"]
        {
            assert!(is_kept(kept), "{kept}");
        }
        for left in ["ip=10.0.0.7::10.0.0.1", "root=UUID=1", "systemd.hostname=alice", "ts=x", "user=y", ""] {
            assert!(!is_kept(left), "{left}");
        }
    }

    #[test]
    fn the_chosen_word_stands_in_brackets() {
        assert_eq!(in_brackets("always [madvise] never"), "madvise");
        assert_eq!(in_brackets("never"), "never");
    }
}
