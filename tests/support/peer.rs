//! A peer to test: started with a mark by which all its processes are found.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use copycost::cell::Target;
use copycost::control::StartedPeer;
use copycost::exchange::{Generation, GenerationSpec};
use copycost::profile::{PeerSettings, RunnerWords};

use crate::support::{Setup, find};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_copycost");

/// The stall timeout of a marked set-up.
pub const STALL_S: f64 = 2.0;

/// Processes of the peer that was started with this mark in its environment.
pub struct Marked(pub String);

impl Marked {
    pub fn new(test: &str) -> Marked {
        Marked(format!("copycost_test_{test}_{}", std::process::id()))
    }

    pub fn setup(&self, mode: &str) -> Setup {
        let mut setup = Setup::new(Target::Throughput, &[find(mode)], 65536, 2);
        setup.profile.rounds.stall_timeout_s = STALL_S;
        setup.profile.peer = Some(PeerSettings {
            runner: Some(RunnerWords::Words(vec!["env".into(), format!("{}=1", self.0)])),
            program: Some(PROGRAM.into()),
            ..PeerSettings::default()
        });
        setup
    }

    /// Those whose command line has `word` in it.
    pub fn processes(&self, word: &str) -> Vec<u32> {
        let of = |entry: std::io::Result<std::fs::DirEntry>| {
            let path = entry.ok()?.path();
            let number = path.file_name()?.to_str()?.parse().ok()?;
            let read = |file| std::fs::read(path.join(file)).ok();
            let (environment, line) = (read("environ")?, read("cmdline")?);
            let has = |text: &[u8], word: &str| String::from_utf8_lossy(text).contains(word);
            (has(&environment, &self.0) && has(&line, word)).then_some(number)
        };
        std::fs::read_dir("/proc").unwrap().filter_map(of).collect()
    }

    pub fn signal(&self, word: &str, signal: &str) {
        let processes = self.processes(word);
        assert!(!processes.is_empty(), "no process with {word}");
        for process in processes {
            let _ = Command::new("kill").args([format!("-{signal}"), process.to_string()]).status();
        }
    }

    #[track_caller]
    pub fn all_gone(&self) {
        for _ in 0..600 {
            if self.processes("").is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{} left", self.processes("").len());
    }
}

pub fn start(setup: &Setup) -> copycost::Result<StartedPeer> {
    StartedPeer::start(&setup.profile, Path::new(PROGRAM))
}

pub fn open(setup: &Setup, peer: &StartedPeer) -> copycost::Result<Generation> {
    Generation::open(&GenerationSpec {
        cell: &setup.cell,
        profile: &setup.profile,
        plan: &setup.plan,
        lanes: &setup.lanes,
        peer: Some(peer),
        fault: setup.fault,
        counters: Arc::clone(&setup.counters),
        sampling: None,
    })
}
