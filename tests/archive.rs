//! `copycost export` and `import` as people run them: what comes out is what
//! went in, and works here for `compare`, for Criterion and for `record`.

#[path = "support/archives.rs"]
mod archives;
#[path = "support/made_up.rs"]
mod made_up;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use archives::{DATE, Stage, lay_cells, lay_recording, listing, made_up_cell, name, records, unpack};
use copycost::cell::Target;
use copycost::compare::Baseline;
use copycost::results::criterion_files;
use copycost::results::name::BaselineName;
use copycost::results::recording::{self, Imported};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn copycost(output: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copycost"));
    command.args(arguments).env("CRITERION_HOME", output).stdin(Stdio::null()).output().unwrap()
}

fn succeeded(run: Output) -> String {
    assert!(run.status.success(), "{}{}", text(&run.stdout), text(&run.stderr));
    text(&run.stdout)
}

fn failed(run: Output, expected: &str) {
    assert_eq!(run.status.code(), Some(1), "{}{}", text(&run.stdout), text(&run.stderr));
    assert!(text(&run.stderr).contains(expected), "{}", text(&run.stderr));
}

/// The files of one baseline, with its name left out of their paths.
fn files_of(output: &Path, baseline: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let of_baseline = |path: &Path| path.components().any(|part| part.as_os_str() == baseline);
    let files = listing(output).into_iter().filter(|(path, _)| path.is_file() && of_baseline(path));
    let nameless = |path: &Path| -> PathBuf {
        let parts = path.strip_prefix(output).unwrap().components();
        parts.filter(|part| part.as_os_str() != baseline).collect()
    };
    files.map(|(path, contents)| (nameless(&path), contents)).collect()
}

#[test]
fn a_baseline_of_criterion_comes_back_as_it_was() {
    let stage = Stage::new();
    let (there, here) = (stage.path("there"), stage.path("here"));
    lay_cells(&there, "before", &records(1, Target::Throughput));
    lay_cells(&there, "after", &records(2, Target::Throughput));
    let stray = criterion_files::cell_directory(&there, &made_up_cell("one-copy")).join("before/notes.txt");
    fs::write(&stray, "no file of a baseline").unwrap();
    let file = stage.path("before.tar.gz");
    let file = file.to_str().unwrap();

    let told = succeeded(copycost(&there, &["export", "before", file]));
    assert!(told.contains("exported before: 3 cells, ") && told.contains("in 15 files"), "{told}");
    let told = succeeded(copycost(&here, &["import", file]));
    assert!(told.contains("imported before: 3 cells, of kernel 6.1"), "{told}");
    assert!(told.contains("compare: copycost compare before"), "{told}");
    fs::remove_file(stray).unwrap();
    assert_eq!(files_of(&there, "before"), files_of(&here, "before"));
    assert_eq!(files_of(&here, "before").len(), 15);
    assert!(files_of(&here, "after").is_empty());
    assert_eq!(criterion_files::baseline_names(&here).unwrap(), ["before"]);
    assert!(!here.join("copycost/.import").exists());

    // Beside one that was measured here it is compared under its new name.
    succeeded(copycost(&there, &["import", file, "--as", "from-afar"]));
    let told = succeeded(copycost(&there, &["compare", "from-afar", "after", "--json"]));
    assert!(told.contains("\"name\": \"from-afar\""), "{told}");
    let same = Baseline::load(&there, "from-afar").unwrap();
    assert_eq!(same.processes[0].records, Baseline::load(&there, "before").unwrap().processes[0].records);
}

#[test]
fn a_recording_comes_back_pass_by_pass_and_is_not_added_to() {
    let stage = Stage::new();
    let (there, here) = (stage.path("there"), stage.path("here"));
    lay_recording(&there, "far", 3, 3);
    let file = stage.path("far.tar.gz");
    let told = succeeded(copycost(&there, &["export", "far", file.to_str().unwrap()]));
    assert!(told.contains("3 cells, 3 passes") && !told.contains("not finished"), "{told}");
    succeeded(copycost(&here, &["import", file.to_str().unwrap(), "--as", "near"]));

    let mut came = files_of(&here, "near");
    assert!(came.remove(Path::new("copycost/imported.json")).is_some());
    let mut was = files_of(&there, "far");
    was.retain(|path, _| !path.extension().is_some_and(|end| end == "log" || end == "lock"));
    assert_eq!(came, was);
    let [far, near] = [(&there, "far"), (&here, "near")].map(|(at, name)| Baseline::load(at, name).unwrap());
    assert_eq!(near.processes.len(), 3);
    assert_eq!(far.manifest, near.manifest);

    let imported = Imported::read(&recording::directory(&here, "near")).unwrap().unwrap();
    assert_eq!((imported.archive.as_str(), imported.baseline.as_str()), ("far.tar.gz", "far"));
    let before = listing(&here);
    for how in [&["--name", "near", "--profile", "recording"][..], &["--name", "near", "--resume"]] {
        failed(copycost(&here, &[&["record"], how].concat()), "it was imported from far.tar.gz");
    }
    assert_eq!(listing(&here), before);

    // What was imported can travel on, and is the same file then.
    let again = stage.path("again.tar.gz");
    stage.import("third", &file, None).unwrap();
    stage.export("third", "far", &again).unwrap();
    let once = stage.path("once.tar.gz");
    stage.export("there", "far", &once).unwrap();
    assert!(fs::read(&again).unwrap() == fs::read(&once).unwrap());
}

#[test]
fn only_the_date_tells_two_exports_apart() {
    let stage = Stage::new();
    lay_recording(&stage.path("there"), "far", 2, 2);
    let [one, other] = ["one", "other"].map(|file| stage.path(file));
    stage.export("there", "far", &one).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100)); // a file's time is in seconds
    stage.export("there", "far", &other).unwrap();
    assert!(fs::read(&one).unwrap() == fs::read(&other).unwrap());

    let later = stage.path("later");
    let date = DATE.replace("2026", "2027");
    copycost::results::archive::export(&stage.path("there"), &name("far"), &later, &date).unwrap();
    let [one, later] = [one, later].map(|file| unpack(&file));
    for (one, later) in one.iter().zip(&later) {
        assert_eq!(one.path, later.path);
        let later = text(&later.text).replace(&date, DATE);
        assert!(text(&one.text) == later, "{}", one.path);
    }
    assert_eq!(one[0].path, "manifest.json");
    assert!(one.iter().all(|entry| !entry.path.contains(".log") && !entry.path.contains("lock")));
}

#[test]
fn an_unfinished_recording_travels_and_says_what_is_missing() {
    let stage = Stage::new();
    let there = stage.path("there");
    lay_recording(&there, "half", 5, 2);
    let file = stage.path("half.tar.gz");
    let told = succeeded(copycost(&there, &["export", "half", file.to_str().unwrap()]));
    assert!(told.contains("3 of 5 passes are missing") && told.contains("--resume --name half"), "{told}");
    let told = succeeded(copycost(&stage.path("here"), &["import", file.to_str().unwrap()]));
    assert!(told.contains("3 of 5 passes are missing") && !told.contains("--resume"), "{told}");

    // Passes alone, as where Criterion's directories were removed, are enough.
    fs::remove_dir_all(there.join("throughput_1-thread")).unwrap();
    let file = stage.path("passes.tar.gz");
    assert_eq!(stage.export("there", "half", &file).unwrap().cells, 0);
    assert_eq!(stage.import("third", &file, None).unwrap().passes, 2);
    assert_eq!(Baseline::load(&stage.path("third"), "half").unwrap().processes.len(), 2);
}

#[test]
fn what_cannot_be_exported_is_said_and_leaves_no_file() {
    let stage = Stage::new();
    let there = stage.path("there");
    lay_cells(&there, "before", &records(1, Target::Throughput));
    lay_recording(&there, "begun", 2, 0);
    let file = stage.path("out.tar.gz");
    let told = |name: &str| copycost(&there, &["export", name, file.to_str().unwrap()]);
    failed(told("nosuch"), "there are: before, begun");
    failed(told("begun"), "no pass of `begun` is done yet");
    assert_eq!(told("new").status.code(), Some(2));

    let directory = recording::directory(&there, "begun");
    let lock = fs::File::create(directory.join("recording.lock")).unwrap();
    lock.lock().unwrap();
    failed(told("begun"), "another process is recording it");
    drop(lock);

    let cell = criterion_files::cell_directory(&there, &made_up_cell("one-copy")).join("before");
    let kept = fs::read(cell.join("tukey.json")).unwrap();
    fs::remove_file(cell.join("tukey.json")).unwrap();
    failed(told("before"), "cells/throughput/1-thread/one-copy/4096 lacks tukey.json");
    fs::write(cell.join("tukey.json"), kept).unwrap();
    let other =
        criterion_files::cell_directory(&there, &made_up_cell("two-copy")).join("before/copycost.json");
    fs::copy(other, cell.join("copycost.json")).unwrap();
    failed(told("before"), "the record is of throughput/1-thread/two-copy/4096");

    lay_cells(&there, "before", &records(1, Target::Throughput));
    fs::write(&file, "something of mine").unwrap();
    failed(told("before"), "there is such a file already");
    assert_eq!(fs::read(&file).unwrap(), b"something of mine");
    let beside = fs::read_dir(stage.directory.path()).unwrap().count();
    assert_eq!(beside, 2, "the output directory and the file");
}

#[test]
fn names_are_checked_wherever_one_is_given() {
    let stage = Stage::new();
    let long = "n".repeat(101);
    let bad =
        ["", ".", "..", ".hidden", "-x", "a/b", "/etc", "a\\b", "a b", "a\nb", "ä", "new", "base", "change"];
    for bad in bad.iter().copied().chain(["report", "copycost", "a\0b", &long]) {
        let error = BaselineName::new(bad).unwrap_err().to_string();
        assert!(error.contains(&format!("{bad:?}")) && error.contains("allowed"), "{error}");
    }
    for good in ["6.8.0-49-generic", "5.15.167.4-microsoft-standard-WSL2", "before", "rmem=4096", "_", "a..b"]
    {
        assert_eq!(BaselineName::new(good).unwrap().as_str(), good);
    }
    let out = stage.path("f");
    let out = out.to_str().unwrap();
    for arguments in [
        &["record", "--name", "a/b"][..],
        &["record", "--name", "new", "--rounds", "1"],
        &["export", "../x", out],
        &["import", out, "--as", "change"],
    ] {
        let run = copycost(&stage.path("here"), arguments);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}");
        assert!(text(&run.stderr).contains("allowed"), "{}", text(&run.stderr));
    }
    assert!(!stage.path("here").exists());
}

/// A real run, and Criterion's own comparison with what was imported.
#[test]
fn criterion_compares_with_an_imported_baseline() {
    let stage = Stage::new();
    let profile = stage.path("profile.toml");
    let small = "[criterion]\nsample_size = 10\nwarm_up_s = 0.05\nresamples = 1000\n\
                 [matrix]\nmessage_bytes = [1024]\nthreads = [1]\n[rounds]\nlength_ms = 1.0\ngenerations = 2\n";
    fs::write(&profile, small).unwrap();
    let bench = |output: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args([
            "bench",
            "--workspace",
            "--quiet",
            "--profile",
            "dev",
            "--bench",
            "throughput",
            "--",
            "--noplot",
        ]);
        command.args(arguments).env("CRITERION_HOME", stage.path(output)).env("COPYCOST_PROFILE", &profile);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
    };
    succeeded(bench("there", &["--save-baseline", "before"]));
    let file = stage.path("before.tar.gz");
    stage.export("there", "before", &file).unwrap();
    assert_eq!(stage.import("here", &file, Some("afar")).unwrap().cells, 3);
    let told = succeeded(bench("here", &["--baseline", "afar"]));
    assert_eq!(told.matches("change:").count(), 3, "{told}");
    succeeded(copycost(&stage.path("here"), &["compare", "afar", "new"]));
    // Where it is absent Criterion stops.
    assert!(!bench("here", &["--baseline", "before"]).status.success());
}
