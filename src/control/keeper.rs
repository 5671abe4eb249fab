//! What a runner starts: keeps the control connection for as long as it lasts,
//! and starts a fresh agent process on it for each pass. It owns no exchange: it
//! sleeps while an agent measures.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::message::{Reply, Request};
use super::{PROGRAM, frame, greeting};
use crate::error::{Error, Result};
use crate::sys;

/// How often it is looked whether the controller is still there.
const LOOK: Duration = Duration::from_millis(100);

/// What an agent does for its controller beside measuring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentMay {
    /// Start the peer of a profile: of a controller that started the agent itself, and
    /// so can start anything here.
    StartPeers,
    /// Nothing.
    Measure,
}

/// Serves the controller at the other end until its input ends. `program` is this
/// one, started once more for each pass as `serve --agent`, with what it `may` do.
pub fn keep(input: OwnedFd, output: OwnedFd, program: &Path, may: AgentMay) -> Result<()> {
    let system =
        |what: &'static str| move |error: std::io::Error| Error::Control { what: format!("{what}: {error}") };
    let (mut from, mut to) = (File::from(input), File::from(output));
    to.write_all(greeting::line().as_bytes()).map_err(system("greet the controller"))?;
    loop {
        let refused = match frame::read::<Request>(&mut from) {
            Ok(None) => return Ok(()),
            Ok(Some(Request::Start { program })) if program == PROGRAM => None,
            Ok(Some(Request::Start { program })) => Some(format!(
                "the controller is program {program}, this is {PROGRAM}; both ends need the same"
            )),
            Ok(Some(_)) => Some("a request before an agent was started".to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(what) = refused {
            // The controller may be gone: the error is printed here in any case.
            let _ = frame::write(&mut to, &Reply::Refused { what: what.clone() });
            return Err(Error::Control { what });
        }
        let pipe =
            |file: &File| file.try_clone().map(Stdio::from).map_err(system("hand over the connection"));
        let mut agent = Command::new(program)
            .args(["serve", "--agent"])
            .args(matches!(may, AgentMay::StartPeers).then_some("--may-start-peers"))
            .stdin(pipe(&from)?)
            .stdout(pipe(&to)?)
            .spawn()
            .map_err(system("start an agent"))?;
        let status = wait(&mut agent, &from).map_err(system("wait for the agent"))?;
        if !status.success() {
            // One that refused something has said so itself.
            let what = format!("the agent ended with {status}");
            let _ = frame::write(&mut to, &Reply::Refused { what: what.clone() });
            return Err(Error::Control { what });
        }
    }
}

/// Waits for the agent, and ends it where it outlives its controller: it would
/// end by itself, unless something stopped it.
fn wait(agent: &mut Child, input: &File) -> std::io::Result<ExitStatus> {
    let mut looks_since_gone = 0;
    loop {
        if let Some(status) = agent.try_wait()? {
            return Ok(status);
        }
        let ready = sys::poll(input.as_fd(), false, LOOK)?;
        if ready.hung_up || ready.error {
            looks_since_gone += 1;
            if looks_since_gone > 10 {
                agent.kill()?;
                return agent.wait();
            }
            std::thread::sleep(LOOK);
        }
    }
}
