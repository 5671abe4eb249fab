//! Bad profiles: each kind of mistake is refused before anything is measured,
//! by a message that names the file, the key, the value and what is allowed.

use copycost::cell::Target;
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
    for name in ["nonesuch", "criterion-config/nonesuch.toml", "default, quick, thorough, recording, malloc"]
    {
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
}
