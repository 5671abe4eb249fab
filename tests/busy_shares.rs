//! Busy shares and what limits a cell: from made-up counts in every combination,
//! and of real cells whose truth is known.

#[path = "support/made_up.rs"]
mod made_up;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use copycost::cell::{Cell, Target};
use copycost::copy_mode;
use copycost::counter::{CPU_TIME, Sums, ThreadUsage};
use copycost::cpu::{Cpu, Topology};
use copycost::exchange::{CellMeasurement, CellRun, CostUnit, Instruments};
use copycost::metric::busy_share::{CPUS, LIMITED_BY, LimitedBy, Shares};
use copycost::metric::{self, Reading, Value};
use copycost::profile::{PlacementPolicy, Profile};
use made_up::Machine;

#[test]
fn what_limits_a_cell_and_its_sentence_in_every_combination() {
    let said = |client: f64, server: f64, cpus: Option<f64>| Shares { client, server, cpus }.sentence();
    for (client, server, cpus, sentence) in [
        (0.98, 0.47, None, "busy: client 98 %, server 47 %: limited by the client"),
        (0.31, 0.9, None, "busy: client 31 %, server 90 %: limited by the server"),
        (0.95, 0.97, None, "busy: client 95 %, server 97 %: limited by both ends"),
        (0.48, 0.48, None, "busy: client 48 %, server 48 %: limited by waiting"),
        (0.899, 0.0, None, "busy: client 90 %, server 0 %: limited by waiting"),
        (0.5, 0.48, Some(0.98), "busy: client 50 %, server 48 %, all CPUs 98 %: limited by the CPUs"),
        (0.95, 0.94, Some(0.95), "busy: client 95 %, server 94 %, all CPUs 95 %: limited by the CPUs"),
        (0.95, 0.4, Some(0.6), "busy: client 95 %, server 40 %, all CPUs 60 %: limited by the client"),
        (0.4, 0.95, Some(0.6), "busy: client 40 %, server 95 %, all CPUs 60 %: limited by the server"),
        (0.93, 0.93, Some(0.89), "busy: client 93 %, server 93 %, all CPUs 89 %: limited by both ends"),
        (0.4, 0.3, Some(0.7), "busy: client 40 %, server 30 %, all CPUs 70 %: limited by waiting"),
    ] {
        assert_eq!(said(client, server, cpus), sentence);
    }
}

/// Of 8 threads on 2 CPUs, which each side has both of, and of 1 on 2.
#[test]
fn shares_are_of_the_cpus_that_a_side_may_use() {
    let shares = |threads: usize, placement: PlacementPolicy, busy: fn(&str, usize, usize) -> (f64, f64)| {
        let mut machine = Machine { cpus: 2, busy, ..Machine::taking(|_, _, _| 1000.0) };
        machine.profile.placement.policy = placement;
        let measured = measured(&machine, threads);
        let metrics = metric::read_all(&measured);
        Shares::of(&metrics).unwrap()
    };
    let close = |share: f64, truth: f64| assert!((share - truth).abs() < 1e-6, "{share}, not {truth}");
    let (spread, same_core) = (PlacementPolicy::Spread, PlacementPolicy::SameCore);
    let one = shares(1, spread, |_, _, _| (0.97, 0.5));
    close(one.client, 0.97);
    close(one.server, 0.5);
    assert_eq!((one.cpus, one.limited_by()), (None, LimitedBy::Client));
    let eight = shares(8, spread, |_, _, _| (1.0, 0.96));
    close(eight.client, 0.5);
    close(eight.server, 0.48);
    close(eight.cpus.unwrap(), 0.98);
    assert_eq!(eight.limited_by(), LimitedBy::Cpus);
    // Left to the scheduler a thread can use either CPU, but one at a time.
    let free = shares(1, PlacementPolicy::None, |_, _, _| (0.97, 0.5));
    close(free.client, 0.97);
    let together = shares(2, same_core, |_, _, _| (1.0, 0.9));
    close(together.client, 0.5);
    close(together.cpus.unwrap(), 0.95);
}

#[test]
fn without_a_count_there_is_no_share_but_a_reason() {
    let absent = |measured: &CellMeasurement, name: &str| match &metric::read_all(measured)[name].reading {
        Reading::Absent(why) => why.clone(),
        value => panic!("{name}: {value:?}"),
    };
    let machine = Machine::taking(|_, _, _| 1000.0);
    let mut uncounted = measured(&machine, 1);
    uncounted.absent_counters = vec![(CPU_TIME, "no clock here".into())];
    for block in &mut uncounted.blocks {
        block.server_counts = Some(Sums::of(&Default::default()));
    }
    assert_eq!(absent(&uncounted, "server_busy_share"), "no clock here");
    assert_eq!(absent(&uncounted, LIMITED_BY), "no clock here");
    let mut untimed = measured(&machine, 1);
    untimed.blocks.iter_mut().for_each(|block| block.wall = Duration::ZERO);
    assert!(absent(&untimed, "client_busy_share").contains("timed"));
    assert!(!metric::read_all(&untimed).contains_key(CPUS), "each thread has a CPU");
}

fn measured(machine: &Machine, threads: usize) -> CellMeasurement {
    let cell = machine.cell(machine.modes[0], 4096, threads);
    machine.measurement(&mut fastrand::Rng::with_seed(1), cell, 1.0)
}

/// Real cells on two CPUs. Others may have a share of these for a while, and
/// then nobody here is busy: what must be found is looked for again until it is,
/// and what cannot be must never be.
fn found(change: fn(&mut Profile), target: Target, threads: usize, truth: LimitedBy, never: &[LimitedBy]) {
    let cpus: Vec<Cpu> = Topology::read().unwrap().cpus().iter().take(2).copied().collect();
    if cpus.len() < 2 {
        return println!("skipped: both ends of a connection need a CPU each");
    }
    let mut profile = Profile::load("default").unwrap();
    profile.message.ring_bytes = 1 << 20;
    (profile.rounds.self_check, profile.rounds.references) = (false, false);
    change(&mut profile);
    let plan = Topology::new(cpus).unwrap().plan(profile.placement.policy, threads).unwrap();
    let modes = [copy_mode::REGISTRY[0]];
    let cell = Cell { target, mode: modes[0].name.into(), message_bytes: 16384, threads };
    let instruments = Instruments {
        counters: Arc::new(vec![Box::new(ThreadUsage)]),
        cost_unit: CostUnit::CpuNanoseconds,
        peer: None,
    };
    let profile = Arc::new(profile);
    // Two such cells at a time would take the CPUs from each other.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut seen = Vec::new();
    for _ in 0..400 {
        let mut run = CellRun::new(cell.clone(), &profile, &plan, &modes, &instruments).unwrap();
        (0..5).for_each(|_| assert!(run.block(200 * threads as u64).unwrap() > 0));
        let metrics = metric::read_all(&run.finish(4).unwrap());
        let shares = Shares::of(&metrics).unwrap();
        let by = shares.limited_by();
        assert_eq!(metrics[LIMITED_BY].reading, Reading::Value(Value::Text(by.name().into())));
        assert!(!never.contains(&by), "{}", shares.sentence());
        if by == truth {
            return;
        }
        seen.push(shares.sentence());
    }
    panic!("never {truth:?}: {seen:?}");
}

/// Comparing every byte costs more than the copy.
#[test]
fn a_slowed_server_limits_the_cell() {
    let slow = |profile: &mut Profile| profile.server.verify = true;
    found(
        slow,
        Target::Throughput,
        1,
        LimitedBy::Server,
        &[LimitedBy::Client, LimitedBy::BothEnds, LimitedBy::Cpus],
    );
}

#[test]
fn eight_threads_on_two_cpus_are_limited_by_the_cpus() {
    found(|_| {}, Target::Throughput, 8, LimitedBy::Cpus, &[LimitedBy::BothEnds]);
}

/// One end works while the other waits for it.
#[test]
fn one_message_in_flight_is_limited_by_waiting() {
    let never = [LimitedBy::Server, LimitedBy::BothEnds, LimitedBy::Cpus];
    found(|_| {}, Target::Latency, 1, LimitedBy::Waiting, &never);
}
