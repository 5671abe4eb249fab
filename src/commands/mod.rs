//! The program's commands, one file each. They read arguments and print; what
//! they print comes from the library.

pub(crate) mod compare;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod pass;
pub(crate) mod profile;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod stream;
