//! What counters came to over several rounds of threads, of which some have no
//! count: how much was counted, of how many rounds, and when that is a total.
//! Which rounds are summed is `exchange/`'s and `metric/`'s business.

use serde::{Deserialize, Serialize};

use super::{COUNT, Count, Counts};

/// A total is given if at least this share of its rounds were counted.
pub const LEAST_COUNTED_ROUNDS: f64 = 0.5;

/// One counter over several rounds of threads, of which some may have no count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// The sum of the counts that there are.
    pub counted: f64,
    /// The least share of the time for which one of them counted, 0 to 1.
    pub counted_share: f64,
    /// How many there are, one a thread and round.
    pub rounds: u64,
    /// How many there would be if none were missing.
    pub of: u64,
}

impl Sum {
    /// The sum if no count is missing.
    pub fn whole(&self) -> Option<f64> {
        (self.rounds == self.of && self.of > 0).then_some(self.counted)
    }

    /// The sum, scaled up to the rounds without a count; `None` if fewer than
    /// [`LEAST_COUNTED_ROUNDS`] have one. Clients, and servers, share the work
    /// of a round evenly, so one thread's round stands for another's.
    pub fn total(&self) -> Option<f64> {
        let share = self.rounds as f64 / self.of as f64; // of none: not a number
        (share >= LEAST_COUNTED_ROUNDS).then(|| self.counted / share)
    }

    /// The least share of the time for which it counted: a round without a
    /// count is time in which it did not.
    pub fn time_share(&self) -> f64 {
        self.counted_share * self.rounds as f64 / self.of as f64
    }

    fn plus(&self, other: &Sum) -> Sum {
        let shares = [self, other].into_iter().filter(|sum| sum.rounds > 0).map(|sum| sum.counted_share);
        Sum {
            counted: self.counted + other.counted,
            counted_share: shares.reduce(f64::min).unwrap_or(0.0),
            rounds: self.rounds + other.rounds,
            of: self.of + other.of,
        }
    }
}

/// All counters over several rounds of threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums([Sum; COUNT]);

impl Sums {
    /// One thread's round.
    pub fn of(counts: &Counts) -> Sums {
        Sums(counts.map(|count| match count {
            Some(Count { value, counted_share }) => Sum { counted: value, counted_share, rounds: 1, of: 1 },
            None => Sum { of: 1, ..Sum::default() },
        }))
    }

    /// Both together.
    pub fn plus(&self, other: &Sums) -> Sums {
        Sums(std::array::from_fn(|kind| self.0[kind].plus(&other.0[kind])))
    }
}

impl std::ops::Index<usize> for Sums {
    type Output = Sum;

    fn index(&self, kind: usize) -> &Sum {
        &self.0[kind]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counter::CYCLES;

    #[test]
    fn a_sum_says_of_how_many_rounds_it_is_and_is_absent_under_half_of_them() {
        let round = |value, counted_share| {
            let mut counts = Counts::default();
            counts[CYCLES] = Some(Count { value, counted_share });
            Sums::of(&counts)
        };
        let none = Sums::of(&Counts::default());
        let two = round(20.0, 0.5).plus(&round(5.0, 1.0));
        assert_eq!(two[CYCLES], Sum { counted: 25.0, counted_share: 0.5, rounds: 2, of: 2 });
        assert_eq!((two[CYCLES].whole(), two[CYCLES].total()), (Some(25.0), Some(25.0)));
        let half = two.plus(&none).plus(&none)[CYCLES];
        assert_eq!((half.whole(), half.total(), half.time_share()), (None, Some(50.0), 0.25));
        assert_eq!(two.plus(&none).plus(&none).plus(&none)[CYCLES].total(), None);
        assert_eq!((Sums::default()[CYCLES].total(), Sums::default()[CYCLES].whole()), (None, None));
    }
}
