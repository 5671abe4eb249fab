//! `manifest.json`, an archive's first entry: what it is of, and each file with
//! its size and checksum. It owns the format's version and what a list of files
//! may be; whether the files are as listed is `read`'s to find out.

use std::collections::BTreeSet;

use flate2::Crc;
use serde::{Deserialize, Serialize};

use super::entry::EntryPath;
use super::limits::{self, LARGEST_TOTAL_BYTES, MOST_FILES};
use crate::elsewhere;
use crate::results::name::BaselineName;

/// The name of the first entry.
pub const MANIFEST_FILE: &str = "manifest.json";

/// The version of the archive's format.
pub const FORMAT_VERSION: u32 = 1;

/// What an archive says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArchiveManifest {
    /// See [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The name of the baseline, or of the group, where it was exported.
    #[serde(serialize_with = "as_text")]
    pub baseline: BaselineName,
    /// The sides of the group that are in it; none of a baseline.
    #[serde(serialize_with = "as_texts", skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<BaselineName>,
    /// The program that exported it.
    pub copycost_version: String,
    /// When, in UTC.
    pub made_utc: String,
    /// Every other entry, in its order.
    pub files: Vec<ListedFile>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// Its path in the archive.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its CRC-32, of gzip's polynomial.
    pub crc32: u32,
}

impl ListedFile {
    pub(super) fn new(path: &EntryPath, text: &[u8]) -> ListedFile {
        ListedFile { path: path.to_string(), bytes: text.len() as u64, crc32: crc32(text) }
    }
}

/// The manifest as it comes, its name not yet checked.
#[derive(Deserialize)]
struct Unchecked {
    baseline: String,
    #[serde(default)]
    sides: Vec<String>,
    copycost_version: String,
    made_utc: String,
    files: Vec<ListedFile>,
}

/// All that can be relied on of a newer one.
#[derive(Deserialize)]
struct Version {
    format_version: u32,
}

impl ArchiveManifest {
    /// Reads and checks one: what it lists is then within bounds, each once.
    pub(super) fn parse(text: &[u8]) -> Result<ArchiveManifest, String> {
        elsewhere::check_json(text)?;
        let Version { format_version } = parsed(text)?;
        if format_version != FORMAT_VERSION {
            return Err(format!(
                "the archive has format {format_version}, this copycost knows format {FORMAT_VERSION}; \
                 the one that wrote it can read it"
            ));
        }
        let found: Unchecked = parsed(text)?;
        let name = |text: &String| BaselineName::new(text).map_err(|error| error.to_string());
        let manifest = ArchiveManifest {
            format_version,
            baseline: name(&found.baseline)?,
            sides: found.sides.iter().map(name).collect::<Result<_, _>>()?,
            copycost_version: plain("copycost_version", found.copycost_version)?,
            made_utc: plain("made_utc", found.made_utc)?,
            files: found.files,
        };
        manifest.check_files()?;
        Ok(manifest)
    }

    /// That it lists files of an archive, within bounds, each once.
    pub(super) fn check_files(&self) -> Result<(), String> {
        if let Some(twice) = self.sides.iter().enumerate().find(|(at, side)| self.sides[..*at].contains(side))
        {
            return Err(format!("side {} is listed twice", twice.1));
        }
        limits::check("files", self.files.len() as u64, MOST_FILES, "files")?;
        let mut paths = BTreeSet::new();
        for file in &self.files {
            let path: EntryPath = file.path.parse()?;
            limits::check(&file.path, file.bytes, path.largest_bytes(), "bytes")?;
            if !paths.insert(&file.path) {
                return Err(format!("{} is listed twice", file.path));
            }
        }
        // No sum of so many files within their bounds can overflow.
        let total = self.files.iter().map(|file| file.bytes).sum();
        limits::check("all files together", total, LARGEST_TOTAL_BYTES, "bytes")
    }
}

/// The checksum of one file.
pub(super) fn crc32(text: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(text);
    crc.sum()
}

fn parsed<T: for<'a> Deserialize<'a>>(text: &[u8]) -> Result<T, String> {
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

/// A word that goes to terminals: nothing in it moves a cursor.
fn plain(key: &str, word: String) -> Result<String, String> {
    match word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(word),
        false => Err(format!("{key} is {word:?}; allowed: up to 64 printable characters of ASCII")),
    }
}

fn as_text<S: serde::Serializer>(name: &BaselineName, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name.as_str())
}

fn as_texts<S: serde::Serializer>(names: &[BaselineName], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(names.iter().map(BaselineName::as_str))
}
