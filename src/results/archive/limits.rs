//! How much an archive may hold: it can come from anywhere, and a few kilobytes
//! of it can unfold to as many gigabytes. It owns the bounds and how they are
//! said; they leave room for a hundred times what the default matrix writes.

/// Of `manifest.json`.
pub const LARGEST_MANIFEST_BYTES: u64 = 8 << 20;

/// Of one of Criterion's files, of a record and of `recording.json`.
pub const LARGEST_CELL_FILE_BYTES: u64 = 16 << 20;

/// Of the file of one pass: a record a cell.
pub const LARGEST_PASS_FILE_BYTES: u64 = 256 << 20;

/// Of all files together.
pub const LARGEST_TOTAL_BYTES: u64 = 4 << 30;

/// Files, the manifest not counted.
pub const MOST_FILES: u64 = 20_000;

/// Zeros after the last entry: tar pads with some.
pub(super) const LARGEST_PADDING_BYTES: u64 = 64 << 10;

/// Refuses what is over `bound`, saying both.
pub(super) fn check(what: &str, value: u64, bound: u64, unit: &str) -> Result<(), String> {
    match value <= bound {
        true => Ok(()),
        false => Err(format!("{what}: {value} {unit}, and at most {bound} are allowed")),
    }
}
