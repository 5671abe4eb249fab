//! Reads and checks a profile: a TOML file in `criterion-config/` whose keys
//! overlay `default.toml`. It owns every setting's name, range and default,
//! and knows nothing of what the settings do.

pub(crate) mod check;
mod choice;
mod congestion_control;
mod here;
mod message_layout;
pub mod overrides;
mod peer;
mod refusal;
mod settings;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::choice::ProfileChoice;
pub use self::message_layout::{Even, FieldSize, MessageLayout, Rest};
pub use self::peer::{PeerSettings, RunnerWords};
pub use self::refusal::ProfileError;
pub use self::settings::*;
use crate::cell::{Cell, Target};

/// The profiles that come with the program; a file of the same name in
/// `criterion-config/` under the working directory goes first.
const SHIPPED: [(&str, &str); 9] = [
    ("default", include_str!("../criterion-config/default.toml")),
    ("quick", include_str!("../criterion-config/quick.toml")),
    ("thorough", include_str!("../criterion-config/thorough.toml")),
    ("recording", include_str!("../criterion-config/recording.toml")),
    ("sides", include_str!("../criterion-config/sides.toml")),
    ("peer", include_str!("../criterion-config/peer.toml")),
    ("malloc", include_str!("../criterion-config/malloc.toml")),
    ("all-modes", include_str!("../criterion-config/all-modes.toml")),
    ("header-body", include_str!("../criterion-config/header-body.toml")),
];

/// How long a reference round is, over the others: its noise is small.
pub const REFERENCE_SHARE: f64 = 0.125;

/// Everything that a run is set to. Each field is a key of the TOML file;
/// `criterion-config/README.md` says what each does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // documented where people look: criterion-config/README.md
pub struct Profile {
    /// The name or path that it was asked for by.
    #[serde(default)]
    pub name: String,
    pub criterion: CriterionSettings,
    pub matrix: MatrixSettings,
    pub message: MessageSettings,
    pub socket: SocketSettings,
    pub server: ServerSettings,
    pub placement: PlacementSettings,
    pub rounds: RoundSettings,
    /// Absent from records older than this key.
    #[serde(default)]
    pub io_uring: IoUringSettings,
    /// Absent from records older than this key.
    #[serde(default)]
    pub slowdown: SlowdownSettings,
    /// Where the servers are, if not in the process of the clients.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub peer: Option<PeerSettings>,
}

impl Profile {
    /// Reads the profile called `name`: a path if it has a `/` or ends in
    /// `.toml`, else `criterion-config/NAME.toml`, else one that was shipped.
    pub fn load(name: &str) -> Result<Profile, ProfileError> {
        let is_path = name.contains('/') || name.ends_with(".toml");
        let path = match is_path {
            true => PathBuf::from(name),
            false => Path::new("criterion-config").join(format!("{name}.toml")),
        };
        let shipped = SHIPPED.iter().find(|(shipped, _)| !is_path && *shipped == name);
        let text = match (std::fs::read_to_string(&path), shipped) {
            (Ok(text), _) => text,
            (Err(_), Some((_, text))) => (*text).to_string(),
            (Err(source), None) => {
                let known = SHIPPED.map(|(name, _)| name).join(", ");
                return Err(ProfileError::Unreadable { name: name.into(), path, source, known });
            }
        };
        Profile::parse(name, &path.display().to_string(), &text)
    }

    /// Reads a profile from `text`; `file` is what errors call it.
    pub fn parse(name: &str, file: &str, text: &str) -> Result<Profile, ProfileError> {
        let malformed = |error: &dyn std::fmt::Display| ProfileError::Malformed {
            file: file.to_string(),
            message: error.to_string().trim_end().to_string(),
        };
        let overlay: toml::Table = text.parse().map_err(|error| malformed(&error))?;
        let mut merged: toml::Table = SHIPPED[0].1.parse().map_err(|error| malformed(&error))?;
        check::overlay(file, &mut merged, overlay)?;
        let mut profile: Profile =
            serde::Deserialize::deserialize(toml::Value::Table(merged)).map_err(|error| malformed(&error))?;
        profile.name = name.to_string();
        if let Some(fields) = profile.message.layout.listed() {
            profile.message.fields = fields;
        }
        check::values(file, &profile)?;
        Ok(profile)
    }

    /// Checks every value of a profile that came from elsewhere; errors call it
    /// `file`.
    pub fn check(&self, file: &str) -> Result<(), ProfileError> {
        check::values(file, self)
    }

    /// The name without the path to it, which may name a person.
    pub(crate) fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// As it is kept: that there is a peer, and not which.
    pub(crate) fn without_addresses(&self) -> Profile {
        Profile { peer: self.peer.as_ref().map(|_| PeerSettings::default()), ..self.clone() }
    }

    /// Every cell of `target`, in this order.
    pub fn cells(&self, target: Target) -> Vec<Cell> {
        let mut cells = Vec::new();
        for threads in self.matrix.threads.iter().copied() {
            for mode in &self.matrix.modes {
                let of_size =
                    |bytes: &usize| Cell { target, mode: mode.clone(), message_bytes: *bytes, threads };
                cells.extend(self.matrix.message_bytes.iter().map(of_size));
            }
        }
        cells
    }

    /// How long a block is, in rounds: one a mode, the self check's, and the
    /// short ones of the two references.
    pub fn rounds_per_block(&self) -> f64 {
        let references = if self.rounds.references { 2.0 * REFERENCE_SHARE } else { 0.0 };
        (self.matrix.modes.len() + usize::from(self.rounds.self_check)) as f64 + references
    }

    /// How long Criterion is told to measure a cell of `target`: every block's
    /// rounds, or what the profile says.
    pub fn measurement_time(&self, target: Target) -> Duration {
        let of_latency = self.rounds.latency_length_ms.filter(|_| target == Target::Latency);
        let length_ms = of_latency.unwrap_or(self.rounds.length_ms);
        let from_rounds = length_ms / 1e3 * self.rounds_per_block() * self.criterion.sample_size as f64;
        Duration::from_secs_f64(self.criterion.measurement_time_s.unwrap_or(from_rounds))
    }

    /// How long a round of `target` is meant to be.
    pub fn round_length(&self, target: Target) -> Duration {
        let rounds = self.rounds_per_block() * self.criterion.sample_size as f64;
        self.measurement_time(target).div_f64(rounds)
    }

    /// How many blocks a generation lives for.
    pub fn blocks_per_generation(&self) -> usize {
        self.criterion.sample_size.div_ceil(self.rounds.generations)
    }

    /// By how much rounds of `mode` are slowed on purpose, in percent of their
    /// time; 0 unless a test of the method asks for it here.
    pub fn slowed_percent(&self, mode: &str, message_bytes: usize) -> f64 {
        if !self.slowdown.side.is_empty() {
            return 0.0; // it is of another place, see `at_side`
        }
        let sizes = self.matrix.message_bytes.iter().zip(&self.slowdown.percent);
        let mut of_size = sizes.filter(|(bytes, _)| **bytes == message_bytes && mode == self.slowdown.mode);
        of_size.next().map_or(0.0, |(_, percent)| *percent)
    }

    /// What holds at the side `name` of a recording: a slowdown may be of one side.
    pub fn at_side(&self, name: &str) -> Profile {
        let mut profile = self.clone();
        if profile.slowdown.side == name {
            profile.slowdown.side.clear();
        }
        profile
    }

    /// How long a round may stand still.
    pub fn stall_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.rounds.stall_timeout_s)
    }
}
