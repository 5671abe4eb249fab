//! Archives that are whole and make no baseline here: files that contradict each
//! other, names and places that are taken, what a newer version wrote. Nothing is
//! written then, or what was written is taken back.

#[path = "support/archives.rs"]
mod archives;
#[path = "support/made_up.rs"]
mod made_up;

use std::fs;

use archives::{Workshop, change, find, listing, made_up_cell};
use copycost::results::{criterion_files, recording};

#[test]
fn what_a_newer_copycost_wrote_is_named() {
    let workshop = Workshop::new();
    let bytes = workshop.made(|entries| change(&mut entries[0], |value| value["format_version"] = 2.into()));
    workshop.refuses("format", &bytes, &["manifest.json", "format 2", "knows format 1"]);
    let bytes = workshop.made(|entries| {
        entries[0].text = br#"{"format_version": 7, "of": "another shape"}"#.to_vec();
    });
    workshop.refuses("shape", &bytes, &["manifest.json", "format 7"]);
    let bytes = workshop.listed(|entries| {
        change(find(entries, "recording.json"), |value| value["format_version"] = 9.into());
    });
    workshop.refuses("recording", &bytes, &["recording.json", "newer copycost (format 9)"]);
    let bytes = workshop.listed(|entries| {
        find(entries, "copycost.json").text = br#"{"schema_version": 5, "of": "another shape"}"#.to_vec();
    });
    workshop.refuses("record", &bytes, &["copycost.json", "newer copycost (schema 5)"]);
}

#[test]
fn names_that_lead_elsewhere_or_are_taken_are_refused() {
    let workshop = Workshop::new();
    for name in
        ["", "new", "base", "report", "change", "copycost", ".", "..", ".hidden", "a/b", "/a", "a\0b", "-a"]
    {
        let bytes = workshop.made(|entries| change(&mut entries[0], |value| value["baseline"] = name.into()));
        workshop.refuses(name, &bytes, &["manifest.json", &format!("{name:?}"), "allowed"]);
    }
    for name in ["mine", "other"] {
        let bytes = workshop.made(|entries| change(&mut entries[0], |value| value["baseline"] = name.into()));
        workshop.refuses(name, &bytes, &["there is a baseline", name, "--as NAME"]);
    }
    let release = copycost::environment::kernel_release().unwrap();
    let bytes =
        workshop.made(|entries| change(&mut entries[0], |value| value["baseline"] = release.clone().into()));
    workshop.refuses("here", &bytes, &[&release, "release of this kernel", "--as NAME"]);

    // Places that no baseline has taken, and that are not free for all that.
    let here = workshop.stage.path("here");
    let place = criterion_files::cell_directory(&here, &made_up_cell("zero-copy")).join("far");
    fs::create_dir_all(&place).unwrap();
    workshop.refuses("a directory", &workshop.made(|_| {}), &["zero-copy/4096/far already", "--as NAME"]);
    fs::remove_dir(&place).unwrap();
    std::os::unix::fs::symlink("nowhere", &place).unwrap();
    workshop.refuses("a link", &workshop.made(|_| {}), &["zero-copy/4096/far already"]);
    fs::remove_file(&place).unwrap();
    let place = recording::directory(&here, "far");
    fs::create_dir_all(&place).unwrap();
    workshop.refuses("a recording", &workshop.made(|_| {}), &["copycost/far already"]);

    let words =
        workshop.made(|entries| change(&mut entries[0], |value| value["made_utc"] = "\u{1b}[2J".into()));
    workshop.refuses("a terminal's command", &words, &["made_utc", "\\u{1b}"]);
}

#[test]
fn records_are_of_the_cell_in_whose_place_they_lie() {
    let workshop = Workshop::new();
    let json = |text: &[u8]| -> serde_json::Value { serde_json::from_slice(text).unwrap() };
    for (what, end, key, value, expected) in [
        ("bytes", "one-copy/4096/copycost.json", "/cell/message_bytes", "8192", "belongs"),
        ("threads", "one-copy/4096/copycost.json", "/cell/threads", "2", "belongs"),
        ("mode", "one-copy/4096/copycost.json", "/cell/mode", "\"two-copy\"", "belongs"),
        ("target", "one-copy/4096/copycost.json", "/cell/target", "\"latency\"", "belongs"),
        ("blocks", "one-copy/4096/copycost.json", "/blocks", "7", "invalid type"),
        (
            "id",
            "one-copy/4096/benchmark.json",
            "/full_id",
            "\"x\"",
            "not of throughput/1-thread/one-copy/4096",
        ),
        ("place", "one-copy/4096/benchmark.json", "/directory_name", "\"../x\"", "\"../x\""),
        ("times", "one-copy/4096/sample.json", "/times", "[1.0]", "24 iterations, 1 times"),
        ("rounds", "recording.json", "/rounds", "1", "pass-002-throughput.jsonl is no pass that"),
        ("targets", "recording.json", "/targets", "[\"latency\"]", "is no pass that"),
    ] {
        let bytes = workshop.listed(|entries| {
            change(find(entries, end), |found| *found.pointer_mut(key).unwrap() = json(value.as_bytes()));
        });
        workshop.refuses(what, &bytes, &[expected]);
    }
    let pass = "recording/pass-001-throughput.jsonl";
    let lines = |change_lines: &dyn Fn(Vec<String>) -> Vec<String>| {
        workshop.listed(|entries| {
            let entry = find(entries, pass);
            let text = String::from_utf8(entry.text.clone()).unwrap();
            let lines = change_lines(text.lines().map(str::to_string).collect());
            entry.text = (lines.join("\n") + "\n").into_bytes();
        })
    };
    let twice = lines(&|lines| [&lines[..], &lines[..1]].concat());
    workshop.refuses("a cell twice", &twice, &[pass, "line 4", "there twice"]);
    let other = lines(&|lines| {
        lines.iter().map(|line| line.replace(r#""target":"throughput""#, r#""target":"latency""#)).collect()
    });
    workshop.refuses("another target", &other, &[pass, "line 1", "in a pass of throughput"]);
    let half = lines(&|mut lines| {
        lines[2].truncate(100);
        lines
    });
    workshop.refuses("half a record", &half, &[pass, "line 3", "EOF"]);
    workshop.refuses("no record", &lines(&|_| Vec::new()), &[pass, "line 1"]);

    for (what, gone, expected) in [
        ("no record", "one-copy/4096/copycost.json", "one-copy/4096 lacks copycost.json"),
        ("no sample", "one-copy/4096/sample.json", "one-copy/4096 lacks sample.json"),
        ("no beginning", "recording/recording.json", "passes and no recording/recording.json"),
    ] {
        let bytes = workshop.listed(|entries| entries.retain(|entry| !entry.path.ends_with(gone)));
        workshop.refuses(what, &bytes, &[expected]);
    }
    let only = |kept: &'static str| {
        workshop.listed(move |entries| {
            entries.retain(|entry| entry.path == "manifest.json" || entry.path.starts_with(kept));
        })
    };
    workshop.refuses("nothing", &only("none"), &["no cell and no pass"]);
    workshop.refuses("a beginning alone", &only("recording/recording.json"), &["no cell and no pass"]);
}

#[test]
fn a_rename_that_fails_takes_back_the_others() {
    let workshop = Workshop::new();
    let here = workshop.stage.path("empty");
    // The last of the cells has no place: its parent is a link to nowhere.
    let parent = criterion_files::cell_directory(&here, &made_up_cell("zero-copy"));
    let parent = parent.parent().unwrap();
    fs::create_dir_all(parent.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("nowhere", parent).unwrap();
    let before = listing(workshop.stage.directory.path());
    let file = workshop.stage.path("far.tar.gz");
    let error = workshop.stage.import("empty", &file, None).unwrap_err().to_string();
    assert!(error.contains("zero-copy"), "{error}");
    assert!(listing(workshop.stage.directory.path()) == before, "{error}");

    fs::remove_file(parent).unwrap();
    // What a killed import left does not stand in the way.
    let left = here.join("copycost/.import/cell-0");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("sample.json"), "{").unwrap();
    workshop.stage.import("empty", &file, None).unwrap();
    assert!(!here.join("copycost/.import").exists());
}

#[test]
fn two_imports_at_once_do_not_mix() {
    let workshop = Workshop::new();
    let here = workshop.stage.path("here");
    let lock = fs::File::open(here.join("copycost")).unwrap();
    lock.lock().unwrap();
    let staging = here.join("copycost/.import/cell-0");
    fs::create_dir_all(&staging).unwrap();
    fs::write(staging.join("sample.json"), "half of the other's").unwrap();
    let before = listing(&here);
    let error = workshop.stage.import("here", &workshop.stage.path("far.tar.gz"), None).unwrap_err();
    assert!(error.to_string().contains("another import is at work"), "{error}");
    assert!(listing(&here) == before);
    drop(lock);
    workshop.stage.import("here", &workshop.stage.path("far.tar.gz"), None).unwrap();
}

#[test]
fn what_would_be_shown_or_become_a_path_is_checked_where_it_is_read() {
    let workshop = Workshop::new();
    let json = |text: &str| -> serde_json::Value { serde_json::from_str(text).unwrap() };
    let pass = "pass-001-throughput.jsonl";
    let cell = "one-copy/4096/copycost.json";
    let long = format!("\"{}\"", "x".repeat(9000));
    for (end, key, value, expected) in [
        (pass, "/cell/mode", r#""../../x""#, "\"../../x\"; allowed"),
        (pass, "/cell/mode", r#""""#, "\"\"; allowed"),
        (pass, "/cell/mode", r#""report""#, "taken by a directory"),
        (pass, "/cell/message_bytes", "0", "0 bytes a message; allowed: 1 to 16777216"),
        (pass, "/cell/message_bytes", "16777217", "16777217 bytes a message"),
        (pass, "/cell/threads", "0", "0 client threads; allowed: 1 to 256"),
        (pass, "/cell/threads", "257", "257 client threads"),
        (pass, "/blocks/0/rounds/0/lane", r#""../x""#, "\"../x\"; allowed"),
        (pass, "/profile/matrix/modes/0", r#""a/b""#, "\"a/b\"; allowed"),
        (pass, "/environment/kernel_release/value", r#""\u001b[2J""#, "\"value\": \"\\u{1b}[2J\" holds"),
        (pass, "/copycost_version", r#""1\n2""#, "\"copycost_version\": \"1\\n2\" holds"),
        (pass, "/doubts", r#"[{"text": "\u202e"}]"#, "\\u{202e}"),
        (pass, "/steal_percent", r#"{"absent": "\u0007"}"#, "\\u{7}"),
        (cell, "/environment/kernel_release/value", r#""6.1\r""#, "\\r"),
        (cell, "/environment/kernel_release/value", &long, "has 9000 bytes; allowed: up to 8192"),
        (cell, "/metrics", r#"{"a\u009bb": {"absent": "x"}}"#, "\\u{9b}"),
        (pass, "/modes", r#"{"one-copy": {"summary": "\u001b[2J"}}"#, "\"summary\": \"\\u{1b}[2J\" holds"),
        (cell, "/modes", r#"{"one-copy": {"summary": "a\nb"}}"#, "\"summary\": \"a\\nb\" holds"),
        (cell, "/modes", r#"{"../x": {"summary": "a mode"}}"#, "\"../x\"; allowed"),
        (cell, "/ratios", r#"{"a b": {"absent": "x"}}"#, "\"a b\"; allowed"),
        ("one-copy/4096/benchmark.json", "/title", r#""\u001b""#, "\"title\": \"\\u{1b}\" holds"),
        ("recording.json", "/profile/name", r#""\u001b""#, "\"name\": \"\\u{1b}\" holds"),
        ("recording.json", "/filter", r#""\u0000""#, "\"filter\""),
        ("recording.json", "/profile/matrix/modes/1", r#""..""#, "\"..\"; allowed"),
    ] {
        let put = |found: &mut serde_json::Value| *found.pointer_mut(key).unwrap() = json(value);
        let bytes = workshop.listed(|entries| {
            let entry = find(entries, end);
            let text = String::from_utf8(entry.text.clone()).unwrap();
            let (first, rest) = match end == pass {
                true => text.split_once('\n').unwrap(),
                false => (text.as_str(), ""),
            };
            let mut found = json(first);
            put(&mut found);
            entry.text = format!("{found}\n{rest}").into_bytes();
        });
        workshop.refuses(&format!("{end} {key} {value}"), &bytes, &[end, expected]);
    }
    let lines = workshop.listed(|entries| {
        change(find(entries, "recording.json"), |found| {
            found["pair"] = serde_json::json!({"id": 1, "side": "a", "before": "sysctl -w a=1\n\tip link"});
        });
    });
    let file = workshop.stage.path("lines.tar.gz");
    fs::write(&file, lines).unwrap();
    workshop.stage.import("empty", &file, None).unwrap(); // a command may have lines
}
