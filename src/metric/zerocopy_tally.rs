//! Whether zero-copy was zero-copy: sends, completions and what they said, of
//! the cell's own rounds.

use super::{Described, Reading, Source, Value};
use crate::exchange::CellMeasurement;
use crate::zerocopy::Tally;

pub(super) struct ZeroCopyTally;

/// A metric with its unit, its meaning and where the tally holds it.
type Line = (&'static str, &'static str, fn(&Tally) -> u64);

const LINES: [Line; 8] = [
    ("zerocopy_sends", "successful sendmsg calls with MSG_ZEROCOPY", |t| t.sends),
    ("zerocopy_partial_sends", "of those, calls that took part of a message", |t| t.partial_sends),
    ("zerocopy_completions", "notification ids completed; equals the sends", |t| t.notifications),
    ("zerocopy_deferred_copies", "of those, flagged COPIED: the kernel copied after all", |t| {
        t.deferred_copies
    }),
    ("zerocopy_error_queue_reads", "error-queue reads that brought completions", |t| t.error_queue_reads),
    ("zerocopy_empty_error_queue_reads", "error-queue reads that found nothing", |t| {
        t.empty_error_queue_reads
    }),
    ("zerocopy_enobufs", "sends refused for now with ENOBUFS", |t| t.enobufs),
    (
        "zerocopy_fallback_sends",
        "calls made without the flag, as the kernel had no memory for one and waiting did not help",
        |t| t.fallback_sends,
    ),
];

const DEFERRED_SHARE: &str = "zerocopy_deferred_share";
const COMPLETIONS_PER_READ: &str = "zerocopy_completions_per_read";

impl Source for ZeroCopyTally {
    fn catalogue(&self) -> &'static [Described] {
        static CATALOGUE: std::sync::LazyLock<Vec<Described>> = std::sync::LazyLock::new(|| {
            let counts = LINES.map(|(name, meaning, _)| Described { name, unit: "", meaning });
            let shares = [
                Described {
                    name: DEFERRED_SHARE,
                    unit: "",
                    meaning: "deferred copies over completions, 0 to 1",
                },
                Described {
                    name: COMPLETIONS_PER_READ,
                    unit: "",
                    meaning: "completions an error-queue read that brought any",
                },
            ];
            counts.into_iter().chain(shares).collect()
        });
        &CATALOGUE
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let tallies = measurement.blocks.iter().filter_map(|block| block.tally);
        let Some(tally) = tallies.reduce(|sum, tally| sum.plus(&tally)) else {
            let why = format!("{} makes no MSG_ZEROCOPY sends", measurement.cell.mode);
            return self.catalogue().iter().map(|line| (line.name, Reading::Absent(why.clone()))).collect();
        };
        let share = |part: u64, whole: u64| match whole {
            0 => Reading::Absent("no completion was read".into()),
            _ => Reading::Value(Value::Number(part as f64 / whole as f64)),
        };
        let counts = LINES.iter().map(|(name, _, of)| (*name, Reading::Value(Value::Count(of(&tally)))));
        let shares = [
            (DEFERRED_SHARE, share(tally.deferred_copies, tally.notifications)),
            (COMPLETIONS_PER_READ, share(tally.notifications, tally.error_queue_reads)),
        ];
        counts.chain(shares).collect()
    }
}
