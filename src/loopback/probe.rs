//! Whether this kernel takes a copy mode at all: tries it with one message on
//! a connection of its own. It knows nothing of how a mode works.

use std::io;
use std::sync::Arc;

use super::generation::{Generation, GenerationSpec};
use super::lane::Lane;
use super::server::Fault;
use crate::cell::{Cell, Target};
use crate::copy_mode::ModeEntry;
use crate::cpu::Plan;
use crate::error::{Error, Result};
use crate::profile::Profile;

/// Sends one message of `mode`. Returns the refusal if the kernel, a sandbox
/// or a policy does not take the mode's own calls, and fails with any other
/// error.
pub fn probe(target: Target, profile: &Profile, plan: &Plan, mode: ModeEntry) -> Result<Option<Error>> {
    match send_one(target, profile, plan, mode) {
        Ok(()) => Ok(None),
        Err(error) if is_refusal(&error) => Ok(Some(error)),
        Err(error) => Err(error),
    }
}

/// Those of `modes` that the kernel takes; `refused` is told of each of the
/// others. Fails with the last refusal if none is taken.
pub fn probe_all(
    target: Target,
    profile: &Profile,
    plan: &Plan,
    modes: Vec<ModeEntry>,
    mut refused: impl FnMut(&ModeEntry, &Error),
) -> Result<Vec<ModeEntry>> {
    let (mut taken, mut last) = (Vec::new(), None);
    for mode in modes {
        match probe(target, profile, plan, mode)? {
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

fn send_one(target: Target, profile: &Profile, plan: &Plan, mode: ModeEntry) -> Result<()> {
    let cell = Cell { target, mode: mode.name.into(), message_bytes: 4096, threads: 1 };
    let plan =
        Plan { ends: plan.ends.iter().take(1).copied().collect(), cpus: plan.cpus, on: plan.on.clone() };
    let lanes = [Lane::mode(mode)];
    let counters = Arc::default();
    let fault = Fault::None;
    let mut generation = Generation::open(&GenerationSpec {
        cell: &cell,
        profile,
        plan: &plan,
        lanes: &lanes,
        fault,
        counters,
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
