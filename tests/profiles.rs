//! Bad profiles: each kind of mistake is refused before anything is measured,
//! by a message that names the file, the key, the value and what is allowed.

use copycost::cell::Target;
use copycost::copy_mode;
use copycost::profile::{BufferSize, Profile};

#[track_caller]
fn refused(text: &str, names: &[&str]) {
    let error = Profile::parse("bad", "bad.toml", text).expect_err(text).to_string();
    for name in ["bad.toml"].iter().chain(names) {
        assert!(error.contains(name), "{error:?} does not name {name:?}, for:\n{text}");
    }
}

#[test]
fn keys_that_do_not_exist() {
    refused("[matrix]\nsizes = [1]", &["`matrix.sizes`", "[1]", "message_bytes", "threads"]);
    refused("[rounds]\nlenght_ms = 1", &["`rounds.lenght_ms`", "length_ms", "seed"]);
    refused("[martix]\nthreads = [1]", &["`martix`", "matrix", "rounds"]);
    refused("threads = [1]", &["`threads`", "unknown table"]);
    refused("matrix = 3", &["`matrix`", "must be a table"]);
}

#[test]
fn values_that_are_not_allowed() {
    for (text, key, allowed) in [
        ("[matrix]\nmessage_bytes = [1024, 0]", "`matrix.message_bytes` = 0", "1 to 16777216"),
        ("[matrix]\nmessage_bytes = []", "`matrix.message_bytes` = []", "at least one"),
        ("[matrix]\nmessage_bytes = [1, 1]", "`matrix.message_bytes` = 1", "each once"),
        ("[matrix]\nthreads = [0]", "`matrix.threads` = 0", "1 to 256"),
        ("[matrix]\nmodes = [\"three-copy\"]", "\"three-copy\"", "two-copy, one-copy, zero-copy"),
        ("[message]\nlayout = [128]", "`message.layout` = [128]", "[128, \"rest\"]"),
        ("[message]\nlayout = []", "`message.layout` = []", "one of them \"rest\""),
        ("[message]\nlayout = [\"rest\", \"rest\"]", "`message.layout`", "one of them \"rest\""),
        ("[message]\nlayout = [0, \"rest\"]", "`message.layout` = [0,\"rest\"]", "sizes in bytes"),
        ("[message]\nlayout = \"odd\"", "`message.layout`", "\"even\" or a list"),
        ("[message]\nlayout = [1024, \"rest\"]", "`matrix.message_bytes` = 1024", "1025 bytes and more"),
        ("[message]\nlayout = [8, \"rest\"]\nfields = 2", "`message.layout`", "not both"),
        ("[message]\nzero_copy_from_bytes = 2000000000", "`message.zero_copy_from_bytes`", "0 to 1073741824"),
        ("[io_uring]\nbatch_messages = 0", "`io_uring.batch_messages` = 0", "1 to 1024"),
        ("[io_uring]\nregistered_buffers = 1", "registered_buffers", "boolean"),
        ("[server]\nreceive = \"drop\"", "receive", "`copy`, `discard`, `mapped`"),
        ("[server]\nreceive = \"discard\"\nverify = true", "`server.verify` = true", "nothing to compare"),
        ("[message]\nfields = 0", "`message.fields` = 0", "1 to 64"),
        ("[message]\ngap_bytes = 0", "`message.gap_bytes` = 0", "64 to"),
        ("[message]\nring_bytes = 0", "`message.ring_bytes` = 0", "4096 to"),
        ("[message]\nring_offset_bytes = 4096", "`message.ring_offset_bytes`", "0 to 4095"),
        ("[message]\nstaging_offset_bytes = 4096", "`message.staging_offset_bytes`", "0 to 4095"),
        ("[server]\nreceive_offset_bytes = 9999", "`server.receive_offset_bytes`", "0 to 4095"),
        ("[server]\nread_bytes = 0", "`server.read_bytes` = 0", "1 to"),
        ("[socket]\naddress = \"192.0.2.1\"", "`socket.address` = 192.0.2.1", "loopback"),
        ("[socket]\ncongestion_control = \"\"", "`socket.congestion_control`", "reno"),
        ("[socket]\nsend_buffer_bytes = 0", "`socket.send_buffer_bytes` = 0", "2048 to"),
        ("[criterion]\nsample_size = 9", "`criterion.sample_size` = 9", "10 to"),
        ("[criterion]\nwarm_up_s = 0.0", "`criterion.warm_up_s` = 0", "0.001 to"),
        ("[criterion]\nresamples = 1", "`criterion.resamples` = 1", "1000 to"),
        ("[criterion]\nnoise_threshold = 2.0", "`criterion.noise_threshold` = 2", "0.0001 to"),
        ("[criterion]\nsignificance_level = 0.0", "`criterion.significance_level` = 0", "0.0001 to"),
        ("[rounds]\nlength_ms = 0.0", "`rounds.length_ms` = 0", "0.1 to"),
        ("[rounds]\nlength_ms = nan", "`rounds.length_ms` = NaN", "0.1 to"),
        ("[rounds]\ngenerations = 0", "`rounds.generations` = 0", "1 to 150"),
        ("[rounds]\nstall_timeout_s = 0.0", "`rounds.stall_timeout_s` = 0", "0.1 to"),
    ] {
        refused(text, &[key, allowed]);
    }
    let both = "[criterion]\nmeasurement_time_s = 2.0\n[rounds]\nlength_ms = 5.0";
    refused(both, &["`criterion.measurement_time_s`", "rounds.length_ms", "not both"]);
    let both = "[criterion]\nmeasurement_time_s = 2.0\n[rounds]\nlatency_length_ms = 5.0";
    refused(both, &["`criterion.measurement_time_s`", "rounds.latency_length_ms", "not both"]);
    refused("[rounds]\nlatency_length_ms = 0.0", &["`rounds.latency_length_ms` = 0", "0.1 to"]);
}

#[test]
fn values_of_the_wrong_type_and_text_that_is_not_toml() {
    refused("[matrix]\nthreads = \"four\"", &["threads"]);
    refused("[rounds]\ngenerations = -1", &["generations"]);
    refused("[rounds]\norder = \"sorted\"", &["sorted", "random", "fixed"]);
    refused("[placement]\npolicy = \"everywhere\"", &["everywhere", "spread", "same-core"]);
    refused("[matrix", &["TOML parse error"]);
}

#[test]
fn a_profile_that_is_not_there_names_those_that_are() {
    let error = Profile::load("nonesuch").unwrap_err().to_string();
    for name in [
        "nonesuch",
        "criterion-config/nonesuch.toml",
        "default, quick, thorough, recording, sides, peer, malloc, all-modes, header-body",
    ] {
        assert!(error.contains(name), "{error}");
    }
    assert!(Profile::load("./nonesuch.toml").unwrap_err().to_string().contains("./nonesuch.toml"));
}

#[test]
fn a_profile_overlays_the_default() {
    let default = Profile::load("default").unwrap();
    let text = "[rounds]\nseed = 7\n[socket]\nsend_buffer_bytes = \"auto\"";
    let profile = Profile::parse("mine", "mine.toml", text).unwrap();
    assert_eq!(profile.rounds.seed, Some(7));
    assert!(matches!(profile.socket.send_buffer_bytes, BufferSize::Auto(_)));
    assert_eq!(profile.matrix, default.matrix);
    assert_eq!(profile.round_length(Target::Latency).as_micros(), 4000);
    // 150 samples of 4 rounds (three modes and the self check) and two
    // references of an eighth, of 4 ms.
    assert_eq!(profile.measurement_time(Target::Throughput).as_millis(), 2550);
    let timed = Profile::parse("timed", "timed.toml", "[criterion]\nmeasurement_time_s = 6.375").unwrap();
    assert_eq!(timed.round_length(Target::Throughput).as_millis(), 10);
    let apart =
        Profile::parse("apart", "apart.toml", "[rounds]\nlength_ms = 2.0\nlatency_length_ms = 8.0").unwrap();
    assert_eq!(apart.round_length(Target::Throughput).as_millis(), 2);
    assert_eq!(apart.round_length(Target::CpuCost).as_millis(), 2);
    assert_eq!(apart.round_length(Target::Latency).as_millis(), 8);
}

#[test]
fn every_shipped_profile_is_good_and_covers_the_same_matrix() {
    let default = Profile::load("default").unwrap();
    for name in ["quick", "thorough", "malloc"] {
        assert_eq!(Profile::load(name).unwrap().matrix, default.matrix, "{name}");
    }
    assert_eq!(Profile::load("malloc").unwrap().server.receive_offset_bytes, 16);
    assert_eq!(default.matrix.modes, ["two-copy", "one-copy", "zero-copy"], "whatever the registry holds");
    let all: Vec<&str> = copy_mode::REGISTRY.iter().map(|mode| mode.name).collect();
    assert_eq!(Profile::load("all-modes").unwrap().matrix.modes, all);
    let header_body = Profile::load("header-body").unwrap().message;
    assert_eq!((header_body.fields, header_body.field_bytes(65536)), (2, vec![256, 65280]));
}

/// The one rule, wherever a profile can be given: flag over variable over the
/// command's default, and the heading says which it is.
#[test]
fn the_flag_wins_over_the_variable_and_the_variable_over_the_default() {
    let stage = tempfile::tempdir().unwrap();
    let small = "[criterion]\nsample_size = 10\nwarm_up_s = 0.01\nresamples = 1000\n\
                 [matrix]\nthreads = [1]\nmessage_bytes = [1024]\nmodes = [\"one-copy\"]\n\
                 [rounds]\nlength_ms = 0.5\ngenerations = 1\n";
    for name in ["of-flag.toml", "of-variable.toml"] {
        std::fs::write(stage.path().join(name), small).unwrap();
    }
    let run = |arguments: &[&str], flag: &[&str], variable: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_copycost"));
        command.args(arguments).args(flag).current_dir(stage.path());
        command.env("CRITERION_HOME", stage.path().join("criterion")).env("COPYCOST_PROFILE", variable);
        let done = command.output().unwrap();
        let text = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    let stream = ["stream", "--mode", "one-copy", "--message-bytes", "1024", "--messages", "10"];
    let record = ["record", "--rounds", "1", "--target", "throughput"];
    for (arguments, flag, default) in [
        (stream.as_slice(), ["--profile", "of-flag.toml"].as_slice(), Some("profile default\n")),
        (&["doctor"], &["--profile", "of-flag.toml"], Some("profile default\n")),
        (&["profile"], &["of-flag.toml"], Some("profile default\n")),
        // Its default takes half a minute; that it is `recording` its help says.
        (&record, &["--profile", "of-flag.toml"], None),
    ] {
        let begin = |of: &str| -> Vec<String> {
            let named = ["--name".to_string(), of.to_string()];
            let named = if arguments[0] == "record" { named.to_vec() } else { Vec::new() };
            arguments.iter().map(|word| word.to_string()).chain(named).collect()
        };
        let words = |of: &str| begin(of).leak().iter().map(String::as_str).collect::<Vec<&str>>();
        let (fine, shown) = run(&words("a"), flag, "of-variable.toml");
        assert!(
            fine && shown.contains("profile of-flag.toml (from the command line)"),
            "{arguments:?}: {shown}"
        );
        let (fine, shown) = run(&words("b"), &[], "of-variable.toml");
        let said = "profile of-variable.toml (from COPYCOST_PROFILE)";
        assert!(fine && shown.contains(said), "{arguments:?}: {shown}");
        let (fine, shown) = run(&words("c"), &[], "no-such");
        assert!(!fine && shown.contains("(the profile comes from COPYCOST_PROFILE)"), "{shown}");
        if let Some(default) = default {
            let (fine, shown) = run(&words("d"), &[], "");
            assert!(fine && shown.contains(default), "{arguments:?}: {shown}");
        }
    }
    let (_, help) = run(&["record", "--help"], &[], "");
    assert!(help.contains("COPYCOST_PROFILE's, else `recording`"), "{help}");
}
