//! Bench targets as programs, with output and a profile of their own.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Six cells a target in a second or so.
pub const PROFILE: &str = "
[criterion]
sample_size = 10
warm_up_s = 0.05
resamples = 1000
[matrix]
message_bytes = [1024, 4096]
threads = [1]
[rounds]
length_ms = 1.0
generations = 2
seed = 7
";

pub struct BenchStage {
    pub directory: tempfile::TempDir,
}

impl BenchStage {
    pub fn new(profile: &str) -> BenchStage {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("profile.toml"), profile).unwrap();
        BenchStage { directory }
    }

    pub fn output(&self) -> PathBuf {
        self.directory.path().join("criterion")
    }

    /// What `cargo bench` starts, without cargo's own lines.
    pub fn command(&self, target: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program(target));
        command.arg("--bench").args(arguments);
        command.env("CRITERION_HOME", self.output());
        command.env("COPYCOST_PROFILE", self.directory.path().join("profile.toml"));
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command
    }

    /// As people call it, but for plots.
    pub fn cargo_bench(&self, target: &str, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO"))
            .args(["bench", "--workspace", "--quiet", "--profile", "dev", "--bench", target])
            .args(["--", "--noplot"])
            .args(arguments)
            .env("CRITERION_HOME", self.output())
            .env("COPYCOST_PROFILE", self.directory.path().join("profile.toml"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap()
    }

    pub fn bench(&self, target: &str, arguments: &[&str]) -> Output {
        self.command(target, arguments).output().unwrap()
    }
}

/// Where cargo has put a bench target; built once.
fn program(target: &str) -> &'static Path {
    static PROGRAMS: OnceLock<Vec<(String, PathBuf)>> = OnceLock::new();
    let programs = PROGRAMS.get_or_init(|| {
        let targets = ["--bench", "throughput", "--bench", "latency", "--bench", "cpu_cost"];
        let built = Command::new(env!("CARGO"))
            .args(["bench", "--workspace", "--profile", "dev", "--no-run", "--message-format", "json"])
            .args(targets)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", text(&built.stderr));
        let messages = built.stdout.split(|byte| *byte == b'\n');
        let messages = messages.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
        let executable = |message: serde_json::Value| {
            let path = message["executable"].as_str()?.into();
            Some((message["target"]["name"].as_str()?.to_string(), path))
        };
        messages.filter_map(executable).collect()
    });
    let found = programs.iter().find(|(name, _)| name == target);
    &found.unwrap_or_else(|| panic!("cargo has built no {target}")).1
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
