//! In which order sides open their generations: who asks first gets other pages, and
//! that is not to be one side's lot.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use copycost::Result;
use copycost::cell::Cell;
use copycost::copy_mode;
use copycost::cpu::{Plan, Topology};
use copycost::exchange::{CostUnit, Ended, Lane, Place, Round, Seat, measure_sided};
use copycost::profile::{PlacementPolicy, Profile};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Opened(usize),
    Closed,
}

/// A place that takes no time, and notes when it opens and closes.
struct Noting {
    number: usize,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Place for Noting {
    fn open(&mut self, _: &Cell, _: &[Lane]) -> Result<Plan> {
        self.events.lock().unwrap().push(Event::Opened(self.number));
        Ok(Topology::read()?.plan(PlacementPolicy::Spread, 1)?)
    }

    fn run(&mut self, _: usize, messages: u64) -> Result<Round> {
        let time = Duration::from_nanos(1000 * messages);
        Ok(Round { messages, wall: time, reference_cpu_time: time, ..Round::default() })
    }

    fn close(&mut self) -> Result<Ended> {
        self.events.lock().unwrap().push(Event::Closed);
        Ok(Ended::default())
    }

    fn cost_unit(&self) -> CostUnit {
        CostUnit::CpuNanoseconds
    }
}

/// What three sides and the one across do, of a cell of two generations.
fn events(seed: u64) -> Vec<Event> {
    let events = Arc::default();
    let modes = vec![*copy_mode::find("two-copy").unwrap()];
    let place = |number| Noting { number, events: Arc::clone(&events) };
    let seats = (0..3).map(|number| Seat { place: place(number), modes: modes.clone() }).collect();
    let mut profile = Profile::load("quick").unwrap();
    profile.criterion.warm_up_s = 0.001;
    // More blocks than fit into the warm-up, as they take no time here.
    (profile.criterion.sample_size, profile.rounds.generations) = (4000, 2);
    profile.rounds.seed = Some(seed);
    let cell: Cell = "throughput/1-thread/two-copy/4096".parse().unwrap();
    let measured = measure_sided(&cell, &Arc::new(profile), seats, Some(place(3)));
    assert!(measured.iter().all(|side| side.is_ok()));
    events.lock().unwrap().clone()
}

#[test]
fn the_first_to_open_is_any_and_the_last_of_the_next_generation() {
    let mut firsts = BTreeSet::new();
    for seed in 0..64 {
        let events = events(seed);
        let opened = |events: &[Event]| -> Vec<usize> {
            let number = |event: &Event| match event {
                Event::Opened(number) => *number,
                Event::Closed => panic!("closed among those that open: {events:?}"),
            };
            events.iter().map(number).collect()
        };
        // Four open, four close, and once more.
        assert_eq!(events.len(), 16, "{events:?}");
        let (first, mut second) = (opened(&events[..4]), opened(&events[8..12]));
        assert!(events[4..8].iter().chain(&events[12..]).all(|event| *event == Event::Closed), "{events:?}");
        second.reverse();
        assert_eq!(first, second, "{events:?}");
        firsts.insert(first[0]);
    }
    assert_eq!(firsts.len(), 4, "{firsts:?}");
}
