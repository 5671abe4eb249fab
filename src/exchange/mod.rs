//! The exchange between two ends: connections, client threads, rounds and
//! blocks, for as long as a generation lives. It owns every clock of the
//! measurement; where the servers are is `servers`' business, and it knows
//! nothing of Criterion, files or statistics.

mod absence;
mod block;
mod cell_at_place;
mod cell_run;
mod client;
mod connection;
mod generation;
mod instruments;
mod lane;
mod open_files;
mod place;
mod probe;
mod processed_packets;
mod reference;
mod round;
mod sampled;
mod servers;
mod sided_run;
mod slowdown;
mod spec;
mod thread;
mod unreachable;

pub use block::{
    ACROSS_LANE, Block, BlockRound, CellMeasurement, ConnectionReport, CostUnit, GenerationReport,
    PeerReport, Received, Round, SELF_LANE,
};
pub use cell_run::CellRun;
pub use connection::{End, Granted};
pub use generation::Generation;
pub use instruments::Instruments;
pub use lane::{Lane, LaneKind};
pub use open_files::{open_files_needed, secure_open_files};
pub use place::{Ended, Here, Place};
pub use probe::{probe, probe_all};
pub use processed_packets::ProcessedPackets;
pub use reference::{REFERENCES, Reference, is_mode};
pub use sampled::{SampledCell, SampledGeneration, SampledLength, SampledRounds, UnsampledRounds};
pub use servers::{
    Peer, PeerEar, PeerServers, PeerSession, ServerAnswer, ServerOrder, ServerRequest, ServerWord,
};
pub use sided_run::{MOST_MESSAGES, Seat, measure_sided};
pub use spec::{Fault, GenerationSpec};
