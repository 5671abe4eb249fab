//! `copycost tune` against made-up machines: every change, every refusal, what is
//! restored to the byte, also after a kill in between.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use copycost::steering::Wanted;
use copycost::tune::{Tuner, Undone};

const GOVERNOR: &str = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
const GOVERNOR_1: &str = "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor";
const BOOST: &str = "sys/devices/system/cpu/cpufreq/boost";
const FLOWS: &str = "proc/sys/net/core/rps_sock_flow_entries";
const IDLE_GOVERNOR: &str = "sys/devices/system/cpu/cpuidle/current_governor_ro";
const HALT_POLL: &str = "sys/module/haltpoll/parameters/guest_halt_poll_ns";
const RPS_CPUS: &str = "sys/class/net/lo/queues/rx-0/rps_cpus";
const RPS_FLOWS: &str = "sys/class/net/lo/queues/rx-0/rps_flow_cnt";

/// Everything that can be set, as a machine has it that nobody has tuned.
const UNTUNED: [(&str, &str); 17] = [
    (GOVERNOR, "schedutil\n"),
    ("sys/devices/system/cpu/cpu0/cpufreq/scaling_available_governors", "performance schedutil\n"),
    ("sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq", "800000\n"),
    ("sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq", "3600000\n"),
    (GOVERNOR_1, "powersave\n"),
    ("sys/devices/system/cpu/cpu1/cpufreq/scaling_available_governors", "performance powersave\n"),
    ("sys/devices/system/cpu/cpu1/cpufreq/scaling_min_freq", "900000\n"),
    ("sys/devices/system/cpu/cpu1/cpufreq/scaling_max_freq", "900000\n"),
    ("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n"),
    (BOOST, "1\n"),
    ("sys/devices/system/cpu/online", "0-1\n"),
    ("proc/sys/kernel/nmi_watchdog", "1\n"),
    (IDLE_GOVERNOR, "haltpoll\n"),
    (HALT_POLL, "0\n"),
    (FLOWS, "0\n"),
    (RPS_CPUS, "00000000,00000000\n"),
    (RPS_FLOWS, "0\n"),
];

fn machine() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (file, text) in UNTUNED {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// Every setting as it stands, to the byte.
fn settings(root: &Path) -> BTreeMap<&'static str, String> {
    UNTUNED.map(|(file, _)| (file, fs::read_to_string(root.join(file)).unwrap())).into()
}

fn untuned() -> BTreeMap<&'static str, String> {
    UNTUNED.map(|(file, text)| (file, text.to_string())).into()
}

fn tune(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copycost"));
    command.arg("tune").args(arguments).arg("--root").arg(root).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn each_change_is_printed_and_taken_back_to_the_byte() {
    let root = machine();
    let shown = said(&tune(root.path(), &["--show", "--receive-steering", "follow"]));
    assert_eq!(settings(root.path()), untuned(), "--show changes nothing");
    let tuned = said(&tune(root.path(), &["--receive-steering", "follow"]));
    assert_eq!(tuned, shown);
    for line in [
        "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor: schedutil → performance",
        "/sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq: 800000 → 3600000",
        "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor: powersave → performance",
        "/sys/devices/system/cpu/intel_pstate/no_turbo: 0 → 1",
        "/sys/devices/system/cpu/cpufreq/boost: 1 → 0",
        "/proc/sys/kernel/nmi_watchdog: 1 → 0",
        "/sys/module/haltpoll/parameters/guest_halt_poll_ns: 0 → 200000",
        "/proc/sys/net/core/rps_sock_flow_entries: 0 → 32768",
        "/sys/class/net/lo/queues/rx-0/rps_cpus: 00000000,00000000 → 3",
        "/sys/class/net/lo/queues/rx-0/rps_flow_cnt: 0 → 32768",
    ] {
        assert!(tuned.lines().any(|found| found == line), "{line}: {tuned}");
    }
    assert_eq!(tuned.lines().count(), 10, "what is right already is left alone: {tuned}");
    assert!(said(&tune(root.path(), &["--show"])).contains("nothing to change"));
    let undone = said(&tune(root.path(), &["--reset"]));
    assert!(undone.contains("rps_cpus: 3 → 00000000,00000000") && undone.lines().count() == 10, "{undone}");
    assert_eq!(settings(root.path()), untuned());
    assert!(said(&tune(root.path(), &["--reset"])).contains("not tuned"));
}

#[test]
fn without_a_choice_the_steering_is_left_and_a_second_tune_keeps_the_first_values() {
    let root = machine();
    let tuner = Tuner::in_root(root.path());
    tuner.tune(Wanted::Any).unwrap();
    assert_eq!(settings(root.path())[RPS_FLOWS], "0\n");
    assert!(tuner.is_tuned());
    tuner.tune(Wanted::Follow).unwrap();
    // As the kernel says it back.
    fs::write(root.path().join(RPS_CPUS), "00000000,00000003\n").unwrap();
    assert!(tuner.show(Wanted::Follow).unwrap().is_empty());
    tuner.tune(Wanted::None).unwrap();
    assert_eq!(settings(root.path())[RPS_CPUS], "0");
    let undone = tuner.reset().unwrap();
    assert!(undone.iter().all(|one| !matches!(one, Undone::LeftAlone(..))), "{undone:?}");
    assert_eq!(settings(root.path()), untuned());
    assert!(!tuner.is_tuned());
}

#[test]
fn a_guest_polls_before_it_halts_only_where_that_is_obeyed_and_no_less_than_it_did() {
    for (governor, halt_poll_ns, new) in [
        ("menu\n", "0\n", "0\n"),
        ("haltpoll\n", "500000\n", "500000\n"),
        ("haltpoll\n", "50000\n", "200000"),
    ] {
        let root = machine();
        fs::write(root.path().join(IDLE_GOVERNOR), governor).unwrap();
        fs::write(root.path().join(HALT_POLL), halt_poll_ns).unwrap();
        Tuner::in_root(root.path()).tune(Wanted::Any).unwrap();
        assert_eq!(settings(root.path())[HALT_POLL], new, "{governor}{halt_poll_ns}");
    }
}

#[test]
fn what_somebody_has_changed_since_is_left_alone() {
    let root = machine();
    let tuner = Tuner::in_root(root.path());
    tuner.tune(Wanted::Follow).unwrap();
    fs::write(root.path().join(GOVERNOR), "powersave\n").unwrap();
    fs::write(root.path().join(BOOST), "1\n").unwrap(); // as it was before
    let undone = tuner.reset().unwrap();
    assert!(undone.contains(&Undone::LeftAlone(format!("/{GOVERNOR}"), "powersave".into())), "{undone:?}");
    assert!(undone.contains(&Undone::Unchanged(format!("/{BOOST}"))), "{undone:?}");
    let expected = BTreeMap::from_iter(untuned().into_iter().chain([(GOVERNOR, "powersave\n".to_string())]));
    assert_eq!(settings(root.path()), expected);
    // Changed in between, and then tuned again: the later value is the one to restore.
    tuner.tune(Wanted::Any).unwrap();
    fs::write(root.path().join(GOVERNOR), "schedutil\n").unwrap();
    tuner.tune(Wanted::Any).unwrap();
    tuner.reset().unwrap();
    assert_eq!(settings(root.path()), untuned());
}

/// A setting that cannot be opened takes back those before it.
#[test]
fn a_refused_change_changes_nothing_and_names_the_commands() {
    let root = machine();
    let boost = root.path().join(BOOST);
    fs::remove_file(&boost).unwrap();
    std::os::unix::fs::symlink("/proc/version", &boost).unwrap(); // read by all, written by nobody
    let refused = tune(root.path(), &[]);
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{errors}");
    assert_eq!(errors.trim().lines().count(), 1, "{errors}");
    assert!(errors.contains(BOOST) && errors.contains("echo performance > /sys/devices"), "{errors}");
    assert!(errors.contains("nothing was changed"), "{errors}");
    fs::remove_file(&boost).unwrap();
    fs::write(&boost, "1\n").unwrap();
    assert_eq!(settings(root.path()), untuned());
    assert!(!Tuner::in_root(root.path()).is_tuned());
    assert!(tune(root.path(), &["--receive-steering", "everywhere"]).status.code() == Some(2));
}

#[test]
fn a_machine_with_nothing_to_set_says_so_and_keeps_no_account() {
    let root = tempfile::tempdir().unwrap();
    assert!(said(&tune(root.path(), &[])).contains("nothing to change"));
    assert!(!root.path().join("run").exists());
    let refused = tune(root.path(), &["--receive-steering", "follow"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("queues"), "{refused:?}");
}

/// The second CPU's file is a pipe: the program stands before it with half of
/// its changes made, and is killed there.
#[test]
fn after_a_kill_in_between_everything_is_restored() {
    for tune_again in [false, true] {
        let root = machine();
        let pipe = root.path().join(GOVERNOR_1);
        fs::remove_file(&pipe).unwrap();
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut command = Command::new(env!("CARGO_BIN_EXE_copycost"));
        command.args(["tune", "--receive-steering", "follow", "--root"]).arg(root.path());
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        // Read twice: what it is, and what to keep of it.
        let first = root.path().join(GOVERNOR);
        while fs::read_to_string(&first).unwrap() != "performance" {
            let opened = fs::OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(&pipe);
            if let Ok(mut opened) = opened {
                let _ = opened.write_all(b"powersave\n");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        fs::remove_file(&pipe).unwrap();
        fs::write(&pipe, "powersave\n").unwrap();
        assert_ne!(settings(root.path()), untuned());
        if tune_again {
            said(&tune(root.path(), &["--receive-steering", "follow"]));
            assert_eq!(settings(root.path())[RPS_FLOWS], "32768");
        }
        said(&tune(root.path(), &["--reset"]));
        assert_eq!(settings(root.path()), untuned(), "tuned again: {tune_again}");
    }
}

/// However the command ends: by itself, by failing, or by a signal to us, which
/// it is handed.
#[test]
fn a_machine_is_tuned_for_the_length_of_a_command() {
    let root = machine();
    let tuner = Tuner::in_root(root.path());
    let governor = root.path().join(GOVERNOR);
    for (script, ends_with) in [
        ("test $(cat \"$0\") = performance", Some(0)),
        ("test $(cat \"$0\") = performance && exit 7", Some(7)),
        ("kill -TERM $PPID; kill -INT $PPID; exec sleep 60", None),
    ] {
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(&governor);
        let status = tuner.during(
            Wanted::Follow,
            &mut command,
            |changes| assert_eq!(changes.len(), 10),
            |undone| {
                assert!(undone.iter().all(|one| matches!(one, Undone::Restored(_))), "{undone:?}");
            },
        );
        assert_eq!(status.unwrap().code(), ends_with, "{script}");
        assert_eq!(settings(root.path()), untuned(), "{script}");
    }
    let missing = tuner.during(Wanted::Any, &mut Command::new("/no/such/program"), |_| (), |_| ());
    assert!(missing.unwrap_err().to_string().contains("run the command"));
    assert_eq!(settings(root.path()), untuned());
    tuner.tune(Wanted::Any).unwrap();
    let before = settings(root.path());
    let twice = tuner.during(Wanted::Any, &mut Command::new("true"), |_| (), |_| ()).unwrap_err();
    assert!(twice.to_string().contains("tuned already"), "{twice}");
    assert_eq!(settings(root.path()), before, "what was set before is not taken back");
}
