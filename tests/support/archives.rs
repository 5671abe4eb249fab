//! Baselines on disk, made up, and archives that `copycost export` would not
//! write.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use copycost::cell::{Cell, Target};
use copycost::profile::Profile;
use copycost::results::archive::{self, Summary};
use copycost::results::criterion_files::{self, RECORD_FILE};
use copycost::results::name::BaselineName;
use copycost::results::record::Record;
use copycost::results::recording::{self, Manifest, PassId};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::made_up::Machine;

pub const DATE: &str = "2026-02-28T13:07:09Z";

pub fn name(name: &str) -> BaselineName {
    BaselineName::new(name).unwrap()
}

/// Records of three cells, one process.
pub fn records(seed: u64, target: Target) -> Vec<Record> {
    Machine::new().record("any", seed, 1, target).processes.remove(0).records
}

/// Lays the records under Criterion's directories, with files such as its own.
pub fn lay_cells(output: &Path, name: &str, records: &[Record]) {
    for record in records {
        let directory = criterion_files::cell_directory(output, &record.cell).join(name);
        fs::create_dir_all(&directory).unwrap();
        for (file, value) in criterions(record) {
            fs::write(directory.join(file), value.to_string()).unwrap();
        }
        fs::write(directory.join(RECORD_FILE), serde_json::to_vec(record).unwrap()).unwrap();
    }
}

fn criterions(record: &Record) -> [(&'static str, serde_json::Value); 4] {
    let cell = &record.cell;
    let own = record.blocks.iter().map(|block| block.round(&cell.mode).unwrap());
    let (iters, times): (Vec<_>, Vec<_>) =
        own.map(|round| (round.messages as f64, round.time_ns as f64)).unzip();
    let group = cell.group();
    let directory = format!("{}/{}/{}", group.replace('/', "_"), cell.mode, cell.message_bytes);
    let interval = serde_json::json!({"confidence_level": 0.95, "lower_bound": 1.0, "upper_bound": 3.0});
    let estimate = serde_json::json!({
        "confidence_interval": interval, "point_estimate": 2.0, "standard_error": 0.1
    });
    [
        (
            "benchmark.json",
            serde_json::json!({
                "group_id": group, "function_id": cell.mode, "value_str": cell.message_bytes.to_string(),
                "throughput": {"BytesDecimal": cell.message_bytes}, "full_id": cell.to_string(),
                "directory_name": directory, "title": cell.to_string(),
            }),
        ),
        (
            "estimates.json",
            serde_json::json!({
                "mean": estimate, "median": estimate, "median_abs_dev": estimate, "slope": null,
                "std_dev": estimate
            }),
        ),
        ("sample.json", serde_json::json!({"sampling_mode": "Flat", "iters": iters, "times": times})),
        ("tukey.json", serde_json::json!([1.0, 2.0, 3.0, 4.0])),
    ]
}

/// Lays a recording of the throughput target, the first `done` passes of it
/// done, and its last pass under Criterion's directories.
pub fn lay_recording(output: &Path, name: &str, rounds: usize, done: usize) {
    let directory = recording::directory(output, name);
    fs::create_dir_all(&directory).unwrap();
    let profile = Profile::load("recording").unwrap();
    let manifest = Manifest::new(profile, vec![Target::Throughput], rounds, None);
    fs::write(directory.join("recording.json"), serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
    for round in 1..=done {
        let records = records(round as u64, Target::Throughput);
        let pass = PassId { round, target: Target::Throughput };
        let lines: Vec<String> =
            records.iter().map(|record| serde_json::to_string(record).unwrap()).collect();
        fs::write(recording::pass_file(&directory, pass), lines.join("\n") + "\n").unwrap();
        fs::write(directory.join(format!("pass-{round:03}-throughput.log")), "of this machine alone")
            .unwrap();
        if round == done {
            lay_cells(output, name, &records);
        }
    }
    fs::write(directory.join("recording.lock"), "").unwrap();
}

/// Where a test's baselines and archives lie.
pub struct Stage {
    pub directory: tempfile::TempDir,
}

impl Stage {
    pub fn new() -> Stage {
        Stage { directory: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// An archive of a recording of two passes, called `far`.
    pub fn archive(&self) -> PathBuf {
        lay_recording(&self.path("there"), "far", 2, 2);
        let file = self.path("far.tar.gz");
        self.export("there", "far", &file).unwrap();
        file
    }

    pub fn export(&self, output: &str, baseline: &str, file: &Path) -> copycost::Result<Summary> {
        archive::export(&self.path(output), &name(baseline), file, DATE)
    }

    pub fn import(&self, output: &str, file: &Path, as_name: Option<&str>) -> copycost::Result<Summary> {
        archive::import(&self.path(output), file, as_name.map(name).as_ref(), DATE)
    }

    /// An output directory in which something is kept already.
    pub fn here(&self) -> PathBuf {
        let here = self.path("here");
        lay_cells(&here, "mine", &records(9, Target::Latency));
        lay_recording(&here, "other", 1, 1);
        here
    }
}

/// Everything under a directory: links and the contents of files.
pub fn listing(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let what = if metadata.is_dir() {
                open.push(path.clone());
                b"directory".to_vec()
            } else if metadata.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else {
                fs::read(&path).unwrap()
            };
            found.insert(path, what);
        }
    }
    found
}

/// One entry of an archive, as it is to be or was.
#[derive(Clone)]
pub struct Entry {
    pub path: String,
    /// tar's type flag: `b'0'` is a regular file.
    pub kind: u8,
    pub link: String,
    pub text: Vec<u8>,
}

impl Entry {
    pub fn file(path: &str, text: &[u8]) -> Entry {
        Entry { path: path.into(), kind: b'0', link: String::new(), text: text.to_vec() }
    }
}

pub fn unpack(file: &Path) -> Vec<Entry> {
    let mut archive = tar::Archive::new(GzDecoder::new(fs::File::open(file).unwrap()));
    let read = |entry: std::io::Result<tar::Entry<_>>| {
        let mut entry = entry.unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let mut text = Vec::new();
        entry.read_to_end(&mut text).unwrap();
        Entry::file(&path, &text)
    };
    archive.entries().unwrap().map(read).collect()
}

/// Packs entries as they are: nothing is refused, no path is changed.
pub fn pack(entries: &[Entry]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), flate2::Compression::new(1)));
    for entry in entries {
        let mut header = tar::Header::new_ustar();
        let fields = header.as_ustar_mut().unwrap();
        fields.name[..entry.path.len()].copy_from_slice(entry.path.as_bytes());
        fields.linkname[..entry.link.len()].copy_from_slice(entry.link.as_bytes());
        fields.typeflag[0] = entry.kind;
        header.set_size(entry.text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, entry.text.as_slice()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// Lists what the entries are in the first of them, the manifest.
pub fn list(entries: &mut [Entry]) {
    let (manifest, files) = entries.split_first_mut().unwrap();
    let listed = files.iter().map(|entry| {
        let mut crc = flate2::Crc::new();
        crc.update(&entry.text);
        serde_json::json!({"path": entry.path, "bytes": entry.text.len(), "crc32": crc.sum()})
    });
    let listed: Vec<serde_json::Value> = listed.collect();
    change(manifest, |value| value["files"] = listed.into());
}

/// Changes an entry that is JSON.
pub fn change(entry: &mut Entry, change: impl FnOnce(&mut serde_json::Value)) {
    let mut value = serde_json::from_slice(&entry.text).unwrap();
    change(&mut value);
    entry.text = serde_json::to_vec(&value).unwrap();
}

/// A cell of the made-up machine.
pub fn made_up_cell(mode: &str) -> Cell {
    Cell { target: Target::Throughput, mode: mode.into(), message_bytes: 4096, threads: 1 }
}

/// A good archive, and what an import of one made from it is refused with.
pub struct Workshop {
    pub stage: Stage,
    pub good: Vec<Entry>,
}

impl Workshop {
    pub fn new() -> Workshop {
        let stage = Stage::new();
        let good = unpack(&stage.archive());
        stage.here();
        Workshop { stage, good }
    }

    /// That these bytes are refused with every word of `expected`, and that
    /// nothing changed.
    pub fn refuses(&self, what: &str, bytes: &[u8], expected: &[&str]) {
        let file = self.stage.path("made.tar.gz");
        fs::write(&file, bytes).unwrap();
        let before = listing(self.stage.directory.path());
        let error = match self.stage.import("here", &file, None) {
            Ok(summary) => panic!("{what} was taken in: {summary:?}"),
            Err(error) => error.to_string(),
        };
        for expected in expected.iter().chain(&["made.tar.gz"]) {
            assert!(error.contains(expected), "{what}: {error}");
        }
        assert!(error.len() < 1000, "{what}: {error}");
        assert!(listing(self.stage.directory.path()) == before, "{what} left something: {error}");
    }

    /// The good archive with something done to it.
    pub fn made(&self, make: impl FnOnce(&mut Vec<Entry>)) -> Vec<u8> {
        let mut entries = self.good.clone();
        make(&mut entries);
        pack(&entries)
    }

    /// The same, and the manifest lists it as if it were meant so.
    pub fn listed(&self, make: impl FnOnce(&mut Vec<Entry>)) -> Vec<u8> {
        self.made(|entries| {
            make(entries);
            list(entries);
        })
    }
}

/// The entry whose path ends so.
pub fn find<'a>(entries: &'a mut [Entry], end: &str) -> &'a mut Entry {
    entries.iter_mut().find(|entry| entry.path.ends_with(end)).unwrap()
}
