//! A group that passes are added to. It owns that a pass is kept at all the sides
//! that measured it or at none, whatever ends this process, and which passes are
//! due; measuring one is the program's work.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Group;
use crate::error::{Error, Result, failed};
use crate::results::name::BaselineName;
use crate::results::record::Record;
use crate::results::recording::{
    Imported, Manifest, Membership, PassId, Recording, directory, pass_file, passes,
};
use crate::results::{criterion_files, whole_file};

/// A group that passes are added to. While it is open no other process can open
/// it, nor any of its sides.
#[derive(Debug)]
pub struct GroupRecording {
    output: PathBuf,
    name: BaselineName,
    group: Group,
    /// The one of the group itself: its lock, and the order of its passes.
    own: Recording,
    /// By side; none until it has a pass to keep.
    sides: Vec<Option<Recording>>,
}

/// What a pass came to at one side: its place, and a record a cell.
pub type SidePass = (usize, Vec<Record>);

#[derive(Serialize, Deserialize)]
struct JournalLine {
    side: usize,
    record: Record,
}

impl GroupRecording {
    /// Begins a group, or adds the rounds that are asked for to a finished one of
    /// the same sides. No name is taken if that cannot be.
    pub fn begin(output: &Path, name: &BaselineName, asked: Group) -> Result<GroupRecording> {
        let refuse = |what: String| Error::Recording { name: name.to_string(), what };
        Imported::refuse(output, name.as_str())?;
        let Some(kept) = Group::read(output, name.as_str())? else {
            let known = criterion_files::baseline_names(output)?;
            for taken in [name.clone()].into_iter().chain(asked.baselines(name)?) {
                let is_group = Group::read(output, taken.as_str())?.is_some();
                let kind = match known.iter().any(|known| known == taken.as_str()) {
                    true => "baseline",
                    false if is_group => "group",
                    false => continue,
                };
                return Err(refuse(format!("there is a {kind} `{taken}` already; give another --name")));
            }
            let recording = GroupRecording::open(output, name, asked)?;
            recording.group.write(output, name)?;
            return Ok(recording);
        };
        if kept.sides != asked.sides {
            return Err(refuse("it was begun with other sides; give another --name".into()));
        }
        kept.manifest.agrees_with(&asked.manifest).map_err(refuse)?;
        let recording = GroupRecording::open(output, name, kept)?;
        let left = recording.due()?.len();
        if left > 0 {
            let planned = recording.group.manifest.planned_passes();
            return Err(refuse(format!(
                "{left} of its {planned} passes are still to be measured: --resume takes it up, another --name \
                 begins another"
            )));
        }
        let mut group = recording.group.clone();
        drop(recording); // what it holds is opened anew, for more rounds
        group.manifest.rounds += asked.manifest.rounds;
        (group.reboot_every, group.start_timeout_s) = (asked.reboot_every, asked.start_timeout_s);
        group.write(output, name)?;
        GroupRecording::open(output, name, group)
    }

    /// Takes up a group where it was left.
    pub fn resume(output: &Path, name: &BaselineName) -> Result<GroupRecording> {
        Imported::refuse(output, name.as_str())?;
        let group = Group::read(output, name.as_str())?;
        let group = group.ok_or_else(|| Error::Recording {
            name: name.to_string(),
            what: "there is no such group to resume".to_string(),
        })?;
        GroupRecording::open(output, name, group)
    }

    fn open(output: &Path, name: &BaselineName, group: Group) -> Result<GroupRecording> {
        let own = Recording::hold_place(output, name.as_str(), group.manifest.clone())?;
        let mut sides = Vec::new();
        for side in group.baselines(name)? {
            sides.push(match Manifest::read(&directory(output, side.as_str()))? {
                None => None,
                Some(manifest) if manifest.group.as_ref().is_none_or(|of| of.id != group.manifest.seed) => {
                    let what = format!("`{side}` is no side of it; give another --name");
                    return Err(Error::Recording { name: name.to_string(), what });
                }
                Some(manifest) => {
                    Some(Recording::member(output, side.as_str(), manifest, group.manifest.rounds)?)
                }
            });
        }
        let (output, name) = (output.to_path_buf(), name.clone());
        let mut recording = GroupRecording { output, name, group, own, sides };
        recording.settle_all()?;
        Ok(recording)
    }

    /// What it was begun with.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// The passes that are still to be measured: those that no side has.
    pub fn due(&self) -> Result<Vec<PassId>> {
        let mut due = self.own.due()?;
        for side in self.sides.iter().flatten() {
            let of_side = side.due()?;
            due.retain(|pass| of_side.contains(pass));
        }
        Ok(due)
    }

    /// What the order of a pass's cells is drawn from.
    pub fn seed(&self, pass: PassId) -> u64 {
        self.own.seed(pass)
    }

    /// How many passes of all targets each side has.
    pub fn passes(&self) -> Result<Vec<usize>> {
        let count =
            |side: &BaselineName| passes(&directory(&self.output, side.as_str())).map(|passes| passes.len());
        self.group.baselines(&self.name)?.iter().map(count).collect()
    }

    /// That a side is what it was, before anything is measured there: its kernel is
    /// the one of the passes that it has.
    pub fn check_kernel(&self, side: usize, release: Option<&str>) -> std::result::Result<(), String> {
        let kept = self.sides[side].as_ref().map(|side| &side.manifest().kernel_release);
        match kept {
            Some(kept) if kept.as_deref() != release => Err(format!(
                "its kernel is {}, and its passes so far are of {}",
                release.unwrap_or("unknown"),
                kept.as_deref().unwrap_or("unknown")
            )),
            _ => Ok(()),
        }
    }

    /// Keeps a pass at all the sides that it was measured at: first in one file,
    /// from which what a process that is killed here leaves undone is done later.
    pub fn keep(&mut self, pass: PassId, sides: &[SidePass]) -> Result<()> {
        let lines = sides.iter().flat_map(|(side, records)| {
            records.iter().map(|record| JournalLine { side: *side, record: record.clone() })
        });
        let journal = self.journal(pass);
        let mut text = Vec::new();
        for line in lines {
            let line = serde_json::to_vec(&line).map_err(|error| failed(&journal)(error.into()))?;
            text.extend(line.into_iter().chain([b'\n']));
        }
        whole_file::write(&journal, &text)?;
        self.settle(pass)
    }

    fn journal(&self, pass: PassId) -> PathBuf {
        pass_file(&directory(&self.output, self.name.as_str()), pass)
    }

    /// Lays what the file of a pass holds in the sides' places.
    fn settle(&mut self, pass: PassId) -> Result<()> {
        let journal = self.journal(pass);
        let text = fs::read(&journal).map_err(failed(&journal))?;
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let lines: Vec<JournalLine> = lines
            .map(serde_json::from_slice)
            .collect::<std::result::Result<_, _>>()
            .map_err(|error| failed(&journal)(error.into()))?;
        for side in 0..self.sides.len() {
            let records: Vec<Record> =
                lines.iter().filter(|line| line.side == side).map(|line| line.record.clone()).collect();
            if !records.is_empty() {
                self.side(side, &records)?.keep_records(pass, &records)?;
            }
        }
        fs::remove_file(&journal).map_err(failed(&journal))
    }

    fn settle_all(&mut self) -> Result<()> {
        let left = passes(&directory(&self.output, self.name.as_str()))?;
        left.into_iter().try_for_each(|pass| self.settle(pass))
    }

    /// The recording of a side, begun with its first records.
    fn side(&mut self, side: usize, records: &[Record]) -> Result<&Recording> {
        let baselines = self.group.baselines(&self.name)?;
        let place = &mut self.sides[side];
        let recording = match place.take() {
            Some(recording) => recording,
            None => {
                let release = records.first().and_then(|record| record.environment.text("kernel_release"));
                let manifest = Manifest {
                    kernel_release: release.map(str::to_string),
                    group: Some(Membership {
                        id: self.group.manifest.seed,
                        group: self.name.to_string(),
                        side: self.group.sides[side].name.clone(),
                        place: side,
                        in_turn: self.group.is_in_turn(),
                    }),
                    ..self.group.manifest.clone()
                };
                let rounds = manifest.rounds;
                Recording::member(&self.output, baselines[side].as_str(), manifest, rounds)?
            }
        };
        Ok(place.insert(recording))
    }
}
