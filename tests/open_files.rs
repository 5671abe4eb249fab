//! The limit of open files: the soft one is raised, and what the hard one does
//! not hold is refused before anything is measured, with the number that does.

mod support;

use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use copycost::cell::Target;
use copycost::copy_mode;
use copycost::counter::{CYCLES, Counted, CounterSource, EventGroup, MIGRATIONS, PerfEvents};
use copycost::exchange::{Lane, REFERENCES, open_files_needed};
use perf_event::events::Software;
use support::Setup;

/// Runs the program with `arguments` after `limit`, in a shell.
fn limited(limit: &str, arguments: &str, profile: &str) -> Output {
    let script = format!("{limit} && exec \"$0\" {arguments}");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_copycost")]);
    command
        .env("COPYCOST_PROFILE", profile)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Its standard input stays open while it runs, as `pass` wants it.
    let mut child = command.spawn().unwrap();
    let _input = child.stdin.take();
    child.wait_with_output().unwrap()
}

const STREAM: &str = "stream --mode one-copy --message-bytes 4096 --messages 64 --threads 32";

#[test]
fn the_soft_limit_is_raised() {
    let run = limited("ulimit -S -n 48", STREAM, "");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn too_low_a_hard_limit_is_refused_with_the_number_that_does() {
    let run = limited("ulimit -n 48", STREAM, "");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(2), "{errors}");
    assert!(errors.contains("at most 48 are allowed"), "{errors}");
    let needed = errors.split("ulimit -n ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(errors.contains(&format!("up to {needed} files")), "{errors}");
    let run = limited(&format!("ulimit -n {needed}"), STREAM, "");
    assert!(run.status.success(), "{needed}: {}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn a_bench_is_refused_before_its_first_cell() {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("profile.toml");
    std::fs::write(&profile, "[matrix]\nthreads = [1, 8]\nmessage_bytes = [1024]\n").unwrap();
    let pass = "pass --target throughput --baseline x --seed 1";
    let run = limited("ulimit -n 48", pass, profile.to_str().unwrap());
    let errors = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(2), "{errors}");
    assert!(errors.contains("8 client thread(s)") && errors.contains("ulimit -n "), "{errors}");
    assert!(run.stdout.is_empty(), "{}", String::from_utf8_lossy(&run.stdout));
}

fn open_now() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// In a process of its own, where nothing else opens files.
#[test]
fn the_number_needed_is_the_number_opened() {
    const NAME: &str = "the_number_needed_is_the_number_opened";
    const CHILD: &str = "COPYCOST_TEST_CHILD";
    if std::env::var_os(CHILD).is_none() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let run = command.args(["--exact", NAME, "--nocapture"]).env(CHILD, "1").output().unwrap();
        assert!(run.status.success(), "{run:?}");
        return print!("{}", String::from_utf8_lossy(&run.stdout));
    }
    let events = || {
        let software = |kind, event| (kind, Counted::Software(event));
        let counted = vec![
            software(CYCLES, Software::CONTEXT_SWITCHES),
            software(MIGRATIONS, Software::CPU_MIGRATIONS),
        ];
        PerfEvents::new(vec![EventGroup { pinned: false, events: counted }])
    };
    let counters = if events().open().absences().is_empty() { 2 } else { 0 };
    println!("{counters} counters a thread");
    for threads in [1, 3] {
        let modes = *copy_mode::REGISTRY.first_chunk::<8>().unwrap();
        let mut setup = Setup::new(Target::Throughput, &modes, 4096, threads);
        setup.lanes.extend(REFERENCES.map(Lane::reference));
        let source: Box<dyn CounterSource> = Box::new(events());
        setup.counters = Arc::new(if counters > 0 { vec![source] } else { Vec::new() });
        let before = open_now();
        let mut generation = setup.open().unwrap();
        for lane in 0..modes.len() + REFERENCES.len() {
            generation.run(lane, 10).unwrap();
        }
        let opened = open_now() - before;
        // But for the listener, which has gone by now, and what is kept free.
        let needed =
            open_files_needed(&modes, false, threads, counters, 0) - open_files_needed(&[], false, 0, 0, 0);
        assert_eq!(opened, needed, "{threads} threads");
        generation.close().unwrap();
    }
}
