//! The way out: which files a baseline has here, their list, and the archive
//! written from them. Nothing of the machine gets into it beside the files: no
//! owner, no time, no path.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::entry::{BaselineFile, EntryPath};
use super::manifest::{ArchiveManifest, FORMAT_VERSION, ListedFile, MANIFEST_FILE};
use super::members::Members;
use super::{failed, limits};
use crate::error::{Error, Result};
use crate::results::criterion_files::{self, BASELINE_FILES, RECORD_FILE};
use crate::results::group;
use crate::results::name::BaselineName;
use crate::results::recording::{self, Manifest};
use crate::results::whole_file;

/// Beyond it a recording shrinks by a few percent more, in several times the time.
const COMPRESSION: Compression = Compression::new(6);

/// A file that goes into the archive, and where it lies.
pub(super) struct Source {
    path: EntryPath,
    file: PathBuf,
}

/// Every file of a baseline, or of a group and those of its sides that have any pass, in
/// the order in which they are archived. Logs, and what was broken off, stay: they are of
/// one machine.
pub(super) fn sources(output: &Path, name: &BaselineName, sides: &[BaselineName]) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    match sides.is_empty() {
        true => add_sources(output, name, None, &mut sources)?,
        false => sources.push(Source {
            path: EntryPath::Group,
            file: recording::directory(output, name.as_str()).join(group::FILE),
        }),
    }
    for side in sides {
        add_sources(output, &name.with_suffix(side.as_str())?, Some(side), &mut sources)?;
    }
    sources.sort_by_key(|source| source.path.to_string());
    Ok(sources)
}

fn add_sources(
    output: &Path,
    name: &BaselineName,
    side: Option<&BaselineName>,
    sources: &mut Vec<Source>,
) -> Result<()> {
    let path = |file: BaselineFile| EntryPath::Of { side: side.cloned(), file };
    for directory in criterion_files::baseline_directories(output, name.as_str())? {
        let record = criterion_files::read_record(&directory.join(RECORD_FILE))?;
        let expected = criterion_files::cell_directory(output, &record.cell).join(name.as_str());
        if expected != directory {
            let what = format!("the record is of {}, which belongs into {}", record.cell, expected.display());
            return Err(failed(&directory.join(RECORD_FILE))(std::io::Error::other(what)));
        }
        for file in BASELINE_FILES {
            let path = path(BaselineFile::Cell { cell: record.cell.clone(), file });
            // One that is missing is said with the name of its cell, by `Content`.
            let file = directory.join(file);
            if file.is_file() {
                sources.push(Source { path, file });
            }
        }
    }
    let directory = recording::directory(output, name.as_str());
    let passes = recording::passes(&directory)?;
    if !passes.is_empty() && Manifest::read(&directory)?.is_some() {
        sources.push(Source { path: path(BaselineFile::Recording), file: directory.join("recording.json") });
        sources.extend(passes.into_iter().map(|pass| Source {
            path: path(BaselineFile::Pass(pass)),
            file: recording::pass_file(&directory, pass),
        }));
    }
    Ok(())
}

/// Reads every file once, to list and to check it.
pub(super) fn survey(
    name: &BaselineName,
    sides: Vec<BaselineName>,
    sources: &[Source],
    made_utc: &str,
    members: &mut Members,
) -> Result<ArchiveManifest> {
    let mut files = Vec::new();
    for source in sources {
        let refused = |what: String| failed(&source.file)(std::io::Error::other(what));
        let bytes = fs::metadata(&source.file).map_err(failed(&source.file))?.len();
        limits::check("it has", bytes, source.path.largest_bytes(), "bytes").map_err(refused)?;
        let text = fs::read(&source.file).map_err(failed(&source.file))?;
        members.take(&source.path, &text).map_err(refused)?;
        files.push(ListedFile::new(&source.path, &text));
    }
    let manifest = ArchiveManifest {
        format_version: FORMAT_VERSION,
        baseline: name.clone(),
        sides,
        copycost_version: env!("CARGO_PKG_VERSION").to_string(),
        made_utc: made_utc.to_string(),
        files,
    };
    let what = |what| Error::Recording { name: name.to_string(), what };
    manifest.check_files().map_err(what)?;
    Ok(manifest)
}

/// Writes the archive. It is made in memory, so that one that is broken off
/// while it is compressed, which takes a while, leaves nothing.
pub(super) fn write(archive: &Path, manifest: &ArchiveManifest, sources: &[Source]) -> Result<()> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), COMPRESSION));
    let mut text = serde_json::to_vec_pretty(manifest).map_err(|error| failed(archive)(error.into()))?;
    text.push(b'\n');
    limits::check(MANIFEST_FILE, text.len() as u64, limits::LARGEST_MANIFEST_BYTES, "bytes")
        .map_err(|what| failed(archive)(std::io::Error::other(what)))?;
    append(&mut builder, MANIFEST_FILE, &text).map_err(failed(archive))?;
    for (source, listed) in sources.iter().zip(&manifest.files) {
        let text = fs::read(&source.file).map_err(failed(&source.file))?;
        if ListedFile::new(&source.path, &text) != *listed {
            return Err(failed(&source.file)(std::io::Error::other("it was changed while it was exported")));
        }
        append(&mut builder, &listed.path, &text).map_err(failed(archive))?;
    }
    let bytes = builder.into_inner().and_then(GzEncoder::finish).map_err(failed(archive))?;
    whole_file::write(archive, &bytes)
}

fn append(builder: &mut Builder<impl Write>, path: &str, text: &[u8]) -> std::io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_path(path)?;
    header.set_entry_type(EntryType::Regular);
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    builder.append(&header, text)
}
