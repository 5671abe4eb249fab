//! Counters of both sides: a made-up source shows which rounds and threads are
//! summed, software events prove the code of hardware ones, and the kernel's
//! own accounting is compared with the load.

mod support;

use std::io;
use std::sync::Arc;

use copycost::cell::Target;
use copycost::counter::{
    self, CYCLES, Counted, CounterSource, EventGroup, INVOLUNTARY_SWITCHES, Migrations, Opened, PerfEvents,
    Reading, Snapshot, ThreadCounters, ThreadUsage, VOLUNTARY_SWITCHES,
};
use copycost::cpu::{self, Topology};
use copycost::exchange::{CellRun, CostUnit, Instruments, Lane, REFERENCES, Reference};
use perf_event::events::Software;
use support::{Setup, find};

/// Ten cycles more with each reading, counted for half of the time.
struct MadeUp;

struct MadeUpThread(u64);

impl CounterSource for MadeUp {
    fn open(&self) -> Box<dyn ThreadCounters> {
        Box::new(MadeUpThread(0))
    }
}

impl ThreadCounters for MadeUpThread {
    fn read(&mut self, snapshot: &mut Snapshot) -> io::Result<()> {
        self.0 += 1;
        snapshot[CYCLES] =
            Some(Reading { value: 10 * self.0, enabled_ns: 1000 * self.0, running_ns: 500 * self.0 });
        Ok(())
    }

    fn absences(&self) -> Vec<(usize, String)> {
        vec![(1, "made up".into())]
    }
}

#[test]
fn each_round_counts_its_own_threads_and_no_others() {
    let mut setup = Setup::new(Target::CpuCost, &[find("two-copy"), find("one-copy")], 4096, 3);
    setup.counters = Arc::new(vec![Box::new(MadeUp)]);
    let mut generation = setup.open().unwrap();
    for lane in [0, 1, 0, 0, 1] {
        let round = generation.run(lane, 30).unwrap();
        // Two readings a round of each client, and one a round of each server
        // of this lane: 10 cycles apart, scaled up since they ran half the time.
        for counts in [round.client_counts.unwrap(), round.server_counts.unwrap()] {
            let cycles = counts[CYCLES];
            assert_eq!((cycles.whole(), cycles.counted_share), (Some(3.0 * 20.0), 0.5));
            assert_eq!(counts[1].total(), None, "an absent counter is not zero");
        }
        assert_eq!(round.cost(CYCLES), Some(120.0));
        assert_eq!(round.cost(1), None);
    }
    assert_eq!(Opened::new(&setup.counters).absences(), [(1, "made up".to_string())]);
}

#[test]
fn software_events_prove_the_path_of_hardware_ones() {
    let mut setup = Setup::new(Target::Throughput, &[find("one-copy")], 65536, 1);
    let events = PerfEvents::new(vec![EventGroup {
        pinned: false,
        events: vec![
            (CYCLES, Counted::Software(Software::CONTEXT_SWITCHES)),
            (1, Counted::Software(Software::PAGE_FAULTS)),
        ],
    }]);
    let opened: Vec<Box<dyn CounterSource>> = vec![Box::new(events), Box::new(ThreadUsage)];
    let absences = Opened::new(&opened).absences();
    if let Some((_, why)) = absences.first() {
        return println!("skipped: software events are absent here: {why}");
    }
    setup.counters = Arc::new(opened);
    let mut generation = setup.open().unwrap();
    for _ in 0..3 {
        let round = generation.run(0, 2000).unwrap();
        for counts in [round.client_counts.unwrap(), round.server_counts.unwrap()] {
            let value = |kind: usize| counts[kind].whole().unwrap();
            let switches = value(VOLUNTARY_SWITCHES) + value(INVOLUNTARY_SWITCHES);
            assert!(
                (value(CYCLES) - switches).abs() <= 2.0,
                "{} events, {switches} accounted",
                value(CYCLES)
            );
            let (events, faults) = (value(1), value(counter::COUNT - 1));
            assert!((events - faults).abs() <= 2.0, "{events} events, {faults} page faults accounted");
        }
    }
}

/// Asked with an event or without, a thread that stays where it is makes none;
/// and only the event finds that it has been moved.
#[test]
fn a_pinned_thread_makes_no_migrations_and_holds_no_event_for_them() {
    const MIGRATIONS: usize = 5;
    let cpus: Vec<usize> = Topology::read().unwrap().cpus().iter().map(|cpu| cpu.number).collect();
    let count = |pinned: bool, moves: bool| {
        let cpus = cpus.clone();
        let body = move || {
            if pinned {
                assert!(cpu::pin(Some(cpus[0])));
            }
            let mut counters = Migrations.open();
            if moves {
                cpus.iter().chain(&cpus).for_each(|cpu| assert!(cpu::pin(Some(*cpu))));
            }
            let mut snapshot = Snapshot::default();
            counters.read(&mut snapshot).unwrap();
            snapshot[MIGRATIONS].map(|reading| reading.value)
        };
        std::thread::spawn(body).join().unwrap()
    };
    assert_eq!(count(true, false), Some(0));
    assert_eq!(count(true, true), Some(0), "no event is there to find it");
    if cpus.len() > 1 && count(false, false).is_some() {
        assert!(count(false, true).unwrap() > 0);
    }
}

#[test]
fn an_empty_call_costs_less_than_a_message() {
    let mut setup = Setup::new(Target::Throughput, &[find("one-copy")], 1024, 1);
    setup.lanes.extend([Lane::reference(Reference::SystemCall), Lane::reference(Reference::Memcpy)]);
    let mut generation = setup.open().unwrap();
    let messages = 20_000;
    let wall: Vec<_> = (0..3).map(|lane| generation.run(lane, messages).unwrap().wall).collect();
    assert!(wall[1] < wall[0] && wall[2] < wall[0], "send, empty call, memcpy: {wall:?}");
}

/// What is counted around a reference's work is no less than its time: neither
/// waking up nor waiting for the other clients is in it, however short it is.
#[test]
fn the_time_of_a_reference_is_its_work() {
    for threads in [1, 3] {
        let setup = Setup::new(Target::CpuCost, &[find("one-copy")], 1024, threads);
        let instruments = Instruments {
            counters: Arc::new(counter::sources()),
            cost_unit: CostUnit::CpuNanoseconds,
            peer: None,
        };
        let profile = Arc::new(setup.profile.clone());
        let mut run =
            CellRun::new(setup.cell.clone(), &profile, &setup.plan, &[find("one-copy")], &instruments)
                .unwrap();
        for _ in 0..5 {
            run.block(50).unwrap();
        }
        let measurement = run.finish(5).unwrap();
        let cpus = setup.plan.client_cpus() as u64;
        for round in measurement.blocks.iter().flat_map(|block| &block.rounds) {
            let (time, cost) = (round.time_ns * cpus, round.cost.unwrap());
            if REFERENCES.iter().any(|reference| reference.name() == round.lane) {
                assert!(time <= cost, "{threads} threads: {round:?}");
            }
        }
    }
}

/// No server reads bytes that would show such a round to move.
#[test]
fn a_reference_round_longer_than_the_stall_timeout_is_no_stall() {
    let mut setup = Setup::new(Target::Throughput, &[find("one-copy")], 65536, 2);
    setup.lanes.extend([Lane::reference(Reference::Memcpy), Lane::reference(Reference::SystemCall)]);
    setup.profile.rounds.stall_timeout_s = 0.1;
    let mut generation = setup.open().unwrap();
    for lane in [1, 2] {
        let mut messages = 4096;
        while generation.run(lane, messages).unwrap().wall < 3 * setup.profile.stall_timeout() {
            messages *= 4;
        }
    }
}
