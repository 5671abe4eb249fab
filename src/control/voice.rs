//! The way to an agent: requests, and a word now and then beside them. An agent that
//! hears nothing for the stall timeout takes its controller for gone, and in that
//! time all other sides may stand still; and an answer that does not come may be to a
//! request that was not seen. It owns when such a word is due; while blocks follow each
//! other none ever is.

use std::process::ChildStdin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::clock::now;
use super::frame;
use super::message::Request;
use crate::error::Result;

/// An answer that takes longer may be to a request that was not seen: a guest's serial
/// port has been found to stand still until something more came (QEMU 7.2, emulated).
const NUDGE: Duration = Duration::from_secs(1);

/// Closes the agent's input when it is dropped.
pub(super) struct Voice(Arc<Mutex<Spoken>>);

struct Spoken {
    to: ChildStdin,
    /// When it was last spoken to, or answered.
    since: Instant,
    awaits_answer: bool,
    /// The pass in which words are due; another number from its end on.
    pass: u64,
}

impl Voice {
    pub(super) fn new(to: ChildStdin) -> Voice {
        Voice(Arc::new(Mutex::new(Spoken { to, since: now(), awaits_answer: true, pass: 0 })))
    }

    /// Sends a request.
    pub(super) fn ask(&self, request: &Request) -> Result<()> {
        let mut spoken = held(&self.0);
        (spoken.since, spoken.awaits_answer) = (now(), true);
        frame::write(&mut spoken.to, request)
    }

    pub(super) fn answered(&self) {
        let mut spoken = held(&self.0);
        (spoken.since, spoken.awaits_answer) = (now(), false);
    }

    /// From now on the agent hears something at least every two of these.
    pub(super) fn begin_pass(&self, word_every: Duration) {
        let mut spoken = held(&self.0);
        spoken.pass += 1;
        let (pass, spoken) = (spoken.pass, Arc::downgrade(&self.0));
        std::thread::spawn(move || {
            while spoken_in_time(&spoken, pass, word_every) {
                std::thread::sleep(word_every.min(NUDGE));
            }
        });
    }

    /// No word from now on: who listens is no agent any more.
    pub(super) fn end_pass(&self) {
        held(&self.0).pass += 1;
    }
}

/// Says a word if one is due. Whether more can follow.
fn spoken_in_time(spoken: &Weak<Mutex<Spoken>>, pass: u64, word_every: Duration) -> bool {
    let Some(spoken) = spoken.upgrade() else { return false };
    let mut spoken = held(&spoken);
    if spoken.pass != pass {
        return false;
    }
    let due = if spoken.awaits_answer { NUDGE } else { word_every };
    if now().duration_since(spoken.since) < due {
        return true;
    }
    spoken.since = now();
    frame::write(&mut spoken.to, &Request::Wait {}).is_ok()
}

fn held(spoken: &Mutex<Spoken>) -> MutexGuard<'_, Spoken> {
    spoken.lock().unwrap_or_else(PoisonError::into_inner)
}
