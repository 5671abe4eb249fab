//! A runner that was started: the pipes to what runs behind it, and its end. It
//! owns the process; what is said through the pipes is `agent_side`'s.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::clock::{Timed, now};
use super::greeting;
use super::last_lines::LastLines;
use super::voice::Voice;
use crate::error::{Error, Result};

/// How long a runner may take to end once its input has: a guest shuts down.
const GRACE: Duration = Duration::from_secs(5);

/// A started runner.
pub struct Runner {
    guard: Child,
    started: Instant,
    pub(super) input: Option<Voice>,
    pub(super) output: Option<Timed<ChildStdout>>,
    pub(super) last_lines: LastLines,
}

impl Runner {
    /// Starts `command`, a line for the shell, under a guard: `this_program guard`,
    /// which ends it and all that it started when this process is gone.
    pub fn start(this_program: &Path, command: &str) -> Result<Runner> {
        let mut guard = Command::new(this_program)
            .args(["guard", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0) // Ctrl-C at a terminal is for who controls
            .spawn()
            .map_err(|error| Error::Control { what: format!("start `{command}`: {error}") })?;
        let last_lines = LastLines::default();
        if let Some(errors) = guard.stderr.take() {
            last_lines.follow(errors);
        }
        let (input, output) = (guard.stdin.take().map(Voice::new), guard.stdout.take().map(Timed::new));
        Ok(Runner { guard, started: now(), input, output, last_lines })
    }

    /// Waits until the agent's keeper shows itself, for so long from the start.
    pub fn greet(&mut self, limit: Duration) -> Result<()> {
        let Some(output) = &mut self.output else { return Err(ended()) };
        output.until = self.started + limit;
        greeting::read(output, &self.last_lines)
    }

    /// What to add to an error: the last lines that it printed.
    pub fn last_words(&self) -> String {
        // What it printed before it died may still be on its way.
        std::thread::sleep(Duration::from_millis(50));
        self.last_lines.said()
    }
}

pub(super) fn ended() -> Error {
    Error::Control { what: "its runner has ended".into() }
}

/// Ends it: by the end of its input, and where that does not help by the guard.
impl Drop for Runner {
    fn drop(&mut self) {
        self.input = None;
        let until = now() + GRACE;
        while now() < until {
            if !matches!(self.guard.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.output = None; // what the guard watches
        let _ = self.guard.wait();
    }
}
