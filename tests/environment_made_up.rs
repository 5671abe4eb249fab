//! The record of a run's conditions from made-up directories in the place of
//! `/`: no machine has everything that can be there or missing.

use std::fs;

use copycost::environment::Environment;
use copycost::metric::{Reading, Value};
use copycost::profile::Profile;

fn profile() -> Profile {
    Profile::load("default").unwrap()
}

fn item(environment: &Environment, name: &str) -> Option<String> {
    match environment.items.get(name)? {
        Reading::Value(Value::Count(count)) => Some(count.to_string()),
        Reading::Value(Value::Number(number)) => Some(number.to_string()),
        Reading::Value(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

/// Writes a made-up `/`.
fn made_up(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

#[test]
fn names_and_addresses_of_a_command_line_are_left_out() {
    let line = "root=UUID=17 ip=192.0.2.7::192.0.2.1 mitigations=off systemd.hostname=alice \
                isolcpus=1 -- --addr 192.0.2.9\n";
    let root = made_up(&[("proc/cmdline", line)]);
    let environment = Environment::read_from(root.path(), &profile());
    assert_eq!(environment.text("kernel_command_line"), Some("mitigations=off isolcpus=1"));
    assert_eq!(environment.number("kernel_command_line_left_out"), Some(6.0));
}

#[test]
fn a_profiles_directory_is_not_in_it() {
    let mut profile = profile();
    profile.name = "/somewhere/alice/mine.toml".into();
    assert_eq!(Environment::read(&profile).text("profile"), Some("mine.toml"));
}

#[test]
fn an_empty_machine_has_reasons_only() {
    let root = tempfile::tempdir().unwrap();
    let environment = Environment::read_from(root.path(), &profile());
    let own = [
        "architecture",
        "copycost_version",
        "rustc_version",
        "debug_build",
        "perf.refused",
        "profile",
        "date_utc",
        "path.kind", // of a profile without a peer
        "path.servers",
    ];
    let mut absent = 0;
    for (name, reading) in &environment.items {
        match reading {
            Reading::Absent(reason) => {
                assert!(reason.len() > 10, "{name}: {reason:?}");
                assert!(!reason.contains(root.path().to_str().unwrap()), "{name}: {reason}");
                absent += 1;
            }
            Reading::Value(_) => assert!(own.contains(&name.as_str()) || name.starts_with("git_"), "{name}"),
        }
    }
    assert!(absent > 70, "{absent}");
}

#[test]
fn nonsense_in_every_file_is_no_panic() {
    for nonsense in
        ["", "\n", "cpu ", "cpu x y z a b c d e", "[", "-1", "0-", "99999999999999999999", "\u{fffd}:\t:"]
    {
        let files = [
            "proc/cmdline",
            "proc/cpuinfo",
            "proc/loadavg",
            "proc/self/limits",
            "proc/self/status",
            "proc/stat",
            "proc/sys/net/core/wmem_max",
            "sys/devices/system/cpu/online",
            "sys/devices/system/cpu/isolated",
            "sys/devices/system/cpu/cpufreq/boost",
            "sys/kernel/mm/transparent_hugepage/enabled",
        ];
        let root = made_up(&files.map(|file| (file, nonsense)));
        let environment = Environment::read_from(root.path(), &profile());
        assert!(environment.items.len() > 70, "{nonsense:?}");
    }
    let root = made_up(&[("proc/self/status", "Cpus_allowed_list:\t0-4000000000\nCapEff:\tzz\n")]);
    let environment = Environment::read_from(root.path(), &profile());
    assert!(environment.number("cpu.allowed").is_some_and(|cpus| cpus < 100_000.0));
    assert!(matches!(environment.items["limit.locked_memory_exempt"], Reading::Absent(_)));
}

#[test]
fn a_made_up_machine_is_read_as_it_is_written() {
    let root = made_up(&[
        ("proc/self/status", "Cpus_allowed_list:\t0-2\nCapEff:\t0000000000004000\n"),
        ("proc/cpuinfo", "model name\t: Example 9000\nflags\t\t: fpu hypervisor\n"),
        ("proc/self/limits", "Max locked memory         65536                unlimited            bytes\n"),
        ("proc/stat", "cpu  10 0 20 30 5 0 5 30 7 0\ncpu0 1 2 3\n"),
        ("proc/loadavg", "1.50 0.75 0.10 2/88 13870\n"),
        ("proc/sys/kernel/perf_event_paranoid", "-1\n"),
        ("proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n"),
        ("proc/self/cgroup", "1:cpu:/other\n0::/a.slice/b.scope\n"),
        ("sys/fs/cgroup/a.slice/cpu.max", "50000 100000\n"),
        ("sys/fs/cgroup/a.slice/b.scope/cpu.max", "max 100000\n"),
        ("sys/devices/system/cpu/online", "0-3\n"),
        ("sys/devices/system/cpu/isolated", "\n"),
        ("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n"),
        ("sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n"),
        ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n"),
        ("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n"),
        ("sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "powersave\n"),
        ("sys/devices/system/cpu/cpu1/topology/core_id", "0\n"),
        ("sys/devices/system/cpu/cpu0/topology/core_id", "0\n"),
        ("sys/devices/system/cpu/cpu2/topology/core_id", "1\n"),
        ("sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n"),
        ("sys/bus/event_source/devices/cpu/type", "4\n"),
        ("sys/bus/event_source/devices/uncore_imc/type", "9\n"),
    ]);
    let environment = Environment::read_from(root.path(), &profile());
    for (name, expected) in [
        ("cpu.allowed", "3"),
        ("cpu.online", "4"),
        ("cpu.cores", "2"),
        ("cpu.topology", "package 0: core 0 = CPU 0 1, core 1 = CPU 2"),
        ("cpu.model", "Example 9000"),
        ("cpu.isolated_list", "none"),
        ("hypervisor.flag", "yes"),
        ("limit.locked_memory_bytes", "65536"),
        ("limit.locked_memory_bytes_hard", "unlimited"),
        ("limit.locked_memory_exempt", "yes"),
        ("perf.paranoid_exempt", "no"),
        ("cpu_time.steal_ticks", "30"),
        ("cpu_time.total_ticks", "100"),
        ("load_average.1_min", "1.5"),
        ("tasks.running", "2"),
        ("sysctl.kernel.perf_event_paranoid", "-1"),
        ("sysctl.net.ipv4.tcp_rmem", "4096 131072 6291456"),
        ("turbo", "on"),
        ("cgroup_cpu_quota", "50000 100000"),
        ("mitigation.meltdown", "Mitigation: PTI"),
        ("frequency.governor", "performance, powersave"),
        ("huge_pages.enabled", "always"),
        ("perf.processor_devices", "cpu"),
    ] {
        assert_eq!(item(&environment, name).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn steal_is_a_difference() {
    let at = |line: &str| {
        let root = made_up(&[("proc/stat", line)]);
        Environment::read_from(root.path(), &profile())
    };
    let (start, end) = (at("cpu 10 0 20 30 5 0 5 30\n"), at("cpu 60 0 20 70 5 0 5 40\n"));
    assert_eq!(end.steal_percent_since(&start), Reading::Value(Value::Number(10.0)));
    assert!(matches!(start.steal_percent_since(&start), Reading::Absent(_)));
    let nothing = Environment::default();
    assert!(matches!(end.steal_percent_since(&nothing), Reading::Absent(_)));
}

#[test]
fn kinds_of_cores_nodes_and_offline_cpus_are_read() {
    let root = made_up(&[
        ("proc/self/status", "Cpus_allowed_list:\t0-7\n"),
        ("sys/devices/system/cpu/online", "0-5\n"),
        ("sys/devices/system/cpu/present", "0-7\n"),
        ("sys/devices/cpu_core/cpus", "0-1\n"),
        ("sys/devices/cpu_atom/cpus", "2-5\n"),
        ("sys/devices/system/cpu/cpu0/cpu_capacity", "1024\n"),
        ("sys/devices/system/cpu/cpu1/cpu_capacity", "1024\n"),
        ("sys/devices/system/cpu/cpu4/node1/cpulist", "4-5\n"),
        ("sys/devices/system/cpu/cpu5/node1/cpulist", "4-5\n"),
    ]);
    let environment = Environment::read_from(root.path(), &profile());
    for (name, expected) in [
        ("cpu.allowed", "6"),
        ("cpu.allowed_list", "0-5"),
        ("cpu.cores", "6"),
        ("cpu.offline_list", "6-7"),
        ("cpu.kinds", "cpu_core of capacity 1024: 0-1; cpu_atom: 2-5"),
        ("cpu.nodes", "node 0: 0-3; node 1: 4-5"),
    ] {
        assert_eq!(item(&environment, name).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn the_least_cpu_quota_binds_in_both_versions_of_cgroups() {
    let quota = |files: &[(&str, &str)]| {
        let environment = Environment::read_from(made_up(files).path(), &profile());
        (item(&environment, "cgroup_cpu_quota"), environment.cpu_quota())
    };
    let some = |text: &str, cpus: f64| (Some(text.to_string()), Some(cpus));
    let above = [
        ("proc/self/cgroup", "0::/a/b\n"),
        ("sys/fs/cgroup/a/cpu.max", "50000 100000\n"),
        ("sys/fs/cgroup/a/b/cpu.max", "200000 100000\n"),
    ];
    assert_eq!(quota(&above), some("50000 100000", 0.5));
    let first = [
        ("proc/self/cgroup", "4:memory:/m\n3:cpu,cpuacct:/docker/x\n"),
        ("sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "150000\n"),
        ("sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us", "100000\n"),
        ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
        ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
    ];
    assert_eq!(quota(&first), some("150000 100000", 1.5));
    // In a container the group's own files are at the mount's top.
    let inside = [
        ("proc/self/cgroup", "3:cpu,cpuacct:/docker/x\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "25000\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "50000\n"),
    ];
    assert_eq!(quota(&inside), some("25000 50000", 0.5));
    let none = [("proc/self/cgroup", "0::/\n"), ("sys/fs/cgroup/cpu.max", "max 100000\n")];
    assert_eq!(quota(&none), (Some("max 100000".into()), None));
}
