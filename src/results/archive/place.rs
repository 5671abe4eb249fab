//! Where an archive's files go: first into a directory beside, on the same file
//! system, then by renames into their places. It owns that a baseline comes
//! whole or not at all, and that nothing which was there before is touched.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::entry::EntryPath;
use super::failed;
use crate::cell::Cell;
use crate::error::{Error, Result, if_there};
use crate::results::criterion_files;
use crate::results::name::BaselineName;
use crate::results::recording::{self, Imported};
use crate::results::whole_file;

/// Beside the recordings; no baseline's name begins with a dot.
const STAGING: &str = ".import";

/// In the staging directory, what becomes the recording's.
const RECORDING: &str = "recording";

/// Whether a baseline of this name and these files has its place free.
pub(super) fn check_free(
    output: &Path,
    name: &BaselineName,
    paths: &[EntryPath],
) -> std::result::Result<(), String> {
    if crate::environment::kernel_release().is_some_and(|release| release == name.as_str()) {
        return Err(format!(
            "`{name}` is the release of this kernel, under which `cargo bench` and `copycost record` \
             keep what they measure here"
        ));
    }
    let known = criterion_files::baseline_names(output).map_err(|error| error.to_string())?;
    if known.iter().any(|known| known == name.as_str()) {
        let killed = match is_taken(&recording::directory(output, STAGING)) {
            Ok(true) => ", perhaps half of one, as an import was broken off",
            _ => "",
        };
        return Err(format!("there is a baseline `{name}` already{killed}"));
    }
    let cells = paths.iter().filter_map(|path| match path {
        EntryPath::Cell { cell, .. } => {
            Some(criterion_files::cell_directory(output, cell).join(name.as_str()))
        }
        EntryPath::Recording | EntryPath::Pass(_) => None,
    });
    for place in cells.chain([recording::directory(output, name.as_str())]) {
        if is_taken(&place).map_err(|error| error.to_string())? {
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
    /// Where each directory of the staging belongs.
    targets: BTreeMap<PathBuf, PathBuf>,
    staged_cells: BTreeMap<Cell, PathBuf>,
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
            targets: BTreeMap::new(),
            staged_cells: BTreeMap::new(),
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
        let (directory, file) = match path {
            EntryPath::Recording => (self.recording()?, "recording.json".to_string()),
            EntryPath::Pass(pass) => (self.recording()?, pass.file_name()),
            EntryPath::Cell { cell, file } => (self.cell(cell)?, file.to_string()),
        };
        let file = directory.join(file);
        whole_file::write(&file, text)
    }

    /// Says in the recording that it came from elsewhere.
    pub(super) fn stage_imported(&mut self, imported: &Imported) -> Result<()> {
        imported.write(&self.recording()?)
    }

    /// Moves everything into its place.
    pub(super) fn finish(mut self) -> Result<()> {
        let mut targets: Vec<_> = std::mem::take(&mut self.targets).into_iter().collect();
        // The passes first: they are all that `compare` needs of a recording, and
        // say that it was imported, should this process be killed half-way.
        targets.sort_by_key(|(staged, _)| !staged.ends_with(RECORDING));
        for (staged, target) in targets {
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

    fn recording(&mut self) -> Result<PathBuf> {
        let target = recording::directory(self.output, self.name.as_str());
        self.staged(RECORDING.to_string(), target)
    }

    fn cell(&mut self, cell: &Cell) -> Result<PathBuf> {
        if let Some(staged) = self.staged_cells.get(cell) {
            return Ok(staged.clone());
        }
        let target = criterion_files::cell_directory(self.output, cell).join(self.name.as_str());
        let staged = self.staged(format!("cell-{}", self.staged_cells.len()), target)?;
        self.staged_cells.insert(cell.clone(), staged.clone());
        Ok(staged)
    }

    fn staged(&mut self, directory: String, target: PathBuf) -> Result<PathBuf> {
        let staged = self.staging.join(directory);
        if self.targets.insert(staged.clone(), target).is_none() {
            fs::create_dir(&staged).map_err(failed(&staged))?;
        }
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
