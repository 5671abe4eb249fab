//! Which of the profile's copy modes this kernel takes. It tries each on a
//! connection of its own and knows nothing of how a mode works.

use std::io;

use crate::cell::{Cell, Target};
use crate::copy_mode::{self, ModeEntry};
use crate::cpu::Plan;
use crate::error::{Error, Result};
use crate::loopback::{Fault, Generation, GenerationSpec, Lane};
use crate::profile::Profile;

/// Every mode of the profile.
pub(super) fn all(profile: &Profile) -> Vec<ModeEntry> {
    profile.matrix.modes.iter().filter_map(|name| copy_mode::find(name)).copied().collect()
}

/// The modes of the profile that the kernel takes; each of the others is
/// named with the reason in one line. Fails if a mode fails for another
/// reason than a refusal, or none is left.
pub(super) fn available(target: Target, profile: &Profile, plan: &Plan) -> Result<Vec<ModeEntry>> {
    let mut modes = Vec::new();
    let mut refusal = None;
    for mode in all(profile) {
        match try_mode(target, profile, plan, mode) {
            Ok(()) => modes.push(mode),
            Err(error) if is_refusal(&error) => {
                eprintln!("copycost: {} is skipped: the kernel refuses it: {error}", mode.name);
                refusal = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    match refusal {
        Some(error) if modes.is_empty() => Err(error),
        _ => Ok(modes),
    }
}

/// Sends one message of the mode.
fn try_mode(target: Target, profile: &Profile, plan: &Plan, mode: ModeEntry) -> Result<()> {
    let cell = Cell { target, mode: mode.name.into(), message_bytes: 4096, threads: 1 };
    let plan = Plan { ends: plan.ends[..1].to_vec(), cpus: plan.cpus };
    let lanes = [Lane { name: mode.name.into(), mode }];
    let fault = Fault::None;
    let mut generation =
        Generation::open(&GenerationSpec { cell: &cell, profile, plan: &plan, lanes: &lanes, fault })?;
    generation.run(0, 1)?;
    generation.close()?;
    Ok(())
}

/// Whether a mode's own system call was refused, by an old kernel, a sandbox
/// or a policy.
fn is_refusal(error: &Error) -> bool {
    let Error::System { end, source, .. } = error else { return false };
    let refused =
        [libc::ENOPROTOOPT, libc::EOPNOTSUPP, libc::ENOSYS, libc::EINVAL, libc::EPERM, libc::EACCES];
    let by_kernel = source.raw_os_error().is_some_and(|errno| refused.contains(&errno));
    end.starts_with("client") && (by_kernel || source.kind() == io::ErrorKind::Unsupported)
}
