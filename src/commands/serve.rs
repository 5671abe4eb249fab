//! `copycost serve`: an agent, a whole exchange for who controls it from
//! elsewhere. It reads arguments and finds the connection; what is said on it is
//! `copycost::control`'s.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use anyhow::Context;
use copycost::control;

/// Measure here for a controller elsewhere, which says what: what `copycost
/// record --side` starts at each side. It ends when its input does.
#[derive(clap::Args)]
pub(crate) struct Serve {
    /// Be controlled over standard input and output.
    #[arg(long, required_unless_present = "agent")]
    stdio: bool,
    /// One agent for one pass, started by `serve --stdio`.
    #[arg(long, hide = true, conflicts_with = "stdio")]
    agent: bool,
}

impl Serve {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if self.agent {
            let gone = || std::process::exit(1); // frees everything, whatever runs
            // Not std's handles: those read ahead what may be another agent's.
            let [input, output] = standard_streams()?;
            return Ok(control::serve_pass(File::from(input), File::from(output), gone)?);
        }
        let program = std::env::current_exe().context("find this program, to start it once more")?;
        let [input, output] = standard_streams()?;
        Ok(control::keep(input, output, &program)?)
    }
}

fn standard_streams() -> anyhow::Result<[OwnedFd; 2]> {
    let input = std::io::stdin().as_fd().try_clone_to_owned().context("take standard input")?;
    let output = std::io::stdout().as_fd().try_clone_to_owned().context("take standard output")?;
    Ok([input, output])
}
