//! Completes the records of one thread count once all its cells are measured.
//! Each block holds a round of every mode, so the cells of a row, one size and
//! thread count, say more together than each alone. The statistics are
//! `ratio`'s.

use std::path::Path;

use crate::error::Error;
use crate::exchange::Block;
use crate::results::criterion_files;
use crate::results::record::Record;

/// The record of a cell, and whether Criterion kept its sample.
pub(super) struct Kept {
    pub(super) record: Record,
    pub(super) saved: bool,
}

/// Writes into each record of `threads` what its row's blocks say together,
/// and returns what could not be written.
pub(super) fn complete(records: &mut [Kept], modes: &[String], threads: usize, output: &Path) -> Vec<Error> {
    let mut failures = Vec::new();
    let cells = records.iter().map(|kept| &kept.record.cell).filter(|cell| cell.threads == threads);
    let mut sizes: Vec<usize> = cells.map(|cell| cell.message_bytes).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for message_bytes in sizes {
        let of_row = |kept: &Kept| {
            kept.record.cell.threads == threads && kept.record.cell.message_bytes == message_bytes
        };
        let row = records.iter().filter(|kept| of_row(kept));
        let blocks: Vec<Vec<Block>> = row.map(|kept| kept.record.blocks.clone()).collect();
        let cells: Vec<&[Block]> = blocks.iter().map(Vec::as_slice).collect();
        for kept in records.iter_mut().filter(|kept| of_row(kept)) {
            kept.record.set_row(modes, &cells);
            if kept.saved
                && let Err(error) = criterion_files::save_record(output, &kept.record)
            {
                eprintln!("copycost: {error}");
                failures.push(error);
            }
        }
    }
    failures
}
