//! What a peer adds to a measurement: how long its control connection takes, and who
//! else knocked at its servers' door. Nothing where the servers are in the clients'
//! process.

use super::{Described, Reading, Source, Value};
use crate::exchange::{CellMeasurement, PeerReport};

pub(super) struct PeerSource;

const CATALOGUE: [Described; 2] = [
    Described {
        name: "control_round_trip",
        unit: "us",
        meaning: "on the control connection to a peer, with everything at rest: half of it is in each round",
    },
    Described {
        name: "peer_strangers",
        unit: "",
        meaning: "connections to a peer's servers that were not this run's, and were closed",
    },
];

impl Source for PeerSource {
    fn catalogue(&self) -> &'static [Described] {
        &CATALOGUE
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let peers: Option<Vec<PeerReport>> =
            measurement.generations.iter().map(|generation| generation.peer).collect();
        let Some(peers) = peers.filter(|peers| !peers.is_empty()) else { return Vec::new() };
        let of_each = |value: fn(&PeerReport) -> Value| {
            Reading::Value(Value::Generations(peers.iter().map(value).collect()))
        };
        vec![
            (
                "control_round_trip",
                of_each(|peer| Value::Number(peer.control_round_trip.as_secs_f64() * 1e6)),
            ),
            ("peer_strangers", of_each(|peer| Value::Count(peer.strangers))),
        ]
    }
}
