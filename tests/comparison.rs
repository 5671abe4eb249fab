//! Verdicts from made-up recordings: a mode that was slowed is found and no
//! other is blamed, drift is no verdict, what is missing or does not compare is
//! said.

use copycost::cell::{Cell, Target};
use copycost::compare::comparability::Weight;
use copycost::compare::table::{Style, render};
use copycost::compare::{Baseline, CellComparison, Comparison, Options, Quantity, Verdict, compare};
use copycost::cpu::Topology;
use copycost::environment::Environment;
use copycost::loopback::{Block, BlockRound, CellMeasurement, CostUnit, SELF_LANE};
use copycost::metric::{Reading, Value};
use copycost::profile::Profile;
use copycost::results::record::Record;

const MODES: [(&str, f64); 3] = [("two-copy", 1000.0), ("one-copy", 1200.0), ("zero-copy", 3000.0)];

/// What a made-up machine does.
#[derive(Clone)]
struct Machine {
    slowed: Option<(&'static str, f64)>,
    /// Common to all rounds of a process.
    drift: f64,
    profile: Profile,
    environment: Environment,
    unit: CostUnit,
}

impl Machine {
    fn new() -> Machine {
        let mut environment = Environment::default();
        for (name, word) in
            [("kernel_release", "6.1"), ("cpu.model", "A"), ("frequency.governor", "performance")]
        {
            environment.items.insert(name.into(), Reading::Value(Value::Text(word.into())));
        }
        let profile = Profile::load("recording").unwrap();
        Machine { slowed: None, drift: 0.2, profile, environment, unit: CostUnit::CpuNanoseconds }
    }

    /// A recording of one row: 4 KiB, one thread.
    fn record(&self, name: &str, seed: u64, processes: usize, target: Target) -> Baseline {
        let mut random = fastrand::Rng::with_seed(seed);
        let process = |random: &mut fastrand::Rng| {
            let drift = self.drift * (random.f64() - 0.5);
            MODES.map(|(mode, _)| self.cell(random, mode, drift, target)).to_vec()
        };
        Baseline::of_processes(name, (0..processes).map(|_| process(&mut random)).collect())
    }

    fn cell(&self, random: &mut fastrand::Rng, mode: &str, drift: f64, target: Target) -> Record {
        let topology = Topology::read().unwrap();
        let blocks = (0..24).map(|number| self.block(random, mode, number, drift, target)).collect();
        let measurement = CellMeasurement {
            cell: Cell { target, mode: mode.into(), message_bytes: 4096, threads: 1 },
            plan: topology.plan(self.profile.placement.policy, 1).unwrap(),
            seed: random.u64(..),
            blocks,
            generations: Vec::new(),
            cost_unit: self.unit,
            absent_counters: Vec::new(),
        };
        Record::new(measurement, &self.profile, &self.environment, Reading::Absent("made up".into()))
    }

    fn block(
        &self,
        random: &mut fastrand::Rng,
        own: &str,
        number: usize,
        drift: f64,
        target: Target,
    ) -> Block {
        let lanes = MODES.iter().copied().chain([(SELF_LANE, 0.0)]);
        let round = |(lane, ns): (&str, f64)| {
            let (mode, ns) = if lane == SELF_LANE { (own, MODES[0].1) } else { (lane, ns) };
            let slowed = self.slowed.filter(|(slowed, _)| *slowed == mode).map_or(1.0, |(_, factor)| factor);
            let noise = 1.0 + 0.02 * (random.f64() - 0.5);
            let time_ns = (1000.0 * ns * drift.exp() * slowed * noise) as u64;
            BlockRound {
                lane: lane.to_string(),
                messages: 1000,
                time_ns,
                cost: (target == Target::CpuCost).then_some(2 * time_ns),
                p50_ns: (target == Target::Latency).then_some(time_ns / 1000),
                p99_ns: (target == Target::Latency).then_some(time_ns / 500),
            }
        };
        Block {
            generation: number / 8,
            rounds: lanes.map(round).collect(),
            round_trips_ns: Vec::new(),
            tally: None,
            client_counts: None,
            server_counts: None,
        }
    }
}

fn options() -> Options {
    Options { threshold: 0.0, force: false }
}

fn cell<'a>(comparison: &'a Comparison, mode: &str) -> &'a CellComparison {
    comparison.cells.iter().find(|cell| cell.cell.mode == mode).unwrap()
}

fn relative(comparison: &Comparison) -> Vec<Verdict> {
    MODES.iter().map(|(mode, _)| cell(comparison, mode).relative.verdict).collect()
}

#[test]
fn a_slowed_mode_is_found_and_no_other_blamed() {
    let machine = Machine::new();
    let base = machine.record("base", 1, 8, Target::Throughput);
    let slowed = Machine { slowed: Some(("one-copy", 1.05)), ..machine };
    let comparison = compare(&base, &slowed.record("new", 2, 8, Target::Throughput), options()).unwrap();
    let none = Verdict::NoDifferenceFound;
    assert_eq!(relative(&comparison), [none, Verdict::Slower, none]);
    let one_copy = &cell(&comparison, "one-copy").relative;
    let ratio = one_copy.ratio.unwrap();
    assert!(ratio.lower <= 1.05 && 1.05 <= ratio.upper && ratio.upper / ratio.lower < 1.02, "{ratio:?}");
    assert!(one_copy.p_value.unwrap() < 0.001 && one_copy.against.is_some());
    // The machine moves by a fifth between processes: by itself a figure cannot
    // tell 5 %, and says what it could have told.
    let absolute = &cell(&comparison, "one-copy").absolute;
    assert_eq!(absolute.verdict, Verdict::CannotTell);
    assert!(absolute.findable.unwrap() > 0.1, "{absolute:?}");
    assert!(comparison.has(Verdict::Slower) && !comparison.has(Verdict::Faster));

    let quiet = Machine { drift: 0.0, ..slowed };
    let base = Machine { slowed: None, ..quiet.clone() }.record("base", 3, 8, Target::Throughput);
    let comparison = compare(&base, &quiet.record("new", 4, 8, Target::Throughput), options()).unwrap();
    assert_eq!(cell(&comparison, "one-copy").absolute.verdict, Verdict::Slower);
    assert_eq!(cell(&comparison, "two-copy").absolute.verdict, Verdict::NoDifferenceFound);
    let few_percent = Options { threshold: 0.06, force: false };
    let comparison = compare(&base, &quiet.record("new", 4, 8, Target::Throughput), few_percent).unwrap();
    assert!(!comparison.has(Verdict::Slower), "5 % is below the threshold of 6 %");
}

#[test]
fn drift_alone_is_no_verdict() {
    let machine = Machine::new();
    let mut called = 0;
    for seed in 0..20 {
        let base = machine.record("base", 100 + seed, 5, Target::Throughput);
        let new = machine.record("new", 200 + seed, 5, Target::Throughput);
        let comparison = compare(&base, &new, options()).unwrap();
        called += usize::from(comparison.has(Verdict::Slower) || comparison.has(Verdict::Faster));
    }
    assert!(called <= 3, "{called} of 20 comparisons of a machine with itself");
}

#[test]
fn every_target_is_judged_by_its_own_quantity() {
    let machine = Machine::new();
    for (target, quantities) in [
        (Target::Latency, &[Quantity::LatencyMedian, Quantity::LatencyP99][..]),
        (Target::CpuCost, &[Quantity::CpuCost]),
    ] {
        let base = machine.record("base", 1, 6, target);
        let faster = Machine { slowed: Some(("zero-copy", 0.8)), ..machine.clone() };
        let comparison = compare(&base, &faster.record("new", 2, 6, target), options()).unwrap();
        for quantity in quantities {
            let of_quantity: Vec<_> =
                comparison.cells.iter().filter(|cell| cell.quantity == *quantity).collect();
            assert_eq!(of_quantity.len(), 3, "{quantity:?}");
            let verdict =
                |mode: &str| of_quantity.iter().find(|cell| cell.cell.mode == mode).unwrap().relative.verdict;
            assert_eq!(verdict("zero-copy"), Verdict::Faster, "{quantity:?}");
            assert_eq!(verdict("two-copy"), Verdict::NoDifferenceFound, "{quantity:?}");
        }
        assert_eq!(comparison.cells.len(), 3 * quantities.len());
    }
}

#[test]
fn a_baseline_in_another_unit_is_not_compared() {
    let machine = Machine::new();
    let base = machine.record("base", 1, 5, Target::CpuCost);
    let cycles = Machine { unit: CostUnit::Cycles, ..machine };
    let comparison = compare(&base, &cycles.record("new", 2, 5, Target::CpuCost), options()).unwrap();
    let judged = &cell(&comparison, "two-copy").absolute;
    assert_eq!(judged.verdict, Verdict::CannotTell);
    assert!(judged.reason.as_ref().unwrap().contains("ns CPU") && judged.ratio.is_none(), "{judged:?}");
    assert!(comparison.differences.iter().any(|d| d.name.contains("unit") && d.weight == Weight::Warning));
}

#[test]
fn one_process_says_so_and_never_gives_an_absolute_verdict() {
    let machine = Machine { drift: 0.0, ..Machine::new() };
    let slowed = Machine { slowed: Some(("one-copy", 1.5)), ..machine.clone() };
    let (base, new) =
        (machine.record("base", 1, 1, Target::Throughput), slowed.record("new", 2, 1, Target::Throughput));
    let comparison = compare(&base, &new, options()).unwrap();
    assert!(comparison.cells.iter().all(|cell| cell.absolute.verdict == Verdict::CannotTell));
    assert_eq!(cell(&comparison, "one-copy").relative.verdict, Verdict::Slower);
    let text = render(&comparison, Style::Text);
    assert!(text.contains("one process on a side") && text.contains("1 process(es)"), "{text}");
    // Wider than five processes of the same machine give.
    let width = |comparison: &Comparison| {
        let ratio = cell(comparison, "one-copy").relative.ratio.unwrap();
        ratio.upper / ratio.lower
    };
    let many = compare(
        &machine.record("base", 1, 5, Target::Throughput),
        &slowed.record("new", 2, 5, Target::Throughput),
        options(),
    );
    assert!(width(&comparison) > width(&many.unwrap()));
}

#[test]
fn what_one_side_lacks_is_said() {
    let machine = Machine::new();
    let base = machine.record("base", 1, 5, Target::Throughput);
    let mut processes: Vec<Vec<Record>> = base.processes.iter().map(|p| p.records.clone()).collect();
    for records in &mut processes {
        records.retain(|record| record.cell.mode != "zero-copy");
        for block in records.iter_mut().flat_map(|record| &mut record.blocks) {
            block.rounds.retain(|round| round.lane != "zero-copy");
        }
    }
    let new = Baseline::of_processes("new", processes);
    let comparison = compare(&base, &new, options()).unwrap();
    let missing = cell(&comparison, "zero-copy");
    assert_eq!(missing.absolute.verdict, Verdict::CannotTell);
    assert!(missing.absolute.reason.as_ref().unwrap().contains("new run did not"), "{missing:?}");
    assert!(missing.relative.ratio.is_none());
    assert!(cell(&comparison, "two-copy").relative.ratio.is_some());
    let turned = compare(&new, &base, options()).unwrap();
    assert!(cell(&turned, "zero-copy").absolute.reason.as_ref().unwrap().contains("baseline did not"));
}

/// Two processes a side of a machine that was changed by `change`.
fn differences_after(change: impl Fn(&mut Machine)) -> Result<Comparison, String> {
    let machine = Machine::new();
    let mut other = machine.clone();
    change(&mut other);
    let base = machine.record("base", 1, 2, Target::Throughput);
    compare(&base, &other.record("new", 2, 2, Target::Throughput), options())
        .map_err(|error| error.to_string())
}

#[test]
fn each_listed_condition_is_weighed() {
    for (name, weight) in [
        ("kernel_release", Weight::Sought),
        ("kernel_version", Weight::Sought),
        ("kernel_command_line", Weight::Sought),
        ("sysctl.net.core.optmem_max", Weight::Sought),
        ("sysctl.net.ipv4.tcp_rmem", Weight::Sought),
        ("cpu.model", Weight::Warning),
        ("frequency.governor", Weight::Warning),
        ("mitigation.spectre_v2", Weight::Warning),
        ("sysctl.net.ipv4.tcp_congestion_control", Weight::Warning),
        ("hypervisor.type", Weight::Warning),
        ("smt.active", Weight::Warning),
        ("limit.open_files", Weight::Other),
    ] {
        let comparison = differences_after(|machine| {
            machine.environment.items.insert(name.into(), Reading::Value(Value::Text("another".into())));
        })
        .unwrap();
        assert_eq!(comparison.differences.len(), 1, "{name}: {:?}", comparison.differences);
        let found = &comparison.differences[0];
        assert_eq!((found.name.as_str(), found.weight), (name, weight));
        let text = render(&comparison, Style::Text);
        let label = if weight == Weight::Warning { "WARNING, differs: " } else { "differs" };
        assert!(text.contains(&found.text()) && text.contains(label), "{text}");
    }
    for name in ["date_utc", "load_average.1_min", "cpu_time.steal_ticks"] {
        let comparison = differences_after(|machine| {
            machine.environment.items.insert(name.into(), Reading::Value(Value::Text("later".into())));
        });
        assert!(comparison.unwrap().differences.is_empty(), "{name} is no condition");
    }
}

#[test]
fn another_profile_is_warned_of_and_another_message_refused() {
    let warned = |change: fn(&mut Profile), key: &str| {
        let comparison = differences_after(|machine| change(&mut machine.profile)).unwrap();
        let found = comparison.differences.iter().find(|difference| difference.name == key);
        assert_eq!(found.unwrap_or_else(|| panic!("{key}")).weight, Weight::Warning);
    };
    warned(|profile| profile.rounds.length_ms = 8.0, "rounds.length_ms");
    warned(|profile| profile.socket.congestion_control = "cubic".into(), "socket.congestion_control");
    warned(|profile| profile.criterion.sample_size = 99, "criterion.sample_size");
    let refused = |change: fn(&mut Profile), key: &str| {
        let error = differences_after(|machine| change(&mut machine.profile)).unwrap_err();
        assert!(error.contains(key) && error.contains("--force"), "{error}");
    };
    refused(|profile| profile.message.fields = 1, "message.fields: 8 → 1");
    refused(|profile| profile.message.gap_bytes = 128, "message.gap_bytes");
    refused(|profile| profile.message.ring_bytes = 8192, "message.ring_bytes");
    refused(|profile| profile.message.ring_offset_bytes = 16, "message.ring_offset_bytes");
    refused(|profile| profile.message.staging_offset_bytes = 16, "message.staging_offset_bytes");
    refused(|profile| profile.server.receive_offset_bytes = 16, "server.receive_offset_bytes");

    let machine = Machine::new();
    let base = machine.record("base", 1, 3, Target::Throughput);
    let mut new = base.clone();
    new.processes.iter_mut().flat_map(|p| &mut p.records).for_each(|record| record.method_version += 1);
    assert!(compare(&base, &new, options()).unwrap_err().to_string().contains("method_version"));
    let forced = compare(&base, &new, Options { threshold: 0.0, force: true }).unwrap();
    assert!(render(&forced, Style::Text).contains("NOT COMPARABLE, forced: method_version: 1 → 2"));
}

#[test]
fn the_tables_hold_every_cell_in_both_styles() {
    let machine = Machine::new();
    let base = machine.record("base", 1, 3, Target::Throughput);
    let comparison = compare(&base, &machine.record("new", 2, 3, Target::Throughput), options()).unwrap();
    let markdown = render(&comparison, Style::Markdown);
    assert_eq!(markdown.lines().filter(|line| line.starts_with("| 1 | 4096 |")).count(), 3, "{markdown}");
    let text = render(&comparison, Style::Text);
    assert!(MODES.iter().all(|(mode, _)| text.contains(mode)) && text.contains("Gbit/s"), "{text}");
    let value = serde_json::to_value(&comparison).unwrap();
    let read: Comparison = serde_json::from_value(value).unwrap();
    assert_eq!(read.cells.len(), comparison.cells.len());
}
