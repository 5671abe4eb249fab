//! Where an archive's files go: first into a directory beside, on the same file
//! system, then by renames into their places. It owns that a baseline comes
//! whole or not at all, and that nothing which was there before is touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::entry::{BaselineFile, EntryPath};
use super::failed;
use crate::error::{Error, Result, if_there};
use crate::results::criterion_files;
use crate::results::name::BaselineName;
use crate::results::recording::{self, Imported};
use crate::results::whole_file;

/// Beside the recordings; no baseline's name begins with a dot.
const STAGING: &str = ".import";

/// What a file's baseline is called where the archive is taken in as `name`.
fn baseline_of(name: &BaselineName, path: &EntryPath) -> Result<BaselineName> {
    match path {
        EntryPath::Of { side: Some(side), .. } => name.with_suffix(side.as_str()),
        EntryPath::Group | EntryPath::Of { side: None, .. } => Ok(name.clone()),
    }
}

/// Whether a baseline or group of this name and these files has its place free.
pub(super) fn check_free(
    output: &Path,
    name: &BaselineName,
    paths: &[EntryPath],
) -> std::result::Result<(), String> {
    let told = |error: Error| error.to_string();
    let mut names = BTreeSet::from([name.clone()]);
    for path in paths {
        names.insert(baseline_of(name, path).map_err(told)?);
    }
    let release = crate::environment::kernel_release();
    let known = criterion_files::baseline_names(output).map_err(told)?;
    for name in &names {
        if release.as_ref().is_some_and(|release| release == name.as_str()) {
            return Err(format!(
                "`{name}` is the release of this kernel, under which `cargo bench` and `copycost record` \
                 keep what they measure here"
            ));
        }
        if known.iter().any(|known| known == name.as_str()) {
            let killed = match is_taken(&recording::directory(output, STAGING)) {
                Ok(true) => ", perhaps half of one, as an import was broken off",
                _ => "",
            };
            return Err(format!("there is a baseline `{name}` already{killed}"));
        }
    }
    let mut places: BTreeSet<PathBuf> =
        names.iter().map(|name| recording::directory(output, name.as_str())).collect();
    for path in paths {
        if let EntryPath::Of { file: BaselineFile::Cell { cell, .. }, .. } = path {
            let name = baseline_of(name, path).map_err(told)?;
            places.insert(criterion_files::cell_directory(output, cell).join(name.as_str()));
        }
    }
    for place in places {
        if is_taken(&place).map_err(told)? {
            return Err(format!("there is {} already", place.display()));
        }
    }
    Ok(())
}

fn is_taken(place: &Path) -> Result<bool> {
    Ok(if_there(place, place.symlink_metadata())?.is_some())
}

/// Files on their way to their places. Unless it is finished it takes back
/// everything that it did.
pub(super) struct Place<'a> {
    output: &'a Path,
    name: &'a BaselineName,
    staging: PathBuf,
    /// Where each directory of the staging is to be, and where it is.
    staged: BTreeMap<PathBuf, PathBuf>,
    /// Directories that were made, the outer ones first.
    made: Vec<PathBuf>,
    /// Directories that are in their places.
    moved: Vec<PathBuf>,
    finished: bool,
    /// Until it is held the staging directory is another's.
    lock: Option<File>,
}

impl<'a> Place<'a> {
    /// An empty staging directory. What a killed import left in it is removed.
    pub(super) fn open(output: &'a Path, name: &'a BaselineName) -> Result<Place<'a>> {
        let mut place = Place {
            output,
            name,
            staging: recording::directory(output, STAGING),
            staged: BTreeMap::new(),
            made: Vec::new(),
            moved: Vec::new(),
            finished: false,
            lock: None,
        };
        let parent = place.staging.parent().unwrap_or(output).to_path_buf();
        make_directories(&parent, &mut place.made)?;
        let lock = File::open(&parent).map_err(failed(&parent))?;
        // Not every file system locks directories; two imports at once are then
        // kept apart by the renames alone.
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            let what = "another import is at work here; wait until it has ended".to_string();
            return Err(Error::Recording { name: name.to_string(), what });
        }
        place.lock = Some(lock);
        if is_taken(&place.staging)? {
            fs::remove_dir_all(&place.staging).map_err(failed(&place.staging))?;
        }
        fs::create_dir(&place.staging).map_err(failed(&place.staging))?;
        Ok(place)
    }

    /// Lays one file beside its place.
    pub(super) fn stage(&mut self, path: &EntryPath, text: &[u8]) -> Result<()> {
        let name = baseline_of(self.name, path)?;
        let of_recording = recording::directory(self.output, name.as_str());
        let (target, file) = match path {
            EntryPath::Group => (of_recording, "group.json".to_string()),
            EntryPath::Of { file: BaselineFile::Recording, .. } => {
                (of_recording, "recording.json".to_string())
            }
            EntryPath::Of { file: BaselineFile::Pass(pass), .. } => (of_recording, pass.file_name()),
            EntryPath::Of { file: BaselineFile::Cell { cell, file }, .. } => {
                (criterion_files::cell_directory(self.output, cell).join(name.as_str()), file.to_string())
            }
        };
        let file = self.directory(target)?.join(file);
        whole_file::write(&file, text)
    }

    /// Says in a recording, or in a group's place, that it came from elsewhere.
    pub(super) fn stage_imported(&mut self, name: &BaselineName, imported: &Imported) -> Result<()> {
        let directory = self.directory(recording::directory(self.output, name.as_str()))?;
        imported.write(&directory)
    }

    /// Moves everything into its place.
    pub(super) fn finish(mut self) -> Result<()> {
        let mut staged: Vec<_> = std::mem::take(&mut self.staged).into_iter().collect();
        // The passes first: they are all that `compare` needs of a recording, and
        // say that it was imported, should this process be killed half-way. A group
        // is one when all its sides are there.
        let recordings = self.staging.parent().map(Path::to_path_buf);
        let group = recording::directory(self.output, self.name.as_str());
        let is_a_group = staged.iter().any(|(_, staged)| staged.join("group.json").is_file());
        staged.sort_by_key(|(target, _)| match target.parent() == recordings.as_deref() {
            true if is_a_group && *target == group => 2,
            true => 0,
            false => 1,
        });
        for (target, staged) in staged {
            if let Some(parent) = target.parent() {
                make_directories(parent, &mut self.made)?;
            }
            // A rename would replace an empty directory.
            if is_taken(&target)? {
                let what = format!("{} has come to be there meanwhile", target.display());
                return Err(Error::Recording { name: self.name.to_string(), what });
            }
            fs::rename(&staged, &target).map_err(failed(&target))?;
            self.moved.push(target);
        }
        self.finished = true;
        Ok(())
    }

    /// Where that is made which is to be at `target`.
    fn directory(&mut self, target: PathBuf) -> Result<PathBuf> {
        if let Some(staged) = self.staged.get(&target) {
            return Ok(staged.clone());
        }
        let staged = self.staging.join(self.staged.len().to_string());
        fs::create_dir(&staged).map_err(failed(&staged))?;
        self.staged.insert(target, staged.clone());
        Ok(staged)
    }
}

/// What cannot be taken back is left: the error that led here is the one to say.
impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.lock.is_some() {
            let _ = fs::remove_dir_all(&self.staging);
        }
        if self.finished {
            return;
        }
        for moved in &self.moved {
            let _ = fs::remove_dir_all(moved);
        }
        // Only what is empty goes.
        for made in self.made.iter().rev() {
            let _ = fs::remove_dir(made);
        }
    }
}

/// `create_dir_all` that remembers what it made.
fn make_directories(path: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    let missing: Vec<&Path> = path
        .ancestors()
        .take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists())
        .collect();
    for directory in missing.into_iter().rev() {
        fs::create_dir(directory).map_err(failed(directory))?;
        made.push(directory.to_path_buf());
    }
    Ok(())
}
