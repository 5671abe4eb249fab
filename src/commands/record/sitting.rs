//! A side while a recording runs: its runner, its agent and how often in a row it
//! failed. It owns when a runner is started anew and when a side is given up.

use std::path::Path;
use std::time::Duration;

use copycost::control::{AgentSide, Runner};
use copycost::results::group::GroupSide;

/// So many failures in a row, and a side is set aside.
pub(super) const MOST_FAILURES: usize = 3;

pub(super) struct SittingSide {
    pub(super) side: GroupSide,
    pub(super) agent: Option<AgentSide>,
    starting: Option<Runner>,
    failures_in_a_row: usize,
    passes: usize,
}

impl SittingSide {
    pub(super) fn new(side: &GroupSide) -> SittingSide {
        SittingSide { side: side.clone(), agent: None, starting: None, failures_in_a_row: 0, passes: 0 }
    }

    pub(super) fn is_set_aside(&self) -> bool {
        self.failures_in_a_row >= MOST_FAILURES
    }

    /// Starts its runner, unless it runs. Sides start at once and are waited for
    /// after that.
    pub(super) fn start(&mut self, program: &Path, reboot_every: Option<usize>) -> Result<(), String> {
        let is_worn = reboot_every.is_some_and(|passes| self.passes >= passes);
        let is_broken = self.agent.as_ref().is_some_and(|agent| agent.broken().is_some());
        if is_worn || is_broken {
            self.agent = None; // its end is waited for
        }
        if self.agent.is_none() {
            self.passes = 0;
            let runner = Runner::start(program, &self.command(program)).map_err(|error| error.to_string())?;
            self.starting = Some(runner);
        }
        Ok(())
    }

    /// Waits until what was started is there.
    pub(super) fn greet(&mut self, limit: Duration) -> Result<(), String> {
        if let Some(mut runner) = self.starting.take() {
            let greeted = runner.greet(limit);
            greeted.map_err(|error| format!("{error}{}", runner.last_words()))?;
            self.agent = Some(AgentSide::new(&self.side.name, runner));
        }
        Ok(())
    }

    /// Hands over its agent, where `side` is the same and has none: of an agent that
    /// listens there is one, and either of the two may have been let in.
    pub(super) fn make_way_for(&mut self, side: &mut SittingSide) {
        if side.agent.is_none() {
            side.agent = self.agent.take();
        }
    }

    /// What became of it in a pass.
    pub(super) fn note(&mut self, is_failed: bool) {
        self.passes += 1;
        self.failures_in_a_row = if is_failed { self.failures_in_a_row + 1 } else { 0 };
        if self.is_set_aside() || self.agent.as_ref().is_some_and(|agent| agent.broken().is_some()) {
            self.agent = None;
        }
    }

    fn command(&self, program: &Path) -> String {
        let program = self.side.program.clone().unwrap_or_else(|| program.display().to_string());
        let runner = self.side.runner.as_ref().map(|runner| format!("{runner} ")).unwrap_or_default();
        format!("{runner}'{}' serve --stdio", program.replace('\'', r"'\''"))
    }
}
