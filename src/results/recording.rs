//! A recording on disk: a baseline of several processes, kept pass by pass in
//! `<output>/copycost/NAME/`. It owns which passes are done, which are due and
//! what becomes of one that was broken off; running a pass is the program's
//! work, and where Criterion's files lie `criterion_files`'s.

mod discard;
mod imported;
mod lock;
mod manifest;
mod member;
mod state;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use discard::{Discarded, discard};
pub use imported::Imported;
pub use lock::hold;
pub use manifest::{Manifest, Membership, Pair, Side};
pub use state::State;

use self::lock::lock;
use super::name::BaselineName;
use super::record::Record;
use super::{criterion_files, whole_file};
use crate::cell::{Cell, Target};
use crate::error::{Error, Result, failed, if_there};

/// One fresh process that measures the matrix of one bench target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PassId {
    /// Counted from 1.
    pub round: usize,
    /// The bench target.
    pub target: Target,
}

impl PassId {
    /// `pass-003-throughput.jsonl`: its records, one a line.
    pub fn file_name(self) -> String {
        format!("{}.jsonl", self.stem())
    }

    /// The pass whose file has this name, as `file_name` gives it.
    pub fn from_file_name(name: &str) -> Option<PassId> {
        let pass = PassId::from_stem(name.strip_suffix(".jsonl")?)?;
        (pass.round > 0 && pass.file_name() == name).then_some(pass)
    }

    /// `pass-003-throughput`.
    fn stem(self) -> String {
        format!("pass-{:03}-{}", self.round, self.target.name())
    }

    fn from_stem(stem: &str) -> Option<PassId> {
        let (round, target) = stem.strip_prefix("pass-")?.split_once('-')?;
        Some(PassId { round: round.parse().ok()?, target: target.parse().ok()? })
    }
}

/// A recording that passes are added to. While it is open no other process can
/// open it.
#[derive(Debug)]
pub struct Recording {
    output: PathBuf,
    name: String,
    directory: PathBuf,
    manifest: Manifest,
    _lock: File,
}

/// Where the recording called `name` lies.
pub fn directory(output: &Path, name: &str) -> PathBuf {
    output.join(criterion_files::RECORDINGS).join(name)
}

/// Tries whether a recording of these cells can be kept under `name`.
pub fn try_writing(output: &Path, name: &BaselineName, cells: &[Cell]) -> Result<()> {
    criterion_files::try_writing(output, cells, &[directory(output, name.as_str())])
}

/// A pass that is measured without the other sides shares no blocks with theirs.
fn refuse_member(kept: &Manifest) -> std::result::Result<(), String> {
    match &kept.group {
        None => Ok(()),
        Some(Membership { group, side, .. }) => Err(format!(
            "it is side {side} of the group `{group}`, and has no passes without the others: give the group's \
             name, or another"
        )),
    }
}

impl Recording {
    /// Begins a recording, or adds the rounds that are asked for to a finished
    /// one of the same kind.
    pub fn begin(output: &Path, name: &BaselineName, asked: Manifest) -> Result<Recording> {
        let name = name.as_str();
        Imported::refuse(output, name)?;
        let lock = lock(output, name)?;
        let manifest = match Manifest::read(&directory(output, name))? {
            None => asked,
            Some(kept) => {
                let refuse = |what| Error::Recording { name: name.to_string(), what };
                refuse_member(&kept).map_err(refuse)?;
                kept.agrees_with(&asked).map_err(refuse)?;
                let recording = Recording::with(output, name, kept.clone(), lock.try_clone());
                let (left, planned) = (recording?.due()?.len(), kept.planned_passes());
                if left > 0 {
                    return Err(refuse(format!(
                        "{left} of its {planned} passes are still to be measured: --resume takes it up, \
                         another --name begins another"
                    )));
                }
                Manifest { rounds: kept.rounds + asked.rounds, ..kept }
            }
        };
        let recording = Recording::with(output, name, manifest, Ok(lock))?;
        recording.settle_all()?;
        recording.manifest.write(&recording.directory)?;
        Ok(recording)
    }

    /// Takes up a recording where it was left: with what it was begun with.
    pub fn resume(output: &Path, name: &str) -> Result<Recording> {
        let refuse = |what: &str| Error::Recording { name: name.to_string(), what: what.to_string() };
        if !directory(output, name).is_dir() {
            return Err(refuse("there is nothing to resume; without --resume it would be begun"));
        }
        Imported::refuse(output, name)?;
        let lock = lock(output, name)?;
        let manifest = Manifest::read(&directory(output, name))?;
        let manifest = manifest.ok_or_else(|| refuse("it was broken off before it began; begin it anew"))?;
        refuse_member(&manifest).map_err(|what| refuse(&what))?;
        let recording = Recording::with(output, name, manifest, Ok(lock))?;
        recording.settle_all()?;
        Ok(recording)
    }

    fn with(output: &Path, name: &str, manifest: Manifest, lock: std::io::Result<File>) -> Result<Recording> {
        let directory = directory(output, name);
        let lock = lock.map_err(|source| Error::File { path: directory.clone(), source })?;
        let (output, name) = (output.to_path_buf(), name.to_string());
        Ok(Recording { output, name, directory, manifest, _lock: lock })
    }

    /// What it was begun with.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The baseline's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The passes that are still to be measured, in order.
    pub fn due(&self) -> Result<Vec<PassId>> {
        let done = passes(&self.directory)?;
        let planned = (1..=self.manifest.rounds).flat_map(|round| {
            self.manifest.targets.iter().map(move |target| PassId { round, target: *target })
        });
        Ok(planned.filter(|pass| !done.contains(pass)).collect())
    }

    /// Marks passes as not measured in turn with those of the other side of a pair.
    /// A recording that was begun without such marks gets none: they would say that
    /// its other passes were.
    pub fn tear(&mut self, passes: &[PassId]) -> Result<()> {
        let Some(torn) = self.manifest.pair.as_mut().and_then(|pair| pair.torn.as_mut()) else {
            return Ok(());
        };
        let before = torn.len();
        torn.extend(passes);
        if torn.len() > before { self.manifest.write(&self.directory) } else { Ok(()) }
    }

    /// What the order of the pass's cells is drawn from: its own, and the same
    /// whenever it is asked for.
    pub fn seed(&self, pass: PassId) -> u64 {
        let place = pass.round as u64 * 8 + pass.target as u64;
        fastrand::Rng::with_seed(self.manifest.seed ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15)).u64(..)
    }

    /// An empty output directory for Criterion in the pass's process. What an
    /// earlier try left there is set aside, not counted and not deleted: a pass
    /// is one process.
    pub fn stage(&self, pass: PassId) -> Result<PathBuf> {
        let staging = self.staging(pass);
        if staging.exists() {
            let records = criterion_files::records(&staging, &self.name)?.into_iter();
            let records: Vec<Record> = records.filter_map(Result::ok).collect();
            if !records.is_empty() {
                let aside = (1..).map(|n| self.directory.join(format!("{}.broken-{n}.jsonl", pass.stem())));
                let free = aside.into_iter().find(|path| !path.exists());
                write_records(&free.unwrap_or_else(|| staging.join("broken.jsonl")), &records)?;
            }
            fs::remove_dir_all(&staging).map_err(failed(&staging))?;
        }
        fs::create_dir_all(&staging).map_err(failed(&staging))?;
        Ok(staging)
    }

    /// Where the pass's process writes what it prints.
    pub fn log(&self, pass: PassId) -> PathBuf {
        self.directory.join(format!("{}.log", pass.stem()))
    }

    /// Keeps a pass that has ended. It counts from the moment that its records
    /// have their place; Criterion's files, which are those of the last pass that
    /// counts, follow. Returns how many cells it has.
    pub fn keep(&self, pass: PassId) -> Result<usize> {
        let records = criterion_files::records(&self.staging(pass), &self.name)?;
        let records: Vec<Record> = records.into_iter().collect::<Result<_>>()?;
        if records.is_empty() {
            let what = format!("{} measured no cell; see {}", pass.stem(), self.log(pass).display());
            return Err(Error::Recording { name: self.name.clone(), what });
        }
        write_records(&pass_file(&self.directory, pass), &records)?;
        self.settle(pass)?;
        Ok(records.len())
    }

    /// Lays Criterion's files of a pass that counts in their places, and clears
    /// away where it was measured.
    fn settle(&self, pass: PassId) -> Result<()> {
        let staging = self.staging(pass);
        criterion_files::copy_baseline(&staging, &self.output, &self.name)?;
        fs::remove_dir_all(&staging).map_err(failed(&staging))
    }

    /// Ends what a process that was killed while it kept a pass has left.
    fn settle_all(&self) -> Result<()> {
        whole_file::remove_partials(&self.directory)?;
        let done = passes(&self.directory)?.into_iter();
        done.filter(|pass| self.staging(*pass).is_dir()).try_for_each(|pass| self.settle(pass))
    }

    fn staging(&self, pass: PassId) -> PathBuf {
        self.directory.join(format!("{}.partial", pass.stem()))
    }
}

/// The passes that are done, sorted.
pub fn passes(directory: &Path) -> Result<Vec<PassId>> {
    let mut found = Vec::new();
    for entry in if_there(directory, fs::read_dir(directory))?.into_iter().flatten() {
        let name = entry.map_err(failed(directory))?.file_name();
        found.extend(name.to_str().and_then(PassId::from_file_name));
    }
    found.sort_unstable();
    Ok(found)
}

/// The file of a pass that is done: a cell record a line.
pub fn pass_file(directory: &Path, pass: PassId) -> PathBuf {
    directory.join(pass.file_name())
}

/// The records of a pass, one a line; of a line that cannot be read why not.
pub fn read_pass(path: &Path) -> Result<Vec<Result<Record>>> {
    let text = fs::read(path).map_err(failed(path))?;
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let record = |line: &[u8]| serde_json::from_slice(line).map_err(|error| failed(path)(error.into()));
    Ok(lines.map(record).collect())
}

/// Writes a record a line.
fn write_records(path: &Path, records: &[Record]) -> Result<()> {
    let lines = records.iter().map(|record| record.line());
    let lines: Vec<Vec<u8>> = lines
        .collect::<std::result::Result<_, _>>()
        .map_err(|what| failed(path)(std::io::Error::other(what)))?;
    whole_file::write(path, &lines.concat())
}
