//! *io-uring-zero-copy*: `SENDMSG_ZC` on a ring. Each send has two completions: how
//! many bytes it took, and later that the kernel is done with them, and whether
//! it copied them after all. Everything hard is in [`super::io_uring`].

use super::io_uring::RingSender;
use super::{Handover, ModeEntry};
use crate::sys::SendKind;

pub(super) const MODE: ModeEntry = ModeEntry {
    name: "io-uring-zero-copy",
    summary: "SENDMSG_ZC with the fields as an iovec on an io_uring, notifications that report copies",
    handover: Handover::Reported,
    open_files: 1,
    open: |connection| {
        let kind = SendKind::ZeroCopy { registered: connection.settings.registered_buffers };
        Ok(Box::new(RingSender::open(connection, kind)?))
    },
};
