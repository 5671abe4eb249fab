//! The kinds of doubt and sets of them. It owns letters, titles and their one
//! order; what a doubt says of a cell stands in [`super::Doubt`].

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A kind of doubt. The order is that of every list and legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the titles say it
pub enum DoubtKind {
    Oversubscribed,
    WindowLimited,
    Retransmits,
    SeveralCpus,
    SelfRatioOff,
    DeferredCopies,
    FellBack,
    NotGranted,
    RoundsOffLength,
    NoInterval,
    Multiplexed,
    Verified,
    Slowed,
    UnequalCores,
    CpuQuota,
    Emulated,
    OthersBusy,
    ControlAdds,
}

/// Every kind, in order, with the letter that marks a figure and the heading in
/// docs/METHOD.md.
const KINDS: [(DoubtKind, char, &str); 18] = [
    (DoubtKind::Oversubscribed, 'o', "Oversubscribed"),
    (DoubtKind::WindowLimited, 'w', "Window-limited"),
    (DoubtKind::Retransmits, 'r', "Retransmits"),
    (DoubtKind::SeveralCpus, 'p', "Packets processed on several CPUs"),
    (DoubtKind::SelfRatioOff, 's', "Self ratio off 1"),
    (DoubtKind::DeferredCopies, 'd', "Deferred copies"),
    (DoubtKind::FellBack, 'f', "Sends that fell back to a copy"),
    (DoubtKind::NotGranted, 'g', "A setting that the kernel did not grant"),
    (DoubtKind::RoundsOffLength, 'l', "Rounds off their length"),
    (DoubtKind::NoInterval, 'i', "No interval"),
    (DoubtKind::Multiplexed, 'm', "Multiplexed counters"),
    (DoubtKind::Verified, 'v', "Every byte verified"),
    (DoubtKind::Slowed, 'b', "Slowed on purpose"),
    (DoubtKind::UnequalCores, 'u', "Unequal cores"),
    (DoubtKind::CpuQuota, 'q', "A CPU quota below what is needed"),
    (DoubtKind::Emulated, 'e', "Emulated"),
    (DoubtKind::OthersBusy, 'n', "Other sides not idle"),
    (DoubtKind::ControlAdds, 'c', "A control round trip that a round shows"),
];

impl DoubtKind {
    /// Every kind, in order.
    pub fn all() -> impl Iterator<Item = DoubtKind> {
        KINDS.iter().map(|(kind, ..)| *kind)
    }

    /// The letter that marks a figure.
    pub fn mark(self) -> char {
        KINDS[self as usize].1
    }

    /// The heading in docs/METHOD.md.
    pub fn title(self) -> &'static str {
        KINDS[self as usize].2
    }

    /// Whether it concerns times alone: what was counted was counted all the same.
    pub fn is_of_time_alone(self) -> bool {
        self == DoubtKind::Emulated
    }
}

/// Kinds of doubt about a figure, each once. In JSON and CSV it is its letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DoubtKinds(BTreeSet<DoubtKind>);

impl DoubtKinds {
    /// Whether there is no doubt.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `kind` is among them.
    pub fn contains(&self, kind: DoubtKind) -> bool {
        self.0.contains(&kind)
    }

    /// The kinds, in order.
    pub fn iter(&self) -> impl Iterator<Item = DoubtKind> + '_ {
        self.0.iter().copied()
    }

    /// Adds those of `others`.
    pub fn and(mut self, others: impl IntoIterator<Item = DoubtKind>) -> DoubtKinds {
        self.0.extend(others);
        self
    }

    /// Those of all of `sets`.
    pub fn of_all<'a>(sets: impl Iterator<Item = &'a DoubtKinds>) -> DoubtKinds {
        sets.flat_map(DoubtKinds::iter).collect()
    }

    /// Those that concern what was counted too.
    pub fn of_counts(&self) -> DoubtKinds {
        self.iter().filter(|kind| !kind.is_of_time_alone()).collect()
    }

    /// What the letters stand for: `o oversubscribed, s self ratio off 1`.
    pub fn explained(&self) -> String {
        let each = self.iter().map(|kind| format!("{} {}", kind.mark(), kind.title().to_lowercase()));
        each.collect::<Vec<_>>().join(", ")
    }
}

impl FromIterator<DoubtKind> for DoubtKinds {
    fn from_iter<I: IntoIterator<Item = DoubtKind>>(kinds: I) -> DoubtKinds {
        DoubtKinds(kinds.into_iter().collect())
    }
}

impl IntoIterator for DoubtKinds {
    type Item = DoubtKind;
    type IntoIter = std::collections::btree_set::IntoIter<DoubtKind>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The letters.
impl fmt::Display for DoubtKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.iter().map(DoubtKind::mark).collect::<String>())
    }
}

impl Serialize for DoubtKinds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DoubtKinds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DoubtKinds, D::Error> {
        let letters = String::deserialize(deserializer)?;
        let kind = |letter: char| {
            let known = DoubtKind::all().find(|kind| kind.mark() == letter);
            known.ok_or_else(|| serde::de::Error::custom(format!("no doubt has the letter {letter:?}")))
        };
        letters.chars().map(kind).collect()
    }
}
