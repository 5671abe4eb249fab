//! How a server takes what has come: copied, dropped in the kernel or mapped. It
//! owns the memory that it comes to and counts what came which way; what the
//! bytes should be is the server's business.

use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::sync::Arc;

use socket2::Socket;

use crate::exchange::block::Received;
use crate::memory::PageBuffer;
use crate::profile::{ReceiveMethod, ServerSettings};
use crate::sys::{self, ReceiveWindow};

pub(super) struct Receiver {
    socket: Arc<Socket>,
    buffer: PageBuffer,
    way: Way,
    received: Received,
    /// Of what came last.
    last: Last,
}

enum Way {
    Copy,
    Discard,
    /// With what is to be copied before the next pages can be mapped.
    Mapped(ReceiveWindow, usize),
}

enum Last {
    Copied(usize),
    Discarded,
    Mapped,
}

impl Receiver {
    pub(super) fn new(socket: &Arc<Socket>, settings: &ServerSettings) -> io::Result<Receiver> {
        let mut buffer = PageBuffer::new(settings.read_bytes, settings.receive_offset_bytes)?;
        buffer.as_mut_slice().fill(1); // no page fault in a round
        let window_bytes = settings.read_bytes.next_multiple_of(sys::page_bytes());
        let way = match settings.receive {
            ReceiveMethod::Copy => Way::Copy,
            ReceiveMethod::Discard => Way::Discard,
            ReceiveMethod::Mapped => Way::Mapped(ReceiveWindow::new(socket.as_fd(), window_bytes)?, 0),
        };
        let (received, last) = (Received::default(), Last::Discarded);
        Ok(Receiver { socket: Arc::clone(socket), buffer, way, received, last })
    }

    /// Takes some of what has come, and waits until something has; 0 at the end.
    pub(super) fn receive(&mut self) -> io::Result<usize> {
        match &mut self.way {
            Way::Copy => copied(&self.socket, self.buffer.as_mut_slice(), &mut self.received, &mut self.last),
            Way::Discard => {
                let bytes = sys::discard(self.socket.as_fd(), self.buffer.as_slice().len())?;
                self.received.discarded_bytes += bytes as u64;
                self.last = Last::Discarded;
                Ok(bytes)
            }
            Way::Mapped(window, to_copy) => {
                if *to_copy == 0 {
                    // Mapping does not wait.
                    if self.socket.peek(&mut [MaybeUninit::uninit()])? == 0 {
                        return Ok(0);
                    }
                    let (mapped, rest) = window.map(self.socket.as_fd())?;
                    *to_copy = rest;
                    if mapped > 0 {
                        self.received.mapped_bytes += mapped as u64;
                        self.last = Last::Mapped;
                        return Ok(mapped);
                    }
                }
                // Neither pages nor a remainder: what there is, is copied.
                let whole = self.buffer.as_mut_slice();
                let most = if *to_copy == 0 { whole.len() } else { whole.len().min(*to_copy) };
                let bytes = copied(&self.socket, &mut whole[..most], &mut self.received, &mut self.last)?;
                *to_copy = to_copy.saturating_sub(bytes);
                Ok(bytes)
            }
        }
    }

    /// The bytes that came last; none of those that were dropped.
    pub(super) fn last(&self) -> &[u8] {
        match (&self.last, &self.way) {
            (Last::Copied(bytes), _) => &self.buffer.as_slice()[..*bytes],
            (Last::Mapped, Way::Mapped(window, _)) => window.mapped(),
            _ => &[],
        }
    }

    /// What came which way since this was last asked.
    pub(super) fn take_received(&mut self) -> Received {
        std::mem::take(&mut self.received)
    }
}

fn copied(
    mut socket: &Socket,
    place: &mut [u8],
    received: &mut Received,
    last: &mut Last,
) -> io::Result<usize> {
    let bytes = socket.read(place)?;
    received.copied_bytes += bytes as u64;
    *last = Last::Copied(bytes);
    Ok(bytes)
}
