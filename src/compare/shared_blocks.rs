//! Two sides of one recording, whose passes shared their blocks: what differs
//! between them within each block. It owns which blocks belong together; what is
//! read of a block is `answer`'s.

use super::rows::{RowKey, Rows};
use super::statistics::Side;
use crate::exchange::Block;
use crate::metric::median;
use crate::results::record::Record;

/// By how much what `read` makes of a block is more at `new`, a value a pass: the
/// median over the blocks of one number in cells that were measured at once.
pub(super) fn differences(
    base: &Rows<'_>,
    new: &Rows<'_>,
    key: RowKey,
    read: &dyn Fn(&Block) -> Option<f64>,
) -> Side {
    let mut side = Side::default();
    let of_base = base.rows.get(&key).into_iter().flatten();
    for (pass, records) in of_base {
        let others = new.rows.get(&key).and_then(|passes| passes.get(pass));
        let others: &[&Record] = others.map_or(&[], Vec::as_slice);
        let mut found = Vec::new();
        for record in records {
            let other = others.iter().find(|other| are_at_once(record, other));
            let blocks = record.blocks.iter().zip(other.map_or(&[][..], |other| &other.blocks));
            found.extend(blocks.filter_map(|(own, other)| Some(read(other)? - read(own)?)));
        }
        found.retain(|difference| difference.is_finite());
        side.processes.extend(median(&found).map(|difference| (*pass, difference)));
    }
    side
}

/// Whether two records are of one cell in blocks that they shared: the order of
/// those was drawn from one seed.
fn are_at_once(record: &Record, other: &Record) -> bool {
    let of = |record: &Record| (record.seed, record.blocks.len());
    record.cell == other.cell && of(record) == of(other)
}
