//! Names of groups and sides that are taken, that clash with each other, or that lead
//! elsewhere: refused by name before anything is started, with nothing touched.

#[path = "support/stage.rs"]
mod stage;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use stage::{Stage, succeeded, text};

/// Every file below `directory` with what it holds, and every directory.
fn tree(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
            }
            found.insert(path.clone(), fs::read(&path).unwrap_or_default());
        }
    }
    found
}

/// That a group with these words is refused, with `expected` in what is said, before a
/// runner is started.
#[track_caller]
fn is_refused(stage: &Stage, words: &[&str], expected: &[&str]) {
    let started = stage.directory.path().join("started");
    let last = format!("z=touch '{}';", started.display());
    let before = tree(&stage.output());
    let rest = ["--side", last.as_str(), "--filter", "two-copy/1024", "--rounds", "1"];
    let run = stage.record(&[words, &rest].concat());
    let said = text(&run.stderr);
    assert!(!run.status.success(), "{words:?}: {said}");
    for expected in expected {
        assert!(said.contains(expected), "{words:?}, {expected}: {said}");
    }
    assert!(!started.exists(), "{words:?}: a runner was started");
    let after = tree(&stage.output());
    let differing = after.iter().filter(|(path, text)| before.get(*path) != Some(*text));
    let differing: Vec<_> = differing.map(|(path, _)| path).collect();
    assert!(differing.is_empty() && before.len() == after.len(), "{words:?}: {differing:?} touched");
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn what_a_side_would_be_called_must_be_free() {
    let stage = Stage::new();
    let recordings = stage.output().join("copycost");
    let group = ["--side", "a", "--name"];
    // As `record` leaves it, as `cargo bench -- --save-baseline` does, as `import` does.
    write(&recordings.join("recorded-a/recording.json"), "{}");
    write(&recordings.join("recorded/recording.json"), "{}");
    write(&stage.output().join("throughput_1-thread/two-copy/1024/saved-z/copycost.json"), "{}");
    write(&recordings.join("far-z/imported.json"), "{}");
    write(&recordings.join("far-z/recording.json"), "{}");
    is_refused(&stage, &[&group[..], &["recorded"]].concat(), &["there is a baseline `recorded` already"]);
    fs::remove_dir_all(recordings.join("recorded")).unwrap();
    is_refused(&stage, &[&group[..], &["recorded"]].concat(), &["there is a baseline `recorded-a` already"]);
    is_refused(&stage, &[&group[..], &["saved"]].concat(), &["there is a baseline `saved-z` already"]);
    is_refused(&stage, &[&group[..], &["far"]].concat(), &["there is a baseline `far-z` already"]);
}

#[test]
fn groups_and_their_sides_keep_out_of_each_others_names() {
    let stage = Stage::new();
    let cell = ["--filter", "two-copy/1024", "--rounds", "1"];
    succeeded(stage.record(&[&["--side", "a", "--side", "b-c", "--name", "g-z"][..], &cell].concat()));
    // A side is called like the group, a side like the other's, and a group like the other's side.
    is_refused(&stage, &["--side", "a", "--name", "g"], &["there is a group `g-z` already"]);
    is_refused(&stage, &["--side", "c", "--name", "g-z-b"], &["there is a baseline `g-z-b-c` already"]);
    is_refused(&stage, &["--side", "a", "--name", "g-z-a"], &["there is a baseline `g-z-a` already"]);
    is_refused(
        &stage,
        &["--side", "a", "--name", "g-z"],
        &["recording `g-z`: it was begun with other sides"],
    );

    // Nor does a recording without sides take a side's name, or the group's.
    let before = tree(&stage.output());
    let plain = |words: &[&str]| stage.record(&[words, &cell].concat());
    for (run, expected) in [
        (plain(&["--name", "g-z-a"]), "recording `g-z-a`: it is side a of the group `g-z`"),
        (plain(&["--name", "g-z"]), "`g-z` is a group of sides"),
        (plain(&["--name", "g-z", "--interleave"]), "`g-z` is a group of sides"),
        (stage.run(&["record", "--resume", "--name", "g-z-b-c"]), "it is side b-c of the group `g-z`"),
    ] {
        assert!(!run.status.success() && text(&run.stderr).contains(expected), "{}", text(&run.stderr));
        assert!(tree(&stage.output()) == before, "{expected}: {}", text(&run.stderr));
    }
}

#[test]
fn names_of_sides_are_one_part_of_a_path_and_each_there_once() {
    let stage = Stage::new();
    for (name, expected) in [
        ("../x", "'/' is in it"),
        ("a/b=env", "'/' is in it"),
        ("..", "it begins with `.`"),
        (".a", "it begins with `.`"),
        ("", "it has 0 bytes"),
        ("=env", "it has 0 bytes"),
        ("a b", "' ' is in it"),
        ("a\nb", "'\\n' is in it"),
        ("ä", "'ä' is in it"),
        ("report", "the directory of that name is another's"),
    ] {
        is_refused(&stage, &["--name", "g", &format!("--side={name}")], &["--side", expected]);
    }
    is_refused(&stage, &["--name", "g", "--side", "z=env"], &["there is a side `z` already"]);
    is_refused(&stage, &["--name", "g", "--side", "a", "--side", "a=env"], &["there is a side `a` already"]);
    is_refused(&stage, &["--name", "../g", "--side", "a"], &["'/' is in it"]);
    // Each by itself is short enough.
    let (half, rest) = ("n".repeat(60), "s".repeat(60));
    is_refused(&stage, &["--name", &half, "--side", &rest], &["it has 121 bytes; allowed: 1 to 100"]);
}
