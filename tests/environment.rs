//! The record of a run's conditions against this machine asked another way.

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
    let rows: [(&str, &str, &[&str]); 5] = [
        ("cpu.allowed", "nproc", &[]),
        ("cpu.online", "getconf", &["_NPROCESSORS_ONLN"]),
        ("limit.open_files", "bash", &["-c", "ulimit -n"]),
        (
            "loopback.mtu_bytes",
            "bash",
            &["-c", "ip -o link show dev lo | sed 's/.* mtu \\([0-9]*\\) .*/\\1/'"],
        ),
        ("git_commit", "git", &["rev-parse", "HEAD"]),
    ];
    for (name, command, arguments) in rows {
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
    let record: Vec<String> =
        environment.items.values().map(|reading| said(reading).to_lowercase()).collect();
    let common = ["localhost", "linux", "root", "user", "virtual", "kernel", "debian", "ubuntu", "none"];
    let names: [(&str, &[&str]); 3] = [("hostname", &[]), ("uname", &["-n"]), ("id", &["-un"])];
    for (command, arguments) in names {
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
        let home = std::env::var("HOME").unwrap_or_default();
        assert!(home.len() < 2 || !text.contains(&home), "{name}: {text}");
    }
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
