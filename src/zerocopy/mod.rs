//! `MSG_ZEROCOPY` made safe by type: a small library that others can use.
//!
//! [`Sender`] opts a connected TCP socket in, sends buffers that it owns until
//! the kernel has said that it is done with them, and gives them back. It
//! leaves to others what to send, when, and over which connection.
//!
//! The rules are those of the kernel's `Documentation/networking/msg_zerocopy.rst`:
//! every successful call that queued at least one byte owns one 32-bit
//! notification id, counted from 0 and wrapping; a *partial* send owns one and
//! its remainder another; completions arrive as ranges of ids on the error
//! queue, coalesced and not always in order; a completion flagged `COPIED` was
//! a *deferred copy*.
//!
//! ```
//! use std::net::{TcpListener, TcpStream};
//! use std::time::Duration;
//! use copycost::zerocopy::{Segments, Sender, Wait};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let client = TcpStream::connect(listener.local_addr()?)?;
//! let (mut server, _) = listener.accept()?;
//! let reader = std::thread::spawn(move || std::io::copy(&mut server, &mut std::io::sink()));
//!
//! let mut sender: Sender<Segments> = Sender::new(client.into(), Duration::from_secs(10))?;
//! sender.send(Segments::from(vec![7; 100_000]))?; // the buffer moves in …
//! let mut returned = Vec::new();
//! while sender.outstanding() > 0 {
//!     sender.reclaim(Wait::ForOne, &mut returned)?;
//! }
//! assert_eq!(returned.len(), 1); // … and comes back when the kernel is done
//! let tally = sender.tally();
//! assert_eq!(tally.sends, tally.notifications);
//! println!("{} of {} sends were copied after all", tally.deferred_copies, tally.sends);
//! # drop(sender);
//! # reader.join().unwrap()?;
//! # Ok(())
//! # }
//! ```
//!
//! A buffer that was given to a sender cannot be touched until it is back:
//!
//! ```compile_fail,E0382
//! # use copycost::zerocopy::{Segments, Sender};
//! # fn never(sender: &mut Sender<Segments>) {
//! let mut buffer = Segments::from(vec![7; 4096]);
//! let _ = sender.send(buffer);
//! buffer.segment_mut(0); // use of moved value
//! # }
//! ```
//!
//! Nor can bytes be lent out, since a borrow would end before the kernel does:
//!
//! ```compile_fail
//! # use copycost::zerocopy::{Segments, Sender};
//! # fn never(socket: socket2::Socket, lent: &Segments) {
//! let sender: Result<Sender<&Segments>, _> =
//!     Sender::new(socket, std::time::Duration::from_secs(1));
//! sender.unwrap().send(lent); // borrowed data escapes outside of function
//! # }
//! ```

mod error_queue;
mod patience;
mod sender;
mod tally;
mod tracker;

pub use crate::sys::{MAX_SEGMENTS, Segments};
pub use error_queue::{Completion, ParseError, parse};
pub use sender::{SendError, Sender, Wait};
pub use tally::Tally;
pub use tracker::{TrackError, Tracker};
