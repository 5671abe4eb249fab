//! A healthy cell of a made-up machine, with connections, for a test to spoil.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use copycost::TcpInfo;
use copycost::environment::Environment;
use copycost::exchange::{CellMeasurement, ConnectionReport, GenerationReport, Granted};
use copycost::metric::Reading;
use copycost::profile::Profile;
use copycost::results::record::Record;

use crate::made_up::{MODES, Machine, Time};

/// One thread on two CPUs, 10 generations of 5 blocks, a few
/// nanoseconds apart.
pub fn measurement(mode: &str) -> CellMeasurement {
    let time: Time =
        |lane, _, _| [4000.0, 5000.0, 8000.0][MODES.iter().position(|mode| *mode == lane).unwrap()];
    let machine = Machine {
        generations: 10,
        blocks: 5,
        noise: 0.0,
        references: false,
        cpus: 2,
        ..Machine::taking(time)
    };
    let machine = Machine { modes: MODES.to_vec(), deferred: 0, switches: None, ..machine };
    let mut measured =
        machine.measurement(&mut fastrand::Rng::with_seed(1), machine.cell(mode, 4096, 1), 1.0);
    for (number, block) in measured.blocks.iter_mut().enumerate() {
        block.rounds.iter_mut().for_each(|round| round.time_ns += (number as u64 * 7919) % 13);
    }
    measured.generations =
        vec![GenerationReport { connections: vec![connection(mode)], ..GenerationReport::default() }];
    measured
}

fn connection(lane: &str) -> ConnectionReport {
    let granted = Granted {
        congestion_control_before: "reno".into(),
        congestion_control: "reno".into(),
        send_buffer_bytes: 425_984,
        receive_buffer_bytes: 425_984,
        nagle: true,
        pacing_rate_set: false,
    };
    let info = TcpInfo {
        state: 1,
        send_mss_bytes: 65_483,
        retransmits: 0,
        data_segments_sent: Some(1000),
        busy_us: Some(1_000_000),
        receive_window_limited_us: Some(740_000),
        send_buffer_limited_us: Some(0),
        send_window_bytes: Some(11_648),
        reorderings_seen: Some(0),
        out_of_order_received: Some(0),
    };
    let (client_granted, server_granted) = (granted.clone(), granted);
    ConnectionReport {
        lane: lane.into(),
        client_granted,
        server_granted,
        client_info: info,
        server_info: info,
    }
}

pub fn record(measurement: CellMeasurement) -> Record {
    let profile = Profile::load("default").unwrap();
    Record::new(measurement, &profile, &Environment::read(&profile), Reading::Absent("made up".into()))
}

/// Changes the time of each of a lane's rounds.
pub fn lane(measurement: &mut CellMeasurement, lane: &str, change: impl Fn(u64) -> u64) {
    for round in measurement.blocks.iter_mut().flat_map(|block| &mut block.rounds) {
        if round.lane == lane {
            round.time_ns = change(round.time_ns);
        }
    }
}
