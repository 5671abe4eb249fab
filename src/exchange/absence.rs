//! Which counters the threads of a generation lack, and why: each thread opens
//! its own, so each can fail on its own. It owns how that is said; what a
//! missing count means for a figure is its reader's business.

/// Counters that threads lack, or lacked in some round.
#[derive(Default)]
pub(super) struct CounterAbsences {
    /// Place in `KINDS`, reason, and how many threads lack it for that reason.
    noted: Vec<(usize, String, usize)>,
}

impl CounterAbsences {
    /// One thread lacks `absences` that it has not named before.
    pub(super) fn note(&mut self, absences: Vec<(usize, String)>) {
        for (kind, why) in absences {
            match self.noted.iter_mut().find(|(known, because, _)| *known == kind && *because == why) {
                Some((_, _, threads)) => *threads += 1,
                None => self.noted.push((kind, why, 1)),
            }
        }
    }

    /// Each with its reason, and with the number of threads unless it is all.
    pub(super) fn of(&self, all: usize) -> Vec<(usize, String)> {
        let said = |(kind, why, threads): &(usize, String, usize)| match *threads == all {
            true => (*kind, why.clone()),
            false => (*kind, format!("{why}, in {threads} of {all} threads")),
        };
        self.noted.iter().map(said).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_counted_by_reason() {
        let mut absences = CounterAbsences::default();
        absences.note(vec![(0, "none here".into()), (1, "full".into())]);
        absences.note(vec![(0, "none here".into())]);
        assert_eq!(absences.of(2), [(0, "none here".into()), (1, "full, in 1 of 2 threads".into())]);
    }
}
