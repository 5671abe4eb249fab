//! A baseline as one file that travels: Criterion's data of it, the records of
//! its cells and, if it is a recording, its passes. This file owns the two
//! directions, out and in, and their order: everything is checked before
//! anything is written. Where files lie, Criterion's layout included, is not
//! known here.

mod content;
mod entry;
mod limits;
mod manifest;
mod place;
mod read;
mod write;

use std::path::Path;

pub use entry::EntryPath;
pub use limits::{
    LARGEST_CELL_FILE_BYTES, LARGEST_MANIFEST_BYTES, LARGEST_PASS_FILE_BYTES, LARGEST_TOTAL_BYTES, MOST_FILES,
};
pub use manifest::{ArchiveManifest, FORMAT_VERSION, ListedFile, MANIFEST_FILE};

use super::name::BaselineName;
use super::recording::{self, Imported, Manifest};
use super::{criterion_files, listing};
use crate::error::{Error, Result, failed};
use content::Content;
use place::Place;

/// What an archive holds, or was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What the baseline was called where it was exported.
    pub exported_as: BaselineName,
    /// When it was exported, in UTC.
    pub made_utc: String,
    /// Cells that Criterion has data of.
    pub cells: usize,
    /// Passes, if it is a recording.
    pub passes: usize,
    /// How many passes the recording was to have.
    pub planned_passes: usize,
    /// The kernel of the first record.
    pub kernel_release: Option<String>,
    /// Files in it, the manifest not counted.
    pub files: usize,
    /// Their bytes.
    pub content_bytes: u64,
    /// The archive's bytes.
    pub archive_bytes: u64,
}

impl Summary {
    fn new(manifest: &ArchiveManifest, content: &Content, archive: &Path) -> Result<Summary> {
        let metadata = std::fs::metadata(archive).map_err(failed(archive))?;
        Ok(Summary {
            exported_as: manifest.baseline.clone(),
            made_utc: manifest.made_utc.clone(),
            cells: content.cells.len(),
            passes: content.passes.len(),
            planned_passes: content.recording.as_ref().map_or(0, Manifest::planned_passes),
            kernel_release: content.kernel_release.clone(),
            files: manifest.files.len(),
            content_bytes: manifest.files.iter().map(|file| file.bytes).sum(),
            archive_bytes: metadata.len(),
        })
    }
}

/// Writes everything that is kept under `name` into a new file. What `made_utc`
/// says goes into the manifest; the same baseline and date give the same bytes.
pub fn export(output: &Path, name: &BaselineName, archive: &Path, made_utc: &str) -> Result<Summary> {
    let refuse = |what: String| Error::Archive { archive: archive.to_path_buf(), what };
    if archive.symlink_metadata().is_ok() {
        return Err(refuse("there is such a file already; give another".to_string()));
    }
    let _held = recording::hold(output, name.as_str())?;
    let sources = write::sources(output, name)?;
    if sources.is_empty() {
        return Err(
            match criterion_files::baseline_names(output)?.iter().any(|known| known == name.as_str()) {
                true => refuse(format!("no pass of `{name}` is done yet: there is nothing to export")),
                false => listing::unknown_baseline(output, name.as_str()),
            },
        );
    }
    let mut content = Content::default();
    let manifest = write::survey(name, &sources, made_utc, &mut content)?;
    content.finish().map_err(|what| refuse(format!("`{name}` cannot be exported: {what}")))?;
    write::write(archive, &manifest, &sources)?;
    Summary::new(&manifest, &content, archive)
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
    let mut content = Content::default();
    let manifest = read::read(archive, &mut |path, text| content.take(path, text))?;
    content.finish().map_err(refuse)?;
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
    if content.recording.is_some() {
        place.stage_imported(&imported(archive, &manifest, imported_utc))?;
    }
    place.finish()?;
    Summary::new(&manifest, &content, archive)
}

fn imported(archive: &Path, manifest: &ArchiveManifest, imported_utc: &str) -> Imported {
    Imported {
        archive: archive.file_name().unwrap_or(archive.as_os_str()).to_string_lossy().into_owned(),
        baseline: manifest.baseline.to_string(),
        exported_utc: manifest.made_utc.clone(),
        exported_by_copycost_version: manifest.copycost_version.clone(),
        imported_utc: imported_utc.to_string(),
        copycost_version: env!("CARGO_PKG_VERSION").to_string(),
    }
}
