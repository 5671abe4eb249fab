//! Whether an archive's files make one baseline, or the sides of one group. It
//! owns what the sides and their group say of each other; what a baseline's own
//! files say is `content`'s. The same checks hold on the way out.

use std::collections::{BTreeMap, BTreeSet};

use super::content::Content;
use super::entry::{BaselineFile, EntryPath};
use super::manifest::MANIFEST_FILE;
use crate::elsewhere;
use crate::results::group::Group;
use crate::results::name::BaselineName;
use crate::results::recording::{Manifest, Membership, PassId};

/// What was seen so far.
#[derive(Default)]
pub(super) struct Members {
    pub(super) group: Option<Group>,
    /// By side; a baseline that is no side has no name here.
    pub(super) of: BTreeMap<Option<BaselineName>, Content>,
}

impl Members {
    /// Looks at one file, by itself.
    pub(super) fn take(&mut self, path: &EntryPath, text: &[u8]) -> Result<(), String> {
        match path {
            EntryPath::Of { side, file } => self.of.entry(side.clone()).or_default().take(file, text),
            EntryPath::Group => {
                elsewhere::check_json(text)?;
                self.group = Some(Group::parse(text)?);
                Ok(())
            }
        }
    }

    /// Looks at what all files come to, where the manifest says that there are
    /// these sides.
    pub(super) fn finish(&self, listed: &[BaselineName]) -> Result<(), String> {
        if self.of.is_empty() {
            return Content::default().finish();
        }
        for (side, content) in &self.of {
            let of_side =
                |what: String| side.as_ref().map_or(what.clone(), |side| format!("side {side}: {what}"));
            content.finish().map_err(of_side)?;
        }
        let found: BTreeSet<&BaselineName> = self.of.keys().flatten().collect();
        if let Some(missing) = listed.iter().find(|side| !found.contains(side)) {
            return Err(format!("side {missing} is in {MANIFEST_FILE} and not in the archive"));
        }
        if let Some(other) = found.iter().find(|side| !listed.contains(side)) {
            return Err(format!("side {other} is not in {MANIFEST_FILE}"));
        }
        match &self.group {
            None if found.is_empty() => Ok(()),
            None => Err(format!("there are sides and no {}", EntryPath::Group)),
            Some(_) if self.of.contains_key(&None) => {
                Err(format!("there is {} beside a baseline that is none of its sides", EntryPath::Group))
            }
            Some(group) => self.check_sides(group),
        }
    }

    /// That each side is of this group, and was begun with what that was.
    fn check_sides(&self, group: &Group) -> Result<(), String> {
        let mut recorded_as: Option<&str> = None;
        for (side, content) in &self.of {
            let Some(side) = side else { continue };
            let refuse = |what: &str| Err(format!("side {side}: {}: {what}", BaselineFile::Recording));
            let Some(place) = group.sides.iter().position(|known| known.name == side.as_str()) else {
                return refuse(&format!("{} knows no such side", EntryPath::Group));
            };
            let Some(own) = &content.recording else { return refuse("it is missing") };
            let Some(of) = &own.group else { return refuse("it is of no group") };
            let name = recorded_as.get_or_insert(&of.group);
            let expected = Membership {
                id: group.manifest.seed,
                group: name.to_string(),
                side: side.to_string(),
                place,
                in_turn: group.is_in_turn(),
            };
            if *of != expected {
                return refuse("it is of another group, or of another side of it");
            }
            let begun_with = Manifest {
                kernel_release: own.kernel_release.clone(),
                group: own.group.clone(),
                rounds: own.rounds.min(group.manifest.rounds),
                ..group.manifest.clone()
            };
            if *own != begun_with {
                return refuse("it was begun with other settings than its group");
            }
        }
        Ok(())
    }

    /// The passes that any of them has.
    pub(super) fn passes(&self) -> usize {
        self.of.values().flat_map(|content| &content.passes).collect::<BTreeSet<&PassId>>().len()
    }

    /// How many were to be measured.
    pub(super) fn planned_passes(&self) -> usize {
        let group = self.group.as_ref().map(|group| &group.manifest);
        let own = self.of.values().find_map(|content| content.recording.as_ref());
        group.or(own).map_or(0, Manifest::planned_passes)
    }

    /// Every kernel once, in the order of the sides.
    pub(super) fn kernel_releases(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for release in self.in_order().filter_map(|content| content.kernel_release.as_ref()) {
            if !found.contains(release) {
                found.push(release.clone());
            }
        }
        found
    }

    fn in_order(&self) -> impl Iterator<Item = &Content> {
        let place = |side: &Option<BaselineName>| {
            let (group, side) = (self.group.as_ref()?, side.as_ref()?);
            group.sides.iter().position(|known| known.name == side.as_str())
        };
        let mut all: Vec<_> = self.of.iter().collect();
        all.sort_by_key(|(side, _)| place(side));
        all.into_iter().map(|(_, content)| content)
    }
}
