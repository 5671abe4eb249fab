//! Both questions about one cell: what its figures say, before they are
//! corrected for how many were asked. It owns which mode is blamed for a change
//! of a ratio.
//!
//! A ratio of two modes moves whichever of them changed. So a mode has changed
//! against the others only if it changed against *each* of them, to the same
//! side: the answer is that of the other mode it changed least against (an
//! intersection-union test: its p value is the largest of theirs). With two
//! modes nothing can tell which of them it was, and both are said to have
//! changed against each other.
//!
//! That makes false blame rarer than one question a cell: of k modes that did
//! not change, one is blamed only if all k − 1 of its comparisons fail, so with
//! each at a level a, k·(k−1)/2 comparisons blame k·a/2 modes at most (Markov).
//! Each of the row's cells thus counts as half a question in the correction.
//!
//! Unless passes were measured in turn, a mode by itself has changed only if it also
//! changed over the references, and against another only if it also would have at one
//! pace of the memory: see `compare/machine.rs`.

use std::collections::BTreeSet;

use super::machine::Machine;
use super::power::Test;
use super::rows::{RowKey, Rows, Within};
use super::shared_blocks;
use super::statistics::{Basis, Difference, Side, centre};
use crate::exchange::Block;

const CELLS_ALONE: &str = "rounds hold fewer than the 100 round trips that a 99th percentile needs, and of one \
                           process on each side whole cells have no spread to tell by";

/// Two baselines in one quantity, and how they are compared.
pub(super) struct Sides<'a> {
    pub(super) base: Rows<'a>,
    pub(super) new: Rows<'a>,
    pub(super) machine: Machine,
    /// The passes that were measured in turn.
    pub(super) in_turn: BTreeSet<usize>,
    /// One side's processors are emulated, and nobody insists.
    pub(super) times_are_apart: bool,
    /// Packets were processed elsewhere on one side, and nobody insists.
    pub(super) are_steered_apart: bool,
    /// Whether they are sides whose passes shared their blocks.
    pub(super) share_blocks: bool,
    /// The log of the smallest change that is called.
    pub(super) threshold: f64,
}

/// What one question about one cell came to.
pub(super) struct Answer {
    pub(super) found: Result<Found, String>,
    /// How many questions it counts as, see above.
    pub(super) weight: f64,
}

pub(super) struct Found {
    pub(super) against: Option<String>,
    pub(super) base: f64,
    pub(super) new: f64,
    pub(super) difference: Difference,
    pub(super) p_value: f64,
    /// All that a verdict takes.
    pub(super) tests: Vec<Test>,
    /// What holds it back, if the machine may have changed or its memory's pace did.
    pub(super) machine: Option<OverMachine>,
    /// Of a relative answer, if others changed to either side of it.
    pub(super) between: Option<Between>,
}

/// That a mode was faster against one of the others and slower against another.
pub(super) struct Between {
    /// The larger of the two.
    pub(super) p_value: f64,
    others: [String; 2],
}

impl Between {
    pub(super) fn reason(&self) -> String {
        let [slower_than, faster_than] = &self.others;
        format!("slower against {slower_than} and faster against {faster_than}")
    }
}

/// That a figure changed by itself is not enough between two recordings.
pub(super) struct OverMachine {
    /// The smallest of the change by itself and of those over the references; of a relative
    /// answer without the plain copy's pace.
    pub(super) least_p_value: f64,
    /// Whether there are references to tell the machine's change by.
    pub(super) known: bool,
    pub(super) reason: String,
}

impl Sides<'_> {
    /// Did its figure change?
    pub(super) fn absolute(&self, key: RowKey, mode: &str) -> Answer {
        let (base, new) = (self.base.absolute(key, mode), self.new.absolute(key, mode));
        let within_blocks = |block: &Block| Some(self.base.of_block(block, mode)?.ln());
        let test = match self.shared(key, &within_blocks) {
            Some(test) => Ok(test),
            None => Test::of(&base, &new, &self.in_turn),
        };
        let found = test.map(|test| {
            let alone = Found::of(None, &base, &new, test, self.threshold);
            match alone.difference.basis {
                Basis::Processes | Basis::OneSideAlone => self.over_machine(alone, &base, &new),
                Basis::Pairs | Basis::SharedBlocks | Basis::Generations => alone,
            }
        });
        Answer { found, weight: 1.0 }
    }

    /// The difference of what `read` makes of a block at either side, within the
    /// blocks that they shared, where they did.
    fn shared(&self, key: RowKey, read: &dyn Fn(&Block) -> Option<f64>) -> Option<Test> {
        let within = |rows: &Rows<'_>| rows.within(key) == Within::Blocks;
        let is_shared = self.share_blocks && within(&self.base) && within(&self.new);
        let differences = is_shared.then(|| shared_blocks::differences(&self.base, &self.new, key, read))?;
        Test::of_shared_blocks(&differences)
    }

    /// The answer of all that it takes: the change by itself, and over each
    /// reference to the same side.
    fn over_machine(&self, alone: Found, base: &Side, new: &Side) -> Found {
        let over = self.machine.over_references(base, new);
        let known = !over.is_empty();
        let up = alone.difference.estimate > 0.0;
        let one_side = over.iter().all(|test| (test.difference.estimate > 0.0) == up);
        let (mut p_value, mut least_p_value) = (alone.p_value, alone.p_value);
        for over_reference in over.iter().map(|test| test.difference.p_value(self.threshold)) {
            p_value = p_value.max(over_reference);
            least_p_value = least_p_value.min(over_reference);
        }
        let reason = match known {
            true => format!(
                "it changed by itself or over the references, but not surely in all of them: {}",
                self.machine.text()
            ),
            false => {
                "no reference rounds on both sides tell a change of the mode from one of the machine; record \
                      the throughput target as well, or take `--interleave`"
                    .to_string()
            }
        };
        Found {
            p_value: if one_side && known { p_value } else { 1.0 },
            tests: alone.tests.into_iter().chain(over).collect(),
            machine: Some(OverMachine { least_p_value, known, reason }),
            ..alone
        }
    }

    /// Did it change against the other modes of its blocks?
    pub(super) fn relative(&self, key: RowKey, mode: &str) -> Answer {
        let (base, new) = (&self.base, &self.new);
        let within = base.within(key).max(new.within(key));
        let measured = |rows: &Rows<'_>| match within {
            Within::Blocks => rows.lanes(key),
            Within::Processes => rows.modes(key).into_iter().collect(),
        };
        let (of_base, of_new) = (measured(base), measured(new));
        let others: Vec<&String> = of_base.intersection(&of_new).filter(|other| *other != mode).collect();
        if others.is_empty() {
            return Answer::absent("no other mode was measured beside it on both sides");
        }
        let pairs = others.iter().map(|other| {
            let (a, b) = (base.relative(key, mode, other, within), new.relative(key, mode, other, within));
            if within == Within::Processes && a.processes.len() == 1 && b.processes.len() == 1 {
                return Err(CELLS_ALONE.to_string());
            }
            let within_blocks = |block: &Block| {
                let (own, other) = (base.of_block(block, mode)?, base.of_block(block, other)?);
                Some((own / other).ln())
            };
            let test = match self.shared(key, &within_blocks) {
                Some(test) => test,
                None => Test::of(&a, &b, &self.in_turn)?,
            };
            Ok(self.at_one_pace(Found::of(Some(other.to_string()), &a, &b, test, self.threshold), &a, &b))
        });
        let pairs: Result<Vec<Found>, String> = pairs.collect();
        // A filter may have left out cells whose rounds stand in the row's blocks.
        let measured = base.modes(key).len().max(new.modes(key).len()).max(1) as f64;
        let weight = ((others.len() + 1) as f64 / 2.0 / measured).min(1.0);
        Answer { found: pairs.map(least_changed), weight }
    }

    /// The answer of both that it takes between recordings made one after the other: the
    /// change as it is, and as it were with the plain copy as fast in every pass.
    fn at_one_pace(&self, found: Found, base: &Side, new: &Side) -> Found {
        let test = match found.difference.basis {
            Basis::Processes => self.machine.at_one_pace(base, new),
            Basis::Pairs | Basis::SharedBlocks | Basis::OneSideAlone | Basis::Generations => None,
        };
        let Some(test) = test else { return found };
        let one_side = (test.difference.estimate > 0.0) == (found.difference.estimate > 0.0);
        let at_one_pace = if one_side { test.difference.p_value(self.threshold) } else { 1.0 };
        let reason = format!(
            "it changed, but not surely if the plain copy's pace is allowed for: {}",
            self.machine.text()
        );
        Found {
            p_value: found.p_value.max(at_one_pace),
            tests: found.tests.into_iter().chain([test]).collect(),
            machine: Some(OverMachine { least_p_value: found.p_value, known: true, reason }),
            ..found
        }
    }
}

impl Answer {
    pub(super) fn absent(why: &str) -> Answer {
        Answer { found: Err(why.to_string()), weight: 0.0 }
    }
}

impl Found {
    fn of(against: Option<String>, base: &Side, new: &Side, test: Test, threshold: f64) -> Found {
        Found {
            against,
            base: centre(base).exp(),
            new: centre(new).exp(),
            difference: test.difference,
            p_value: test.difference.p_value(threshold),
            tests: vec![test],
            machine: None,
            between: None,
        }
    }

    /// Whether no change of any size would have been told from the machine's.
    pub(super) fn is_out_of_reach(&self) -> bool {
        self.machine.as_ref().is_some_and(|over| !over.known)
    }
}

/// The answer of the other mode that this one changed least against; none at
/// all if it was faster against one and slower against another.
fn least_changed(mut pairs: Vec<Found>) -> Found {
    pairs.sort_by(|a, b| b.p_value.total_cmp(&a.p_value).then(by_size(a, b)));
    let tests = pairs.iter().flat_map(|pair| pair.tests.clone()).collect();
    let between = between(&pairs);
    if between.is_some() {
        pairs.sort_by(by_size);
    }
    let held_back = |found: &Found| found.machine.as_ref().map_or(found.p_value, |over| over.least_p_value);
    let least_p_value = pairs.iter().map(held_back).fold(0.0, f64::max);
    let least = pairs.swap_remove(0);
    let [p_value, least_p_value] = if between.is_some() { [1.0; 2] } else { [least.p_value, least_p_value] };
    let machine = least.machine.map(|over| OverMachine { least_p_value, ..over });
    Found { tests, between, p_value, machine, ..least }
}

fn between(pairs: &[Found]) -> Option<Between> {
    let surest = |up: bool| {
        let one_side = pairs.iter().filter(|pair| (pair.difference.estimate > 0.0) == up);
        one_side.min_by(|a, b| a.p_value.total_cmp(&b.p_value))
    };
    let [slower, faster] = [surest(true)?, surest(false)?];
    let others = [slower, faster].map(|pair| pair.against.clone());
    let [Some(slower_than), Some(faster_than)] = others else { return None };
    Some(Between { p_value: slower.p_value.max(faster.p_value), others: [slower_than, faster_than] })
}

fn by_size(a: &Found, b: &Found) -> std::cmp::Ordering {
    a.difference.estimate.abs().total_cmp(&b.difference.estimate.abs())
}
