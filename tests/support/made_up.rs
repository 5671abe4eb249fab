//! A cell's measurement and record, made up.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use copycost::TcpInfo;
use copycost::cell::{Cell, Target};
use copycost::cpu::{Cpu, Topology};
use copycost::environment::Environment;
use copycost::loopback::{
    Block, BlockRound, CellMeasurement, ConnectionReport, CostUnit, GenerationReport, Granted, SELF_LANE,
};
use copycost::metric::Reading;
use copycost::profile::Profile;
use copycost::results::record::Record;

/// A healthy cell: one thread on two CPUs, 10 generations of 5 blocks.
pub fn measurement(mode: &str) -> CellMeasurement {
    let cell = Cell { target: Target::Throughput, mode: mode.into(), message_bytes: 4096, threads: 1 };
    let cpus = [0, 1].map(|number| Cpu { core: number, number, ..Cpu::default() });
    let plan =
        Topology::new(cpus.to_vec()).unwrap().plan(Profile::load("default").unwrap().placement.policy, 1);
    let times = [("two-copy", 4_000_000), ("one-copy", 5_000_000), ("zero-copy", 8_000_000), (SELF_LANE, 0)];
    let own = times.iter().find(|(lane, _)| *lane == mode).unwrap().1;
    let block = |number: u64| Block {
        generation: number as usize / 5,
        rounds: times
            .iter()
            .map(|(lane, time_ns)| BlockRound {
                lane: lane.to_string(),
                messages: 1000,
                time_ns: if *lane == SELF_LANE { own } else { *time_ns } + (number * 7919) % 13,
                ..BlockRound::default()
            })
            .collect(),
        round_trips_ns: Vec::new(),
        tally: None,
        client_counts: None,
        server_counts: None,
    };
    CellMeasurement {
        cell,
        plan: plan.unwrap(),
        seed: 1,
        blocks: (0..50).map(block).collect(),
        generations: vec![GenerationReport { connections: vec![connection(mode)] }],
        cost_unit: CostUnit::CpuNanoseconds,
        absent_counters: Vec::new(),
    }
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
    };
    ConnectionReport {
        lane: lane.into(),
        client_granted: granted.clone(),
        server_granted: granted,
        client_info: info,
        server_info: info,
    }
}

pub fn record(measurement: CellMeasurement) -> Record {
    let profile = Profile::load("default").unwrap();
    let steal = Reading::Absent("made up".into());
    Record::new(measurement, &profile, &Environment::read(&profile), steal)
}

/// Changes the time of each of a lane's rounds.
pub fn lane(measurement: &mut CellMeasurement, lane: &str, change: impl Fn(u64) -> u64) {
    for round in measurement.blocks.iter_mut().flat_map(|block| &mut block.rounds) {
        if round.lane == lane {
            round.time_ns = change(round.time_ns);
        }
    }
}
