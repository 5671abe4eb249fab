//! What is kept of a run and what is claimed from it: ratios, records, the
//! table at the end. It reads measurements and writes files; it measures
//! nothing.

pub mod archive;
pub mod breakdown_text;
pub mod criterion_files;
pub mod group;
pub mod listing;
pub mod name;
pub mod record;
pub mod recording;
pub mod resolution;
mod row;
pub mod table;
pub(crate) mod whole_file;
