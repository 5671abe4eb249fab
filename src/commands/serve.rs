//! `copycost serve`: an agent, a whole exchange for who controls it from
//! elsewhere. It reads arguments and finds the connection; what is said on it is
//! `copycost::control`'s.

use std::fs::File;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use anyhow::Context;
use copycost::control::{self, AgentMay, Token};

/// Measure here for a controller elsewhere, which says what: what `copycost
/// record --side` starts at each side.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("way").required(true)))]
pub(crate) struct Serve {
    /// Be controlled over standard input and output; ends when its input does.
    #[arg(long, group = "way")]
    stdio: bool,
    /// Listen for a controller at this address, and at no other: one at a time,
    /// who shows the token (`copycost connect`).
    #[arg(long, group = "way", value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// One agent for one pass, started by the others.
    #[arg(long, group = "way", hide = true)]
    agent: bool,
    /// It may start the peer of a profile.
    #[arg(long, hide = true, requires = "agent")]
    may_start_peers: bool,
    /// The file with the token: 32 hexadecimal digits or more, which only its owner can
    /// read. It is made where there is none.
    #[arg(long, value_name = "FILE", requires = "listen", default_value = "copycost.token")]
    token_file: PathBuf,
}

impl Serve {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if self.agent {
            let gone = || std::process::exit(1); // frees everything, whatever runs
            let [input, output] = standard_streams()?;
            let may = if self.may_start_peers { AgentMay::StartPeers } else { AgentMay::Measure };
            return Ok(control::serve_pass(File::from(input), File::from(output), may, gone)?);
        }
        let program = std::env::current_exe().context("find this program, to start it once more")?;
        match self.listen {
            Some(address) => listen(address, &self.token_file, program),
            None => {
                let [input, output] = standard_streams()?;
                Ok(control::keep(input, output, &program, AgentMay::StartPeers)?)
            }
        }
    }
}

fn listen(address: SocketAddr, token_file: &Path, program: PathBuf) -> anyhow::Result<()> {
    let (token, is_new) = Token::read_or_make(token_file)?;
    let path = std::path::absolute(token_file).unwrap_or_else(|_| token_file.to_path_buf());
    let made = if is_new { " (made now)" } else { "" };
    let told = |address| println!("listening at {address}; the token is in {}{made}", path.display());
    Ok(control::listen(address, token, program, told)?)
}

/// Standard input and output themselves: the handles of the standard library read
/// ahead what may be another agent's.
pub(super) fn standard_streams() -> anyhow::Result<[OwnedFd; 2]> {
    let input = std::io::stdin().as_fd().try_clone_to_owned().context("take standard input")?;
    let output = std::io::stdout().as_fd().try_clone_to_owned().context("take standard output")?;
    Ok([input, output])
}
