//! A baseline as it is compared: its processes and what each measured. It owns
//! what belongs to one: the passes of a recording, and a run of `cargo bench`
//! that Criterion keeps under the same name.

use std::borrow::Cow;
use std::path::Path;

use super::BaselineSummary;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::metric::median;
use crate::results::record::Record;
use crate::results::recording::{self, Manifest};
use crate::results::{criterion_files, listing};

/// Everything that is kept under one name.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Its name.
    pub name: String,
    /// What its passes were begun with, if it is a recording.
    pub manifest: Option<Manifest>,
    /// Its processes.
    pub processes: Vec<Process>,
    /// What to know of how it was read.
    pub notes: Vec<String>,
}

/// What one process measured: of a recording the three targets' passes of one
/// round.
#[derive(Clone, Debug)]
pub struct Process {
    /// The round of the recording, from 1; 0 for the run that Criterion keeps.
    pub number: usize,
    /// Its cells.
    pub records: Vec<Record>,
}

/// From here on the ratios of a pass were seen to move: docs/METHOD.md, "The split
/// of a recording".
const DISTURBING_STEAL_PERCENT: f64 = 1.0;

/// With fewer processes than these the disturbed ones stay: trimming needs ten.
const FEWEST_CALM: usize = 10;

impl Process {
    /// What was stolen of it, if that is disturbing: the median of its records,
    /// each of which knows the share since the process began.
    fn disturbing_steal_percent(&self) -> Option<f64> {
        let shares: Vec<f64> =
            self.records.iter().filter_map(|record| record.steal_percent.number()).collect();
        median(&shares).filter(|share| *share > DISTURBING_STEAL_PERCENT)
    }
}

impl Baseline {
    /// Reads a baseline. An error if nothing is kept under `name`, with the
    /// names that something is kept under.
    pub fn load(output: &Path, name: &str) -> Result<Baseline> {
        let directory = recording::directory(output, name);
        let manifest = Manifest::read(&directory)?;
        let mut processes: Vec<Process> = Vec::new();
        let mut unreadable = Vec::new();
        let mut readable = |found: Result<Vec<Result<Record>>>| -> Vec<Record> {
            let (records, errors): (Vec<_>, Vec<_>) =
                found.unwrap_or_else(|error| vec![Err(error)]).into_iter().partition(Result::is_ok);
            unreadable.extend(errors.into_iter().filter_map(Result::err));
            records.into_iter().flatten().collect()
        };
        for pass in recording::passes(&directory)? {
            let records = readable(recording::read_pass(&recording::pass_file(&directory, pass)));
            match processes.last_mut() {
                _ if records.is_empty() => {}
                Some(process) if process.number == pass.round => process.records.extend(records),
                _ => processes.push(Process { number: pass.round, records }),
            }
        }
        let criterions = readable(criterion_files::records(output, name));
        let notes = Vec::from_iter(left_out(name, &unreadable));
        let mut baseline = Baseline { name: name.to_string(), manifest, processes, notes };
        baseline.add_criterions(criterions);
        match baseline.notes.pop_if(|_| baseline.processes.is_empty()) {
            Some(what) => Err(Error::Recording { name: name.to_string(), what }),
            None if baseline.processes.is_empty() => Err(listing::unknown_baseline(output, name)),
            None => Ok(baseline),
        }
    }

    /// A baseline of records that are at hand, a process each.
    pub fn of_processes(name: &str, processes: Vec<Vec<Record>>) -> Baseline {
        let numbered = processes.into_iter().enumerate();
        let processes = numbered.map(|(index, records)| Process { number: index + 1, records }).collect();
        Baseline { name: name.to_string(), manifest: None, processes, notes: Vec::new() }
    }

    /// The conditions of its first record.
    pub fn environment(&self) -> Option<&Environment> {
        self.first().map(|record| &record.environment)
    }

    /// By what its processors are known for emulated ones, if any process's were.
    pub fn emulated(&self) -> Option<String> {
        let mut firsts = self.processes.iter().filter_map(|process| process.records.first());
        firsts.find_map(|record| record.environment.emulated())
    }

    pub(crate) fn first(&self) -> Option<&Record> {
        self.processes.iter().flat_map(|process| &process.records).next()
    }

    /// How many processes of `other` are processes of this one: of a copy that
    /// was imported, or of Criterion's last run, which a recording may hold as well.
    pub(super) fn processes_of(&self, other: &Baseline) -> usize {
        let is_here = |process: &&Process| self.processes.iter().any(|own| own.records == process.records);
        other.processes.iter().filter(is_here).count()
    }

    pub(crate) fn summary(&self) -> BaselineSummary {
        let release = self.environment().and_then(|environment| environment.text("kernel_release"));
        BaselineSummary {
            name: self.name.clone(),
            kernel_release: release.map(str::to_string),
            processes: self.processes.len(),
            emulated: self.emulated(),
            notes: self.notes.clone(),
        }
    }

    /// Without the processes that a hypervisor disturbed, if enough are left, and
    /// with a note of them.
    pub(crate) fn calm(&self) -> Cow<'_, Baseline> {
        let (disturbed, calm): (Vec<&Process>, Vec<&Process>) =
            self.processes.iter().partition(|process| process.disturbing_steal_percent().is_some());
        let stolen = disturbed.iter().filter_map(|process| process.disturbing_steal_percent());
        let Some(worst) = stolen.max_by(f64::total_cmp) else { return Cow::Borrowed(self) };
        let leave_out = calm.len() >= FEWEST_CALM;
        let note = format!(
            "in {} of {} processes of `{}` a hypervisor gave more than {DISTURBING_STEAL_PERCENT} % of the CPU time to \
             others, {worst:.1} % at worst; that moves ratios as well, {}",
            disturbed.len(),
            self.processes.len(),
            self.name,
            if leave_out {
                "and they are left out"
            } else {
                "but too few others are left to do without them"
            }
        );
        let kept = if leave_out { calm.into_iter().cloned().collect() } else { self.processes.clone() };
        Cow::Owned(Baseline {
            name: self.name.clone(),
            manifest: self.manifest.clone(),
            processes: kept,
            notes: self.notes.iter().cloned().chain([note]).collect(),
        })
    }

    /// Adds what Criterion keeps under the name, unless it is a pass that is
    /// there already: Criterion has the last one's files.
    fn add_criterions(&mut self, records: Vec<Record>) {
        let is_there = |record: &Record| {
            let kept = self.processes.iter().flat_map(|process| &process.records);
            kept.into_iter().any(|kept| {
                kept.cell == record.cell && kept.seed == record.seed && kept.blocks == record.blocks
            })
        };
        let alone: Vec<Record> = records.into_iter().filter(|record| !is_there(record)).collect();
        let Some(first) = alone.first() else { return };
        let of_another_kind = |manifest: &Manifest| manifest.profile != first.profile;
        if let Some(manifest) = self.manifest.as_ref().filter(|_| !self.processes.is_empty())
            && of_another_kind(manifest)
        {
            self.notes.push(format!(
                "`{}` is also a run of `cargo bench` with the profile {}; it is left out, as the \
                 recording's passes were made with {}",
                self.name, first.profile.name, manifest.profile.name
            ));
            return;
        }
        self.processes.push(Process { number: 0, records: alone });
    }
}

/// What to say of records that cannot be read: the others stand.
fn left_out(name: &str, unreadable: &[Error]) -> Option<String> {
    let (first, count) = (unreadable.first()?, unreadable.len());
    let (records, the_first) = if count == 1 { ("record", "") } else { ("records", "; the first") };
    Some(format!("{count} {records} of `{name}` cannot be read and are left out{the_first}: {first}"))
}
