//! How what the servers took came to them, of the cell's own rounds: copied to
//! their memory, mapped into it, or dropped in the kernel.

use super::{Described, Reading, Source, Value};
use crate::exchange::{CellMeasurement, Received};

pub(super) struct ReceivedSource;

/// A share of all bytes, and where the counts hold its part.
type Line = (Described, fn(&Received) -> u64);

const LINES: [Line; 3] = [
    (
        share("received_copied_share", "bytes that recv copied to the servers' memory, over all, 0 to 1"),
        |r| r.copied_bytes,
    ),
    (share("received_mapped_share", "bytes whose pages were mapped, TCP_ZEROCOPY_RECEIVE, over all"), |r| {
        r.mapped_bytes
    }),
    (share("received_discarded_share", "bytes that were dropped in the kernel, MSG_TRUNC, over all"), |r| {
        r.discarded_bytes
    }),
];

const fn share(name: &'static str, meaning: &'static str) -> Described {
    Described { name, unit: "", meaning }
}

impl Source for ReceivedSource {
    fn catalogue(&self) -> &'static [Described] {
        const CATALOGUE: [Described; 3] = [LINES[0].0, LINES[1].0, LINES[2].0];
        &CATALOGUE
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let all = measurement.blocks.iter().map(|block| block.received);
        let all = all.fold(Received::default(), |sum, received| sum.plus(&received));
        let bytes = all.copied_bytes + all.mapped_bytes + all.discarded_bytes;
        let of = |part: u64| match bytes {
            0 => Reading::Absent("no server noted how it received".into()),
            _ => Reading::Value(Value::Number(part as f64 / bytes as f64)),
        };
        LINES.iter().map(|(described, part)| (described.name, of(part(&all)))).collect()
    }
}
