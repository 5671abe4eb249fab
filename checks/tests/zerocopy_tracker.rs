//! The completion tracker against a model that keeps a plain list of ids.

use copycost::zerocopy::{TrackError, Tracker};
use proptest::prelude::*;

/// Ids given out, oldest first: complete or not, and the buffer that ends there.
#[derive(Default)]
struct Model {
    slots: Vec<(u32, bool, Option<u32>)>,
}

impl Model {
    fn complete(&mut self, first: u32, last: u32) -> bool {
        let wanted = last.wrapping_sub(first) as usize + 1;
        let Some(start) = self.slots.iter().position(|slot| slot.0 == first) else { return false };
        let Some(range) = self.slots.get_mut(start..start.saturating_add(wanted)) else { return false };
        if range.iter().any(|slot| slot.1) {
            return false;
        }
        range.iter_mut().for_each(|slot| slot.1 = true);
        true
    }

    fn returned(&mut self) -> Vec<u32> {
        let done = self.slots.iter().take_while(|slot| slot.1).count();
        self.slots.drain(..done).filter_map(|slot| slot.2).collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Part,
    Whole,
    /// A range by its distance from the oldest outstanding id, and its length.
    Complete(i32, u32),
    Take,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Part),
        3 => Just(Step::Whole),
        4 => (-3..20i32, 0..6u32).prop_map(|(from, more)| Step::Complete(from, more)),
        1 => Just(Step::Take),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Partial sends, ranges out of order, coalesced, duplicated or made up,
    /// across the wrap of the 32-bit counter.
    #[test]
    fn agrees_with_the_model(start in prop_oneof![Just(0u32), u32::MAX - 40..=u32::MAX], steps in prop::collection::vec(step(), 1..120)) {
        let mut tracker = Tracker::starting_at(start);
        let mut model = Model::default();
        let (mut next_id, mut next_buffer) = (start, 0u32);
        for step in steps {
            match step {
                Step::Part => {
                    tracker.sent_part();
                    model.slots.push((next_id, false, None));
                    next_id = next_id.wrapping_add(1);
                }
                Step::Whole => {
                    tracker.sent(next_buffer);
                    model.slots.push((next_id, false, Some(next_buffer)));
                    next_id = next_id.wrapping_add(1);
                    next_buffer += 1;
                }
                Step::Complete(from, more) => {
                    let oldest = model.slots.first().map_or(next_id, |slot| slot.0);
                    let first = oldest.wrapping_add_signed(from);
                    let last = first.wrapping_add(more);
                    let expected = model.complete(first, last);
                    let got = tracker.complete(first, last);
                    prop_assert_eq!(got.is_ok(), expected, "{}..={}: {:?}", first, last, got);
                    if let Ok(ids) = got {
                        prop_assert_eq!(ids, more + 1);
                    }
                }
                Step::Take => {
                    let got: Vec<u32> = std::iter::from_fn(|| tracker.take_returned()).collect();
                    prop_assert_eq!(got, model.returned());
                }
            }
            let waiting = model.slots.iter().filter(|slot| slot.2.is_some()).count();
            prop_assert_eq!(tracker.outstanding_buffers(), waiting);
            prop_assert_eq!(tracker.outstanding_ids(), model.slots.len());
            prop_assert_eq!(tracker.pending_ids(), model.slots.iter().filter(|slot| !slot.1).count());
        }
    }
}

#[test]
fn a_buffer_waits_for_every_part_of_it() {
    let mut tracker = Tracker::starting_at(u32::MAX);
    tracker.sent_part(); // id 2^32 - 1
    tracker.sent("buffer"); // id 0
    tracker.complete(0, 0).unwrap();
    assert_eq!(tracker.take_returned(), None);
    tracker.complete(u32::MAX, u32::MAX).unwrap();
    assert_eq!(tracker.take_returned(), Some("buffer"));
}

#[test]
fn what_does_not_fit_is_named() {
    let mut tracker = Tracker::default();
    tracker.sent(1);
    tracker.sent(2);
    tracker.complete(1, 1).unwrap();
    assert_eq!(tracker.complete(0, 1), Err(TrackError::Twice { id: 1 }));
    let outside = TrackError::NotOutstanding { first: 2, last: 2, first_id: 0, outstanding: 2 };
    assert_eq!(tracker.complete(2, 2), Err(outside));
    assert_eq!(tracker.complete(0, 0), Ok(1), "a refused range must have changed nothing");
}
