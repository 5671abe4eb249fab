//! The way in: an archive's files one by one, each held against the manifest
//! before anyone sees it. It owns what an archive is as a file; what its files
//! say is `content`'s. It writes nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use tar::{Archive, Entry, EntryType};

use super::entry::EntryPath;
use super::failed;
use super::limits::{self, LARGEST_MANIFEST_BYTES, LARGEST_PADDING_BYTES};
use super::manifest::{ArchiveManifest, ListedFile, MANIFEST_FILE, crc32};
use crate::error::{Error, Result};

/// What is done with each file; an error of it ends the reading.
pub(super) type Take<'a> = &'a mut dyn FnMut(&EntryPath, &[u8]) -> std::result::Result<(), String>;

/// Reads an archive to its end and gives each file to `take`.
pub(super) fn read(archive: &Path, take: Take<'_>) -> Result<ArchiveManifest> {
    let file = File::open(archive).map_err(failed(archive))?;
    if !file.metadata().map_err(failed(archive))?.is_file() {
        return Err(Error::Archive { archive: archive.to_path_buf(), what: "it is no regular file".into() });
    }
    read_from(BufReader::new(file), take)
        .map_err(|what| Error::Archive { archive: archive.to_path_buf(), what })
}

type Outcome<T> = std::result::Result<T, String>;

fn read_from(file: impl BufRead, take: Take<'_>) -> Outcome<ArchiveManifest> {
    let mut archive = Archive::new(GzDecoder::new(file));
    let damaged = |error: std::io::Error| format!("{error}: {DAMAGED}");
    // Raw, so that no extension of tar gives an entry another name or size than
    // its header, or is unpacked in memory, unbounded, to find one.
    let mut entries = archive.entries().map_err(damaged)?.raw(true);

    let first = entries.next().ok_or_else(|| format!("it is empty: {DAMAGED}"))?;
    let manifest = read_manifest(first.map_err(|error| format!("{MANIFEST_FILE}: {}", damaged(error)))?)?;
    let mut to_come: BTreeMap<&str, &ListedFile> =
        manifest.files.iter().map(|listed| (listed.path.as_str(), listed)).collect();
    let mut last = MANIFEST_FILE.to_string();
    for entry in entries {
        let entry = entry.map_err(|error| format!("after {last}: {}", damaged(error)))?;
        let path = path_of(&entry)?;
        let in_entry = |what: String| format!("{path}: {what}");
        let listed = to_come.remove(path.as_str()).ok_or_else(|| {
            in_entry(match manifest.files.iter().any(|listed| listed.path == path) {
                true => "it is there twice".to_string(),
                false => format!("it is not in {MANIFEST_FILE}"),
            })
        })?;
        let text = read_listed(entry, listed).map_err(in_entry)?;
        take(&path.parse()?, &text).map_err(in_entry)?;
        last = path;
    }
    if let Some(missing) = to_come.keys().next() {
        return Err(format!("{missing} is in {MANIFEST_FILE} and not in the archive"));
    }
    check_end(archive.into_inner())?;
    Ok(manifest)
}

const DAMAGED: &str = "no archive of `copycost export`, or damaged or cut short";

fn read_manifest(entry: Entry<'_, impl Read>) -> Outcome<ArchiveManifest> {
    let in_manifest = |what: String| format!("{MANIFEST_FILE}: {what}");
    if entry.path_bytes().as_ref() != MANIFEST_FILE.as_bytes() {
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        return Err(format!("its first entry is {path:?} and not {MANIFEST_FILE}: {DAMAGED}"));
    }
    check_kind(&entry).map_err(in_manifest)?;
    limits::check("its size", entry.size(), LARGEST_MANIFEST_BYTES, "bytes").map_err(in_manifest)?;
    let text = read_whole(entry).map_err(in_manifest)?;
    ArchiveManifest::parse(&text).map_err(in_manifest)
}

/// An entry's path, which is one that an archive can hold.
fn path_of(entry: &Entry<'_, impl Read>) -> Outcome<String> {
    let bytes = entry.path_bytes();
    let path = String::from_utf8_lossy(&bytes);
    check_kind(entry).map_err(|what| format!("{path:?}: {what}"))?;
    if path == MANIFEST_FILE {
        return Err(format!("{MANIFEST_FILE} is there twice"));
    }
    // A byte that is no UTF-8 is another character by now, and refused.
    path.parse::<EntryPath>().map(|path| path.to_string())
}

fn check_kind(entry: &Entry<'_, impl Read>) -> Outcome<()> {
    let kind = match entry.header().entry_type() {
        EntryType::Regular => return Ok(()),
        EntryType::Symlink => "a symbolic link".to_string(),
        EntryType::Link => "a hard link".to_string(),
        EntryType::Directory => "a directory".to_string(),
        EntryType::Char | EntryType::Block => "a device".to_string(),
        EntryType::Fifo => "a pipe".to_string(),
        other => format!("an entry of type {:?}", char::from(other.as_byte())),
    };
    Err(format!("it is {kind}; allowed: regular files"))
}

fn read_listed(entry: Entry<'_, impl Read>, listed: &ListedFile) -> Outcome<Vec<u8>> {
    if entry.size() != listed.bytes {
        return Err(format!("it has {} bytes, and {} in {MANIFEST_FILE}", entry.size(), listed.bytes));
    }
    let text = read_whole(entry)?;
    let found = crc32(&text);
    if found != listed.crc32 {
        return Err(format!("its CRC-32 is {found:08x}, and {:08x} in {MANIFEST_FILE}", listed.crc32));
    }
    Ok(text)
}

/// The caller has held the size against a bound; memory is taken only as bytes
/// come.
fn read_whole(mut entry: Entry<'_, impl Read>) -> Outcome<Vec<u8>> {
    let size = entry.size();
    let mut text = Vec::new();
    entry.read_to_end(&mut text).map_err(|error| format!("{error}: {DAMAGED}"))?;
    match text.len() as u64 == size {
        true => Ok(text),
        false => Err(format!("{} of its {size} bytes are there: {DAMAGED}", text.len())),
    }
}

/// What follows the last entry: zeros, gzip's checksum, and no more.
fn check_end(mut decoder: GzDecoder<impl BufRead>) -> Outcome<()> {
    let mut padding = Vec::new();
    let at_end = |error: std::io::Error| format!("at its end: {error}: {DAMAGED}");
    decoder.by_ref().take(LARGEST_PADDING_BYTES + 1).read_to_end(&mut padding).map_err(at_end)?;
    limits::check("at its end", padding.len() as u64, LARGEST_PADDING_BYTES, "bytes of padding or more")?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err("at its end: something follows that is no entry".to_string());
    }
    match decoder.into_inner().fill_buf().map_err(at_end)?.is_empty() {
        true => Ok(()),
        false => Err("at its end: something follows the compressed data".to_string()),
    }
}
