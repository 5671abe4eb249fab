//! What a generation is made of, in one value that both its ends are opened
//! from. Plain data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::lane::Lane;
use super::servers::Peer;
use crate::breakdown::Sampling;
use crate::cell::Cell;
use crate::counter::CounterSource;
use crate::cpu::Plan;
use crate::profile::Profile;

/// What a generation is made of.
#[derive(Clone)]
pub struct GenerationSpec<'a> {
    /// The cell that it is for.
    pub cell: &'a Cell,
    /// Every setting.
    pub profile: &'a Profile,
    /// Where the threads run; one entry a client.
    pub plan: &'a Plan,
    /// The lanes, one round each in a block.
    pub lanes: &'a [Lane],
    /// Where the servers are, if not in this process: of a profile that has a peer.
    pub peer: Option<&'a dyn Peer>,
    /// A fault of the servers, for tests.
    pub fault: Fault,
    /// What is counted in each thread.
    pub counters: Arc<Vec<Box<dyn CounterSource>>>,
    /// How each thread is sampled; `None` in every generation that figures come from.
    pub sampling: Option<Sampling>,
}

/// A fault that a test asks of the servers, to see that a run ends well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Serve as one should.
    #[default]
    None,
    /// Close the connection once this many bytes have come.
    CloseAfter(u64),
    /// Read no more once this many bytes have come.
    StopReadingAfter(u64),
}
