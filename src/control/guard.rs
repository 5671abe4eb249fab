//! Starts a runner as a process group of its own, and sees to it that the group
//! ends with who asked for it, however that died. It owns the group; what runs in
//! it is anyone's.

use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::Duration;

use super::clock::now;
use crate::sys;

/// How long a group may take to end when it is asked to.
pub(super) const GRACE: Duration = Duration::from_secs(3);

const LOOK: Duration = Duration::from_millis(50);

/// Runs a shell command with this process's standard input, output and error
/// until it ends, or until nobody reads its standard output any more: then the
/// whole group is ended and waited for. It has no terminal: one that asked for a
/// password there would be stopped for it, and wait unseen.
pub fn guard(command: &str) -> std::io::Result<ExitStatus> {
    let _ = sys::leave_terminal(); // who leads a group has left it already
    let mut child = Command::new("sh").args(["-c", command]).process_group(0).spawn()?;
    let group = child.id();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // Of a pipe's writing end an error says that no reader is left (poll(2)).
        let ready = sys::poll(std::io::stdout().as_fd(), false, LOOK)?;
        if ready.error || ready.hung_up {
            let _ = sys::end_group(group);
            let _ = sys::continue_group(group); // or who was stopped would not hear it
            break ended(&mut child, group)?;
        }
    };
    // What the command left behind; none is as it should be.
    let _ = sys::kill_group(group);
    Ok(status)
}

/// What this process is for, if a runner started it as its guard: of programs that have
/// no command line of their own.
pub fn guarding() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let command = match (arguments.next()?.to_str()?, arguments.next()?.to_str()?, arguments.next()) {
        ("guard", command, None) => command.to_string(),
        _ => return None,
    };
    let status = guard(&command).ok().and_then(|status| status.code());
    Some(status.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn ended(child: &mut Child, group: u32) -> std::io::Result<ExitStatus> {
    let until = now() + GRACE;
    while now() < until {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(LOOK);
    }
    let _ = sys::kill_group(group);
    child.wait()
}
