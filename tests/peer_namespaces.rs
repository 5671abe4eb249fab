//! `scripts/veth-peer`: both ends in network namespaces of their own, joined by a veth
//! pair, where namespaces may be made; and what happens when that pair goes down.

#![allow(clippy::disallowed_methods)] // how long an error took is no measurement

#[path = "support/stage.rs"]
mod stage;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use copycost::compare::Baseline;
use copycost::metric::number;
use stage::{Stage, succeeded, text};

const PROGRAM: &str = env!("CARGO_BIN_EXE_copycost");

/// The two namespaces, gone with this.
struct Namespaces {
    name: String,
    profile: String,
}

impl Namespaces {
    /// None where they may not be made.
    fn new(name: &str) -> Option<Namespaces> {
        let name = format!("copycost-{name}-{}", std::process::id());
        let made = script(&name, &[]);
        if !made.status.success() {
            println!("skipped: no namespaces here: {}", text(&made.stderr));
            return None;
        }
        Some(Namespaces { name, profile: text(&made.stdout) })
    }

    fn inside(&self, end: &str, command: &[&str]) -> Command {
        let mut inside = Command::new("ip");
        inside.args(["netns", "exec", &format!("{}-{end}", self.name)]).args(command).stdin(Stdio::null());
        inside
    }

    fn link(&self, state: &str) {
        let down = self.inside("peer", &["ip", "link", "set", "veth0", state]).status().unwrap();
        assert!(down.success());
    }
}

impl Namespaces {
    /// Whether the peer's end is.
    fn is_up(&self) -> bool {
        let shown = self.inside("peer", &["ip", "link", "show", "veth0"]).output().unwrap();
        !text(&shown.stdout).contains("state DOWN")
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        script(&self.name, &["--remove"]);
    }
}

fn script(name: &str, arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/veth-peer");
    let mut command = Command::new(script);
    command.args(arguments).env("NAME", name).env("COPYCOST", PROGRAM).output().unwrap()
}

#[test]
fn each_target_runs_over_a_veth_pair_and_its_records_say_so() {
    let Some(namespaces) = Namespaces::new("targets") else { return };
    let stage = Stage::new();
    let short = "warm_up_s = 0.02\nresamples = 1000\n[matrix]\nthreads = [1, 4]\nmessage_bytes = [4096]\n";
    let profile = namespaces.profile.replace("sample_size = 60", "sample_size = 10");
    let profile = profile.replace("generations = 6", "generations = 2").replace("20.0", "2.0") + short;
    let path = stage.directory.path().join("veth.toml");
    std::fs::write(&path, profile).unwrap();
    let record = ["record", "--profile", path.to_str().unwrap(), "--name", "veth", "--rounds", "1"];
    let mut command = namespaces.inside("client", &[&[PROGRAM], &record[..]].concat());
    command.env("CRITERION_HOME", stage.output()).current_dir(stage.directory.path());
    succeeded(command.output().unwrap());
    let records = Baseline::load(&stage.output(), "veth").unwrap().processes.remove(0).records;
    assert_eq!(records.len(), 3 * 3 * 2);
    for record in &records {
        for end in ["", "peer."] {
            let found = |name: &str| record.environment.items.get(&format!("{end}path.{name}"));
            assert_eq!(record.environment.text(&format!("{end}path.kind")), Some("veth"));
            assert_eq!(record.environment.number(&format!("{end}path.mtu_bytes")), Some(1500.0));
            for name in ["scatter_gather", "tcp_segmentation", "queues", "link_speed_mbit_per_s"] {
                assert!(found(name).is_some(), "{end}path.{name}");
            }
        }
        if let Some(share) = number(&record.metrics, "zerocopy_deferred_share") {
            assert_eq!(share, 1.0, "{}", record.cell);
        }
        let line = text(&record.line().unwrap());
        assert!(!line.contains("198.18.") && !line.contains(&namespaces.name), "{line}");
    }
    assert!(records.iter().any(|record| number(&record.metrics, "zerocopy_deferred_share").is_some()));
}

#[test]
fn a_link_that_goes_down_in_a_round_or_in_or_before_a_set_up_is_an_error_in_time() {
    let Some(namespaces) = Namespaces::new("link") else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("veth.toml");
    let profile = namespaces.profile.replace("[rounds]", "[rounds]\nstall_timeout_s = 2.0");
    std::fs::write(&path, &profile).unwrap();
    let each = "{ if grep -q '\"listening\"' \"$0.chunk\"; then ip link set veth0 down; fi; cat; }";
    let script = stage::answers_through(directory.path(), "cut", each);
    let cut = directory.path().join("cut.toml");
    std::fs::write(&cut, profile.replace("-peer\"]", &format!("-peer\", \"{}\"]", script.display())))
        .unwrap();
    for mode in ["zero-copy", "two-copy"] {
        let stream = |path: &Path| {
            let path = path.to_str().unwrap();
            let words = ["stream", "--mode", mode, "--message-bytes", "65536", "--seconds", "60"];
            let mut command =
                namespaces.inside("client", &[&[PROGRAM], &words[..], &["--profile", path]].concat());
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let in_a_round = stream(&path);
        std::thread::sleep(Duration::from_millis(1500));
        namespaces.link("down");
        let begun = Instant::now();
        let error = text(&in_a_round.wait_with_output().unwrap().stderr);
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}: {error}", begun.elapsed());
        assert!(error.contains("peer") && error.contains(mode), "{error}");
        let before_a_set_up = stream(&path);
        let error = text(&before_a_set_up.wait_with_output().unwrap().stderr);
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}: {error}", begun.elapsed());
        assert!(error.contains(mode) && error.contains("connect"), "{error}");
        namespaces.link("up");
        // In the middle of one: as soon as the peer listens, before its client knows it.
        let in_a_set_up = stream(&cut);
        let begun = Instant::now();
        let error = text(&in_a_set_up.wait_with_output().unwrap().stderr);
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}: {error}", begun.elapsed());
        assert!(error.contains(mode) && error.contains("connect"), "{error}");
        assert!(!namespaces.is_up());
        namespaces.link("up");
    }
}

#[test]
fn the_path_of_a_guest_is_skipped_with_a_reason_where_there_is_no_kernel() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/guest-path");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&script);
        command.args(arguments).env("COPYCOST", PROGRAM).output().unwrap()
    };
    assert_eq!(run(&[]).status.code(), Some(2));
    for arguments in [&["no/such/boot"][..], &["--user", "no/such/boot"]] {
        let skipped = succeeded(run(arguments));
        let why = text(&skipped.stderr);
        assert!(why.contains("skipped: there is no "), "{why}"); // kernel, or QEMU
    }
}

#[test]
fn what_is_there_already_is_left_alone_and_all_is_removed() {
    assert_eq!(script("copycost", &["--nonsense"]).status.code(), Some(2));
    let Some(namespaces) = Namespaces::new("again") else { return };
    let again = script(&namespaces.name, &[]);
    assert!(!again.status.success() && text(&again.stderr).contains("there already"), "{again:?}");
    let name = namespaces.name.clone();
    drop(namespaces);
    for end in ["client", "peer"] {
        assert!(!Path::new("/run/netns").join(format!("{name}-{end}")).exists());
    }
}
