//! Measures a cell at several sides at once: each block holds a round of every
//! lane at every side, in random order, so that what the machine does meanwhile
//! cancels between sides as it does between modes. It owns the order and how many
//! messages a round has at each side; where the sides are is their places'.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::block::{ACROSS_LANE, Block, BlockRound, CellMeasurement};
use super::cell_at_place::{CellAtPlace, lanes_of};
use super::cell_run::ATTEMPTS;
use super::place::Place;
use super::round::now;
use crate::cell::{Cell, Target};
use crate::copy_mode::ModeEntry;
use crate::error::{Error, Result};
use crate::profile::{BlockOrder, Profile};

/// Sides that are no further apart have rounds of as many messages: what a round
/// costs beside its messages is then the same, and no ratio of theirs.
const ALIKE: f64 = 1.5;

/// A round as short as this share of the length that is meant says well enough
/// how many messages that takes.
const TOLD_BY: f64 = 0.25;

/// The most messages that a round can have.
pub const MOST_MESSAGES: u64 = 1 << 32;

/// One side of a cell.
pub struct Seat<P> {
    /// Where it is measured.
    pub place: P,
    /// The modes that the kernel there takes.
    pub modes: Vec<ModeEntry>,
}

/// Measures `cell` at every seat, and its own mode once more at `across` beside
/// the first. A seat that fails is left out from then on and does not hold up the
/// others: the result has one entry a seat. Blocks of one number belong together.
pub fn measure_sided<P: Place>(
    cell: &Cell,
    profile: &Arc<Profile>,
    seats: Vec<Seat<P>>,
    across: Option<P>,
) -> Vec<Result<CellMeasurement>> {
    let seed = profile.rounds.seed.unwrap_or_else(|| fastrand::u64(..));
    let mut seated: Vec<Seated<P>> = Vec::new();
    let mut refused = Vec::new();
    for (number, seat) in seats.into_iter().enumerate() {
        match lanes_of(cell, profile, &seat.modes) {
            Ok((lanes, own)) => {
                seated.push(Seated::new(number, CellAtPlace::new(cell, profile, seat.place, lanes, own)))
            }
            Err(error) => refused.push((number, Err(error))),
        }
    }
    // It has a round of every lane, as the first has, so that its memory is as warm;
    // those of the own one alone are kept.
    let first = seated.first().filter(|first| first.number == 0).map(|first| &first.at);
    let twin = first
        .zip(across)
        .map(|(first, place)| CellAtPlace::new(cell, profile, place, first.lanes.clone(), first.own));
    seated.extend(twin.map(|twin| Seated::new(usize::MAX, twin)));
    let mut run = SidedRun { profile, seated, random: fastrand::Rng::with_seed(seed), next_opening: None };
    run.calibrate();
    let blocks = profile.criterion.sample_size;
    for _ in 0..blocks {
        run.block();
    }
    let finished = run.seated.into_iter().map(|seated| (seated.number, seated.finish(seed, blocks)));
    // The one beside the first has no measurement of its own.
    let mut all: Vec<_> = finished.chain(refused).filter(|(number, _)| *number != usize::MAX).collect();
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}

struct SidedRun<'a, P> {
    profile: &'a Profile,
    seated: Vec<Seated<P>>,
    random: fastrand::Rng,
    /// In which order the next generations are opened; none is a random one.
    next_opening: Option<Vec<usize>>,
}

struct Seated<P> {
    /// The seat's; the one beside the first has none.
    number: usize,
    at: CellAtPlace<P>,
    /// Of the own round.
    messages: u64,
    /// Whose rounds its own are as long as, in messages.
    as_at: usize,
    failed: Option<Error>,
}

impl<P: Place> Seated<P> {
    fn new(number: usize, at: CellAtPlace<P>) -> Seated<P> {
        Seated { number, at, messages: 0, as_at: 0, failed: None }
    }

    fn is_across(&self) -> bool {
        self.number == usize::MAX
    }

    /// Notes a failure: from then on the seat is left out.
    fn attempt<T>(&mut self, work: impl FnOnce(&mut CellAtPlace<P>) -> Result<T>) -> Option<T> {
        work(&mut self.at).map_err(|error| self.failed = Some(error)).ok()
    }

    fn finish(self, seed: u64, blocks: usize) -> Result<CellMeasurement> {
        let finished = self.at.finish(seed, blocks); // whatever became of it, its generation is closed
        self.failed.map_or(finished, Err)
    }
}

impl<P: Place> SidedRun<'_, P> {
    /// Warms up, and finds how many messages are a round at each seat.
    fn calibrate(&mut self) {
        let target = self.seated.first().map(|seated| (seated.at.cell.target, seated.at.cell.threads));
        let Some((target, threads)) = target else { return };
        let meant = self.profile.round_length(target);
        let warm_up = Duration::from_secs_f64(self.profile.criterion.warm_up_s);
        let begun: Instant = now();
        for (place, seated) in self.seated.iter_mut().enumerate() {
            (seated.messages, seated.as_at) = (8 * threads as u64, place);
        }
        let mut paces: Vec<Option<f64>> = vec![None; self.seated.len()];
        loop {
            self.block();
            let mut is_told = true;
            let live = self.seated.iter_mut().zip(&mut paces).filter(|(seated, _)| seated.failed.is_none());
            for (seated, pace) in live {
                let last = seated.at.blocks.last().and_then(|block| block.rounds_of(&seated.at));
                let Some((messages, time)) = last else { continue };
                let length = match target {
                    Target::Latency => time.div_f64(threads as f64), // the sum over connections
                    Target::Throughput | Target::CpuCost => time,
                };
                if length >= meant.mul_f64(TOLD_BY) {
                    let a_message = length.as_secs_f64() / messages as f64;
                    // The block after this one tells it by rounds of that length; the
                    // faster of them was disturbed less.
                    is_told &= pace.is_some();
                    let best = pace.map_or(a_message, |pace| pace.min(a_message));
                    *pace = Some(best);
                    seated.messages = (meant.as_secs_f64() / best).round().max(1.0) as u64;
                } else if messages < MOST_MESSAGES {
                    (seated.messages, is_told) = (seated.messages * 2, false);
                } else {
                    let what = format!("{messages} messages are said to have taken {time:?}");
                    let (cell, end) = (seated.at.cell.clone(), "coordinator".into());
                    seated.failed = Some(Error::Broken { cell, end, what });
                }
            }
            let all_failed = self.seated.iter().all(|seated| seated.failed.is_some());
            if all_failed || is_told && now().duration_since(begun) >= warm_up {
                break;
            }
        }
        self.equalise(&paces);
        self.seated.iter_mut().for_each(|seated| seated.at.warmed_up());
    }

    /// Gives seats of like pace, in seconds a message, rounds of as many messages.
    fn equalise(&mut self, paces: &[Option<f64>]) {
        for place in 0..self.seated.len() {
            let Some(own) = paces[place] else { continue }; // it has failed
            let is_like = |earlier: &usize| {
                let pace = paces[*earlier].filter(|_| self.seated[*earlier].as_at == *earlier);
                pace.is_some_and(|pace| (1.0 / ALIKE..=ALIKE).contains(&(own / pace)))
            };
            let as_at = match self.seated[place].is_across() {
                true => 0,
                false => (0..place).find(is_like).unwrap_or(place),
            };
            self.seated[place].messages = self.seated[as_at].messages;
            self.seated[place].as_at = as_at;
        }
    }

    /// Opens generations once all that are over have ended, in random order, and the
    /// next ones in the reverse: which pages a ring gets, and so how fast it is, goes by
    /// who asks first (docs/METHOD.md, "Sides of one recording").
    fn make_ready(&mut self) {
        let attempt = |seated: &mut Seated<P>, work: fn(&mut CellAtPlace<P>) -> Result<()>| {
            if seated.failed.is_none() {
                seated.attempt(work);
            }
        };
        self.seated.iter_mut().for_each(|seated| attempt(seated, CellAtPlace::end_if_due));
        if self.seated.iter().all(|seated| seated.at.is_open || seated.failed.is_some()) {
            return;
        }
        let order = self.next_opening.take().unwrap_or_else(|| {
            let mut order: Vec<usize> = (0..self.seated.len()).collect();
            if self.profile.rounds.order == BlockOrder::Random {
                self.random.shuffle(&mut order);
            }
            self.next_opening = Some(order.iter().rev().copied().collect());
            order
        });
        for place in order {
            attempt(&mut self.seated[place], CellAtPlace::open_if_closed);
        }
    }

    /// Runs one block at every seat that has not failed.
    fn block(&mut self) {
        self.make_ready();
        for attempt in 1..=ATTEMPTS {
            let blocks = self.run_rounds();
            let is_uncounted = |(seated, block): (&Seated<P>, &Block)| {
                let own = &seated.at.lanes[seated.at.own].name;
                seated.failed.is_none() && block.round(own).is_none() && !seated.is_across()
            };
            if attempt < ATTEMPTS && self.seated.iter().zip(&blocks).any(is_uncounted) {
                continue; // all of it: blocks of one number belong together
            }
            for (seated, block) in self.seated.iter_mut().zip(blocks) {
                match is_uncounted((seated, &block)) {
                    true => seated.failed = Some(seated.at.uncounted(ATTEMPTS)),
                    false if seated.failed.is_none() => seated.at.keep(block),
                    false => {}
                }
            }
            return;
        }
    }

    fn run_rounds(&mut self) -> Vec<Block> {
        let lanes = |(place, seated): (usize, &Seated<P>)| {
            (0..seated.at.lanes.len()).map(move |lane| (place, lane)).collect::<Vec<_>>()
        };
        let mut order: Vec<(usize, usize)> = self.seated.iter().enumerate().flat_map(lanes).collect();
        if self.profile.rounds.order == BlockOrder::Random {
            self.random.shuffle(&mut order);
        }
        let mut blocks: Vec<Block> =
            self.seated.iter_mut().map(|seated| seated.at.begin_block(seated.messages)).collect();
        for (place, lane) in order {
            let seated = &self.seated[place];
            let without_first = seated.is_across() && self.seated[0].failed.is_some();
            if seated.failed.is_some() || without_first {
                continue;
            }
            let as_at = &self.seated[seated.as_at].at;
            let share = seated.at.share_as_at(as_at, lane, seated.messages);
            let block = &mut blocks[place];
            self.seated[place].attempt(|at| at.run_into(block, lane, share));
            let seated = &self.seated[place];
            if seated.is_across() && lane == seated.at.own {
                let round = blocks[place].round(&seated.at.cell.mode).cloned();
                blocks[0].rounds.extend(round.map(|round| BlockRound { lane: ACROSS_LANE.into(), ..round }));
            }
        }
        for (seated, block) in self.seated.iter_mut().zip(&blocks) {
            seated.at.learn(block);
        }
        blocks
    }
}
