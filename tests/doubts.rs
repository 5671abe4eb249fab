//! Doubts and table from made-up measurements: each is raised where it should
//! be and not where it should not.

mod support;

use copycost::TcpInfo;
use copycost::cell::{Cell, Target};
use copycost::cpu::{Cpu, Topology};
use copycost::doubt::Doubt;
use copycost::environment::Environment;
use copycost::loopback::{
    Block, BlockRound, CellMeasurement, ConnectionReport, CostUnit, GenerationReport, Granted, SELF_LANE,
};
use copycost::metric::Reading;
use copycost::profile::Profile;
use copycost::results::record::Record;
use copycost::results::table;
use copycost::zerocopy::Tally;

/// A healthy cell: one thread on two CPUs, 10 generations of 5 blocks.
fn measurement(mode: &str) -> CellMeasurement {
    let cell = Cell { target: Target::Throughput, mode: mode.into(), message_bytes: 4096, threads: 1 };
    let cpus = [0, 1].map(|number| Cpu { package: 0, core: number, number });
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

fn record(measurement: CellMeasurement) -> Record {
    let profile = Profile::load("default").unwrap();
    let steal = Reading::Absent("made up".into());
    Record::new(measurement, &profile, &Environment::read(&profile), steal)
}

#[track_caller]
fn doubted(change: impl FnOnce(&mut CellMeasurement), mark: char, says: &str) {
    let mut changed = measurement("two-copy");
    change(&mut changed);
    let record = record(changed);
    assert_eq!(record.marks(), mark.to_string(), "{:?}", record.doubts);
    assert!(record.doubts[0].text.contains(says), "{}", record.doubts[0].text);
    assert!(!record.doubts[0].remedy.is_empty());
    assert_eq!(Doubt::KINDS.iter().filter(|(known, _)| *known == mark).count(), 1);
}

#[test]
fn a_healthy_cell_has_no_doubt() {
    assert_eq!(record(measurement("two-copy")).marks(), "");
}

#[test]
fn each_doubt_is_raised_by_its_cause_alone() {
    doubted(|m| m.plan.cpus = 1, 'o', "2 busy threads on 1 CPUs");
    doubted(|m| info(m).receive_window_limited_us = Some(950_000), 'w', "95 % of the busy time");
    doubted(|m| info(m).retransmits = 20, 'r', "20 segments sent again, 2.0 %");
    doubted(|m| lane(m, SELF_LANE, |time_ns| time_ns * 9 / 10), 's', "came out at 1.111");
    let deferred = Tally { sends: 4, notifications: 4, deferred_copies: 3, ..Tally::default() };
    doubted(|m| m.blocks[0].tally = Some(deferred), 'd', "75 % of completions");
    let fell_back = Tally { enobufs: 2, fallback_sends: 2, ..Tally::default() };
    doubted(|m| m.blocks[0].tally = Some(fell_back), 'f', "2 sends were made without MSG_ZEROCOPY");
    doubted(
        |m| granted(m).send_buffer_bytes = 200_000,
        'g',
        "asked for 212992 B, the kernel granted 100000 B",
    );
    doubted(|m| granted(m).congestion_control = "bbr".into(), 'g', "asked for reno, the kernel granted bbr");
    doubted(|m| granted(m).congestion_control_before = "bbr".into(), 'g', "kernel granted bbr");
    doubted(|m| granted(m).pacing_rate_set = true, 'g', "a pacing rate");
    let longer = |time_ns: u64| time_ns * 4;
    doubted(
        |m| ["two-copy", "one-copy", "zero-copy", SELF_LANE].iter().for_each(|l| lane(m, l, longer)),
        'l',
        "16.00 ms",
    );
    doubted(|m| m.blocks.iter_mut().for_each(|block| block.generation = 0), 'i', "two generations, and 1");
}

/// Few retransmits and a window that is often full are no doubt.
#[test]
fn what_is_usual_is_no_doubt() {
    let mut usual = measurement("two-copy");
    info(&mut usual).retransmits = 5;
    assert_eq!(record(usual).marks(), "");
    let mut full = measurement("two-copy");
    info(&mut full).receive_window_limited_us = Some(990_000);
    info(&mut full).send_window_bytes = Some(200_000);
    assert_eq!(record(full).marks(), "");
}

fn info(measurement: &mut CellMeasurement) -> &mut TcpInfo {
    &mut measurement.generations[0].connections[0].client_info
}

fn granted(measurement: &mut CellMeasurement) -> &mut Granted {
    &mut measurement.generations[0].connections[0].client_granted
}

fn lane(measurement: &mut CellMeasurement, lane: &str, change: impl Fn(u64) -> u64) {
    for round in measurement.blocks.iter_mut().flat_map(|block| &mut block.rounds) {
        if round.lane == lane {
            round.time_ns = change(round.time_ns);
        }
    }
}

#[test]
fn the_table_marks_a_best_mode_only_where_every_interval_allows_it() {
    let modes = ["two-copy", "one-copy", "zero-copy"].map(String::from);
    let records: Vec<Record> = modes.iter().map(|mode| record(measurement(mode))).collect();
    let text = table::render(Target::Throughput, &modes, &records);
    // 1000 messages of 4096 bytes in 4 ms.
    assert!(
        text.contains("8.19*") && text.contains("×0.80 [0.80, 0.80]") && text.contains("×0.50"),
        "{text}"
    );

    // As fast as each other: no mark.
    let level = |mode: &str| {
        let mut measurement = measurement(mode);
        for name in ["one-copy", "zero-copy", SELF_LANE] {
            lane(&mut measurement, name, |_| 4_000_000);
        }
        record(measurement)
    };
    let records: Vec<Record> = modes.iter().map(|mode| level(mode)).collect();
    let text = table::render(Target::Throughput, &modes, &records);
    assert!(!text.split("fastest").next().unwrap().contains("*\n"), "{text}");
    assert!(!text.contains("8.19*"), "{text}");

    // The fastest, but it does not agree with itself.
    let mut restless = measurement("two-copy");
    lane(&mut restless, SELF_LANE, |time_ns| time_ns * 8 / 10);
    let text = table::render(Target::Throughput, &modes, &[record(restless)]);
    assert!(text.contains("8.19 s") && !text.contains("8.19*"), "{text}");
}
