//! The only file that knows Criterion's layout on disk: where a benchmark's
//! directory is, what `sample.json` holds, which baselines a run was saved to.
//! Criterion's files stay Criterion's; ours is laid beside them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use serde::Deserialize;

use super::record::Record;
use super::whole_file;
use crate::cell::Cell;
use crate::error::{Result, failed, if_there};

/// Our record's name in each of Criterion's directories.
pub const RECORD_FILE: &str = "copycost.json";

/// What lies in a baseline's directory of one cell: Criterion's four, and ours.
pub const BASELINE_FILES: [&str; 5] =
    ["benchmark.json", "estimates.json", "sample.json", "tukey.json", RECORD_FILE];

/// What Criterion calls the last run.
pub const LAST_RUN: &str = "new";

/// Names of directories that Criterion, or we, put something else in: the last
/// run, what any run without a name overwrites, the change since, pages,
/// recordings.
pub const RESERVED_NAMES: [&str; 5] = [LAST_RUN, "base", "change", "report", RECORDINGS];

/// The directory of the recordings.
pub(super) const RECORDINGS: &str = "copycost";

/// Whether no baseline can have this name.
pub fn is_reserved(name: &str) -> bool {
    RESERVED_NAMES.contains(&name)
}

/// Criterion's output directory, found as Criterion finds it:
/// `$CRITERION_HOME`, `$CARGO_TARGET_DIR/criterion`, the target directory that
/// `cargo metadata` names, `target/criterion`.
pub fn output_directory() -> PathBuf {
    if let Some(home) = env::var_os("CRITERION_HOME") {
        return PathBuf::from(home);
    }
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from).or_else(target_of_metadata);
    target.unwrap_or_else(|| PathBuf::from("target")).join("criterion")
}

fn target_of_metadata() -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    let arguments = ["metadata", "--format-version", "1", "--no-deps"];
    let output = Command::new(env::var_os("CARGO")?).args(arguments).output().ok()?;
    Some(serde_json::from_slice::<Metadata>(&output.stdout).ok()?.target_directory)
}

/// Criterion's directory of one benchmark; `new/` and the baselines lie in it.
pub fn cell_directory(output: &Path, cell: &Cell) -> PathBuf {
    output.join(benchmark_directory(cell))
}

/// The same as Criterion notes it, relative.
fn benchmark_directory(cell: &Cell) -> String {
    // Criterion writes one directory for the group, with `/` as `_`.
    format!("{}/{}/{}", cell.group().replace('/', "_"), cell.mode, cell.message_bytes)
}

/// Criterion's `sample.json`: iterations and times of every sample.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Samples {
    /// Iterations of each sample.
    pub iters: Vec<f64>,
    /// Each sample's value; for wall time nanoseconds.
    pub times: Vec<f64>,
}

impl Samples {
    /// Whether these are the last of `own`, messages and nanoseconds of each
    /// own round: then Criterion kept what was just measured.
    pub fn are_the_last_of(&self, own: &[(u64, u64)]) -> bool {
        let count = self.iters.len();
        count > 0 && count <= own.len() && count == self.times.len() && {
            let last = &own[own.len() - count..];
            let same = |((messages, ns), (iters, time)): (&(u64, u64), (&f64, &f64))| {
                *messages as f64 == *iters && *ns as f64 == *time
            };
            last.iter().zip(self.iters.iter().zip(&self.times)).all(same)
        }
    }
}

/// The samples that Criterion last kept of `cell`, if it kept any.
pub fn samples(output: &Path, cell: &Cell) -> Result<Option<Samples>> {
    let path = cell_directory(output, cell).join("new/sample.json");
    let Some(text) = if_there(&path, fs::read(&path))? else { return Ok(None) };
    serde_json::from_slice(&text).map(Some).map_err(|error| failed(&path)(error.into()))
}

/// Writes `record` into `new/`, and into every baseline that holds this very
/// run: those whose `sample.json` is the same to the byte. Returns the
/// directories.
pub fn save_record(output: &Path, record: &Record) -> Result<Vec<PathBuf>> {
    let directory = cell_directory(output, &record.cell);
    let text = record.line().map_err(|what| failed(&directory)(io::Error::other(what)))?;
    let sample = |baseline: &Path| fs::read(baseline.join("sample.json")).ok();
    let new = sample(&directory.join("new"));
    let mut saved = Vec::new();
    for entry in fs::read_dir(&directory).map_err(failed(&directory))? {
        let baseline = entry.map_err(failed(&directory))?.path();
        if new.is_some() && sample(&baseline) == new {
            whole_file::write(&baseline.join(RECORD_FILE), &text)?;
            saved.push(baseline);
        }
    }
    saved.sort();
    Ok(saved)
}

/// The directories of `baseline` under `output`, one a cell, sorted.
pub fn baseline_directories(output: &Path, baseline: &str) -> Result<Vec<PathBuf>> {
    let directories = benchmark_directories(output)?.into_iter().map(|benchmark| benchmark.join(baseline));
    let mut found: Vec<PathBuf> = directories.filter(|it| it.join(RECORD_FILE).is_file()).collect();
    found.sort();
    Ok(found)
}

/// Every benchmark's directory, in its mode's, in its group's.
fn benchmark_directories(output: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![output.to_path_buf()];
    for _ in ["group", "mode", "size"] {
        found = found.iter().map(|above| directories_in(above)).collect::<Result<Vec<_>>>()?.concat();
    }
    Ok(found)
}

/// The records of `baseline` under `output`; `new` is the last run. None is no
/// error, nor is one that cannot be read: it is among the others' as its error.
pub fn records(output: &Path, baseline: &str) -> Result<Vec<Result<Record>>> {
    let directories = baseline_directories(output, baseline)?;
    Ok(directories.iter().map(|directory| read_record(&directory.join(RECORD_FILE))).collect())
}

/// Whether Criterion has of `cell` what it needs to compare with `baseline`, or
/// to load it.
pub fn has_baseline(output: &Path, cell: &Cell, baseline: &str) -> bool {
    // A name that leads elsewhere is none.
    let is_name = Path::new(baseline).file_name().is_some_and(|name| name == baseline);
    let directory = cell_directory(output, cell).join(baseline);
    is_name && ["sample.json", "estimates.json"].iter().all(|file| directory.join(file).is_file())
}

/// The baselines that any of `cells` can be compared with, sorted.
pub fn baselines_of(output: &Path, cells: &[Cell]) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    for cell in cells {
        let directories = directories_in(&cell_directory(output, cell))?;
        let found = directories.iter().filter_map(|directory| directory.file_name()?.to_str());
        names.extend(
            found.filter(|name| *name != LAST_RUN && has_baseline(output, cell, name)).map(str::to_string),
        );
    }
    Ok(names.into_iter().collect())
}

/// Every name that a run is kept under, recordings included; sorted.
pub fn baseline_names(output: &Path) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    let mut take = |directory: &Path| {
        names.extend(directory.file_name().map(|name| name.to_string_lossy().into_owned()));
    };
    for benchmark in benchmark_directories(output)? {
        for baseline in directories_in(&benchmark)? {
            if baseline.join(RECORD_FILE).is_file() {
                take(&baseline);
            }
        }
    }
    for recording in directories_in(&output.join(RECORDINGS))? {
        if recording.join("recording.json").is_file() {
            take(&recording);
        }
    }
    Ok(names.into_iter().collect())
}

/// Whether a file that came from elsewhere is what Criterion writes of `cell`
/// into a baseline's directory: it stops at one that it cannot read.
pub fn check_criterions(cell: &Cell, file: &str, text: &[u8]) -> std::result::Result<(), String> {
    #[derive(Deserialize)]
    struct Benchmark {
        full_id: String,
        directory_name: String,
    }
    match file {
        "benchmark.json" => {
            let found: Benchmark = parsed(text)?;
            if found.full_id != cell.to_string() || found.directory_name != benchmark_directory(cell) {
                return Err(format!(
                    "it is of {:?} in {:?}, not of {cell}",
                    found.full_id, found.directory_name
                ));
            }
        }
        "sample.json" => {
            let found: Samples = parsed(text)?;
            if found.iters.len() != found.times.len() {
                return Err(format!("it has {} iterations, {} times", found.iters.len(), found.times.len()));
            }
        }
        _ => drop(parsed::<serde_json::Value>(text)?),
    }
    Ok(())
}

fn parsed<T: for<'a> Deserialize<'a>>(text: &[u8]) -> std::result::Result<T, String> {
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

/// Copies every cell of `baseline` from one of Criterion's output directories
/// into another, over what is there. Done again it ends what was broken off.
pub fn copy_baseline(from: &Path, to: &Path, baseline: &str) -> Result<()> {
    for source in baseline_directories(from, baseline)? {
        let Ok(relative) = source.strip_prefix(from) else { continue };
        let target = to.join(relative);
        fs::create_dir_all(&target).map_err(failed(&target))?;
        for file in BASELINE_FILES.map(|file| source.join(file)).iter().filter(|file| file.is_file()) {
            let text = fs::read(file).map_err(failed(file))?;
            whole_file::write(&target.join(file.file_name().unwrap_or_default()), &text)?;
        }
    }
    Ok(())
}

/// Tries whether files can be written where those of `cells` go, and in
/// `others`: a run whose results cannot be kept need not begin.
pub fn try_writing(output: &Path, cells: &[Cell], others: &[PathBuf]) -> Result<()> {
    let of_cells = cells.iter().map(|cell| cell_directory(output, cell).join("new"));
    whole_file::try_places(of_cells.chain(others.iter().cloned()).chain([output.to_path_buf()]))
}

/// The directories in `path`; none if there is no such path.
fn directories_in(path: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in if_there(path, fs::read_dir(path))?.into_iter().flatten() {
        let entry = entry.map_err(failed(path))?;
        if entry.file_type().map_err(failed(path))?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Reads a record back.
pub fn read_record(path: &Path) -> Result<Record> {
    let text = fs::read(path).map_err(failed(path))?;
    serde_json::from_slice(&text).map_err(|error| failed(path)(error.into()))
}
