//! *io-uring-copy*: `SENDMSG` of the fields on a ring; the kernel copies them as it
//! does for `sendmsg(2)`. Everything hard is in [`super::io_uring`].

use super::io_uring::RingSender;
use super::{Handover, ModeEntry};
use crate::sys::SendKind;

pub(super) const MODE: ModeEntry = ModeEntry {
    name: "io-uring-copy",
    summary: "SENDMSG with the fields as an iovec on an io_uring",
    handover: Handover::Copied,
    open_files: 1,
    open: |connection| {
        let kind = SendKind::Copy;
        Ok(Box::new(RingSender::open(connection, kind)?))
    },
};
