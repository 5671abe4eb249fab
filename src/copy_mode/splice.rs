//! *splice*: `vmsplice(2)` puts the fields' pages into a pipe, `splice(2)` moves
//! them on to the socket. Nothing is reported, so a message is back once the
//! server has read it.

use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsFd;

use super::{Connection, CopyMode, Handover, ModeEntry, SendFailure, Tally, UntilConsumed, Wait, resume};
use crate::message::Message;
use crate::sys;

pub(super) const MODE: ModeEntry = ModeEntry {
    name: "splice",
    summary: "vmsplice(2) of the fields into a pipe, splice(2) from there to the socket",
    handover: Handover::Unreported,
    open_files: 2,
    open: |connection| {
        let failed = |source| SendFailure { operation: "open a pipe", source };
        let (reader, writer) = io::pipe().map_err(failed)?;
        let pipe_bytes = enlarge(&writer, &connection).map_err(failed)?;
        let out = UntilConsumed::new(&connection)?;
        Ok(Box::new(Splice { connection, reader, writer, pipe_bytes, out }))
    },
};

struct Splice {
    connection: Connection,
    reader: PipeReader,
    writer: PipeWriter,
    pipe_bytes: usize,
    out: UntilConsumed,
}

/// Makes room for a whole message, or as much as this user may have
/// (`fs.pipe-max-size`, pipe(7)): a field takes a slot, the size of a page, for
/// each page that it touches. Returns what the pipe has.
fn enlarge(pipe: &PipeWriter, connection: &Connection) -> io::Result<usize> {
    let now = sys::pipe_bytes(pipe.as_fd())?;
    let mut wanted = connection.message_bytes + 2 * connection.fields * sys::page_bytes();
    while wanted > now {
        match sys::set_pipe_bytes(pipe.as_fd(), wanted) {
            Ok(bytes) => return Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => wanted /= 2,
            Err(error) => return Err(error),
        }
    }
    Ok(now)
}

impl Splice {
    /// What one call each did not do, whatever stopped them: with `in_pipe` bytes of the
    /// message in the pipe and `sent_bytes` on their way.
    #[cold]
    fn send_on(
        &self,
        message: &Message,
        mut in_pipe: usize,
        mut sent_bytes: usize,
    ) -> Result<(), SendFailure> {
        let (socket, total_bytes) = (self.connection.socket.as_fd(), message.total_bytes());
        while sent_bytes < total_bytes {
            if sent_bytes + in_pipe < total_bytes {
                match sys::fill_pipe(self.writer.as_fd(), message.as_ref(), sent_bytes + in_pipe) {
                    Ok(bytes) => in_pipe += bytes,
                    // It is full: what is in it goes first.
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock && in_pipe > 0 => {}
                    Err(error) => resume(&self.connection, "vmsplice", error)?,
                }
            }
            let more = sent_bytes + in_pipe < total_bytes;
            match sys::splice(self.reader.as_fd(), socket, in_pipe, more) {
                Ok(0) if in_pipe > 0 => {
                    return Err(SendFailure { operation: "splice", source: io::ErrorKind::WriteZero.into() });
                }
                Ok(bytes) => (in_pipe, sent_bytes) = (in_pipe - bytes, sent_bytes + bytes),
                Err(error) => resume(&self.connection, "splice", error)?,
            }
        }
        Ok(())
    }
}

impl CopyMode for Splice {
    fn send(&mut self, message: Message) -> Result<(), SendFailure> {
        let total_bytes = message.total_bytes();
        let in_pipe = sys::fill_pipe(self.writer.as_fd(), message.as_ref(), 0).unwrap_or(0);
        let sent_bytes = match in_pipe == total_bytes {
            true => {
                sys::splice(self.reader.as_fd(), self.connection.socket.as_fd(), in_pipe, false).unwrap_or(0)
            }
            false => 0,
        };
        if sent_bytes < total_bytes {
            self.send_on(&message, in_pipe - sent_bytes, sent_bytes)?;
        }
        self.out.push(message);
        Ok(())
    }

    fn reclaim(&mut self, wait: Wait, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        self.out.give_back(wait, returned)
    }

    fn outstanding(&self) -> usize {
        self.out.len()
    }

    fn finish(&mut self, returned: &mut VecDeque<Message>) -> Result<(), SendFailure> {
        self.out.finish(returned)
    }

    fn tally(&self) -> Tally {
        Tally {
            unreported_bytes: self.out.sent_bytes(),
            pipe_bytes: Some(self.pipe_bytes as u64),
            ..Tally::default()
        }
    }
}
