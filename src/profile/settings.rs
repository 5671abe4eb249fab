//! The tables of a profile, each field a key. It owns their names and types; what
//! values are allowed is `check`'s to say, and what each does stands in
//! `criterion-config/README.md`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::MessageLayout;
use crate::steering::Wanted;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CriterionSettings {
    pub sample_size: usize,
    pub warm_up_s: f64,
    /// Absent unless set: then it follows from the rounds.
    pub measurement_time_s: Option<f64>,
    pub resamples: usize,
    pub noise_threshold: f64,
    pub significance_level: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MatrixSettings {
    pub modes: Vec<String>,
    pub message_bytes: Vec<usize>,
    pub threads: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MessageSettings {
    /// Of a listed layout as many as that lists.
    pub fields: usize,
    /// Absent from records older than this key, as is the next.
    #[serde(default)]
    pub layout: MessageLayout,
    #[serde(default = "zero_copy_from_bytes")]
    pub zero_copy_from_bytes: usize,
    pub gap_bytes: usize,
    pub ring_bytes: usize,
    pub ring_offset_bytes: usize,
    pub staging_offset_bytes: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SocketSettings {
    pub address: IpAddr,
    pub congestion_control: String,
    pub send_buffer_bytes: BufferSize,
    pub receive_buffer_bytes: BufferSize,
    pub nagle_throughput: bool,
    pub nagle_latency: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ServerSettings {
    pub read_bytes: usize,
    pub receive_offset_bytes: usize,
    /// Absent from records older than this key.
    #[serde(default)]
    pub receive: ReceiveMethod,
    pub verify: bool,
}

/// What a server does with what has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiveMethod {
    /// `recv(2)`: the kernel copies it to the server's memory.
    #[default]
    Copy,
    /// `recv(2)` with `MSG_TRUNC`: the kernel drops it.
    Discard,
    /// `TCP_ZEROCOPY_RECEIVE`: its pages are mapped where they can be, else copied.
    Mapped,
}

/// Of the modes that send on a ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct IoUringSettings {
    pub batch_messages: usize,
    pub registered_buffers: bool,
}

impl Default for IoUringSettings {
    fn default() -> IoUringSettings {
        IoUringSettings { batch_messages: 1, registered_buffers: false }
    }
}

fn zero_copy_from_bytes() -> usize {
    8192
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PlacementSettings {
    pub policy: PlacementPolicy,
    /// Absent from records older than this key.
    #[serde(default)]
    pub receive_steering: Wanted,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RoundSettings {
    pub length_ms: f64,
    /// Of the latency target; `length_ms` unless set.
    pub latency_length_ms: Option<f64>,
    pub generations: usize,
    pub order: BlockOrder,
    /// Absent unless set: then each cell draws its own and records it.
    pub seed: Option<u64>,
    pub self_check: bool,
    pub references: bool,
    pub stall_timeout_s: f64,
}

/// A slowdown made on purpose, to test what a comparison can find.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SlowdownSettings {
    pub mode: String,
    /// Of a recording with sides; all of them if it is empty, as in records older than
    /// this key.
    #[serde(default)]
    pub side: String,
    /// One for each of `matrix.message_bytes`.
    pub percent: Vec<f64>,
}

/// A socket buffer: what is asked of `SO_SNDBUF` or `SO_RCVBUF`, or the
/// kernel's autotuning (`"auto"` in TOML).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BufferSize {
    /// Bytes, as given to `setsockopt(2)`; the kernel doubles them.
    Fixed(usize),
    /// Left to the kernel.
    Auto(Auto),
}

/// The word `"auto"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auto {
    /// The only value.
    Auto,
}

/// Where the threads of a connection run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlacementPolicy {
    /// The two ends on two physical cores, no SMT sibling while cores are free.
    Spread,
    /// Both ends on one CPU.
    SameCore,
    /// The two ends on the two SMT siblings of a core.
    Siblings,
    /// The two ends on two NUMA nodes.
    AcrossNodes,
    /// Left to the scheduler.
    None,
}

/// The order of the rounds inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockOrder {
    /// Drawn anew for each block.
    Random,
    /// Always the same, to show what the random order buys.
    Fixed,
}
