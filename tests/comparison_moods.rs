//! Recordings between which the memory's pace changed: what a mode's ratio makes of
//! that within them is no verdict, and what is beyond it is one.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::Target;
use copycost::compare::table::{Style, render};
use copycost::compare::{Baseline, Verdict, compare};
use made_up::{Machine, Time, cell, options};

/// Zero-copy's ratio follows the memory by the same slope in both recordings; in the
/// second the memory is slower in most passes.
#[test]
fn a_mood_of_the_memory_is_no_verdict() {
    let times: [Time; 4] = [
        |lane, _, _| paced(lane, 1.0),
        |lane, _, _| paced(lane, 1.1),
        |lane, _, _| paced(lane, 1.2),
        |lane, _, _| paced(lane, 1.3),
    ];
    let machine = |pace: usize| Machine { drift: 0.02, time: times[pace], ..Machine::new() };
    fn paced(lane: &str, pace: f64) -> f64 {
        match lane {
            "memcpy" => 100.0 * pace,
            "zero-copy" => 3000.0 * pace,
            _ => 1000.0,
        }
    }
    let recorded = |name: &str, seed: u64, paces: [usize; 12]| {
        let passes = paces.iter().enumerate().map(|(number, pace)| {
            let one = machine(*pace).record(name, seed + number as u64, 1, Target::Throughput);
            one.processes.into_iter().next().unwrap().records
        });
        Baseline::of_processes(name, passes.collect())
    };
    let calm = recorded("calm", 100, [0, 0, 1, 0, 0, 1, 0, 2, 0, 0, 1, 0]);
    let moody = recorded("moody", 200, [2, 3, 2, 2, 1, 3, 2, 3, 2, 2, 3, 2]);
    let comparison = compare(&calm, &moody, options()).unwrap();
    let zero_copy = &cell(&comparison, "zero-copy").relative;
    assert!(zero_copy.ratio.unwrap().lower > 1.1, "{zero_copy:?}");
    assert!(zero_copy.verdict == Verdict::CannotTell && zero_copy.confounded, "{zero_copy:?}");
    let reason = zero_copy.reason.as_deref().unwrap();
    assert!(reason.contains("plain copy's pace") && reason.contains("memcpy ×1.19"), "{reason}");
    let words = render(&comparison, Style::Text).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("not surely if the plain copy's pace is allowed for"), "{words}");
    // What changed by more than the memory makes of it is found all the same.
    let slowed = Baseline::of_processes(
        "slowed",
        (0..12u64)
            .map(|seed| {
                let slowed = Machine { slowed: Some(("zero-copy", 1.1)), ..machine(2) };
                let one = slowed.record("slowed", 300 + seed, 1, Target::Throughput);
                one.processes.into_iter().next().unwrap().records
            })
            .collect(),
    );
    let comparison = compare(&calm, &slowed, options()).unwrap();
    assert_eq!(cell(&comparison, "zero-copy").relative.verdict, Verdict::Slower);
}
