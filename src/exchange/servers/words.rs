//! What a harness and the servers at its peer say to each other: plain data, which
//! both halves share. How it gets there, and how long either waits, is `control`'s.

use serde::{Deserialize, Serialize};

use crate::breakdown::{NamedSamples, SampledEvent};
use crate::cell::Cell;
use crate::counter::Sums;
use crate::cpu::Plan;
use crate::exchange::block::Received;
use crate::exchange::connection::Granted;
use crate::exchange::lane::Lane;
use crate::exchange::spec::Fault;
use crate::sys::TcpInfo;

/// What is asked, one after the other.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ServerRequest {
    /// A place to connect to, for a new generation.
    Listen(Box<ServerOrder>),
    /// Every connection is made: their servers set themselves up.
    SetUp {},
    /// The servers of a lane will have read so many bytes more, a number for each
    /// connection, when the round that follows is over.
    Arm {
        /// The lane.
        lane: usize,
        /// By client.
        bytes: Vec<u64>,
    },
    /// Nothing, to see how long an answer takes.
    Ping {},
    /// What the kernel says of the servers' ends.
    Report {},
    /// The end of the generation.
    Close {},
}

/// The servers of a generation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerOrder {
    /// The cell that they are for.
    pub cell: Cell,
    /// The lanes, each with its mode.
    pub lanes: Vec<Lane>,
    /// Where the threads of both ends run.
    pub plan: Plan,
    /// What a test asks of them.
    pub fault: Fault,
    /// Whether their threads are counted.
    pub is_counted: bool,
    /// What their threads are sampled by, if they are.
    pub sampled_by: Option<SampledEvent>,
}

/// What is shown by a connection, first of all and once.
pub(super) type Nonce = [u8; 16];

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ServerAnswer {
    /// At the profile's address.
    Listening {
        /// The port there.
        port: u16,
        /// By lane and client.
        nonces: Vec<Vec<Nonce>>,
    },
    /// Every server is ready.
    SetUp {
        /// Connections that showed no nonce, or none that was still good.
        strangers: u64,
    },
    /// The servers know what to read.
    Armed {},
    /// Nothing.
    Pong {},
    /// By lane and client.
    Report {
        /// What was granted to each socket, and its `TCP_INFO`.
        ends: Vec<Vec<(Granted, TcpInfo)>>,
    },
    /// No server is left.
    Closed {},
}

/// What is said without being asked, once servers are armed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ServerWord {
    /// The round is not over yet.
    Progress {
        /// What each server of the lane has read since its connection was opened.
        read_bytes: Vec<u64>,
    },
    /// Every server has read its last byte, just now.
    Read {},
    /// What that round came to there; follows `read`.
    Round {
        /// What the servers' threads spent.
        counts: Box<Option<Sums>>,
        /// How the bytes came.
        received: Received,
        /// Counters that some thread lacks, by their place in
        /// [`crate::counter::KINDS`], and why; left out where nothing has changed.
        absences: Option<Vec<(usize, String)>>,
        /// What their samples are, of servers that are sampled; or why there are none.
        sampled: Option<Box<Result<NamedSamples, String>>>,
    },
    /// The round will not be over.
    Failed {
        /// Why.
        what: String,
    },
}
