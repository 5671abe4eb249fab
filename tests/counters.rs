//! Counters of both sides: a made-up source shows which rounds and threads are
//! summed, software events prove the code of hardware ones, and the kernel's
//! own accounting is compared with the load.

mod support;

use std::io;
use std::sync::Arc;

use copycost::cell::Target;
use copycost::counter::{
    self, CYCLES, Counted, CounterSource, INVOLUNTARY_SWITCHES, Opened, PerfEvents, Reading, Snapshot,
    ThreadCounters, ThreadUsage, VOLUNTARY_SWITCHES,
};
use copycost::loopback::{Lane, Reference};
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
            let cycles = counts[CYCLES].unwrap();
            assert_eq!((cycles.value, cycles.counted_share), (3.0 * 20.0, 0.5));
            assert_eq!(counts[1], None, "an absent counter is not zero");
        }
        assert_eq!(round.cost(CYCLES), Some(120.0));
        assert_eq!(round.cost(1), None);
    }
    assert_eq!(Opened::new(&setup.counters).absences(), [(1, "made up".to_string())]);
}

#[test]
fn software_events_prove_the_path_of_hardware_ones() {
    let mut setup = Setup::new(Target::Throughput, &[find("one-copy")], 65536, 1);
    let events = PerfEvents::new(vec![vec![
        (CYCLES, Counted::Software(Software::CONTEXT_SWITCHES)),
        (1, Counted::Software(Software::PAGE_FAULTS)),
    ]]);
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
            let value = |kind: usize| counts[kind].unwrap().value;
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

#[test]
fn an_empty_call_costs_less_than_a_message() {
    let mut setup = Setup::new(Target::Throughput, &[find("one-copy")], 1024, 1);
    setup.lanes.extend([Lane::reference(Reference::SystemCall), Lane::reference(Reference::Memcpy)]);
    let mut generation = setup.open().unwrap();
    let messages = 20_000;
    let wall: Vec<_> = (0..3).map(|lane| generation.run(lane, messages).unwrap().wall).collect();
    assert!(wall[1] < wall[0] && wall[2] < wall[0], "send, empty call, memcpy: {wall:?}");
}
