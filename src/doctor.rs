//! What on a machine makes figures worse or missing: findings, from the data
//! of an [`Environment`] and a profile alone, each with the command that
//! changes it. It changes nothing itself. What has to be measured to be known
//! is in [`measure`].

mod cores;
pub mod measure;
mod network;
mod peer;
mod processor;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::peer::{PeerLine, look_at_peer};
use crate::environment::Environment;
use crate::profile::Profile;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something cannot be measured.
    Missing,
    /// Figures are worse, or less certain, than this machine could give.
    Worse,
    /// Good to know when figures are compared; nothing is amiss.
    Note,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Its kind, for scripts: one of [`kinds`].
    pub kind: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, with the present value.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// The command that changes it, or that nothing does.
    pub change: String,
}

/// A finding before it has its kind.
struct Said {
    severity: Severity,
    what: String,
    why: String,
    change: String,
}

impl Said {
    fn missing(what: impl Into<String>) -> Said {
        Said { severity: Severity::Missing, what: what.into(), why: String::new(), change: String::new() }
    }

    fn worse(what: impl Into<String>) -> Said {
        Said { severity: Severity::Worse, ..Said::missing(what) }
    }

    fn note(what: impl Into<String>) -> Said {
        Said { severity: Severity::Note, ..Said::missing(what) }
    }

    fn why(self, why: impl Into<String>) -> Said {
        Said { why: why.into(), ..self }
    }

    fn change(self, change: impl Into<String>) -> Said {
        Said { change: change.into(), ..self }
    }
}

/// What a check looks at.
struct Look<'a> {
    environment: &'a Environment,
    profile: &'a Profile,
}

impl Look<'_> {
    fn number(&self, name: &str) -> Option<f64> {
        self.environment.number(name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.environment.text(name)
    }

    fn sysctl(&self, name: &str) -> Option<f64> {
        self.number(&format!("sysctl.{name}"))
    }

    /// The most client threads of the profile.
    fn most_threads(&self) -> usize {
        self.profile.matrix.threads.iter().copied().max().unwrap_or(1)
    }
}

/// Looks for one kind of finding. What the environment does not say is no
/// finding: absence has its own reason in the record.
type Check = fn(&Look<'_>) -> Option<Said>;

/// Every kind. A new one is a function and a line here.
const CHECKS: &[(&str, Check)] = &[
    ("emulated", processor::emulated),
    ("congestion_control_unavailable", network::congestion_control_unavailable),
    ("congestion_control_not_allowed", network::congestion_control_not_allowed),
    ("open_files", network::open_files),
    ("hardware_counters", processor::hardware_counters),
    ("perf_event_paranoid", processor::perf_event_paranoid),
    ("perf_event_refused", processor::perf_event_refused),
    ("few_cpus", processor::few_cpus),
    ("oversubscribed", processor::oversubscribed),
    ("cpu_mask", processor::cpu_mask),
    ("offline_cpus", cores::offline_cpus),
    ("unequal_cores", cores::unequal_cores),
    ("numa_nodes", cores::numa_nodes),
    ("cpu_quota", cores::cpu_quota),
    ("debug_build", processor::debug_build),
    ("load", processor::load),
    ("steal", processor::steal),
    ("virtual_machine", processor::virtual_machine),
    ("governor", processor::governor),
    ("turbo", processor::turbo),
    ("halts", processor::halts),
    ("tuned", processor::tuned),
    ("smt", processor::smt),
    ("clock_source", processor::clock_source),
    ("nmi_watchdog", processor::nmi_watchdog),
    ("send_buffer", network::send_buffer),
    ("receive_buffer", network::receive_buffer),
    ("optmem", network::optmem),
    ("locked_memory", network::locked_memory),
    ("loopback_mtu", network::loopback_mtu),
    ("receive_steering", network::receive_steering),
    ("window_scaling", network::window_scaling),
    ("slow_start_after_idle", network::slow_start_after_idle),
    ("default_congestion_control", network::default_congestion_control),
    ("huge_pages", processor::huge_pages),
];

/// Every kind of finding, by name.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|(kind, _)| *kind)
}

/// Everything that is found, the most serious first.
pub fn findings(environment: &Environment, profile: &Profile) -> Vec<Finding> {
    let look = Look { environment, profile };
    let found = CHECKS.iter().filter_map(|(kind, check)| {
        let Said { severity, what, why, change } = check(&look)?;
        Some(Finding { kind: (*kind).to_string(), severity, what, why, change })
    });
    let mut findings: Vec<Finding> = found.collect();
    findings.sort_by_key(|finding| finding.severity); // stable: within one, the order of CHECKS
    findings
}

/// All findings in one line, to stand before a bench.
pub fn summary_line(findings: &[Finding]) -> String {
    let named = |severity: Severity| -> Vec<&str> {
        findings.iter().filter(|found| found.severity == severity).map(|found| found.kind.as_str()).collect()
    };
    let (missing, worse, notes) = (named(Severity::Missing), named(Severity::Worse), named(Severity::Note));
    let mut parts = Vec::new();
    if !missing.is_empty() {
        parts.push(format!("figures missing: {}", missing.join(", ")));
    }
    if !worse.is_empty() {
        parts.push(format!("figures worse: {}", worse.join(", ")));
    }
    match notes.len() {
        0 => {}
        1 => parts.push("1 note".into()),
        count => parts.push(format!("{count} notes")),
    }
    match parts.is_empty() {
        true => "doctor: nothing on this machine was found to make figures worse".into(),
        false => format!("doctor: {} (`copycost doctor` says why)", parts.join("; ")),
    }
}

/// A block of text for a terminal.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Missing => "MISSING",
            Severity::Worse => "WORSE",
            Severity::Note => "NOTE",
        };
        writeln!(f, "{severity}  {}  [{}]", self.what, self.kind)?;
        writeln!(f, "  why:    {}", self.why)?;
        write!(f, "  change: {}", self.change)
    }
}
