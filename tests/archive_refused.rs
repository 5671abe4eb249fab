//! Archives that somebody made: what does not belong into one is refused by its
//! name, and nothing is written, neither here nor elsewhere.

#[path = "support/archives.rs"]
mod archives;
#[path = "support/made_up.rs"]
mod made_up;

use std::fs;
use std::io::Write;
use std::path::Path;

use archives::{Entry, Workshop, change, find};
use copycost::results::archive::{LARGEST_CELL_FILE_BYTES, LARGEST_PASS_FILE_BYTES, MOST_FILES};
use flate2::write::GzEncoder;

#[test]
fn the_workshop_makes_good_archives_too() {
    let workshop = Workshop::new();
    let file = workshop.stage.path("made.tar.gz");
    fs::write(&file, workshop.listed(|_| {})).unwrap();
    assert_eq!(workshop.stage.import("here", &file, None).unwrap().passes, 2);
}

#[test]
fn no_path_leads_anywhere_else() {
    let workshop = Workshop::new();
    let cell = "cells/throughput/1-thread/one-copy/4096";
    for path in [
        "../outside.json",
        "/tmp/outside.json",
        "cells/../../outside.json",
        "recording/../../../outside.json",
        "cells/throughput/1-thread/../4096/sample.json",
    ] {
        let expected = [path, "leads out of the archive's place", "allowed:"];
        let entry = Entry::file(path, b"{}");
        workshop.refuses(path, &workshop.listed(|entries| entries.push(entry.clone())), &expected);
        workshop.refuses(path, &workshop.made(|entries| entries.push(entry)), &expected);
    }
    for path in [
        "README",
        "cells",
        "./recording/recording.json",
        "recording/",
        "recording/recording.lock",
        "recording/imported.json",
        "recording/pass-001-throughput.log",
        "recording/pass-1-throughput.jsonl",
        "recording/pass-+01-throughput.jsonl",
        "recording/pass-000-throughput.jsonl",
        "recording/pass-001-speed.jsonl",
        &format!("{cell}/raw.csv"),
        &format!("{cell}//sample.json"),
        &format!("{cell}/sample.json/"),
        &format!("{cell}/x/sample.json"),
        "cells/throughput/1-threads/one-copy/4096/sample.json",
        "cells/throughput/01-thread/one-copy/4096/sample.json",
        "cells/throughput/0-threads/one-copy/4096/sample.json",
        "cells/throughput/1-thread/one-copy/+4096/sample.json",
        "cells/throughput/1-thread/one-copy/0/sample.json",
        "cells/throughput/1-thread/report/4096/sample.json",
        "cells/throughput/1-thread/a\\b/4096/sample.json",
        "cells/speed/1-thread/one-copy/4096/sample.json",
    ] {
        let expected = [path.escape_debug().to_string(), "is none that an archive holds".to_string()];
        let made = workshop.listed(|entries| entries.push(Entry::file(path, b"{}")));
        workshop.refuses(path, &made, &expected.each_ref().map(String::as_str));
    }
}

#[test]
fn only_regular_files_are_taken() {
    let workshop = Workshop::new();
    for (kind, called) in [
        (b'1', "a hard link"),
        (b'2', "a symbolic link"),
        (b'3', "a device"),
        (b'4', "a device"),
        (b'5', "a directory"),
        (b'6', "a pipe"),
        (b'7', "type '7'"),
        (b'g', "type 'g'"),
        (b'x', "type 'x'"),
        (b'K', "type 'K'"),
        (b'L', "type 'L'"),
        (b'S', "type 'S'"),
        (b'V', "type 'V'"),
    ] {
        let link = Entry { kind, link: "/etc/passwd".into(), ..Entry::file("recording/recording.json", b"") };
        let bytes = workshop.made(|entries| {
            let recording = find(entries, "recording.json");
            *recording = link.clone();
        });
        workshop.refuses(called, &bytes, &[called, "allowed: regular files", "recording/recording.json"]);
        let first = workshop.made(|entries| entries[0].kind = kind);
        workshop.refuses(called, &first, &[called, "manifest.json"]);
    }
}

#[test]
fn sizes_are_bounded_before_anything_is_unpacked() {
    let workshop = Workshop::new();
    let manifest = |change_files: &dyn Fn(&mut Vec<serde_json::Value>)| {
        workshop.made(|entries| {
            change(&mut entries[0], |value| change_files(value["files"].as_array_mut().unwrap()));
        })
    };
    let file = |path: String, bytes: u64| serde_json::json!({"path": path, "bytes": bytes, "crc32": 0});

    let one = LARGEST_CELL_FILE_BYTES + 1;
    let bytes = manifest(&|files| files[0]["bytes"] = one.into());
    workshop.refuses("a file", &bytes, &["benchmark.json", "16777217 bytes", "at most 16777216"]);
    let pass = |number: u64| format!("recording/pass-{number:03}-latency.jsonl");
    let bytes = manifest(&|files| files.push(file(pass(1), u64::MAX)));
    workshop.refuses("a pass", &bytes, &[&pass(1), "18446744073709551615 bytes", "at most 268435456"]);
    let bytes = manifest(&|files| {
        files.extend((1..=17).map(|number| file(pass(number), LARGEST_PASS_FILE_BYTES)));
    });
    workshop.refuses("all", &bytes, &["all files together", "at most 4294967296"]);
    let bytes = manifest(&|files| files.extend((1..=MOST_FILES).map(|number| file(pass(number), 1))));
    workshop.refuses("files", &bytes, &["manifest.json", "files", "and at most 20000 are allowed"]);

    // Zeros that unfold: listed as small, as what follows, as the manifest.
    let zeros = vec![0; 32 << 20];
    let bytes = workshop.made(|entries| find(entries, "recording.json").text = zeros.clone());
    workshop.refuses("a bomb", &bytes, &["recording.json", "it has 33554432 bytes, and"]);
    let bytes = workshop.made(|entries| entries[0].text = zeros.clone());
    workshop.refuses("a bomb in front", &bytes, &["manifest.json", "33554432 bytes, and at most 8388608"]);
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*workshop.made(|_| {})), &mut plain)
        .unwrap();
    let packed = |after: &[u8]| {
        let mut gz = GzEncoder::new(Vec::new(), flate2::Compression::new(1));
        gz.write_all(&plain).and_then(|()| gz.write_all(after)).unwrap();
        gz.finish().unwrap()
    };
    workshop.refuses("a bomb behind", &packed(&zeros), &["at its end", "at most 65536"]);
    workshop.refuses("a hidden rest", &packed(b"rest"), &["at its end", "no entry"]);
    let behind = [packed(&[]), b"rest".to_vec()].concat();
    workshop.refuses("a rest", &behind, &["at its end", "follows the compressed data"]);
    let twice = [packed(&[]), packed(&[])].concat();
    workshop.refuses("a second archive", &twice, &["at its end", "follows the compressed data"]);
}

#[test]
fn the_files_are_those_of_the_manifest_each_once() {
    let workshop = Workshop::new();
    let sample = "cells/throughput/1-thread/one-copy/4096/sample.json";
    let again = |entries: &mut Vec<Entry>| {
        let entry = find(entries, sample).clone();
        entries.push(entry);
    };
    workshop.refuses("twice", &workshop.made(again), &[sample, "it is there twice"]);
    workshop.refuses("listed twice", &workshop.listed(again), &["manifest.json", sample, "is listed twice"]);
    let manifest = workshop.made(|entries| entries.push(entries[0].clone()));
    workshop.refuses("two manifests", &manifest, &["manifest.json is there twice"]);
    let more = workshop.made(|entries| {
        entries.push(Entry::file("recording/pass-002-latency.jsonl", b"{}"));
    });
    workshop.refuses("unlisted", &more, &["pass-002-latency.jsonl: it is not in manifest.json"]);
    let less = workshop.made(|entries| entries.retain(|entry| entry.path != sample));
    workshop.refuses("missing", &less, &[sample, "in manifest.json and not in the archive"]);
    let first = workshop.made(|entries| entries.swap(0, 1));
    workshop.refuses("no manifest first", &first, &["its first entry is", "benchmark.json"]);
    let other = workshop.made(|entries| {
        let text = &mut find(entries, sample).text;
        let digit = text.iter_mut().find(|byte| byte.is_ascii_digit()).unwrap();
        *digit ^= 1;
    });
    workshop.refuses("changed", &other, &[sample, "CRC-32"]);
}

#[test]
fn what_is_no_archive_is_said() {
    let workshop = Workshop::new();
    let text = b"no archive at all, but longer than a header of gzip".as_slice();
    workshop.refuses("text", text, &["no archive of `copycost export`"]);
    workshop.refuses("nothing", b"", &["no archive of `copycost export`"]);
    let mut gz = GzEncoder::new(Vec::new(), flate2::Compression::new(1));
    gz.write_all(&[b'x'; 2000]).unwrap();
    workshop.refuses("gzip", &gz.finish().unwrap(), &["no archive of `copycost export`"]);
    let stage = &workshop.stage;
    for (path, expected) in [("nosuch", "No such file"), ("here", "no regular file")] {
        let error = stage.import("here", Path::new(&stage.path(path)), None).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
