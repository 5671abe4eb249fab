//! `copycost guard`: a runner of a side, in a process group that ends with
//! whoever started it. Hidden: `copycost record` starts it.

use std::process::ExitCode;

use anyhow::Context;
use copycost::control;

/// Run a command that ends with who reads its output.
#[derive(clap::Args)]
#[command(hide = true)]
pub(crate) struct Guard {
    command: String,
}

impl Guard {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let status = control::guard(&self.command).with_context(|| format!("run `{}`", self.command))?;
        Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
    }
}
