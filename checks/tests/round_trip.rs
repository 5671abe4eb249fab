//! What is kept can be read again, as the same: every doubt, every metric in
//! every shape, every target, and any finite number.

#[path = "../../tests/support/healthy_cell.rs"]
mod healthy_cell;
#[path = "../../tests/support/made_up.rs"]
mod made_up;

use copycost::OrAbsent;
use copycost::cell::Target;
use copycost::copy_mode::Tally;
use copycost::counter::{COUNT, Count, Sums};
use copycost::doubt::{Doubt, DoubtKind};
use copycost::exchange::{CellMeasurement, CostUnit};
use copycost::metric::{Metric, Reading, SOURCES, Value};
use copycost::profile::{Auto, BlockOrder, BufferSize, PlacementPolicy, Profile};
use copycost::ratio::Ratio;
use copycost::results::criterion_files;
use copycost::results::record::{Record, WrittenDoubt};
use copycost::results::recording::{Manifest, Pair, PassId, Side};
use copycost::steering::Wanted;
use copycost::zerocopy::Tally as Completions;
use healthy_cell::{measurement, record};
use proptest::prelude::*;

#[track_caller]
fn comes_back(record: &Record) {
    let line = record.line().unwrap();
    let read: Record = serde_json::from_slice(&line).unwrap();
    // What only serves to draw up a record is not in it: what is in it counts.
    assert_eq!(read.line().unwrap(), line);
    assert_eq!(
        (&read.doubts, &read.metrics, &read.ratios, &read.profile, &read.environment),
        (&record.doubts, &record.metrics, &record.ratios, &record.profile, &record.environment)
    );
}

/// One of each kind: a kind that is added and is missing here fails the test.
fn every_doubt() -> Vec<Doubt> {
    let ratio = Ratio { estimate: 1.1, lower: 1.05, upper: 1.2 };
    let doubts = vec![
        Doubt::Oversubscribed { busy_threads: 4, cpus: 2 },
        Doubt::WindowLimited { limited_percent: 95.5, smallest_window_bytes: 1.0, segment_bytes: 65483.0 },
        Doubt::Retransmits { retransmits: 3.0, percent: 0.6 },
        Doubt::SeveralCpus { out_of_order: 3.0, percent: 0.6, processed: "CPU 0: 60 %, CPU 1: 40 %".into() },
        Doubt::SelfRatioOff { ratio },
        Doubt::DeferredCopies { percent: 100.0 },
        Doubt::FellBack { calls: 2.0 },
        Doubt::NotGranted {
            setting: "socket.send_buffer_bytes of the client".into(),
            asked: "9000000 B".into(),
            granted: "212992 B".into(),
            mended_by: "sysctl -w net.core.wmem_max=9000000".into(),
        },
        Doubt::RoundsOffLength { median_ms: 9.0, intended_ms: 2.0 },
        Doubt::NoInterval { why: "one generation".into() },
        Doubt::Multiplexed { counted_percent: 80.0 },
        Doubt::Verified,
        Doubt::Slowed { percent: 5.0 },
        Doubt::UnequalCores { kinds: "large, small".into() },
        Doubt::CpuQuota { quota_cpus: 1.5, needed_cpus: 4 },
        Doubt::Emulated { by: "TCG".into() },
        Doubt::OthersBusy { side: "other".into(), percent: 12.5, machine_percent: Some(30.0) },
        Doubt::ControlAdds { percent: 2.5, control_round_trip_us: 1000.0 },
    ];
    let kinds: Vec<DoubtKind> = doubts.iter().map(Doubt::kind).collect();
    let lacking: Vec<_> = DoubtKind::all().filter(|kind| !kinds.contains(kind)).collect();
    assert!(lacking.is_empty(), "no example here of {lacking:?}");
    doubts
}

#[test]
fn a_record_with_every_doubt_comes_back() {
    for doubt in every_doubt() {
        let mut record = record(measurement("two-copy"));
        record.doubts = vec![WrittenDoubt { text: doubt.text(), remedy: doubt.remedy(), doubt }];
        comes_back(&record);
    }
}

/// As it was met: the kernel grants less than the profile asks for.
#[test]
fn a_record_of_what_the_kernel_did_not_grant_comes_back() {
    let mut ungranted = measurement("two-copy");
    let granted = &mut ungranted.generations[0].connections[0].client_granted;
    granted.send_buffer_bytes = 200_000;
    granted.congestion_control = "bbr".into();
    granted.pacing_rate_set = true;
    let record = record(ungranted);
    assert_eq!(record.doubts.len(), 3, "{:?}", record.doubts);
    comes_back(&record);
}

#[test]
fn a_record_with_every_metric_in_every_shape_comes_back() {
    let shapes = [
        Reading::Absent("no such counter here".into()),
        Reading::Value(Value::Count(u64::MAX)),
        Reading::Value(Value::Number(5.0)),
        Reading::Value(Value::Text("bbr".into())),
        Reading::Value(Value::Generations(vec![
            Value::Count(1),
            Value::Number(0.1),
            Value::Text("x".into()),
        ])),
    ];
    for reading in shapes {
        let mut record = record(measurement("zero-copy"));
        for described in SOURCES.iter().flat_map(|source| source.catalogue()) {
            let metric = Metric { reading: reading.clone(), unit: described.unit.to_string() };
            record.metrics.insert(described.name.to_string(), metric);
        }
        record.steal_percent = reading.clone();
        record.environment.items.insert("kernel_release".into(), reading);
        comes_back(&record);
    }
}

#[test]
fn a_record_of_every_target_with_all_that_it_can_hold_comes_back() {
    for target in Target::ALL {
        for unit in [CostUnit::Cycles, CostUnit::CpuNanoseconds] {
            let mut all: CellMeasurement = measurement("zero-copy");
            (all.cell.target, all.cost_unit) = (target, unit);
            for block in &mut all.blocks {
                let counts = [Some(Count { value: 1.5, counted_share: 0.3 }); COUNT];
                (block.client_counts, block.server_counts) =
                    (Some(Sums::of(&counts)), Some(Sums::of(&[None; COUNT])));
                let completions =
                    Completions { sends: 4, notifications: 4, deferred_copies: 3, ..Completions::default() };
                block.tally = Some(Tally { completions: Some(completions), ..Tally::default() });
                block.round_trips_ns = (1..2000).map(|trip| trip * trip).collect();
                for round in &mut block.rounds {
                    (round.cost, round.p50_ns, round.p99_ns) = (Some(round.time_ns), Some(1), Some(u64::MAX));
                }
            }
            let mut record = record(all);
            record.ratios.insert("absent".into(), OrAbsent::absent("not measured"));
            record.profile.criterion.measurement_time_s = Some(0.1);
            record.profile.rounds.seed = Some(u64::MAX);
            comes_back(&record);
        }
    }
}

#[test]
fn every_choice_of_a_profile_comes_back() {
    use PlacementPolicy::{AcrossNodes, None, SameCore, Siblings, Spread};
    let steerings = [Wanted::Any, Wanted::Follow, Wanted::None];
    // A choice that is added does not compile until it is here, and in the lists below.
    let _ = |policy: PlacementPolicy| match policy {
        Spread | SameCore | Siblings | AcrossNodes | None => {}
    };
    let _ = |buffer: BufferSize, order: BlockOrder| match (buffer, order) {
        (BufferSize::Fixed(_) | BufferSize::Auto(Auto::Auto), BlockOrder::Random | BlockOrder::Fixed) => {}
    };
    let mut profile = Profile::load("default").unwrap();
    for (policy, order) in [Spread, SameCore, Siblings, AcrossNodes, None]
        .into_iter()
        .zip([BlockOrder::Random, BlockOrder::Fixed].into_iter().cycle())
    {
        for buffer in [BufferSize::Fixed(1), BufferSize::Auto(Auto::Auto)] {
            (profile.placement.policy, profile.rounds.order) = (policy, order);
            profile.placement.receive_steering = steerings[policy as usize % steerings.len()];
            (profile.socket.send_buffer_bytes, profile.socket.receive_buffer_bytes) = (buffer, buffer);
            let mut record = record(measurement("two-copy"));
            record.profile = profile.clone();
            comes_back(&record);
            for side in [Side::A, Side::B] {
                let mut kept = Manifest::new(profile.clone(), Target::ALL.to_vec(), 3, Some("x".into()));
                kept.pair = Some(Pair {
                    id: u64::MAX,
                    side,
                    before: Some("true".into()),
                    torn: Some([PassId { round: 1, target: Target::CpuCost }].into()),
                });
                assert_eq!(Manifest::parse(&serde_json::to_vec(&kept).unwrap()).unwrap(), kept);
            }
        }
    }
}

/// A number that JSON has no word for is never written: it would be read as none.
#[test]
fn a_record_that_cannot_be_read_again_is_not_kept() {
    let output = tempfile::tempdir().unwrap();
    let mut record = record(measurement("two-copy"));
    let new = criterion_files::cell_directory(output.path(), &record.cell).join("new");
    std::fs::create_dir_all(&new).unwrap();
    std::fs::write(new.join("sample.json"), "{}").unwrap();
    record.ratios.insert(
        "one-copy".into(),
        OrAbsent::Found(Ratio { estimate: f64::INFINITY, lower: 1.0, upper: f64::INFINITY }),
    );
    let error = criterion_files::save_record(output.path(), &record).unwrap_err().to_string();
    assert!(error.contains("cannot be read again"), "{error}");
    assert_eq!(std::fs::read_dir(&new).unwrap().count(), 1, "nothing is left beside Criterion's file");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_finite_number_comes_back_to_the_last_bit(
        number in any::<f64>().prop_filter("finite", |number| number.is_finite())
    ) {
        let value = Value::Number(number);
        let text = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
