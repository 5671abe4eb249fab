//! Whether this machine has what a profile asks for. A profile is read anywhere,
//! also beside figures of another machine, so this is asked only before
//! something is measured, or by who wants a profile checked.

use std::path::Path;

use super::{Profile, ProfileError};
use crate::steering::{LOOPBACK, ReceiveSteering, Wanted};

impl Profile {
    /// Fails if this machine does not have what the profile asks for.
    pub fn check_here(&self) -> Result<(), ProfileError> {
        self.check_congestion_control_here()?;
        self.check_receive_steering(&ReceiveSteering::read(Path::new("/"), LOOPBACK))
    }

    /// Fails unless `steering` is what the profile asks for. What cannot be told
    /// is not it.
    pub fn check_receive_steering(
        &self,
        steering: &Result<ReceiveSteering, String>,
    ) -> Result<(), ProfileError> {
        let wanted = self.placement.receive_steering;
        if wanted == Wanted::Any {
            return Ok(());
        }
        let allowed = match steering
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|found| Ok((found, found.kind()?)))
        {
            Ok((_, kind)) if kind.is(wanted) => return Ok(()),
            Ok((found, kind)) => format!(
                "{LOOPBACK} has `{}` here: as root `copycost tune --receive-steering {}`, or {}; \"any\" measures it \
                 as it is",
                kind.name(),
                wanted.name(),
                found.commands(LOOPBACK, wanted)
            ),
            Err(why) => {
                format!("what {LOOPBACK} has here cannot be told: {why}; \"any\" measures it as it is")
            }
        };
        Err(ProfileError::NotAllowed {
            file: self.name.clone(),
            key: "placement.receive_steering".into(),
            value: format!("{:?}", wanted.name()),
            allowed,
        })
    }
}
