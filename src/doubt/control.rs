//! Whether a round shows what knowing of its end at a peer takes.

use super::Doubt;
use crate::cell::Target;
use crate::exchange::CellMeasurement;
use crate::metric::median;

/// Beyond this share of a round what the control connection adds is no longer small
/// against what is measured.
const CONTROL_PERCENT: f64 = 1.0;

/// Round trips are the clients' own: nothing is added to them.
pub(super) fn adds(measurement: &CellMeasurement) -> Option<Doubt> {
    if measurement.cell.target == Target::Latency {
        return None;
    }
    let peers = measurement.generations.iter().filter_map(|generation| generation.peer);
    let round_trips: Vec<f64> = peers.map(|peer| peer.control_round_trip.as_secs_f64() * 1e6).collect();
    let own = measurement.blocks.iter().filter_map(|block| block.round(&measurement.cell.mode));
    let rounds_us: Vec<f64> = own.map(|round| round.time_ns as f64 / 1e3).collect();
    let control_round_trip_us = median(&round_trips)?;
    let percent = 100.0 * control_round_trip_us / 2.0 / median(&rounds_us)?;
    (percent > CONTROL_PERCENT).then_some(Doubt::ControlAdds { percent, control_round_trip_us })
}
