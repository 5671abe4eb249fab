//! What became of the bytes on the transmit side: what was copied as it was sent,
//! what was handed over by reference, and what completions said of that; of
//! the cell's own rounds.

use super::{Described, Reading, Source, Value};
use crate::copy_mode::Tally;
use crate::exchange::CellMeasurement;
use crate::zerocopy::Tally as Completions;

pub(super) struct ZeroCopyTally;

/// A metric with its unit, its meaning and where the tally holds it.
type Line<T> = (&'static str, &'static str, fn(&T) -> u64);

/// Shares of all bytes that were sent.
const SHARES: [Line<Tally>; 3] = [
    ("copied_on_send_share", "bytes copied as they were sent, over all, 0 to 1", |t| t.copied_bytes),
    (
        "by_reference_reported_share",
        "bytes handed over by reference, with a completion that says what became of them, over all",
        |t| t.reported_bytes,
    ),
    (
        "by_reference_unreported_share",
        "bytes handed over by reference, of which nothing is reported, over all",
        |t| t.unreported_bytes,
    ),
];

const COMPLETIONS: [Line<Completions>; 6] = [
    ("zerocopy_sends", "successful sends by reference with a completion: MSG_ZEROCOPY or SENDMSG_ZC", |t| {
        t.sends
    }),
    ("zerocopy_partial_sends", "of those, calls that took part of a message", |t| t.partial_sends),
    ("zerocopy_completions", "completions of them; equals the sends", |t| t.notifications),
    ("zerocopy_deferred_copies", "of those, flagged as copied: the kernel copied after all", |t| {
        t.deferred_copies
    }),
    ("zerocopy_enobufs", "sends refused for now with ENOBUFS", |t| t.enobufs),
    (
        "zerocopy_fallback_sends",
        "calls made without the flag, as the kernel had no memory for one and waiting did not help",
        |t| t.fallback_sends,
    ),
];

const ERROR_QUEUE: [Line<Completions>; 2] = [
    ("zerocopy_error_queue_reads", "error-queue reads that brought completions", |t| t.error_queue_reads),
    ("zerocopy_empty_error_queue_reads", "error-queue reads that found nothing", |t| {
        t.empty_error_queue_reads
    }),
];

const DEFERRED_SHARE: &str = "zerocopy_deferred_share";
const COMPLETIONS_PER_READ: &str = "zerocopy_completions_per_read";
const PIPE_BYTES: &str = "pipe_bytes";

impl Source for ZeroCopyTally {
    fn catalogue(&self) -> &'static [Described] {
        static CATALOGUE: std::sync::LazyLock<Vec<Described>> = std::sync::LazyLock::new(|| {
            let plain = |name, meaning| Described { name, unit: "", meaning };
            let mut all = SHARES.map(|(name, meaning, _)| plain(name, meaning)).to_vec();
            all.extend(
                COMPLETIONS.into_iter().chain(ERROR_QUEUE).map(|(name, meaning, _)| plain(name, meaning)),
            );
            all.push(plain(DEFERRED_SHARE, "deferred copies over completions, 0 to 1"));
            all.push(plain(COMPLETIONS_PER_READ, "completions an error-queue read that brought any"));
            all.push(Described {
                name: PIPE_BYTES,
                unit: "B",
                meaning: "the pipe that the bytes went through, of a mode that has one: the smallest",
            });
            all
        });
        &CATALOGUE
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let tallies = measurement.blocks.iter().filter_map(|block| block.tally);
        let tally = tallies.reduce(|sum, tally| sum.plus(&tally)).unwrap_or_default();
        let count = |count| Reading::Value(Value::Count(count));
        let share = |part: u64, whole: u64, none: &str| match whole {
            0 => Reading::Absent(none.into()),
            _ => Reading::Value(Value::Number(part as f64 / whole as f64)),
        };
        let mut readings: Vec<_> =
            SHARES.map(|(name, _, of)| (name, share(of(&tally), tally.bytes(), "nothing was sent"))).into();
        // A size, not a count of what happened.
        let pipe = tally.pipe_bytes.map(|bytes| Reading::Value(Value::Number(bytes as f64)));
        readings.extend(pipe.map(|bytes| (PIPE_BYTES, bytes)));

        let completions = tally.completions.unwrap_or_default();
        let mut add = |name, reading, absence: Option<&str>| {
            readings.push((name, absence.map_or(reading, |why| Reading::Absent(why.into()))));
        };
        let without = format!("no send of {} has a completion", measurement.cell.mode);
        let without = tally.completions.is_none().then_some(without.as_str());
        for (name, _, of) in COMPLETIONS {
            add(name, count(of(&completions)), without);
        }
        let deferred =
            share(completions.deferred_copies, completions.notifications, "no completion was read");
        add(DEFERRED_SHARE, deferred, without);
        // Completions come on the error queue or on an io_uring.
        let reads = completions.error_queue_reads + completions.empty_error_queue_reads;
        let unread = (reads == 0).then_some("no error queue was read");
        for (name, _, of) in ERROR_QUEUE {
            add(name, count(of(&completions)), without.or(unread));
        }
        let per_read =
            share(completions.notifications, completions.error_queue_reads, "no completion was read");
        add(COMPLETIONS_PER_READ, per_read, without.or(unread));
        readings
    }
}
