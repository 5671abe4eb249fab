//! What differs between two baselines beside the figures: each listed condition
//! is weighed, and what does not compare is refused or said.

#[path = "support/made_up.rs"]
mod made_up;

use copycost::cell::Target;
use copycost::compare::comparability::Weight;
use copycost::compare::table::{Style, render};
use copycost::compare::{Comparison, Options, Verdict, compare};
use copycost::exchange::CostUnit;
use copycost::metric::{Reading, Value};
use copycost::profile::overrides::overridden_in;
use copycost::profile::{Auto, BufferSize, FieldSize, MessageLayout, Profile, ReceiveMethod, Rest};
use made_up::{Machine, cell, options};

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
        ("sysctl.net.core.rps_sock_flow_entries", Weight::Warning),
        ("receive_steering.rps_cpus", Weight::Warning),
        ("packet_filter.ip_tables", Weight::Warning),
        ("frequency.governor", Weight::Warning),
        ("mitigation.spectre_v2", Weight::Warning),
        ("sysctl.net.ipv4.tcp_congestion_control", Weight::Warning),
        ("hypervisor.type", Weight::Warning),
        ("smt.active", Weight::Warning),
        ("path.mtu_bytes", Weight::Warning),
        ("peer.path.scatter_gather", Weight::Warning),
        ("peer.kernel_release", Weight::Sought),
        ("peer.cpu.model", Weight::Warning),
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
    for (name, other) in [("path.servers", "at a peer"), ("path.kind", "veth"), ("peer.path.kind", "tun")] {
        let refusal = differences_after(|machine| {
            machine.environment.items.insert(name.into(), Reading::Value(Value::Text(other.into())));
        });
        assert!(refusal.as_ref().is_err_and(|what| what.contains(&format!("→ {other}"))), "{refusal:?}");
    }
    // An earlier version had one path, and did not say so.
    for (name, only) in [("path.servers", "in the clients' process"), ("path.kind", "loopback")] {
        let comparison = differences_after(|machine| {
            machine.environment.items.insert(name.into(), Reading::Value(Value::Text(only.into())));
        });
        assert_eq!(comparison.unwrap().differences, [], "{name}");
    }
    for name in ["date_utc", "peer.date_utc", "load_average.1_min", "cpu_time.steal_ticks"] {
        let comparison = differences_after(|machine| {
            machine.environment.items.insert(name.into(), Reading::Value(Value::Text("later".into())));
        });
        assert!(comparison.unwrap().differences.is_empty(), "{name} is no condition");
    }
}

#[test]
fn a_setting_that_the_profile_overrides_is_said_to_have_no_effect() {
    let compared = |setting: &str, values: [&str; 2], change: fn(&mut Profile)| {
        let mut machine = Machine::new();
        change(&mut machine.profile);
        let mut record = |value: &str| {
            let reading = Reading::Value(Value::Text(value.into()));
            machine.environment.items.insert(format!("sysctl.{setting}"), reading);
            machine.record(value, 1, 2, Target::Throughput)
        };
        let comparison = compare(&record(values[0]), &record(values[1]), options()).unwrap();
        let text = render(&comparison, Style::Text);
        assert!(text.contains(&comparison.differences[0].text()), "{text}");
        comparison.differences[0].no_effect.clone()
    };
    let auto = |profile: &mut Profile| {
        profile.socket.receive_buffer_bytes = BufferSize::Auto(Auto::Auto);
        profile.socket.send_buffer_bytes = BufferSize::Auto(Auto::Auto);
    };
    let numbers = ["212992", "4194304"];
    for (setting, values, key, if_auto) in [
        ("net.core.rmem_default", numbers, "socket.receive_buffer_bytes", false),
        ("net.core.wmem_default", numbers, "socket.send_buffer_bytes", false),
        ("net.ipv4.tcp_rmem", ["4096 1 2", "4096 1 3"], "socket.receive_buffer_bytes", false),
        ("net.ipv4.tcp_wmem", ["4096 1 2", "4096 1 3"], "socket.send_buffer_bytes", false),
        ("net.ipv4.tcp_moderate_rcvbuf", ["0", "1"], "socket.receive_buffer_bytes", false),
        ("net.core.rmem_max", numbers, "socket.receive_buffer_bytes", false),
        ("net.core.wmem_max", numbers, "socket.send_buffer_bytes", false),
        ("net.ipv4.tcp_congestion_control", ["bbr", "cubic"], "socket.congestion_control", true),
        ("net.core.default_qdisc", ["fq", "pfifo_fast"], "socket.address", true),
    ] {
        let why = format!("the profile sets `{key}`, so this setting has no effect on what is measured");
        assert_eq!(compared(setting, values, |_| {}), Some(why), "{setting}");
        assert_eq!(compared(setting, values, auto).is_some(), if_auto, "{setting} under autotuning");
    }
    for (setting, values) in [
        ("net.core.rmem_max", ["131072", "212992"]), // less than is asked for is granted
        ("net.core.wmem_max", ["4194304", "65536"]),
        ("net.core.optmem_max", ["20480", "131072"]),
        ("net.ipv4.tcp_limit_output_bytes", ["65536", "4194304"]),
    ] {
        assert_eq!(compared(setting, values, |_| {}), None, "{setting} {values:?}");
    }
}

/// Before anything is measured, too.
#[test]
fn commands_that_set_what_the_profile_overrides_are_found() {
    let profile = Profile::load("recording").unwrap();
    let found = |commands: &[&str]| -> Vec<String> {
        let name = |line: String| line.split(": the profile sets").next().unwrap().to_string();
        overridden_in(&profile, commands).into_iter().map(name).collect()
    };
    let both = ["sysctl -w net.core.rmem_default=1", "sysctl -qw net.core.rmem_default=2"];
    assert_eq!(found(&both), ["net.core.rmem_default"]);
    assert_eq!(found(&["echo 1 > /proc/sys/net/ipv4/tcp_moderate_rcvbuf"]), ["net.ipv4.tcp_moderate_rcvbuf"]);
    assert_eq!(found(&["sysctl net/ipv4/tcp_wmem='4096 16384 65536'"]), ["net.ipv4.tcp_wmem"]);
    let max = |a: &str, b: &str| found(&[&format!("sysctl -w net.core.wmem_max={a}"), b]);
    assert_eq!(max("212992", "echo 4194304 >/proc/sys/net/core/wmem_max"), ["net.core.wmem_max"]);
    assert!(max("65536", "sysctl -w \"net.core.wmem_max = 4194304\"").is_empty());
    assert!(max("212992", "sysctl -w net.core.wmem_max=$(cat old)").is_empty(), "not known to grant it");
    assert!(max("212992", "ip link set lo mtu 1500").is_empty(), "what the other side has is not known");
    assert!(found(&["sysctl -w net.core.rmem_default_of_mine=1", "true"]).is_empty());
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
    refused(
        |profile| {
            let listed = vec![FieldSize::Bytes(256), FieldSize::Rest(Rest::Rest)];
            profile.message.layout = MessageLayout::Listed(listed);
        },
        "message.layout: \"even\" → [256,\"rest\"]",
    );
    refused(
        |profile| profile.server.receive = ReceiveMethod::Discard,
        "server.receive: \"copy\" → \"discard\"",
    );
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
    let forced = compare(&base, &new, Options { threshold: 0.0, force: true, comparisons: 1 }).unwrap();
    assert!(render(&forced, Style::Text).contains("NOT COMPARABLE, forced: method_version: 2 → 3"));
}

/// What the comparison's text says of what was counted.
fn text_of_counts(comparison: &Comparison) -> String {
    render(comparison, Style::Text).split("what was counted").nth(1).unwrap_or_default().to_string()
}

#[test]
fn emulated_time_has_no_verdict_beside_real_time_unless_forced() {
    let machine = Machine::new();
    let mut emulated = Machine { pace: 20.0, switches: Some(|_| 9.0), ..Machine::new() };
    let signature = Reading::Value(Value::Text("TCGTCGTCGTCG".into()));
    emulated.environment.items.insert("hypervisor.signature".into(), signature);
    let real = machine.record("real", 1, 12, Target::Throughput);
    let guest = emulated.record("guest", 2, 12, Target::Throughput);
    for (base, new) in [(&real, &guest), (&guest, &real)] {
        let comparison = compare(base, new, options()).unwrap();
        assert_eq!(comparison.count(Verdict::CannotTell), [3, 3]);
        assert!(comparison.references.is_empty());
        let judged = &cell(&comparison, "two-copy").absolute;
        assert!(judged.base.is_some() && judged.new.is_some(), "figures stand by themselves");
        assert!(text_of_counts(&comparison).contains("two-copy"));
        assert!(judged.ratio.is_none() && judged.reason.as_ref().unwrap().contains("emulated"), "{judged:?}");
        let text = render(&comparison, Style::Text);
        assert!(
            text.contains("note: the processors of `guest` were emulated") && text.contains("--force"),
            "{text}"
        );
        assert_eq!(comparison.base.emulated.is_some(), base.name == "guest");
        assert!(cell(&comparison, "two-copy").doubts.to_string().contains('e'));
        let forced = compare(base, new, Options { threshold: 0.0, force: true, comparisons: 1 }).unwrap();
        assert!(cell(&forced, "two-copy").absolute.ratio.is_some() && !forced.references.is_empty());
        assert!(render(&forced, Style::Text).contains("its verdicts are forced"));
    }
    // Two emulated sides compare: what they share cancels.
    let other = emulated.record("other", 3, 12, Target::Throughput);
    assert!(cell(&compare(&guest, &other, options()).unwrap(), "two-copy").relative.ratio.is_some());
}

/// It moves one mode against another by itself; a figure is the figure.
#[test]
fn another_receive_steering_has_no_relative_verdict_unless_forced() {
    let of = |kind: Option<&str>, force: bool| {
        let machine = Machine { slowed: Some(("one-copy", 1.3)), ..Machine::new() };
        let steered = |name: &str, machine: &Machine, kind: Option<&str>, seed| {
            let mut machine = machine.clone();
            let reading = kind.map(|kind| Reading::Value(Value::Text(kind.into())));
            machine.environment.items.extend(reading.map(|kind| ("receive_steering.kind".into(), kind)));
            machine.record(name, seed, 8, Target::Throughput)
        };
        let base = steered("base", &Machine::new(), Some("none"), 1);
        compare(&base, &steered("new", &machine, kind, 2), Options { threshold: 0.0, force, comparisons: 1 })
            .unwrap()
    };
    let apart = of(Some("follow"), false);
    let found = cell(&apart, "one-copy");
    assert_eq!((found.relative.verdict, found.relative.ratio), (Verdict::CannotTell, None));
    assert_eq!(found.relative.reason.as_deref(), Some("receive steering differs"));
    assert!(found.absolute.ratio.is_some(), "{found:?}");
    let text = render(&apart, Style::Text);
    let (above, _) = text.split_once("threads  bytes").unwrap();
    assert!(above.contains("WARNING, differs: receive_steering.kind: none → follow"), "{text}");
    assert!(above.contains("under receive steering `none` in `base` and `follow` in `new`"), "{text}");
    let forced = of(Some("follow"), true);
    assert_eq!(cell(&forced, "one-copy").relative.verdict, Verdict::Slower);
    assert!(render(&forced, Style::Text).contains("relative verdicts are forced"));
    for alike in [Some("none"), None] {
        assert_eq!(cell(&of(alike, false), "one-copy").relative.verdict, Verdict::Slower, "{alike:?}");
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
