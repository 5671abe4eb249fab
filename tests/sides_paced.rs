//! How long rounds are at a side is not for another side to say.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use copycost::Result;
use copycost::cell::Cell;
use copycost::copy_mode;
use copycost::cpu::{Plan, Topology};
use copycost::exchange::{CostUnit, Ended, Lane, Place, Round, Seat, measure_sided};
use copycost::profile::{PlacementPolicy, Profile};

/// A place that takes no time, and says what each message of a lane took.
struct Said {
    message_ns: fn(&str) -> u64,
    lanes: Vec<Lane>,
    /// Of all its rounds, in nanoseconds.
    longest: Arc<AtomicU64>,
}

impl Said {
    fn seat(message_ns: fn(&str) -> u64) -> (Seat<Said>, Arc<AtomicU64>) {
        let longest = Arc::new(AtomicU64::new(0));
        let place = Said { message_ns, lanes: Vec::new(), longest: Arc::clone(&longest) };
        let modes = ["two-copy", "zero-copy"].map(|name| *copy_mode::find(name).unwrap()).to_vec();
        (Seat { place, modes }, longest)
    }
}

impl Place for Said {
    fn open(&mut self, _: &Cell, lanes: &[Lane]) -> Result<Plan> {
        self.lanes = lanes.to_vec();
        Ok(Topology::read()?.plan(PlacementPolicy::Spread, 1)?)
    }

    fn run(&mut self, lane: usize, messages: u64) -> Result<Round> {
        let time_ns = messages * (self.message_ns)(&self.lanes[lane].name);
        self.longest.fetch_max(time_ns, Ordering::Relaxed);
        let time = Duration::from_nanos(time_ns);
        Ok(Round { messages, wall: time, reference_cpu_time: time, ..Round::default() })
    }

    fn close(&mut self) -> Result<Ended> {
        Ok(Ended::default())
    }

    fn cost_unit(&self) -> CostUnit {
        CostUnit::CpuNanoseconds
    }
}

/// A side's longest round beside one that says `message_ns`, over the length meant.
fn longest_beside(message_ns: fn(&str) -> u64) -> f64 {
    let cell: Cell = "throughput/1-thread/two-copy/4096".parse().unwrap();
    let mut profile = Profile::load("quick").unwrap();
    profile.criterion.warm_up_s = 0.005;
    profile.criterion.sample_size = 50;
    let meant = profile.round_length(cell.target);
    let ((first, _), (honest, longest)) = (Said::seat(message_ns), Said::seat(honest));
    let measured = measure_sided(&cell, &Arc::new(profile), vec![first, honest], None);
    assert_eq!(measured.iter().filter(|side| side.is_ok()).count(), 2);
    longest.load(Ordering::Relaxed) as f64 / meant.as_nanos() as f64
}

fn honest(lane: &str) -> u64 {
    match lane {
        "zero-copy" => 4000,
        "memcpy" | "system-call" => 200,
        _ => 1000,
    }
}

#[test]
fn a_side_that_says_rounds_take_no_time_does_not_make_others_last() {
    // As long as the own round, and a little more where two alike share a number.
    assert!(longest_beside(honest) < 2.0);
    let hostile = |lane: &str| if lane == "two-copy" { 1000 } else { 1 };
    let longest = longest_beside(hostile);
    assert!(longest < 16.0, "{longest} times as long as was meant");
}
