//! Findings from a made-up machine: each kind is found where it should be, and
//! a healthy machine has none.

#[path = "support/findings.rs"]
mod findings;
#[path = "support/machine.rs"]
mod machine;

use std::collections::BTreeSet;

use copycost::doctor::Severity::{Missing, Note, Worse};
use copycost::doctor::{self, Finding, Severity, measure};
use copycost::environment::Environment;
use copycost::metric::{Reading, Value};
use copycost::profile::Profile;
use copycost::steering::Wanted;
use findings::CASES;
use machine::{healthy, machine};

fn profile() -> Profile {
    Profile::load("default").unwrap()
}

fn found(items: &[(&str, &str)]) -> Vec<Finding> {
    doctor::findings(&machine(items), &profile())
}

#[test]
fn a_healthy_machine_has_no_findings() {
    assert_eq!(doctor::findings(&healthy(), &profile()), []);
    let line = doctor::summary_line(&[]);
    assert!(line.contains("nothing on this machine"), "{line}");
}

#[test]
fn each_kind_is_found_alone_and_not_on_its_good_side() {
    for (kind, bad, severity, holds, good) in CASES {
        let findings = found(bad);
        let kinds: Vec<&str> = findings.iter().map(|finding| finding.kind.as_str()).collect();
        assert_eq!(kinds, [*kind], "{bad:?}");
        let finding = &findings[0];
        assert_eq!(finding.severity, *severity, "{kind}");
        for part in [&finding.what, &finding.why, &finding.change] {
            assert!(part.len() > 10, "{finding:?}");
        }
        assert!(finding.to_string().contains(holds), "{kind}: {holds:?} is not in\n{finding}");
        assert_eq!(found(good), [], "{kind} on its good side");
    }
}

#[test]
fn one_cpu_is_too_few_and_oversubscribed() {
    let findings = found(&[("cpu.allowed", "1"), ("cpu.online", "1")]);
    let kinds: Vec<&str> = findings.iter().map(|finding| finding.kind.as_str()).collect();
    assert_eq!(kinds, ["few_cpus", "oversubscribed"]);
    assert!(
        !found(&[("cpu.allowed", "2"), ("cpu.online", "2")]).iter().any(|found| found.kind == "few_cpus")
    );
}

/// A processor that QEMU makes up says so in its name, where its host hides the signature.
#[test]
fn emulated_processors_are_said_first() {
    let findings = found(&[
        ("cpu.model", "QEMU TCG CPU version 2.5+"),
        ("hypervisor.flag", "yes"),
        ("sysctl.net.ipv4.tcp_available_congestion_control", "cubic"),
        ("perf.processor_devices", "none"),
    ]);
    assert_eq!(findings[0].kind, "emulated", "{findings:?}");
    assert!(findings[0].what.contains("QEMU TCG CPU version 2.5+"), "{}", findings[0].what);
}

/// 121 for sockets, memory and what else is open, and 240 for the six counters
/// of 40 threads; one without hardware. The soft limit is raised to the hard one.
#[test]
fn few_open_files_are_those_of_the_hard_limit() {
    let is_found = |items: &[(&str, &str)]| found(items).iter().any(|finding| finding.kind == "open_files");
    assert!(is_found(&[("limit.open_files_hard", "360")]));
    assert!(!is_found(&[("limit.open_files_hard", "361"), ("limit.open_files", "48")]));
    let none = ("perf.processor_devices", "none");
    assert!(is_found(&[("limit.open_files_hard", "160"), none]));
    assert!(!is_found(&[("limit.open_files_hard", "161"), none]));
}

#[test]
fn what_paranoid_forbids_is_said_once() {
    let refused = ("perf.refused", "kernel.perf_event_paranoid is 2; …");
    let kinds =
        |items: &[(&str, &str)]| found(items).into_iter().map(|finding| finding.kind).collect::<Vec<_>>();
    let paranoid = ("sysctl.kernel.perf_event_paranoid", "2");
    assert_eq!(kinds(&[refused, paranoid]), ["perf_event_paranoid"]);
    // Exempt from it and refused all the same.
    let kinds = kinds(&[refused, paranoid, ("perf.paranoid_exempt", "yes")]);
    assert_eq!(kinds, ["perf_event_refused", "perf_event_paranoid"]);
}

#[test]
fn every_kind_has_a_case_here() {
    let cases: BTreeSet<&str> = CASES.iter().map(|(kind, ..)| *kind).chain(["few_cpus"]).collect();
    assert_eq!(cases, doctor::kinds().collect(), "kinds without a case, or cases without a kind");
}

#[test]
fn what_is_not_known_is_no_finding() {
    assert_eq!(doctor::findings(&Environment::default(), &profile()), []);
    let mut environment = healthy();
    for reading in environment.items.values_mut() {
        *reading = Reading::Absent("not to be had".into());
    }
    assert_eq!(doctor::findings(&environment, &profile()), []);
}

#[test]
fn the_profile_decides_what_matters() {
    let mut profile = profile();
    profile.matrix.modes = vec!["two-copy".into()];
    let poor = machine(&[("sysctl.net.core.optmem_max", "20480"), ("limit.locked_memory_bytes", "65536")]);
    assert_eq!(doctor::findings(&poor, &profile), [], "nothing is sent with MSG_ZEROCOPY");
    profile.socket.congestion_control = "bbr".into();
    let bbr = "reno bbr";
    let same = machine(&[
        ("sysctl.net.ipv4.tcp_congestion_control", "bbr"),
        ("sysctl.net.ipv4.tcp_available_congestion_control", bbr),
        ("sysctl.net.ipv4.tcp_allowed_congestion_control", bbr),
    ]);
    assert_eq!(doctor::findings(&same, &profile), [], "it is what the profile asks for");
    profile.matrix.threads = vec![9];
    let kinds: Vec<String> = doctor::findings(&same, &profile).into_iter().map(|found| found.kind).collect();
    assert_eq!(kinds, ["oversubscribed"]);
}

#[test]
fn another_receive_steering_than_the_profiles_is_missing_and_none_at_all_a_note() {
    let found = |kind: &str, wanted: Wanted| {
        let mut profile = profile();
        profile.placement.receive_steering = wanted;
        let found = doctor::findings(&machine(&[("receive_steering.kind", kind)]), &profile);
        found.first().map(|found| (found.severity, found.change.clone()))
    };
    let tune = |kind: &str| format!("copycost tune --receive-steering {kind}");
    assert_eq!(found("none", Wanted::Any), Some((Severity::Note, tune("follow"))));
    assert_eq!(found("none", Wanted::Follow), Some((Severity::Missing, tune("follow"))));
    for other in ["follow", "by hash to CPU 0-3"] {
        assert_eq!(found(other, Wanted::None), Some((Severity::Missing, tune("none"))), "{other}");
    }
    assert_eq!((found("none", Wanted::None), found("follow", Wanted::Follow)), (None, None));
}

#[test]
fn who_may_lock_memory_without_limit_has_enough() {
    assert_eq!(found(&[("limit.locked_memory_bytes", "65536"), ("limit.locked_memory_exempt", "yes")]), []);
}

#[test]
fn who_is_exempt_from_perf_event_paranoid_misses_nothing() {
    let findings = found(&[("sysctl.kernel.perf_event_paranoid", "2"), ("perf.paranoid_exempt", "yes")]);
    assert_eq!(findings.iter().map(|finding| finding.severity).collect::<Vec<_>>(), [Note]);
    assert!(findings[0].what.contains("this process is exempt"), "{}", findings[0]);
}

#[test]
fn the_worst_comes_first_and_the_summary_names_all_but_notes() {
    let findings =
        found(&[("huge_pages.enabled", "always"), ("turbo", "on"), ("perf.processor_devices", "none")]);
    let severities: Vec<Severity> = findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Missing, Worse, Note]);
    assert_eq!(
        doctor::summary_line(&findings),
        "doctor: figures missing: hardware_counters; figures worse: turbo; 1 note (`copycost doctor` says why)"
    );
}

#[test]
fn measuring_gives_every_figure_or_its_reason() {
    let quick = Profile::load("quick").unwrap();
    let measured = measure::measure(&quick);
    assert_eq!(measured.len(), measure::CATALOGUE.len());
    for described in measure::CATALOGUE {
        let metric = &measured[described.name];
        assert_eq!(metric.unit, described.unit);
        match &metric.reading {
            Reading::Value(Value::Number(number)) => {
                assert!(number.is_finite() && *number > 0.0, "{}: {number}", described.name);
            }
            Reading::Absent(reason) => assert!(reason.len() > 10, "{}: {reason:?}", described.name),
            other => panic!("{}: {other:?}", described.name),
        }
    }
}
