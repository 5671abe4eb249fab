//! The other half of a sender: reads the error queue, gives buffers back, and waits
//! where a send was refused for now. Account of ids is kept in
//! [`super::super::tracker`].

use std::io;
use std::os::fd::AsFd;

use super::{Sender, Wait, ZEROCOPY_SEND};
use crate::sys::{self, ControlBuffer, Segments};
use crate::zerocopy::error_queue;

impl<B: AsRef<Segments> + 'static> Sender<B> {
    /// Reads completions and pushes the buffers that are back onto `returned`, in
    /// the order in which they were sent, after those that fell back to a copy.
    /// Reads until the queue is empty with [`Wait::No`], and only until one buffer
    /// is back with [`Wait::ForOne`]: a coalesced range often brings hundreds.
    pub fn reclaim(&mut self, wait: Wait, returned: &mut impl Extend<B>) -> io::Result<()> {
        loop {
            let before = self.outstanding();
            returned.extend(self.copied.drain(..));
            returned.extend(std::iter::from_fn(|| self.tracker.take_returned()));
            let after = self.outstanding();
            if after == 0 || (wait == Wait::ForOne && after < before) {
                return Ok(());
            }
            if self.read_completion()? {
                continue;
            }
            match wait {
                Wait::No => return Ok(()),
                Wait::ForOne => self.wait(false)?,
            }
        }
    }

    /// After a send that failed with `error`: waits until it is worth trying
    /// again, or says which operation failed for good.
    pub(super) fn make_room(&mut self, error: io::Error) -> Result<(), (&'static str, io::Error)> {
        let failed = |operation| move |error| (operation, error);
        match error.raw_os_error() {
            Some(libc::EINTR) => Ok(()),
            Some(libc::EAGAIN) => {
                // POLLERR would make poll return at once for as long as a
                // completion lies unread, so those are taken in first.
                while self.read_completion().map_err(failed("read completions"))? {}
                self.wait(true).map_err(failed("wait for room in the send buffer"))
            }
            Some(libc::ENOBUFS) if self.tracker.pending_ids() > 0 => {
                self.tally.enobufs += 1;
                let mut read = self.read_completion().map_err(failed("read completions"))?;
                while !read {
                    self.wait(false).map_err(failed("wait for completions after ENOBUFS"))?;
                    read = self.read_completion().map_err(failed("read completions"))?;
                }
                Ok(())
            }
            Some(libc::ENOBUFS) if !self.patience.is_over() => {
                self.tally.enobufs += 1;
                self.patience.wait(self.wait_limit);
                Ok(())
            }
            _ => Err((ZEROCOPY_SEND, error)),
        }
    }

    /// Takes one entry off the error queue; `false` if it was empty.
    fn read_completion(&mut self) -> io::Result<bool> {
        let mut control = ControlBuffer([0; 512]);
        let Some((length, flags)) = sys::receive_error_queue(self.socket.as_fd(), &mut control)? else {
            self.tally.empty_error_queue_reads += 1;
            return Ok(false);
        };
        self.tally.error_queue_reads += 1;
        if flags & libc::MSG_CTRUNC != 0 {
            return Err(io::Error::other("error-queue entry longer than the control buffer"));
        }
        let completion = error_queue::parse(&control.0[..length]).map_err(io::Error::other)?;
        let ids = self.tracker.complete(completion.first, completion.last).map_err(io::Error::other)?;
        self.patience.renew();
        self.tally.ranges += 1;
        self.tally.notifications += u64::from(ids);
        if completion.deferred_copy {
            self.tally.deferred_copies += u64::from(ids);
        }
        Ok(true)
    }

    /// Blocks until there is something on the error queue or, with
    /// `for_write`, room in the send buffer.
    fn wait(&self, for_write: bool) -> io::Result<()> {
        let ready = sys::poll(self.socket.as_fd(), for_write, self.wait_limit)?;
        if ready.timed_out() {
            let what = format!("nothing within {:?}", self.wait_limit);
            return Err(io::Error::new(io::ErrorKind::TimedOut, what));
        }
        let failed = if ready.error { sys::resumed(|| self.socket.take_error())? } else { None };
        if let Some(error) = failed {
            return Err(error);
        }
        // Both directions are shut down and nothing is there. Completions of
        // what is still queued could come, but from a peer that may never read:
        // the caller, who shut it down, is not kept waiting for them.
        if ready.hung_up && !ready.error {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl<B: AsRef<Segments> + 'static> Drop for Sender<B> {
    fn drop(&mut self) {
        while self.tracker.pending_ids() > 0 && matches!(self.read_completion(), Ok(true)) {}
        while self.tracker.take_returned().is_some() {}
        self.tracker.abandon().for_each(std::mem::forget);
    }
}
