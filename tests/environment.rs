//! The record of a run's conditions: against this machine asked another way,
//! and from made-up directories in the place of `/`.

use std::fs;
use std::path::Path;
use std::process::Command;

use copycost::environment::Environment;
use copycost::metric::{Reading, Value};
use copycost::profile::Profile;

fn profile() -> Profile {
    Profile::load("default").unwrap()
}

fn here() -> Environment {
    Environment::read(&profile())
}

/// What a command prints, as one line; `None`, with a printed reason, if it
/// cannot be run here.
fn asked(command: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(command).args(arguments).output() {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
        }
        Ok(output) => {
            println!("skipped: {command} {arguments:?}: {}", output.status);
            None
        }
        Err(error) => {
            println!("skipped: {command}: {error}");
            None
        }
    }
}

/// A value as the words it was read from.
fn shown(reading: &Reading) -> Option<String> {
    match reading {
        Reading::Value(Value::Count(count)) => Some(count.to_string()),
        Reading::Value(Value::Number(number)) => Some(number.to_string()),
        Reading::Value(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

fn item(environment: &Environment, name: &str) -> Option<String> {
    shown(environment.items.get(name).unwrap_or_else(|| panic!("no item {name}")))
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
fn the_kernel_is_the_one_that_uname_names() {
    let environment = here();
    for (name, flag) in [("kernel_release", "-r"), ("kernel_version", "-v")] {
        if let Some(expected) = asked("uname", &[flag]) {
            assert_eq!(item(&environment, name), Some(expected), "{name}");
        }
    }
}

#[test]
fn every_setting_is_what_sysctl_says() {
    let environment = here();
    if asked("sysctl", &["-n", "kernel.ostype"]).is_none() {
        return;
    }
    let mut compared = 0;
    for (name, reading) in &environment.items {
        let Some(setting) = name.strip_prefix("sysctl.") else { continue };
        let output = Command::new("sysctl").args(["-n", setting]).output().unwrap();
        match reading {
            Reading::Absent(_) => assert!(!output.status.success(), "{setting} is there"),
            reading => {
                let text = String::from_utf8_lossy(&output.stdout);
                let expected = text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert_eq!(shown(reading), Some(expected), "{setting}");
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "only {compared} settings were found");
}

#[test]
fn processors_limits_and_device_are_as_tools_say() {
    let environment = here();
    for (name, command, arguments) in [
        ("cpu.allowed", "nproc", &[][..]),
        ("cpu.online", "getconf", &["_NPROCESSORS_ONLN"]),
        ("limit.open_files", "bash", &["-c", "ulimit -n"]),
        ("loopback.mtu_bytes", "bash", &["-c", "ip -o link show dev lo | sed 's/.* mtu \\([0-9]*\\) .*/\\1/'"]),
        ("git_commit", "git", &["rev-parse", "HEAD"]),
    ] {
        if let Some(expected) = asked(command, arguments).filter(|expected| !expected.is_empty()) {
            assert_eq!(item(&environment, name), Some(expected), "{name}");
        }
    }
    let kib = asked("bash", &["-c", "ulimit -l"]);
    if let Some(kib) = kib.and_then(|kib| kib.parse::<f64>().ok()) {
        assert_eq!(environment.number("limit.locked_memory_bytes"), Some(kib * 1024.0));
    }
    if let Some(version) = asked("rustc", &["--version"]) {
        // Built by another compiler than the one in the path, it may differ.
        let recorded = item(&environment, "rustc_version").unwrap();
        assert!(recorded.starts_with("rustc "), "{recorded}");
        println!("built by {recorded}; in the path: {version}");
    }
}

#[test]
fn the_date_is_todays() {
    let days = || asked("date", &["-u", "+%Y-%m-%d"]);
    let (Some(before), Some(recorded), Some(after)) = (days(), item(&here(), "date_utc"), days()) else {
        return;
    };
    assert!(recorded.starts_with(&before) || recorded.starts_with(&after), "{recorded}, today is {after}");
    assert!(recorded.len() == 20 && recorded.ends_with('Z'), "{recorded}");
}

#[test]
fn no_host_user_or_address_is_in_it() {
    let environment = here();
    let said = |reading: &Reading| match reading {
        Reading::Absent(reason) => reason.clone(),
        value => shown(value).unwrap_or_default(),
    };
    let record: Vec<String> = environment.items.values().map(|reading| said(reading).to_lowercase()).collect();
    let common = ["localhost", "linux", "root", "user", "virtual", "kernel", "debian", "ubuntu", "none"];
    for (command, arguments) in [("hostname", &[][..]), ("uname", &["-n"]), ("id", &["-un"])] {
        let Some(name) = asked(command, arguments).map(|name| name.to_lowercase()) else { continue };
        match name.len() <= 2 || common.contains(&name.as_str()) {
            true => println!("skipped: the name {name:?} says nothing"),
            false => assert!(!record.iter().any(|text| text.contains(&name)), "{name} is in {record:?}"),
        }
    }
    for (name, reading) in &environment.items {
        let text = said(reading);
        if name == "kernel_release" {
            continue; // four numbers on some kernels
        }
        for word in text.split(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':')) {
            let is_address = word.parse::<std::net::Ipv4Addr>().is_ok()
                || word.len() > 4 && word.parse::<std::net::Ipv6Addr>().is_ok();
            assert!(!is_address, "{name} holds an address: {text}");
        }
        assert!(!text.contains("/home/") && !text.contains("/root"), "{name}: {text}");
    }
}

#[test]
fn names_and_addresses_of_a_command_line_are_left_out() {
    let line = "root=UUID=17 ip=192.0.2.7::192.0.2.1 mitigations=off systemd.hostname=alice isolcpus=1 -- --addr 192.0.2.9\n";
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
    let own = ["architecture", "copycost_version", "rustc_version", "debug_build", "profile", "date_utc"];
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
    for nonsense in ["", "\n", "cpu ", "cpu x y z a b c d e", "[", "-1", "0-", "99999999999999999999", "\u{fffd}:\t:"] {
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
        ("cpu_time.steal_ticks", "30"),
        ("cpu_time.total_ticks", "100"),
        ("load_average.1_min", "1.5"),
        ("sysctl.kernel.perf_event_paranoid", "-1"),
        ("sysctl.net.ipv4.tcp_rmem", "4096 131072 6291456"),
        ("turbo", "on"),
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
fn it_comes_back_from_json_as_it_was() {
    let environment = here();
    let text = serde_json::to_string(&environment).unwrap();
    assert_eq!(serde_json::from_str::<Environment>(&text).unwrap(), environment);
}

#[test]
fn every_item_is_in_the_record_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/RECORD.md");
    let document = fs::read_to_string(path).unwrap();
    for name in here().items.keys() {
        let documented = match name.split_once('.') {
            Some(("mitigation", _)) => document.contains("`mitigation.NAME`"),
            _ => document.contains(&format!("`{name}`")),
        };
        assert!(documented, "docs/RECORD.md lacks {name}");
    }
}
