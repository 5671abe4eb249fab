//! A baseline, or a group with its sides, as one file that travels: Criterion's data,
//! the records of cells and, of a recording, its passes. This file owns the two
//! directions, out and in, and their order: everything is checked before
//! anything is written. Where files lie, Criterion's layout included, is not
//! known here.

mod content;
mod entry;
mod limits;
mod manifest;
mod members;
mod place;
mod read;
mod write;

use std::path::Path;

pub use entry::{BaselineFile, EntryPath};
pub use limits::{
    LARGEST_CELL_FILE_BYTES, LARGEST_MANIFEST_BYTES, LARGEST_PASS_FILE_BYTES, LARGEST_TOTAL_BYTES, MOST_FILES,
};
pub use manifest::{ArchiveManifest, FORMAT_VERSION, ListedFile, MANIFEST_FILE};

use super::group::Group;
use super::name::BaselineName;
use super::recording::{self, Imported};
use super::{criterion_files, listing};
use crate::error::{Error, Result, failed};
use members::Members;
use place::Place;

/// What an archive holds, or was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What the baseline or the group was called where it was exported.
    pub exported_as: BaselineName,
    /// When it was exported, in UTC.
    pub made_utc: String,
    /// The sides of a group, which are in it; none of a baseline.
    pub sides: Vec<BaselineName>,
    /// Cells that Criterion has data of.
    pub cells: usize,
    /// Passes, if it is a recording; of a group those that any side has.
    pub passes: usize,
    /// How many passes the recording was to have.
    pub planned_passes: usize,
    /// The kernel of the first record of each side, each once.
    pub kernel_releases: Vec<String>,
    /// Files in it, the manifest not counted.
    pub files: usize,
    /// Their bytes.
    pub content_bytes: u64,
    /// The archive's bytes.
    pub archive_bytes: u64,
}

impl Summary {
    fn new(manifest: &ArchiveManifest, members: &Members, archive: &Path) -> Result<Summary> {
        let metadata = std::fs::metadata(archive).map_err(failed(archive))?;
        Ok(Summary {
            exported_as: manifest.baseline.clone(),
            made_utc: manifest.made_utc.clone(),
            sides: manifest.sides.clone(),
            cells: members.of.values().map(|content| content.cells.len()).sum(),
            passes: members.passes(),
            planned_passes: members.planned_passes(),
            kernel_releases: members.kernel_releases(),
            files: manifest.files.len(),
            content_bytes: manifest.files.iter().map(|file| file.bytes).sum(),
            archive_bytes: metadata.len(),
        })
    }
}

/// Writes everything that is kept under `name`, of a group at all its sides, into a new
/// file. What `made_utc`
/// says goes into the manifest; the same baseline and date give the same bytes.
pub fn export(output: &Path, name: &BaselineName, archive: &Path, made_utc: &str) -> Result<Summary> {
    let refuse = |what: String| Error::Archive { archive: archive.to_path_buf(), what };
    if archive.symlink_metadata().is_ok() {
        return Err(refuse("there is such a file already; give another".to_string()));
    }
    let mut held = vec![recording::hold(output, name.as_str())?];
    let mut sides = Vec::new();
    if let Some(group) = Group::read(output, name.as_str())? {
        if !recording::passes(&recording::directory(output, name.as_str()))?.is_empty() {
            return Err(refuse(format!(
                "a pass of `{name}` is still to be handed over to its sides, which `copycost record --resume \
                 --name {name}` does"
            )));
        }
        sides = group.sides_with_passes(output, name)?;
        for side in &sides {
            held.push(recording::hold(output, name.with_suffix(side.as_str())?.as_str())?);
        }
        if sides.is_empty() {
            return Err(refuse(format!(
                "no pass of any side of `{name}` is done yet: there is nothing to export"
            )));
        }
    }
    let sources = write::sources(output, name, &sides)?;
    if sources.is_empty() {
        return Err(
            match criterion_files::baseline_names(output)?.iter().any(|known| known == name.as_str()) {
                true => refuse(format!("no pass of `{name}` is done yet: there is nothing to export")),
                false => listing::unknown_baseline(output, name.as_str()),
            },
        );
    }
    let mut members = Members::default();
    let manifest = write::survey(name, sides, &sources, made_utc, &mut members)?;
    members.finish(&manifest.sides).map_err(|what| refuse(format!("`{name}` cannot be exported: {what}")))?;
    write::write(archive, &manifest, &sources)?;
    Summary::new(&manifest, &members, archive)
}

/// Takes in an archive, as `as_name` or under the name that it has. Nothing is
/// written unless all of it is as it should be, and then all of it or nothing.
pub fn import(
    output: &Path,
    archive: &Path,
    as_name: Option<&BaselineName>,
    imported_utc: &str,
) -> Result<Summary> {
    let refuse = |what: String| Error::Archive { archive: archive.to_path_buf(), what };
    let mut members = Members::default();
    let manifest = read::read(archive, &mut |path, text| members.take(path, text))?;
    members.finish(&manifest.sides).map_err(refuse)?;
    let name = as_name.unwrap_or(&manifest.baseline);
    let paths: Vec<EntryPath> = manifest
        .files
        .iter()
        .map(|file| file.path.parse())
        .collect::<std::result::Result<_, _>>()
        .map_err(refuse)?;
    place::check_free(output, name, &paths)
        .map_err(|what| refuse(format!("{what}; --as NAME takes it in as another")))?;

    let mut place = Place::open(output, name)?;
    // Read once more, so that no more than a file at a time is in memory.
    let again =
        read::read(archive, &mut |path, text| place.stage(path, text).map_err(|error| error.to_string()))?;
    if again != manifest {
        return Err(refuse("it was changed while it was read".to_string()));
    }
    let of_recordings = members.of.iter().filter(|(_, content)| content.recording.is_some());
    for side in of_recordings.map(|(side, _)| side.as_ref()).chain(members.group.as_ref().map(|_| None)) {
        let of_side =
            |name: &BaselineName| side.map_or(Ok(name.clone()), |side| name.with_suffix(side.as_str()));
        let imported = imported(archive, &manifest, &of_side(&manifest.baseline)?, imported_utc);
        place.stage_imported(&of_side(name)?, &imported)?;
    }
    place.finish()?;
    Summary::new(&manifest, &members, archive)
}

fn imported(
    archive: &Path,
    manifest: &ArchiveManifest,
    baseline: &BaselineName,
    imported_utc: &str,
) -> Imported {
    Imported {
        archive: archive.file_name().unwrap_or(archive.as_os_str()).to_string_lossy().into_owned(),
        baseline: baseline.to_string(),
        exported_utc: manifest.made_utc.clone(),
        exported_by_copycost_version: manifest.copycost_version.clone(),
        imported_utc: imported_utc.to_string(),
        copycost_version: env!("CARGO_PKG_VERSION").to_string(),
    }
}
