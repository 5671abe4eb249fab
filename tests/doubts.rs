//! Doubts and table from made-up measurements: each is raised where it should
//! be and not where it should not.

#[path = "support/healthy_cell.rs"]
mod healthy_cell;
#[path = "support/made_up.rs"]
mod made_up;

use std::time::Duration;

use copycost::TcpInfo;
use copycost::cell::Target;
use copycost::copy_mode::Tally;
use copycost::counter::{COUNT, Count, Sums};
use copycost::cpu::CoreKind;
use copycost::doubt::{Doubt, DoubtKind};
use copycost::environment::Environment;
use copycost::exchange::{CellMeasurement, Granted, PeerReport, SELF_LANE};
use copycost::metric::{Reading, Value};
use copycost::profile::Profile;
use copycost::results::record::{Record, WrittenDoubt, doubts_of};
use copycost::results::table;
use copycost::zerocopy::Tally as Completions;
use healthy_cell::{lane, measurement, record};

#[track_caller]
fn doubted(change: impl FnOnce(&mut CellMeasurement), mark: char, says: &str) {
    let mut changed = measurement("two-copy");
    change(&mut changed);
    let record = record(changed);
    assert_eq!(record.doubt_kinds().to_string(), mark.to_string(), "{:?}", record.doubts);
    assert!(record.doubts[0].text.contains(says), "{}", record.doubts[0].text);
    assert!(!record.doubts[0].remedy.is_empty());
}

#[test]
fn a_healthy_cell_has_no_doubt() {
    assert_eq!(record(measurement("two-copy")).doubt_kinds().to_string(), "");
}

#[test]
fn each_doubt_is_raised_by_its_cause_alone() {
    doubted(|m| m.plan.cpus = 1, 'o', "2 busy threads on 1 CPUs");
    let small = CoreKind { class: None, capacity: Some(512) };
    doubted(|m| m.plan.on[1].kind = small, 'u', "unequal cores (capacity 512: CPU 1; unnamed kind: CPU 0)");
    doubted(|m| info(m).receive_window_limited_us = Some(950_000), 'w', "95 % of the busy time");
    doubted(|m| info(m).retransmits = 20, 'r', "20 segments sent again, 2.0 %");
    let out_of_order = |m: &mut CellMeasurement| {
        m.generations[0].connections[0].server_info.out_of_order_received = Some(3);
    };
    doubted(out_of_order, 'p', "3 segments, 0.30 %, overtook another");
    let wandering = |m: &mut CellMeasurement| {
        out_of_order(m);
        m.plan.cpus = 1;
    };
    doubted(wandering, 'o', "2 busy threads on 1 CPUs");
    let at_a_peer = |round_trip_ns: u64| {
        let control_round_trip = Duration::from_nanos(round_trip_ns);
        move |m: &mut CellMeasurement| {
            m.generations[0].peer = Some(PeerReport { control_round_trip, strangers: 0 });
        }
    };
    doubted(at_a_peer(100_000_000), 'c', "know 50000 us late, half a round trip to the peer");
    let mut quick = measurement("two-copy");
    at_a_peer(10)(&mut quick);
    assert_eq!(record(quick).doubt_kinds().to_string(), "");
    doubted(|m| lane(m, SELF_LANE, |time_ns| time_ns * 9 / 10), 's', "came out at ×1.11");
    let of = |completions| Some(Tally { completions: Some(completions), ..Tally::default() });
    let deferred = Completions { sends: 4, notifications: 4, deferred_copies: 3, ..Completions::default() };
    doubted(|m| m.blocks[0].tally = of(deferred), 'd', "75 % of completions");
    let fell_back = Completions { enobufs: 2, fallback_sends: 2, ..Completions::default() };
    doubted(|m| m.blocks[0].tally = of(fell_back), 'f', "2 sends were made without MSG_ZEROCOPY");
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
    doubted(|m| counted(m, 0.89), 'm', "on the CPU for 89 % of the time");
    doubted(|m| m.blocks.iter_mut().for_each(|block| block.generation = 0), 'i', "two generations, and 1");
}

#[test]
fn a_quota_below_what_busy_threads_want_is_a_doubt() {
    let profile = Profile::load("default").unwrap();
    let marks = |quota: &str| {
        let mut environment = Environment::default();
        environment.items.insert("cgroup_cpu_quota".into(), Reading::Value(Value::Text(quota.into())));
        let steal = Reading::Absent("made up".into());
        let record = Record::new(measurement("two-copy"), &profile, &environment, steal);
        (
            record.doubt_kinds().to_string(),
            record.doubts.first().map_or(String::new(), |doubt| doubt.text.clone()),
        )
    };
    let (mark, text) = marks("150000 100000");
    assert_eq!(mark, "q");
    assert!(text.contains("the time of 1.50 CPUs, and busy threads want 2"), "{text}");
    for enough in ["200000 100000", "max 100000", "nonsense"] {
        assert_eq!(marks(enough).0, "", "{enough}");
    }
}

#[test]
fn emulated_processors_are_a_doubt() {
    let marks = |name: &str, word: &str| {
        let mut environment = Environment::default();
        environment.items.insert(name.into(), Reading::Value(Value::Text(word.into())));
        let steal = Reading::Absent("made up".into());
        let profile = Profile::load("default").unwrap();
        Record::new(measurement("two-copy"), &profile, &environment, steal).doubt_kinds().to_string()
    };
    assert_eq!(marks("hypervisor.signature", "TCGTCGTCGTCG"), "e");
    assert_eq!(marks("cpu.model", "QEMU TCG CPU version 2.5+"), "e");
    assert_eq!(marks("hypervisor.signature", "KVMKVMKVM"), "");
    assert_eq!(marks("dmi.system_vendor", "QEMU"), "", "as under KVM");
}

/// Few retransmits, a window that is often full and a counter that hardly ever
/// waited for its turn are no doubt.
#[test]
fn what_is_usual_is_no_doubt() {
    let mut usual = measurement("two-copy");
    info(&mut usual).retransmits = 5;
    assert_eq!(record(usual).doubt_kinds().to_string(), "");
    let mut full = measurement("two-copy");
    info(&mut full).receive_window_limited_us = Some(990_000);
    info(&mut full).send_window_bytes = Some(200_000);
    assert_eq!(record(full).doubt_kinds().to_string(), "");
    let mut shared = measurement("two-copy");
    counted(&mut shared, 0.91);
    assert_eq!(record(shared).doubt_kinds().to_string(), "");
}

/// All counters of both sides, the clients' for this share of the time.
fn counted(measurement: &mut CellMeasurement, share: f64) {
    for block in &mut measurement.blocks {
        let counts = |counted_share| Sums::of(&[Some(Count { value: 1.0, counted_share }); COUNT]);
        (block.client_counts, block.server_counts) = (Some(counts(share)), Some(counts(1.0)));
    }
}

fn info(measurement: &mut CellMeasurement) -> &mut TcpInfo {
    &mut measurement.generations[0].connections[0].client_info
}

fn granted(measurement: &mut CellMeasurement) -> &mut Granted {
    &mut measurement.generations[0].connections[0].client_granted
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

#[test]
fn of_several_processes_a_doubt_is_marked_if_more_than_a_tenth_have_it() {
    let doubtful = |processes: usize| {
        let mut records: Vec<Record> = (0..20).map(|_| record(measurement("two-copy"))).collect();
        for (number, record) in records.iter_mut().enumerate() {
            let doubt = Doubt::RoundsOffLength { median_ms: 9.0, intended_ms: 2.0 };
            let written = WrittenDoubt { text: doubt.text(), remedy: doubt.remedy(), doubt };
            record.doubts = if number < processes { vec![written] } else { Vec::new() };
        }
        records
    };
    for (processes, marked) in [(1, false), (2, false), (3, true)] {
        let marks = doubts_of(doubtful(processes).iter());
        assert_eq!(marks.contains(DoubtKind::RoundsOffLength), marked, "{processes} of 20");
    }
    assert!(doubts_of(doubtful(1)[..1].iter()).contains(DoubtKind::RoundsOffLength), "one of one");
}
