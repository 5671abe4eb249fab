//! A recording with a peer: what its records say and do not say, what it can be
//! compared with, and what cannot have one.

#[path = "support/stage.rs"]
mod stage;

use copycost::breakdown::Profiler;
use copycost::compare::Baseline;
use copycost::metric::{Reading, Value, total};
use copycost::results::recording;
use stage::{PROFILE, Stage, succeeded, text};

const PROGRAM: &str = env!("CARGO_BIN_EXE_copycost");
const SECRET: &str = "a-host-of-mine";

/// A profile with a peer, whose runner has a word that nobody else has.
fn with_peer(stage: &Stage) -> String {
    let path = stage.directory.path().join("peer.toml");
    let peer = format!("[peer]\nrunner = [\"env\", \"WORD={SECRET}\"]\nprogram = \"{PROGRAM}\"\n");
    std::fs::write(&path, format!("{PROFILE}{peer}")).unwrap();
    path.display().to_string()
}

fn record<'a>(profile: &'a str, name: &'a str, target: &'a str) -> Vec<&'a str> {
    vec!["record", "--profile", profile, "--name", name, "--target", target, "--rounds", "1"]
}

#[test]
fn each_target_is_recorded_with_a_peer_and_says_so_and_not_which() {
    let stage = Stage::new();
    let profile = with_peer(&stage);
    for target in ["throughput", "latency", "cpu_cost"] {
        succeeded(stage.run(&[&record(&profile, target, target)[..], &["--filter", "4096"]].concat()));
        let baseline = Baseline::load(&stage.output(), target).unwrap();
        let records = &baseline.processes[0].records;
        assert_eq!(records.len(), 3);
        for record in records {
            assert!(record.profile.peer.is_some());
            assert_eq!(record.environment.text("path.servers"), Some("at a peer"));
            assert_eq!(record.environment.text("path.kind"), Some("loopback"));
            let both = |name: &str| {
                let of = |name: &str| record.environment.items.get(name).cloned();
                (of(name), of(&format!("peer.{name}")))
            };
            for name in ["kernel_release", "cpu.model", "path.kind", "path.mtu_bytes", "path.scatter_gather"]
            {
                let (here, there) = both(name);
                assert!(here.is_some() && here == there, "{name}: {here:?} and {there:?}");
            }
            match &record.metrics["control_round_trip"].reading {
                Reading::Value(Value::Generations(each)) => assert_eq!(each.len(), 2, "{each:?}"),
                other => panic!("{other:?}"),
            }
            if target == "cpu_cost" {
                let breakdown = record.breakdown.as_ref().unwrap();
                // Where sampling is refused, it is at either end.
                match (breakdown.found(), breakdown.absence()) {
                    (Some(breakdown), _) => {
                        let samples = [&breakdown.client, &breakdown.server].map(|side| side.samples);
                        assert!(samples.iter().all(|samples| *samples > 0), "{samples:?}");
                    }
                    (None, why) => assert!(Profiler::of_this_machine().is_err(), "{why:?}"),
                }
            }
        }
        let document = include_str!("../docs/RECORD.md");
        for name in records[0].environment.items.keys().filter(|name| name.starts_with("path.")) {
            assert!(document.contains(&format!("`{name}`")), "docs/RECORD.md lacks {name}");
        }
        for entry in std::fs::read_dir(recording::directory(&stage.output(), target)).unwrap() {
            let path = entry.unwrap().path();
            assert!(!text(&std::fs::read(&path).unwrap()).contains(SECRET), "{}", path.display());
        }
    }
    succeeded(stage.run(&["report", "--baseline", "throughput", "--format", "markdown"]));
}

#[test]
fn a_peer_with_cpus_of_its_own_has_its_servers_planned_on_those() {
    let stage = Stage::new();
    // As if it ran on another kernel: frames stay as long.
    let each = "sed 's/\"boot_id\":\"./\"boot_id\":\"x/'";
    let path = stage::answers_through(stage.directory.path(), "elsewhere", each);
    let profile = stage.directory.path().join("peer.toml");
    let peer = format!("[peer]\nrunner = [\"{}\"]\nprogram = \"{PROGRAM}\"\n", path.display());
    std::fs::write(&profile, format!("{PROFILE}{peer}")).unwrap();
    let profile = profile.display().to_string();
    let filter = ["--filter", "two-copy/1024"];
    succeeded(stage.run(&[&record(&profile, "apart", "throughput")[..], &filter].concat()));
    let baseline = Baseline::load(&stage.output(), "apart").unwrap();
    let plan = &baseline.processes[0].records[0].placement;
    let servers = plan.servers.as_ref().unwrap();
    assert_eq!((servers.cpus, plan.busy_threads()), (plan.cpus, plan.ends.len()));
    // Each end has the first CPU of its own machine.
    assert_eq!(plan.ends[0].client, plan.ends[0].server);
    assert_eq!(plan.both_sides_cpus(), None);

    // What is about both ends on one machine's CPUs is refused before anything is measured.
    let both = format!("{}[placement]\npolicy = \"same-core\"\n", std::fs::read_to_string(&profile).unwrap());
    std::fs::write(&profile, both).unwrap();
    let run = stage.run(&[&record(&profile, "same", "throughput")[..], &filter].concat());
    let error = text(&run.stderr);
    assert_eq!(run.status.code(), Some(2), "{error}");
    assert!(error.contains("\"same-core\" is about CPUs that both ends"), "{error}");
}

#[test]
fn a_peer_compares_with_a_peer_alone() {
    let stage = Stage::new();
    let profile = with_peer(&stage);
    let filter = ["--filter", "two-copy/1024"];
    for name in ["a", "b"] {
        succeeded(stage.run(&[&record(&profile, name, "throughput")[..], &filter].concat()));
    }
    succeeded(stage.record(&[&["--name", "here", "--rounds", "1"][..], &filter].concat()));
    succeeded(stage.run(&["compare", "a", "b"]));
    let run = stage.run(&["compare", "here", "a"]);
    let error = text(&run.stderr);
    assert!(!run.status.success(), "{error}");
    assert!(error.contains("path.servers: in the clients' process → at a peer"), "{error}");
}

#[test]
fn the_doctor_looks_at_both_ends_of_a_peer() {
    let stage = Stage::new();
    let profile = with_peer(&stage);
    let run = succeeded(stage.run(&["doctor", "--profile", &profile]));
    let said = text(&run.stdout);
    for expected in [
        "PEER  copycost ",
        "PEER  the path here: loopback, MTU ",
        "PEER  the path at the peer: loopback, MTU ",
        "PEER  two-copy: 200 messages of 4096 bytes arrive",
        "completions were deferred copies",
        "PEER  a control round trip takes ",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    std::fs::write(&profile, format!("{PROFILE}[peer]\nrunner = \"no-such-runner\"\n")).unwrap();
    let said = text(&succeeded(stage.run(&["doctor", "--profile", &profile])).stdout);
    assert!(said.contains("PEER  peer: ") && said.contains("no-such-runner"), "{said}");
    assert!(said.contains("  Change: `no-such-runner 'copycost' serve --stdio`, run by hand"), "{said}");
    // Without one nothing is said of it.
    let said = text(&succeeded(stage.run(&["doctor"])).stdout);
    assert!(!said.contains("PEER"), "{said}");
}

#[test]
fn a_peer_that_cannot_be_is_refused_before_anything_is_measured() {
    let stage = Stage::new();
    let path = stage.directory.path().join("none.toml");
    std::fs::write(&path, format!("{PROFILE}[peer]\nrunner = \"no-such-runner\"\n")).unwrap();
    let profile = path.display().to_string();
    let run = stage.run(&record(&profile, "none", "throughput"));
    assert_eq!(run.status.code(), Some(2), "{}", text(&run.stderr));
    let error = text(&run.stderr);
    assert!(error.contains("peer: ") && error.contains("no-such-runner"), "{error}");
    assert!(!stage.output().join("copycost").join("none").exists());
}

#[test]
fn a_side_has_a_peer_of_its_own() {
    let stage = Stage::new();
    let profile = with_peer(&stage);
    let sides =
        ["record", "--profile", &profile, "--side", "a", "--side", "b", "--name", "g", "--rounds", "2"];
    for target in ["throughput", "cpu_cost"] {
        let group = format!("g-{target}");
        let words = [&sides[..7], &["--name", &group, "--rounds", "2", "--target", target]].concat();
        succeeded(stage.run(&[&words[..], &["--filter", "1024"]].concat()));
        for side in ["a", "b"] {
            let baseline = Baseline::load(&stage.output(), &format!("{group}-{side}")).unwrap();
            assert_eq!(baseline.processes.len(), 2);
            for record in &baseline.processes[0].records {
                assert_eq!(record.environment.text("path.servers"), Some("at a peer"));
                assert!(record.environment.text("peer.path.kind").is_some(), "{}", record.cell);
                assert!(total(&record.metrics, "peer_strangers").is_some(), "{}", record.cell);
            }
        }
        succeeded(stage.run(&["compare", &group]));
    }
    // One whose peer does not come is said and set aside; so are all of them here.
    std::fs::write(&profile, format!("{PROFILE}[peer]\nrunner = \"no-such-runner\"\n")).unwrap();
    let none =
        ["record", "--profile", &profile, "--side", "a", "--side", "b", "--name", "n", "--rounds", "1"];
    let run = stage.run(&none);
    let error = text(&run.stderr);
    assert!(
        !run.status.success() && error.contains("side a: peer: ") && error.contains("no-such-runner"),
        "{error}"
    );
}
