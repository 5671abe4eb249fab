//! A machine that is tuned for the length of a command: it is set back when
//! the command has ended, however it did.

use std::process::{Command, ExitStatus};

use super::{Change, Tuner, Undone};
use crate::error::{Error, Result};
use crate::steering::Wanted;
use crate::sys;

impl Tuner {
    /// Tunes, runs `command`, and resets at its end. Signals that would end this
    /// process end the command instead, and then this sets back. Changes are
    /// handed to `changed` before, what came of them to `undone` after.
    pub fn during(
        &self,
        steering: Wanted,
        command: &mut Command,
        changed: impl FnOnce(&[Change]),
        undone: impl FnOnce(&[Undone]),
    ) -> Result<ExitStatus> {
        if self.is_tuned() {
            let what = "this machine is tuned already, and would be set back at the end: leave --tune away, or \
                        `copycost tune --reset` first";
            return Err(Error::Tune { what: what.into() });
        }
        let failed = |error: std::io::Error| Error::Tune { what: format!("run the command: {error}") };
        sys::hand_on_signals().map_err(failed)?;
        let changes = self.tune(steering)?;
        changed(&changes);
        let ended = command.spawn().and_then(|mut child| {
            sys::hand_signals_to(child.id());
            child.wait()
        });
        undone(&self.reset()?);
        ended.map_err(failed)
    }
}
