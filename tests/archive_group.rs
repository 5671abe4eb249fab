//! A group of sides as one archive: it comes back as a group, whole or not at all,
//! and sides that are not of it are refused.

#[path = "support/archives.rs"]
mod archives;
#[path = "support/made_up.rs"]
mod made_up;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use archives::{DATE, Entry, Stage, Workshop, change, find, listing, name, unpack};
use copycost::cell::Target;
use copycost::profile::Profile;
use copycost::results::archive;
use copycost::results::group::{Group, GroupSide};
use copycost::results::recording::{self, Manifest, Membership, PassId};
use made_up::Machine;

const PASSES: usize = 3;

/// Lays a group of the sides a, b and c, of which c never had a pass.
fn lay_group(output: &Path, name: &str) {
    let profile = Profile::load("recording").unwrap();
    let manifest = Manifest::new(profile, vec![Target::Throughput], 4, None);
    let side = |name: &str| {
        let before = None;
        GroupSide { name: name.into(), runner: Some(format!("env SIDE={name}")), program: None, before }
    };
    let group = Group::new(["a", "b", "c"].map(side).to_vec(), None, 30.0, manifest);
    let lay = |baseline: &str, file: &str, text: Vec<u8>| {
        let directory = recording::directory(output, baseline);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(file), text).unwrap();
    };
    lay(name, "group.json", serde_json::to_vec(&group).unwrap());
    lay(name, "recording.lock", Vec::new());
    for (place, pace) in [(0, 1.0), (1, 1.1)] {
        let side = &group.sides[place].name;
        let of = Membership {
            id: group.manifest.seed,
            group: name.to_string(),
            side: side.clone(),
            place,
            in_turn: false,
        };
        let kernel_release = Some(format!("6.{place}-amd64"));
        let manifest = Manifest { kernel_release, group: Some(of), ..group.manifest.clone() };
        let baseline = format!("{name}-{side}");
        lay(&baseline, "recording.json", serde_json::to_vec(&manifest).unwrap());
        lay(&baseline, "recording.lock", Vec::new());
        // Of one seed, so that blocks belong together.
        let machine = Machine { pace, ..Machine::new() };
        let made_up = machine.record("any", 1, PASSES, Target::Throughput);
        for (round, process) in made_up.processes.iter().enumerate() {
            let pass = PassId { round: round + 1, target: Target::Throughput };
            let lines = process.records.iter().map(|record| serde_json::to_string(record).unwrap() + "\n");
            lay(&baseline, &pass.file_name(), lines.collect::<String>().into_bytes());
        }
    }
}

fn ran(output: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copycost"));
    let run = command.args(arguments).env("CRITERION_HOME", output).stdin(Stdio::null()).output().unwrap();
    let said = [run.stdout, run.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (run.status.code(), said)
}

#[track_caller]
fn succeeded(output: &Path, arguments: &[&str]) -> String {
    let (status, said) = ran(output, arguments);
    assert_eq!(status, Some(0), "{said}");
    said
}

#[test]
fn a_group_comes_back_as_one_under_another_name() {
    let stage = Stage::new();
    let (there, here) = (stage.path("there"), stage.path("here"));
    lay_group(&there, "far");
    let file = stage.path("far.tar.gz");
    let file = file.to_str().unwrap();
    let told = succeeded(&there, &["export", "far", file]);
    assert!(told.contains("exported far: 2 sides (a, b), 3 passes") && told.contains("in 9 files"), "{told}");
    assert!(told.contains("1 of 4 passes are missing"), "{told}");
    let told = succeeded(&here, &["import", file, "--as", "near"]);
    assert!(told.contains("imported near: 2 sides (a, b), 3 passes, of kernel 6.1"), "{told}");
    assert!(told.ends_with("compare: copycost compare near\n"), "{told}");

    let compared = |output: &Path, name: &str| succeeded(output, &["compare", name, "--json"]);
    let near = compared(&here, "near");
    assert!(near.contains("\"basis\": \"shared_blocks\""), "{near}");
    assert_eq!(near.replace("near-", "far-"), compared(&there, "far"));
    succeeded(&here, &["report", "--baseline", "near"]);
    assert!(succeeded(&here, &["report", "--baseline", "near", "--format", "markdown"]).contains("near-b"));

    // Nothing is added to it, and it can travel on.
    let before = listing(&here);
    for arguments in [
        &["record", "--resume", "--name", "near"][..],
        &["record", "--name", "near", "--side", "a", "--side", "b"],
    ] {
        let (status, said) = ran(&here, arguments);
        assert!(status == Some(1) && said.contains("it was imported from far.tar.gz"), "{said}");
    }
    assert_eq!(listing(&here), before);
    stage.import("third", Path::new(file), None).unwrap();
    let [once, again] = ["there", "third"].map(|output| {
        let file = stage.path(&format!("from-{output}"));
        stage.export(output, "far", &file).unwrap();
        fs::read(file).unwrap()
    });
    assert!(once == again);
    succeeded(&here, &["record", "--discard", "near", "--yes"]);
    assert!(fs::read_dir(here.join("copycost")).unwrap().next().is_none());
}

#[test]
fn any_name_that_is_taken_stops_all_of_it() {
    let stage = Stage::new();
    lay_group(&stage.path("there"), "far");
    let file = stage.path("far.tar.gz");
    stage.export("there", "far", &file).unwrap();
    let long = "n".repeat(99);
    for (taken, as_name, expected) in [
        ("far", None, "there is a baseline `far` already"),
        ("far-a", None, "there is a baseline `far-a` already"),
        ("far-b", None, "there is a baseline `far-b` already"),
        ("near-b", Some("near"), "there is a baseline `near-b` already"),
        ("other", Some(long.as_str()), "101 bytes"),
    ] {
        let stage_of = Stage::new();
        let here = stage_of.path("here");
        archives::lay_recording(&here, taken, 1, 1);
        let before = listing(&here);
        let error = stage_of.import("here", &file, as_name).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(listing(&here) == before, "{error}");
        stage_of.import("here", &file, Some("elsewhere")).unwrap();
    }
    // A side that never had a pass takes no name.
    archives::lay_recording(&stage.path("here"), "far-c", 1, 1);
    stage.import("here", &file, None).unwrap();
}

#[test]
fn what_cannot_be_exported_is_said() {
    let stage = Stage::new();
    let there = stage.path("there");
    lay_group(&there, "far");
    let file = stage.path("far.tar.gz");
    let refused = |expected: &str| {
        let error = archive::export(&there, &name("far"), &file, DATE).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!file.exists());
    };
    for held in ["far", "far-b"] {
        let lock = fs::File::open(recording::directory(&there, held).join("recording.lock")).unwrap();
        lock.lock().unwrap();
        refused("another process is recording it");
    }
    let handed_over = recording::directory(&there, "far").join("pass-004-throughput.jsonl");
    fs::write(&handed_over, "").unwrap();
    refused("still to be handed over");
    fs::remove_file(handed_over).unwrap();
    for side in ["far-a", "far-b"] {
        fs::remove_dir_all(recording::directory(&there, side)).unwrap();
    }
    refused("no pass of any side of `far` is done yet");
}

/// With the archive of a group.
fn workshop() -> Workshop {
    let stage = Stage::new();
    lay_group(&stage.path("there"), "far");
    let file = stage.path("far.tar.gz");
    stage.export("there", "far", &file).unwrap();
    stage.here();
    Workshop { good: unpack(&file), stage }
}

#[test]
fn sides_that_are_missing_or_there_twice_are_refused() {
    let workshop = workshop();
    let of_b = |entry: &Entry| entry.path.starts_with("sides/b/");
    let without = workshop.made(|entries| entries.retain(|entry| !of_b(entry)));
    workshop.refuses("a side cut off", &without, &["sides/b/", "is in manifest.json and not"]);
    let without = workshop.listed(|entries| entries.retain(|entry| !of_b(entry)));
    workshop.refuses("a side missing", &without, &["side b is in manifest.json and not in the archive"]);
    let twice = workshop.made(|entries| {
        let again: Vec<Entry> = entries.iter().filter(|entry| of_b(entry)).cloned().collect();
        entries.extend(again);
    });
    workshop.refuses("a side twice", &twice, &["sides/b/", "there twice"]);
    let twice = workshop.made(|entries| {
        change(&mut entries[0], |manifest| manifest["sides"] = serde_json::json!(["a", "b", "b"]));
    });
    workshop.refuses("a side listed twice", &twice, &["manifest.json", "side b is listed twice"]);
    let twice = workshop.listed(|entries| {
        change(find(entries, "group.json"), |group| group["sides"][1]["name"] = "a".into());
    });
    workshop.refuses("a side twice in the group", &twice, &["group.json", "side a is there twice"]);
    let unlisted = workshop.made(|entries| {
        change(&mut entries[0], |manifest| manifest["sides"] = serde_json::json!(["a"]));
    });
    workshop.refuses("a side unlisted", &unlisted, &["side b is not in manifest.json"]);
    let loose = workshop.listed(|entries| entries.retain(|entry| entry.path != "group/group.json"));
    workshop.refuses("no group", &loose, &["sides and no group/group.json"]);
    let beside = workshop.listed(|entries| {
        for entry in entries.iter_mut().filter(|entry| of_b(entry)) {
            entry.path = entry.path.replace("sides/b/", "");
        }
        change(&mut entries[0], |manifest| manifest["sides"] = serde_json::json!(["a"]));
    });
    workshop.refuses("a baseline beside", &beside, &["none of its sides"]);
}

#[test]
fn members_of_another_group_are_refused() {
    let workshop = workshop();
    let of_b = "sides/b/recording/recording.json";
    for (what, entry, key, value, expected) in [
        ("id", of_b, "/group/id", serde_json::json!(7), "another group"),
        ("name", of_b, "/group/group", "other".into(), "another group"),
        ("side", of_b, "/group/side", "a".into(), "another group, or of another side"),
        ("place", of_b, "/group/place", 0.into(), "another side"),
        ("turn", of_b, "/group/in_turn", true.into(), "another side"),
        ("none", of_b, "/group", serde_json::Value::Null, "of no group"),
        ("rounds", of_b, "/rounds", 5.into(), "other settings"),
        ("seed", of_b, "/seed", 5.into(), "other settings"),
        ("profile", of_b, "/profile/rounds/length_ms", 9.5.into(), "other settings"),
        ("unknown", "group/group.json", "/sides/1/name", "x".into(), "side b: recording/recording.json"),
        ("parent", "group/group.json", "/sides/1/name", "..".into(), "allowed at its start"),
        ("path", "group/group.json", "/sides/1/name", "a/b".into(), "allowed: ASCII"),
        ("words", "group/group.json", "/sides/1/runner", "\u{1b}[2J".into(), "no control characters"),
        ("mode", "group/group.json", "/manifest/profile/matrix/modes/0", "../x".into(), "allowed"),
        ("newer", "group/group.json", "/format_version", 9.into(), "newer copycost (format 9)"),
        ("one", "group/group.json", "/sides", serde_json::json!([]), "two sides or more"),
    ] {
        let bytes = workshop.listed(|entries| {
            change(find(entries, entry), |found| *found.pointer_mut(key).unwrap() = value);
        });
        workshop.refuses(what, &bytes, &[expected]);
    }
    for side in ["..", "../../x", ".hidden", "-b", "a b", "new", "", "b/.."] {
        let bytes = workshop.listed(|entries| {
            find(entries, of_b).path = format!("sides/{side}/recording/recording.json");
        });
        workshop.refuses(side, &bytes, &["manifest.json", "the path", "allowed"]);
        let bytes = workshop.made(|entries| {
            change(&mut entries[0], |manifest| manifest["sides"] = serde_json::json!(["a", side]));
        });
        workshop.refuses(side, &bytes, &["manifest.json", "name"]);
    }
}
