//! Whether this kernel takes a copy mode at all: tries it with one message on
//! a connection of its own. It knows nothing of how a mode works.

use std::io;
use std::sync::Arc;

use super::generation::Generation;
use super::lane::Lane;
use super::open_files::secure_open_files;
use super::servers::Peer;
use super::spec::{Fault, GenerationSpec};
use crate::cell::{Cell, Target};
use crate::copy_mode::ModeEntry;
use crate::counter;
use crate::cpu::Plan;
use crate::error::{Error, Result};
use crate::profile::Profile;

/// Sends one message of `mode`. Returns the refusal if the kernel, a sandbox
/// or a policy does not take the mode's own calls, and fails with any other
/// error.
pub fn probe(
    target: Target,
    profile: &Profile,
    plan: &Plan,
    mode: ModeEntry,
    peer: Option<&dyn Peer>,
) -> Result<Option<Error>> {
    let cell = Cell {
        target,
        mode: mode.name.into(),
        message_bytes: profile.message.smallest_bytes().max(4096),
        threads: 1,
    };
    match send_one(&cell, profile, plan, mode, peer) {
        Ok(()) => Ok(None),
        Err(error) if is_refusal(&error) => Ok(Some(of_probe(&cell, &error))),
        Err(error) => Err(of_probe(&cell, &error)),
    }
}

/// Those of `modes` that the kernel takes; `refused` is told of each of the
/// others. Fails with the last refusal if none is taken, and if this machine
/// has not what the largest cell of the profile needs.
pub fn probe_all(
    target: Target,
    profile: &Profile,
    plan: &Plan,
    modes: Vec<ModeEntry>,
    peer: Option<&dyn Peer>,
    mut refused: impl FnMut(&ModeEntry, &Error),
) -> Result<Vec<ModeEntry>> {
    profile.check_here()?;
    let threads = profile.matrix.threads.iter().max().copied().unwrap_or(1);
    secure_open_files(&modes, profile.rounds.self_check, threads, &counter::sources())?;
    let (mut taken, mut last) = (Vec::new(), None);
    for mode in modes {
        match probe(target, profile, plan, mode, peer)? {
            None => taken.push(mode),
            Some(refusal) => {
                refused(&mode, &refusal);
                last = Some(refusal);
            }
        }
    }
    match last {
        Some(refusal) if taken.is_empty() => Err(refusal),
        _ => Ok(taken),
    }
}

/// The error without the name of the probe's cell: nobody asked for that.
fn of_probe(cell: &Cell, error: &Error) -> Error {
    let text = error.to_string();
    let what = text.strip_prefix(&format!("{cell}: ")).unwrap_or(&text).to_string();
    Error::Probe { mode: cell.mode.clone(), what }
}

fn send_one(
    cell: &Cell,
    profile: &Profile,
    plan: &Plan,
    mode: ModeEntry,
    peer: Option<&dyn Peer>,
) -> Result<()> {
    let plan = Plan { ends: plan.ends.iter().take(1).copied().collect(), ..plan.clone() };
    let lanes = [Lane::mode(mode)];
    let counters = Arc::default();
    let mut generation = Generation::open(&GenerationSpec {
        cell,
        profile,
        plan: &plan,
        lanes: &lanes,
        peer,
        fault: Fault::None,
        counters,
        sampling: None,
    })?;
    generation.run(0, 1)?;
    generation.close()?;
    Ok(())
}

/// What a kernel says of an option or a flag that it does not know or allow.
const REFUSALS: [i32; 6] =
    [libc::ENOPROTOOPT, libc::EOPNOTSUPP, libc::ENOSYS, libc::EINVAL, libc::EPERM, libc::EACCES];

/// Modes run in the clients; a server that is refused something is an error.
fn is_refusal(error: &Error) -> bool {
    let Error::System { end, source, .. } = error else { return false };
    let by_kernel = source.raw_os_error().is_some_and(|errno| REFUSALS.contains(&errno));
    end.starts_with("client") && (by_kernel || source.kind() == io::ErrorKind::Unsupported)
}
