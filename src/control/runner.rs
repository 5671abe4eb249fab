//! A runner that was started: the pipes to what runs behind it, and its end. It
//! owns the process; what is said through the pipes is `agent_side`'s.

use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::clock::{Timed, now};
use super::last_lines::LastLines;
use super::voice::Voice;
use super::{greeting, guard};
use crate::error::{Error, Result};
use crate::sys;

/// How long a runner may take to end once its input has: a guest shuts down.
const GRACE: Duration = Duration::from_secs(5);

/// Beyond the time that a guard takes to end what it guards.
const MARGIN: Duration = Duration::from_secs(2);

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
    /// which ends it and all that it started when this process is gone. It leaves the
    /// terminal first: Ctrl-C there is for who controls.
    pub fn start(this_program: &Path, command: &str) -> Result<Runner> {
        let mut guard = Command::new(this_program)
            .args(["guard", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
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

/// Never waits for longer than all three limits together.
impl Drop for Runner {
    fn drop(&mut self) {
        self.end(GRACE, guard::GRACE + MARGIN);
    }
}

impl Runner {
    /// Ends it: by the end of its input, where that does not help by the guard, and
    /// where the guard does not answer without it.
    fn end(&mut self, grace: Duration, guards: Duration) {
        let guard = self.guard.id();
        let _ = sys::continue_group(guard); // where someone stopped it
        self.input = None;
        if self.is_gone_within(grace) {
            return;
        }
        self.output = None; // what the guard watches
        if self.is_gone_within(guards) {
            return;
        }
        // Its children lead groups of their own; it must not start to wait for them.
        let groups = children_of(guard);
        for group in [guard].into_iter().chain(groups) {
            let _ = sys::kill_group(group);
        }
        let _ = self.guard.kill(); // one that was stopped before it led a group
        self.is_gone_within(MARGIN);
    }

    fn is_gone_within(&mut self, limit: Duration) -> bool {
        let until = now() + limit;
        loop {
            if !matches!(self.guard.try_wait(), Ok(None)) {
                return true;
            }
            if now() >= until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Processes that `parent` started.
fn children_of(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |process: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // After the name, which may hold anything: its state, and whose child it is.
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        after_name.split(' ').nth(1).and_then(|ppid| ppid.parse().ok()) == Some(parent)
    };
    numbers.filter(is_child).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_guard_that_stays_stopped_is_killed_with_what_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let (guard, child) = (directory.path().join("guard"), directory.path().join("child"));
        // Whoever continues it, it stops again.
        let script = format!(
            "#!/bin/sh\ntrap '' TERM\nsetsid sleep 100 &\necho $! > '{0}.new'; mv '{0}.new' '{0}'\n\
             while :; do kill -STOP $$; done\n",
            child.display()
        );
        std::fs::write(&guard, script).unwrap();
        std::fs::set_permissions(&guard, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut runner = Runner::start(&guard, "anything").unwrap();
        let number = std::iter::repeat_with(|| {
            std::thread::sleep(Duration::from_millis(5));
            std::fs::read_to_string(&child).ok()
        });
        let number: u32 = number.take(2000).flatten().next().unwrap().trim().parse().unwrap();
        // setsid(1) may still be on its way to a session of its own.
        let leads = |number: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap();
            stat.rsplit_once(") ").unwrap().1.split(' ').nth(2) == Some(&number.to_string())
        };
        while !leads(number) {
            std::thread::sleep(Duration::from_millis(1));
        }
        // And mv(1), which has done its work, on its way out.
        let settled = (0..2000).any(|_| {
            std::thread::sleep(Duration::from_millis(5));
            children_of(runner.guard.id()) == [number]
        });
        assert!(settled, "{:?}", children_of(runner.guard.id()));
        runner.end(Duration::from_millis(50), Duration::from_millis(50));
        assert!(!matches!(runner.guard.try_wait(), Ok(None)), "the guard is gone and waited for");
        let state = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z"), "{state}");
    }
}
