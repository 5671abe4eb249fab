//! `copycost connect`: a runner that leads to an agent which listens. It reads
//! arguments; the connection is `copycost::control`'s.

use std::path::PathBuf;

use copycost::control::{self, Token};

use super::serve::standard_streams;

/// Reach an agent that was started with `serve --listen`: the runner of a side,
/// `--side NAME="copycost connect ADDRESS:PORT --token-file FILE"`.
#[derive(clap::Args)]
pub(crate) struct Connect {
    /// Where it listens.
    address: String,
    /// The file with its token, which only you can read.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// What a runner is asked to run: an agent runs there already.
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

impl Connect {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let _ = self.command;
        let token = Token::read(&self.token_file)?;
        let [input, output] = standard_streams()?;
        Ok(control::connect(&self.address, &token, input, output)?)
    }
}
