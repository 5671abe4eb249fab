//! `copycost stream` and `profile` as people call them: every number has bounds
//! and says them, and a length is kept.

use std::process::{Command, Output};

fn copycost(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_copycost")).args(arguments).output().unwrap()
}

#[test]
fn where_nobody_reads_on_nothing_is_said() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader); // as `head` is gone
    let mut command = Command::new(env!("CARGO_BIN_EXE_copycost"));
    let run = command.args(["profile", "default"]).stdout(writer).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stderr), "");
}

#[test]
fn a_number_out_of_bounds_is_refused_with_its_bounds() {
    let stream = ["stream", "--mode", "one-copy"];
    let whole = ["--message-bytes", "4096", "--messages", "1"];
    for (flag, values, allowed) in [
        ("--message-bytes", ["0", "-5", "99999999999", "4k"], "from 1 to 16777216"),
        ("--threads", ["0", "-1", "257", "1.5"], "from 1 to 256"),
        ("--messages", ["0", "-3", "9999999999999999", "x"], "from 1 to 1000000000000"),
        ("--seconds", ["0", "-2", "1e9", "NaN"], "from 0.001 to 3600"),
    ] {
        for value in values {
            let mut arguments = stream.to_vec();
            // The others, but for what excludes this one or stands for it.
            for pair in whole.chunks(2) {
                if pair[0] != flag && !(flag == "--seconds" && pair[0] == "--messages") {
                    arguments.extend(pair);
                }
            }
            arguments.extend([flag, value]);
            let run = copycost(&arguments);
            let errors = String::from_utf8_lossy(&run.stderr);
            assert_eq!(run.status.code(), Some(2), "{flag} {value}: {errors}");
            assert!(errors.contains(allowed) && errors.contains(flag), "{flag} {value}: {errors}");
            assert!(errors.contains(&format!("'{value}'")), "{flag} {value}: {errors}");
        }
    }
    for (arguments, allowed) in [
        (["record", "--rounds", "-1"].as_slice(), "from 1 to 999"),
        (&["record", "--rounds", "1000"], "from 1 to 999"),
        (&["compare", "a", "b", "--threshold", "-0.5"], "from 0 to 100"),
    ] {
        let run = copycost(arguments);
        let errors = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(allowed), "{arguments:?}: {errors}");
    }
}

#[test]
fn a_word_that_names_nothing_is_wrong_usage_in_every_command() {
    let stream = ["stream", "--mode", "one-copy", "--message-bytes", "4096", "--messages", "1"];
    for (command, allowed) in [
        ([&stream[..], &["--profile", "nope"]].concat(), "quick"),
        (vec!["doctor", "--profile", "nope"], "quick"),
        (vec!["record", "--profile", "nope"], "quick"),
        (vec!["profile", "nope"], "quick"),
        ([&["stream", "--mode", "nope"], &stream[3..]].concat(), "two-copy"),
    ] {
        let run = copycost(&command);
        let errors = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{command:?}: {errors}");
        assert!(errors.contains("nope") && errors.contains(allowed), "{command:?}: {errors}");
    }
}

#[test]
fn a_length_ends_the_stream_whatever_the_size() {
    for (message_bytes, threads) in [("1000", "1"), ("4096", "3"), ("16777216", "4")] {
        let run = copycost(&[
            "stream",
            "--mode",
            "one-copy",
            "--message-bytes",
            message_bytes,
            "--threads",
            threads,
            "--seconds",
            "0.2",
            "--json",
        ]);
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let printed: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        let (seconds, messages) =
            (printed["wall_s"].as_f64().unwrap(), printed["messages"].as_u64().unwrap());
        println!("{message_bytes} bytes, {threads} threads: {messages} messages in {seconds:.3} s");
        assert!(seconds >= 0.2 && messages > 0);
    }
}

#[test]
fn a_congestion_control_that_does_not_exist_is_refused_before_anything_is_measured() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("profile.toml");
    std::fs::write(&path, "[socket]\ncongestion_control = \"bogus\"\n").unwrap();
    let path = path.to_str().unwrap();
    let stream =
        ["stream", "--mode", "one-copy", "--message-bytes", "1", "--messages", "1", "--profile", path];
    let record = ["record", "--name", "x", "--profile", path];
    let home = directory.path().join("criterion");
    for arguments in [["profile", path].as_slice(), &stream, &record] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copycost"));
        let run = command.args(arguments).env("CRITERION_HOME", &home).output().unwrap();
        let errors = String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success(), "{arguments:?}");
        assert!(errors.contains("`socket.congestion_control` = \"bogus\""), "{arguments:?}: {errors}");
        assert!(errors.contains("tcp_bogus") && errors.contains("reno"), "{arguments:?}: {errors}");
        assert!(!home.exists(), "{arguments:?} wrote something");
    }
}
