//! House rules: what reviews would otherwise have to find.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use copycost::copy_mode;
use copycost::doubt::DoubtKind;
use copycost::metric;
use copycost::profile::{PeerSettings, Profile, RunnerWords};

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rust_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> =
        ["src", "tests", "benches", "examples", "checks"].map(|name| root.join(name)).into();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path.strip_prefix(root).unwrap().to_path_buf());
            }
        }
    }
    assert!(found.len() > 30, "{found:?}");
    found
}

fn scripts() -> Vec<PathBuf> {
    let tables = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/method_tables")).unwrap();
    let tables = tables.map(|entry| Path::new("scripts/method_tables").join(entry.unwrap().file_name()));
    let names = ["method", "kernels", "sysctl-sides", "veth-peer", "guest-path"];
    tables.chain(names.map(|name| Path::new("scripts").join(name))).collect()
}

#[test]
fn every_mode_is_in_the_readme_and_the_record_document() {
    for mode in copy_mode::REGISTRY {
        for document in ["README.md", "docs/RECORD.md"] {
            assert!(read(document).contains(&format!("`{}`", mode.name)), "{document} lacks {}", mode.name);
        }
    }
}

#[test]
fn every_metric_is_in_the_record_document_with_its_unit() {
    let document = read("docs/RECORD.md");
    let mut names = BTreeSet::new();
    for described in metric::SOURCES.iter().flat_map(|source| source.catalogue()) {
        assert!(names.insert(described.name), "{} has two sources", described.name);
        let line = document.lines().find(|line| line.starts_with(&format!("| `{}` |", described.name)));
        let line = line.unwrap_or_else(|| panic!("docs/RECORD.md lacks {}", described.name));
        assert!(
            line.contains(&format!("| {} |", described.unit).replace("|  |", "| |")),
            "{line}: unit {:?}",
            described.unit
        );
    }
}

/// Every key that a profile can have, as `table.key`.
fn profile_keys() -> Vec<String> {
    let default: toml::Table = read("criterion-config/default.toml").parse().unwrap();
    let keys = default
        .iter()
        .flat_map(|(table, keys)| keys.as_table().unwrap().keys().map(move |key| format!("{table}.{key}")));
    let of_peer = ["runner", "program", "control", "token_file", "address"];
    let optional = ["criterion.measurement_time_s", "rounds.seed"];
    let keys = keys.chain(of_peer.map(|key| format!("peer.{key}")));
    keys.chain(optional.map(String::from)).collect()
}

#[test]
fn every_profile_key_is_documented_and_reaches_the_record() {
    let document = read("criterion-config/README.md");
    let mut profile = Profile::load("default").unwrap();
    profile.criterion.measurement_time_s = Some(1.0);
    profile.rounds.seed = Some(1);
    profile.peer = Some(PeerSettings {
        runner: Some(RunnerWords::Line("env".into())),
        program: Some("copycost".into()),
        control: Some("host:7".into()),
        token_file: Some("file".into()),
        address: Some([127, 0, 0, 1].into()),
    });
    // A record holds it whole, but for the keys of a peer, which may name hosts.
    let record = serde_json::to_value(&profile).unwrap();
    for key in profile_keys() {
        assert!(document.contains(&format!("`{key}`")), "criterion-config/README.md lacks {key}");
        let (table, name) = key.split_once('.').unwrap();
        assert!(!record[table][name].is_null(), "{key} does not reach the record");
    }
}

/// A value of `default.toml` as its document writes it.
fn documented(value: Option<&toml::Value>) -> String {
    match value {
        None => "left out".into(),
        Some(toml::Value::String(text)) if text.is_empty() => "empty".into(),
        Some(toml::Value::String(text)) => text.clone(),
        Some(toml::Value::Array(values)) if values.is_empty() => "empty".into(),
        Some(toml::Value::Array(values)) => {
            values.iter().map(|value| documented(Some(value))).collect::<Vec<_>>().join(", ")
        }
        Some(toml::Value::Float(number)) => number.to_string(),
        Some(other) => other.to_string(),
    }
}

#[test]
fn documented_defaults_are_those_of_the_default_profile() {
    let default: toml::Table = read("criterion-config/default.toml").parse().unwrap();
    let document = read("criterion-config/README.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let mut documented_keys = BTreeSet::new();
    for (key, rest) in rows.filter(|(key, _)| key.contains('.') && !key.ends_with(".toml")) {
        let (table, name) = key.split_once('.').unwrap();
        let expected = documented(default.get(table).and_then(|table| table.get(name)));
        let found = rest.split(" | ").next().unwrap();
        assert_eq!(found, expected, "criterion-config/README.md, the default of {key}");
        documented_keys.insert(key.to_string());
    }
    let known: BTreeSet<String> =
        profile_keys().into_iter().chain(["rounds.latency_length_ms".into()]).collect();
    assert_eq!(documented_keys, known, "keys with a row, and keys that there are");
}

#[test]
fn every_profile_key_reaches_the_code() {
    let code: String = rust_files()
        .iter()
        .filter(|path| path.starts_with("src"))
        .filter(|path| !path.starts_with("src/profile") || path.ends_with("profile/peer.rs"))
        .map(read)
        .chain([read("src/profile.rs").split_once("impl Profile").unwrap().1.to_string()])
        .collect();
    for key in profile_keys() {
        let (_, name) = key.split_once('.').unwrap();
        assert!(code.contains(&format!(".{name}")), "{key} is read, checked, and does nothing");
    }
}

#[test]
fn every_doubt_has_a_heading_in_the_method() {
    let method = read("docs/METHOD.md");
    let marks: BTreeSet<char> = DoubtKind::all().map(DoubtKind::mark).collect();
    assert_eq!(marks.len(), DoubtKind::all().count(), "two doubts share a mark");
    assert!(DoubtKind::all().is_sorted(), "the order of the list is that of the letters");
    for title in DoubtKind::all().map(DoubtKind::title) {
        let heading =
            method.lines().any(|line| line.starts_with('#') && line.trim_start_matches('#').trim() == title);
        assert!(heading, "docs/METHOD.md has no heading {title:?}");
    }
}

/// What a mode is called and does is said in its registry entry alone; all else
/// learns it from there, or from the record that carries it.
#[test]
fn copy_modes_are_named_in_copy_mode_alone() {
    let elsewhere = rust_files();
    let elsewhere =
        elsewhere.iter().filter(|path| path.starts_with("src") && !path.starts_with("src/copy_mode"));
    for path in elsewhere {
        let text = read(path);
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for (number, line) in code.lines().enumerate() {
            // A name with a hyphen stands in a comment or in a string.
            // So does the one question that is about more than a mode.
            let code = line.split("//").next().unwrap_or("").replace("Was zero-copy real?", "");
            for mode in copy_mode::REGISTRY.iter().filter(|mode| mode.name.contains('-')) {
                let named = code.to_lowercase().contains(mode.name);
                assert!(!named, "{}:{} names {}", path.display(), number + 1, mode.name);
            }
        }
    }
}

#[test]
fn long_files_are_listed_with_their_reason() {
    let architecture = read("ARCHITECTURE.md");
    for path in rust_files() {
        let lines = read(&path).lines().count();
        let listed = architecture.contains(&format!("`{}`:", path.display()));
        assert!(
            lines <= 300 || listed,
            "{} has {lines} lines and no reason in ARCHITECTURE.md",
            path.display()
        );
        assert!(lines > 300 || !listed, "{} is listed as long and has {lines} lines", path.display());
    }
}

#[test]
fn unsafe_is_in_one_folder() {
    for path in rust_files().iter().filter(|path| !path.starts_with("src/sys/")) {
        for (number, line) in read(path).lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            let used =
                ["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait", "unsafe extern", "(unsafe_code)"];
            let quoted = path.ends_with("tests/tidy.rs");
            assert!(
                quoted || !used.iter().any(|used| code.contains(used)),
                "{}:{}",
                path.display(),
                number + 1
            );
        }
    }
    assert!(read("src/sys/mod.rs").contains("#![allow(unsafe_code)]"));
}

#[test]
fn modules_are_declared_plainly_and_open_with_what_they_own() {
    for path in rust_files().iter().filter(|path| path.starts_with("src")) {
        assert!(read(path).starts_with("//! "), "{} does not say what it owns", path.display());
        assert_ne!(path.file_stem().unwrap(), "utils");
    }
}

#[test]
fn nothing_of_one_machine_is_in_the_repository() {
    let documents =
        ["README.md", "ARCHITECTURE.md", "docs/METHOD.md", "docs/RECORD.md", "criterion-config/README.md"];
    let scripts = scripts().into_iter().chain(rust_files());
    for path in documents.iter().map(PathBuf::from).chain(scripts) {
        let text = read(&path);
        if path.ends_with("tests/tidy.rs") {
            continue;
        }
        for trace in ["/work/", "/root/", "/home/"] {
            assert!(!text.contains(trace), "{} contains {trace}", path.display());
        }
    }
}

/// A field called `source` is printed by `anyhow` after the text of its error: in
/// a text that holds it already it would stand twice.
#[test]
fn no_error_prints_its_cause_twice() {
    for path in rust_files().iter().filter(|path| path.starts_with("src")) {
        let code = read(path);
        let of_errors = code.contains("thiserror");
        for line in code.lines().map(str::trim).filter(|_| of_errors) {
            let field = line.starts_with("source:") || line.starts_with("pub source:");
            assert!(!field && !line.starts_with("#[source]"), "{}: {line}: r#source is none", path.display());
        }
    }
}

/// Files that live are written by `results/whole_file.rs`, and by nobody past it.
#[test]
fn whole_files_are_written_in_one_place() {
    let exempt = ["src/results/whole_file.rs", "src/testing.rs"].map(Path::new);
    for path in rust_files().iter().filter(|path| {
        path.starts_with("src") && !exempt.contains(&path.as_path()) && !path.ends_with("tests.rs")
    }) {
        for line in read(path).lines().take_while(|line| !line.starts_with("#[cfg(test)]")) {
            let copies = line.contains("fs::copy(") || line.contains("fs::write(");
            assert!(!copies, "{}: {}: whole_file::write keeps files whole", path.display(), line.trim());
        }
    }
}
