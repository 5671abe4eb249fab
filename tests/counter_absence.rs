//! A counter that a thread lacks, for good or for a while: the figure that needs
//! it fails or is measured again, and every other goes on with the thread's own
//! reason.

mod support;

use std::fs::File;
use std::io;
use std::process::Command;
use std::sync::Arc;

use copycost::cell::Target;
use copycost::counter::{
    CYCLES, Counted, CounterSource, EventGroup, KINDS, PerfEvents, Reading, Snapshot, ThreadCounters,
    ThreadUsage,
};
use copycost::exchange::{CellMeasurement, CellRun, CostUnit, Instruments, SELF_LANE};
use copycost::metric::{self, number};
use copycost::ratio;
use perf_event::events::Software;
use support::{Setup, find};

/// Ten cycles more with each reading; none for the first `lacks` readings of
/// the threads whose name begins with `thread`.
struct Lacking {
    thread: &'static str,
    lacks: u64,
}

struct LackingThread {
    lacks: u64,
    readings: u64,
}

const WHY: &str = "a made-up reason";

impl CounterSource for Lacking {
    fn open(&self) -> Box<dyn ThreadCounters> {
        let named = std::thread::current().name().is_some_and(|name| name.starts_with(self.thread));
        Box::new(LackingThread { lacks: if named { self.lacks } else { 0 }, readings: 0 })
    }
}

impl ThreadCounters for LackingThread {
    fn read(&mut self, snapshot: &mut Snapshot) -> io::Result<()> {
        self.readings += 1;
        if self.readings > self.lacks {
            snapshot[CYCLES] = Some(Reading::whole(10 * self.readings));
        }
        Ok(())
    }

    fn absences(&self) -> Vec<(usize, String)> {
        if self.lacks > 0 { vec![(CYCLES, WHY.to_string())] } else { Vec::new() }
    }
}

/// Ten cycles more with each reading; whether they were counted since the one
/// before, of the thread with this name.
struct TakingTurns(fn(&str, u64) -> bool);

struct TurnsOfThread {
    counts: fn(&str, u64) -> bool,
    name: String,
    readings: u64,
    counted: u64,
}

impl CounterSource for TakingTurns {
    fn open(&self) -> Box<dyn ThreadCounters> {
        let name = std::thread::current().name().unwrap_or("").to_string();
        Box::new(TurnsOfThread { counts: self.0, name, readings: 0, counted: 0 })
    }
}

impl ThreadCounters for TurnsOfThread {
    fn read(&mut self, snapshot: &mut Snapshot) -> io::Result<()> {
        self.readings += 1;
        self.counted += u64::from((self.counts)(&self.name, self.readings));
        let (enabled_ns, running_ns) = (1000 * self.readings, 1000 * self.counted);
        snapshot[CYCLES] = Some(Reading { value: 10 * self.counted, enabled_ns, running_ns });
        Ok(())
    }

    fn absences(&self) -> Vec<(usize, String)> {
        Vec::new()
    }
}

/// A throughput cell of eight blocks, whose counters take turns. Readings of a
/// server: set-up, the unrecorded round, then the third to the tenth one a round.
fn taking_turns(threads: usize, counts: fn(&str, u64) -> bool) -> CellMeasurement {
    let mut run = run_of(Target::Throughput, threads, vec![Box::new(TakingTurns(counts))]);
    for _ in 0..8 {
        run.block(32).unwrap();
    }
    run.finish(8).unwrap()
}

#[test]
fn rounds_without_a_turn_do_not_take_the_count_of_the_others() {
    let measurement = taking_turns(1, |name, reading| !name.starts_with("server") || reading % 4 != 0);
    let metrics = metric::read_all(&measurement);
    assert_eq!(number(&metrics, "server_cycles"), Some(80.0), "six rounds of ten, for eight");
    assert_eq!(number(&metrics, "client_cycles"), Some(80.0));
    let rounds = ["counted_rounds", "wanted_rounds"].map(|name| number(&metrics, name));
    assert_eq!(rounds, [Some(6.0), Some(8.0)]);
    assert_eq!(number(&metrics, "counted_share"), Some(0.75));
    let bytes = 8.0 * 32.0 * 4096.0;
    assert_eq!(number(&metrics, "server_cost_per_byte"), Some(80.0 / bytes));
}

#[test]
fn threads_whose_turns_never_fall_together_have_a_count() {
    let measurement = taking_turns(2, |name, reading| match name {
        "server 0 of two-copy" => reading % 2 == 0,
        "server 1 of two-copy" => reading % 2 == 1,
        _ => true,
    });
    let metrics = metric::read_all(&measurement);
    assert_eq!(number(&metrics, "server_cycles"), Some(160.0), "eight rounds of ten, for sixteen");
    assert_eq!(number(&metrics, "counted_rounds"), Some(8.0));
    assert_eq!(number(&metrics, "wanted_rounds"), Some(16.0));
}

#[test]
fn a_count_of_too_few_rounds_is_absent_and_says_of_how_many() {
    let measurement = taking_turns(1, |name, reading| !name.starts_with("server") || reading % 4 == 0);
    let metrics = metric::read_all(&measurement);
    for name in ["server_cycles", "server_cost_per_byte"] {
        let why = serde_json::to_value(&metrics[name]).unwrap();
        let why = why["absent"].as_str().unwrap();
        assert!(why.contains("a count in 2 of 8 rounds of threads") && why.contains("50 %"), "{name}: {why}");
    }
    assert_eq!(number(&metrics, "counted_rounds"), Some(8.0), "of those that are given");
}

/// A cell of two-copy against one-copy, one thread: 5 threads in all, with
/// servers of two-copy, one-copy and `self`.
fn run(target: Target, counters: Vec<Box<dyn CounterSource>>) -> CellRun {
    run_of(target, 1, counters)
}

fn run_of(target: Target, threads: usize, counters: Vec<Box<dyn CounterSource>>) -> CellRun {
    let mut setup = Setup::new(target, &[find("two-copy")], 4096, threads);
    setup.profile.rounds.seed = Some(1);
    let instruments = Instruments { counters: Arc::new(counters), cost_unit: CostUnit::Cycles, peer: None };
    let modes = [find("two-copy"), find("one-copy")];
    CellRun::new(setup.cell, &Arc::new(setup.profile), &setup.plan, &modes, &instruments).unwrap()
}

fn lacking(thread: &'static str, lacks: u64) -> Vec<Box<dyn CounterSource>> {
    vec![Box::new(Lacking { thread, lacks }), Box::new(ThreadUsage)]
}

/// The lanes that the first block holds, sorted.
fn lanes(measurement: &CellMeasurement) -> Vec<&str> {
    let mut lanes: Vec<&str> = measurement.blocks[0].rounds.iter().map(|round| round.lane.as_str()).collect();
    lanes.sort_unstable();
    lanes
}

#[test]
fn a_companion_without_a_count_is_left_out_and_its_ratio_absent() {
    let mut run = run(Target::CpuCost, lacking("server 0 of one-copy", u64::MAX));
    for _ in 0..3 {
        // Client and server, ten cycles each: a client reads twice a round.
        assert_eq!(run.block(30).unwrap(), 20);
    }
    let measurement = run.finish(3).unwrap();
    assert_eq!(lanes(&measurement), ["memcpy", SELF_LANE, "system-call", "two-copy"]);
    let ratios = ratio::of_cell(&measurement);
    let written = serde_json::to_value(&ratios["one-copy"]).unwrap();
    assert!(written["absent"].as_str().unwrap().contains("no block"), "{written}");
    assert!(ratios.contains_key(SELF_LANE) && !ratios.contains_key("two-copy"));
    assert_eq!(number(&metric::read_all(&measurement), "server_cycles"), Some(30.0));
}

#[test]
fn an_own_round_without_a_count_is_measured_again() {
    // Its readings: set-up, the unrecorded round, then one a round. The first
    // round with both ends is the third.
    let mut run = run(Target::CpuCost, lacking("server 0 of two-copy", 4));
    assert_eq!(run.block(30).unwrap(), 20);
    assert_eq!(run.own_rounds(), [(30, 20)]);
    let measurement = run.finish(1).unwrap();
    assert_eq!(measurement.blocks.len(), 1);
    assert_eq!(number(&metric::read_all(&measurement), "server_cycles"), Some(10.0));
}

#[test]
fn an_own_round_that_never_has_a_count_fails_with_the_threads_reason() {
    let mut run = run(Target::CpuCost, lacking("server 0 of two-copy", u64::MAX));
    let error = run.block(30).unwrap_err().to_string();
    assert!(error.starts_with("cpu_cost/1-thread/two-copy/4096: counters: no count of cycles"), "{error}");
    assert!(error.contains(&format!("{WHY}, in 1 of 4 threads")), "{error}");
}

#[test]
fn a_thread_that_lacks_a_counter_says_why_and_the_cell_goes_on() {
    let mut run = run(Target::Throughput, lacking("server 0 of two-copy", u64::MAX));
    for _ in 0..2 {
        run.block(30).unwrap();
    }
    let metrics = metric::read_all(&run.finish(2).unwrap());
    assert_eq!(number(&metrics, "client_cycles"), Some(20.0));
    let why = serde_json::to_value(&metrics["server_cycles"]).unwrap();
    assert_eq!(why["absent"], format!("{WHY}, in 1 of 4 threads"));
    assert!(number(&metrics, "server_cpu_time").is_some(), "another source's count is untouched");
    assert!(number(&metrics, "throughput").is_some());
}

/// Opens events while the process has no file descriptor left, in the client
/// thread alone.
struct WithoutDescriptors(PerfEvents);

impl CounterSource for WithoutDescriptors {
    fn open(&self) -> Box<dyn ThreadCounters> {
        let mut taken = Vec::new();
        if std::thread::current().name() == Some("client 0") {
            while let Ok(file) = File::open("/dev/null") {
                taken.push(file);
            }
        }
        self.0.open()
    }
}

/// In a process of its own with few file descriptors, so that they can be used
/// up; the limit is the process's.
#[test]
fn a_thread_without_a_file_descriptor_says_so() {
    const NAME: &str = "a_thread_without_a_file_descriptor_says_so";
    const CHILD: &str = "COPYCOST_TEST_CHILD";
    if std::env::var_os(CHILD).is_none() {
        let script = format!("ulimit -n 200 && exec \"$0\" --exact {NAME} --nocapture");
        let program = std::env::current_exe().unwrap();
        let run = Command::new("sh").args(["-c", &script]).arg(program).env(CHILD, "1").output().unwrap();
        let text = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{text}");
        return text.lines().filter(|line| line.starts_with("skipped")).for_each(|line| println!("{line}"));
    }
    let events = || {
        let events = vec![(CYCLES, Counted::Software(Software::CONTEXT_SWITCHES))];
        PerfEvents::new(vec![EventGroup { pinned: false, events }])
    };
    if let Some((_, why)) = events().open().absences().first() {
        return println!("skipped: software events are absent here: {why}");
    }
    let mut run = run(Target::Throughput, vec![Box::new(WithoutDescriptors(events()))]);
    for _ in 0..2 {
        run.block(30).unwrap();
    }
    let metrics = metric::read_all(&run.finish(2).unwrap());
    let why = serde_json::to_value(&metrics[KINDS[CYCLES].client]).unwrap();
    assert!(why["absent"].as_str().is_some_and(|why| why.contains("no file descriptor left")), "{why}");
}
