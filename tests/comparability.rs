//! What differs between two baselines beside the figures: each listed condition
//! is weighed, and what does not compare is refused or said.

#[path = "support/made_up_machine.rs"]
mod made_up_machine;

use copycost::cell::Target;
use copycost::compare::comparability::Weight;
use copycost::compare::table::{Style, render};
use copycost::compare::{Comparison, Options, Verdict, compare};
use copycost::loopback::CostUnit;
use copycost::metric::{Reading, Value};
use copycost::profile::Profile;
use made_up_machine::{Machine, cell, options};

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
