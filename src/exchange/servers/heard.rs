//! What is heard of servers at a peer, said on at the gate of their clients. It owns
//! when every server has read its last byte, by this process's clock: when the word of
//! it has come.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Progress;
use super::peer::PeerEar;
use super::words::ServerWord;
use crate::cell::Cell;
use crate::error::Error;
use crate::exchange::round::{Gate, now};

/// What is known of the servers, kept by the session's thread.
pub(super) struct Heard {
    cell: Cell,
    gate: Arc<Gate>,
    state: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By lane and client.
    progress: Vec<Vec<Progress>>,
    /// The lane of the round that runs, and how many of its servers have a part in it.
    armed: Option<(usize, usize)>,
    read_at: Option<Instant>,
    absences: Vec<(usize, String)>,
}

impl Heard {
    /// Of so many servers of each lane.
    pub(super) fn new(cell: &Cell, gate: &Arc<Gate>, connections: &[usize]) -> Heard {
        let progress = connections.iter().map(|count| vec![Progress::default(); *count]).collect();
        let state = Mutex::new(Known { progress, ..Known::default() });
        Heard { cell: cell.clone(), gate: Arc::clone(gate), state }
    }

    /// How far a server is, as it was said last.
    pub(super) fn progress(&self, lane: usize, client: usize) -> Progress {
        self.known().progress[lane][client]
    }

    /// What threads there could not count.
    pub(super) fn absences(&self) -> Vec<(usize, String)> {
        self.known().absences.clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A round of `lane` begins, in which so many `servers` have a part.
    pub(super) fn arm(&self, lane: usize, bytes: &[u64], servers: usize) {
        let mut known = self.known();
        for (progress, bytes) in known.progress[lane].iter_mut().zip(bytes) {
            progress.target_bytes += bytes;
        }
        known.armed = Some((lane, servers));
        known.read_at = None;
    }

    fn fail(&self, what: impl Into<String>) {
        self.gate.fail(at_peer(&self.cell, what));
    }
}

impl PeerEar for Heard {
    fn hear(&self, word: ServerWord) {
        let heard_at = now();
        let mut known = self.known();
        let Some((lane, servers)) = known.armed else { return };
        match word {
            ServerWord::Progress { read_bytes } => {
                for (progress, read_bytes) in known.progress[lane].iter_mut().zip(read_bytes) {
                    progress.read_bytes = read_bytes;
                }
            }
            ServerWord::Read {} => {
                known.read_at = Some(heard_at);
                known.progress[lane]
                    .iter_mut()
                    .for_each(|progress| progress.read_bytes = progress.target_bytes);
            }
            ServerWord::Round { counts, received, absences, sampled } => {
                known.armed = None;
                let Some(read_at) = known.read_at.take() else {
                    return self.fail("a round that is over before its last byte was read");
                };
                if let Some(absences) = absences {
                    known.absences = absences;
                }
                drop(known);
                let mut once = Some((counts, received, sampled));
                for _ in 0..servers {
                    self.gate.ended(read_at, Vec::new(), |round| {
                        if let Some((counts, received, sampled)) = once.take() {
                            round.server_counts = *counts;
                            round.received = received;
                            match sampled.map(|sampled| *sampled) {
                                Some(Ok(named)) => round.named_server_samples = Some(named),
                                Some(Err(why)) => {
                                    round.server_samples.refused = Some(format!("at the peer: {why}"));
                                }
                                None => {}
                            }
                        }
                    });
                }
            }
            ServerWord::Failed { what } => {
                known.armed = None;
                drop(known);
                self.fail(what);
            }
        }
    }

    fn lose(&self, why: &str) {
        self.fail(why);
    }
}

/// What went wrong there, with the cell, which the peer may have named itself.
pub(super) fn at_peer(cell: &Cell, what: impl Into<String>) -> Error {
    let (cell, what) = (cell.to_string(), what.into());
    Error::AtPeer { what: if what.starts_with(&cell) { what } else { format!("{cell}: {what}") } }
}
