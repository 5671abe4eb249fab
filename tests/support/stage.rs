//! `copycost record` with a small profile, in a directory of its own.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use copycost::results::recording;

pub const PROFILE: &str = "
[criterion]
sample_size = 10
warm_up_s = 0.02
resamples = 1000
[matrix]
message_bytes = [1024, 4096]
threads = [1]
[rounds]
length_ms = 1.0
generations = 2
# Other tests may have the CPUs for seconds.
stall_timeout_s = 60.0
";

pub struct Stage {
    pub directory: tempfile::TempDir,
}

impl Stage {
    pub fn new() -> Stage {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("profile.toml"), PROFILE).unwrap();
        Stage { directory }
    }

    pub fn output(&self) -> PathBuf {
        self.directory.path().join("criterion")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copycost"));
        command.args(arguments).env("CRITERION_HOME", self.output());
        command.current_dir(self.directory.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs `record` with the small profile.
    pub fn record(&self, arguments: &[&str]) -> Output {
        let profile = self.directory.path().join("profile.toml");
        let profile = ["record", "--profile", profile.to_str().unwrap(), "--target", "throughput"];
        self.run(&[&profile, arguments].concat())
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        let profile = self.directory.path().join("profile.toml");
        let profile = ["record", "--profile", profile.to_str().unwrap(), "--target", "throughput"];
        let mut command = self.command(&[&profile, arguments].concat());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub fn files(&self, name: &str) -> BTreeSet<String> {
        let entries = std::fs::read_dir(recording::directory(&self.output(), name)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
pub fn succeeded(run: Output) -> Output {
    assert!(run.status.success(), "{}{}", text(&run.stdout), text(&run.stderr));
    run
}

/// A runner that passes on what an agent answers as `each`, a command of the shell,
/// makes of it: frames have to stay as long as they were.
pub fn answers_through(directory: &Path, name: &str, each: &str) -> PathBuf {
    let path = directory.join(name);
    let script = format!(
        "#!/bin/sh\n\"$@\" | while dd bs=1M count=1 of=\"$0.chunk\" 2> /dev/null && [ -s \"$0.chunk\" ]; do\n\
         {each} < \"$0.chunk\"\ndone\n"
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}
