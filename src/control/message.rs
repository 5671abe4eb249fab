//! What a harness asks of an agent, and what that answers. Plain data: the
//! protocol on one page. Bounds of its numbers are `limits`', of its frames
//! `frame`'s.

use serde::{Deserialize, Serialize};

use crate::cell::{Cell, Target};
use crate::cpu::{Plan, Topology};
use crate::environment::Environment;
use crate::exchange::{CostUnit, GenerationReport, Lane, Round, ServerAnswer, ServerRequest, ServerWord};
use crate::metric::Reading;
use crate::profile::Profile;

/// The version of what is said here.
pub const PROTOCOL: u32 = 4;

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Request {
    /// A fresh agent, of this very program.
    Start { program: String },
    /// What all that follows is measured with.
    Prepare {
        target: Target,
        profile: Box<Profile>,
        silence_s: f64,
        /// Of the kernel that the controller runs under, if it is known: an agent under
        /// another says how busy that machine is.
        boot_id: Option<String>,
    },
    /// A generation.
    Open { cell: Cell, lanes: Vec<Lane> },
    /// A round of a lane of it.
    Round { lane: usize, messages: u64 },
    /// Nothing, for now: the controller is there. The one request without an answer, at
    /// any time.
    Wait {},
    /// The end of the generation.
    Close {},
    /// In the place of `prepare`: the server ends alone, of clients elsewhere.
    Peer { profile: Box<Profile>, silence_s: f64 },
    /// Of those servers.
    Servers(ServerRequest),
    /// The end of the agent.
    End {},
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Reply {
    Started {},
    Ready(Box<Ready>),
    Opened {
        plan: Plan,
    },
    Round(Box<Round>),
    Closed {
        report: GenerationReport,
        absent_counters: Vec<(usize, String)>,
        steal_percent: Reading,
    },
    Ended {},
    Peer(Box<PeerReady>),
    Servers(ServerAnswer),
    /// Of servers in a round, without being asked.
    Word(ServerWord),
    /// It cannot be done; the session goes on.
    Failed {
        what: String,
    },
    /// It should not have been asked; the session ends.
    Refused {
        what: String,
    },
}

/// What an agent finds where it runs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ready {
    pub(super) environment: Environment,
    pub(super) cost_unit: CostUnit,
    /// The copy modes of the profile that the kernel takes.
    pub(super) modes: Vec<String>,
    /// The others, each with the kernel's refusal.
    pub(super) refused: Vec<(String, String)>,
}

/// What a peer finds where it runs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeerReady {
    pub(super) environment: Environment,
    pub(super) cost_unit: CostUnit,
    /// The CPUs that its servers may use.
    pub(super) topology: Topology,
    /// The kernel's own name for the time since it started: two ends that read the same
    /// one share its CPUs. It is compared, and kept nowhere.
    pub(super) boot_id: Option<String>,
}
