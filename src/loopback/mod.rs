//! The in-process server and client: connections over loopback, threads that
//! live as long as a generation, rounds and blocks. It owns every clock of the
//! measurement; it knows nothing of Criterion, files or statistics.

mod block;
mod client;
mod connection;
mod generation;
mod probe;
mod round;
mod server;
mod thread;

pub use block::{Block, BlockRound, CellMeasurement, CellRun, SELF_LANE};
pub use connection::{End, Granted};
pub use generation::{ConnectionReport, Generation, GenerationReport, GenerationSpec, Lane};
pub use probe::probe;
pub use round::Round;
pub use server::Fault;
