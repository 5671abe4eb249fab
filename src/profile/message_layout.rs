//! `message.layout`: how long each field of a message is. It owns its words in
//! TOML, what is allowed of them and which messages are too small for them.

use serde::{Deserialize, Serialize};

use super::{MessageSettings, Profile, ProfileError};
use crate::message::even_fields;
use crate::sys::MAX_SEGMENTS;

/// The lengths of the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "`message.layout` must be \"even\" or a list of field sizes and one \"rest\", such as [128, \"rest\"]"
)]
pub enum MessageLayout {
    /// `message.fields` of one length; the last takes the remainder.
    Even(Even),
    /// As listed.
    Listed(Vec<FieldSize>),
}

/// The word `"even"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Even {
    /// The only value.
    Even,
}

/// The length of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldSize {
    /// Bytes.
    Bytes(usize),
    /// What the others leave.
    Rest(Rest),
}

/// The word `"rest"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rest {
    /// The only value.
    Rest,
}

impl Default for MessageLayout {
    fn default() -> MessageLayout {
        MessageLayout::Even(Even::Even)
    }
}

impl MessageLayout {
    /// How many fields are listed; `None` of an even layout.
    pub(super) fn listed(&self) -> Option<usize> {
        match self {
            MessageLayout::Even(_) => None,
            MessageLayout::Listed(sizes) => Some(sizes.len()),
        }
    }

    /// What is allowed, if this is not.
    pub(super) fn check(&self) -> Result<(), String> {
        let MessageLayout::Listed(sizes) = self else { return Ok(()) };
        let rests = sizes.iter().filter(|size| matches!(size, FieldSize::Rest(_))).count();
        let has_empty = sizes.contains(&FieldSize::Bytes(0));
        match rests == 1 && !has_empty && sizes.len() <= MAX_SEGMENTS {
            true => Ok(()),
            false => Err(format!(
                "must be \"even\" or up to {MAX_SEGMENTS} sizes in bytes, one of them \"rest\", such as [128, \"rest\"]"
            )),
        }
    }

    fn fixed_bytes(&self) -> usize {
        let MessageLayout::Listed(sizes) = self else { return 0 };
        sizes.iter().map(|size| if let FieldSize::Bytes(bytes) = size { *bytes } else { 0 }).sum()
    }
}

/// As a profile has it.
impl std::fmt::Display for MessageLayout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).unwrap_or_default())
    }
}

impl Profile {
    /// That messages of `message_bytes`, which the profile itself need not list, have
    /// room for every field.
    pub fn check_message_bytes(&self, message_bytes: usize) -> Result<(), ProfileError> {
        let smallest = self.message.smallest_bytes();
        match message_bytes >= smallest {
            true => Ok(()),
            false => Err(ProfileError::NotAllowed {
                file: self.name.clone(),
                key: "message.layout".into(),
                value: self.message.layout.to_string(),
                allowed: format!(
                    "a message of {message_bytes} bytes is too small for it; {smallest} and more are not"
                ),
            }),
        }
    }
}

impl MessageSettings {
    /// The smallest message that the layout has room for: every field of it has
    /// a byte at least.
    pub fn smallest_bytes(&self) -> usize {
        self.layout.fixed_bytes() + 1
    }

    /// The length of each field of a message of `message_bytes`, not less than
    /// [`MessageSettings::smallest_bytes`].
    pub fn field_bytes(&self, message_bytes: usize) -> Vec<usize> {
        let rest = message_bytes.saturating_sub(self.layout.fixed_bytes());
        match &self.layout {
            MessageLayout::Even(_) => even_fields(message_bytes, self.fields),
            MessageLayout::Listed(sizes) => sizes
                .iter()
                .map(|size| if let FieldSize::Bytes(bytes) = size { *bytes } else { rest })
                .collect(),
        }
    }
}
