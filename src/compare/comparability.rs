//! What differs between the conditions of two baselines, and what that means:
//! sought, to be warned of, or a reason not to compare. It owns that judgement;
//! the conditions themselves are `environment`'s and the profile's.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::baseline::Baseline;
use crate::environment::PEER;
use crate::metric::Reading;
use crate::profile::overrides::overridden;
use crate::results::record::Record;

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// What it means.
    pub weight: Weight,
    /// The condition, or the profile's key.
    pub name: String,
    /// What it was.
    pub base: String,
    /// What it is.
    pub new: String,
    /// Why it has no effect on what was measured, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_effect: Option<String>,
}

/// What a difference means for a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Another message or method: figures of different things.
    Refusal,
    /// It may be the cause of what is found, and is not the kernel.
    Warning,
    /// The kernel and its settings: what people look for.
    Sought,
    /// Anything else.
    Other,
}

impl Difference {
    /// `cpu.model: AMD EPYC → Intel Xeon`.
    pub fn text(&self) -> String {
        let why = self.no_effect.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        format!("{}: {} → {}{why}", self.name, self.base, self.new)
    }
}

/// Conditions that differ between any two runs, or say nothing of the machine.
const NO_CONDITION: [&str; 9] = [
    "cpu_time.",
    "date_utc",
    "load_average.",
    "profile",
    "git_modified",
    "git_commit",
    "copycost_version",
    "rustc_version",
    "kernel_command_line_left_out",
];

/// Not the kernel, and able to move every figure.
const WARNED_OF: [&str; 18] = [
    "path.",
    "cpu.",
    "smt.",
    "architecture",
    "mitigation.",
    "frequency.",
    "turbo",
    "idle.",
    "hypervisor.",
    "clock_source.",
    "cgroup_cpu_quota",
    "debug_build",
    "dmi.",
    "sysctl.net.ipv4.tcp_congestion_control",
    "loopback.",
    "receive_steering.",
    "sysctl.net.core.rps_",
    "packet_filter.",
];

/// Figures of different paths are figures of different things.
const PATHS: [&str; 2] = ["path.servers", "path.kind"];

/// What earlier versions could have alone, and did not record.
const ONLY_PATH: [(&str, &str); 2] = [("path.servers", "in the clients' process"), ("path.kind", "loopback")];

const SOUGHT: [&str; 3] = ["kernel_", "sysctl.", "huge_pages."];

/// The message's and the method's own keys: another value is another thing.
const DEFINITION: [&str; 9] = [
    "message.fields",
    "message.layout",
    "message.gap_bytes",
    "message.ring_bytes",
    "message.ring_offset_bytes",
    "message.staging_offset_bytes",
    "server.receive",
    "server.receive_offset_bytes",
    "server.verify",
];

/// Keys that say which cells were measured, not how.
const NO_SETTING: [&str; 3] = ["name", "matrix.", "rounds.seed"];

/// Everything that differs, the weightiest first.
pub fn differences(base: &Baseline, new: &Baseline) -> Vec<Difference> {
    let (Some(a), Some(b)) = (base.first(), new.first()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut note = |weight, name: &str, base: String, new: String| {
        if base != new {
            let no_effect = no_effect([a, b], name, [&base, &new]);
            found.push(Difference { weight, name: name.to_string(), base, new, no_effect });
        }
    };
    note(Weight::Refusal, "method_version", a.method_version.to_string(), b.method_version.to_string());
    settings(a, b, &mut note);
    for name in a.environment.items.keys().chain(b.environment.items.keys()).collect::<BTreeSet<_>>() {
        if !begins_with_one_of(name.strip_prefix(PEER).unwrap_or(name), &NO_CONDITION) {
            note(weight(name), name, of_all(base, name), of_all(new, name));
        }
    }
    let unit = |baseline: &Baseline| {
        let records = baseline.processes.iter().flat_map(|process| &process.records);
        records.filter_map(|record| record.cost_unit).map(|unit| unit.name().to_string()).next()
    };
    if let (Some(a), Some(b)) = (unit(base), unit(new)) {
        note(Weight::Warning, "unit of the CPU cost", a, b);
    }
    found.sort_by_key(|difference| difference.weight);
    found
}

/// That one side's processors are emulated and the other's are not, so that a
/// difference of times would be one of the emulator; `None` where they are alike.
pub(super) fn one_emulated(base: &Baseline, new: &Baseline) -> Option<String> {
    let (emulated, real, by) = match (base.emulated(), new.emulated()) {
        (Some(by), None) => (base, new, by),
        (None, Some(by)) => (new, base, by),
        _ => return None,
    };
    Some(format!(
        "the processors of `{}` were emulated ({by}) and those of `{}` were not: a change of a time between them is \
         one of the emulator",
        emulated.name, real.name
    ))
}

/// What is to be known of two baselines whose packets were processed on other
/// CPUs: that moves modes against each other more than most kernels do.
pub(super) fn steered_apart(base: &Baseline, new: &Baseline) -> Option<String> {
    let kind = |baseline: &Baseline| {
        Some(of_all(baseline, STEERING)).filter(|kind| kind != "not recorded" && kind != "absent")
    };
    let (a, b) = (kind(base)?, kind(new)?);
    (a != b).then(|| {
        format!(
            "packets were processed under receive steering `{a}` in `{}` and `{b}` in `{}`: that alone moves one mode \
             against another by up to 1.8 times (docs/METHOD.md, \"Where packets are processed\")",
            base.name, new.name
        )
    })
}

const STEERING: &str = "receive_steering.kind";

/// Why a sysctl does not bear on either record: both profiles override it.
fn no_effect(records: [&Record; 2], name: &str, values: [&str; 2]) -> Option<String> {
    let setting = name.strip_prefix("sysctl.")?;
    // Of a recording in which it changed there are several.
    let values: Vec<&str> = values.iter().flat_map(|values| values.split(" / ")).collect();
    let [why, other] = records.map(|record| overridden(&record.profile, setting, &values));
    why.filter(|_| other.is_some())
}

fn weight(name: &str) -> Weight {
    // A condition at a peer weighs what it weighs here.
    let name = name.strip_prefix(PEER).unwrap_or(name);
    if PATHS.contains(&name) {
        Weight::Refusal
    } else if begins_with_one_of(name, &WARNED_OF) {
        Weight::Warning
    } else if begins_with_one_of(name, &SOUGHT) {
        Weight::Sought
    } else {
        Weight::Other
    }
}

/// A condition's values in all processes, each once: `a`, or `a / b` where it
/// changed during a recording.
fn of_all(baseline: &Baseline, name: &str) -> String {
    let processes = baseline.processes.iter().filter_map(|process| process.records.first());
    let words = processes.map(|record| match record.environment.items.get(name) {
        Some(Reading::Value(value)) => value.to_string(),
        Some(Reading::Absent(_)) => "absent".to_string(),
        None => only_path(name).unwrap_or("not recorded").to_string(),
    });
    words.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" / ")
}

fn only_path(name: &str) -> Option<&'static str> {
    ONLY_PATH.iter().find(|(path, _)| *path == name).map(|(_, only)| *only)
}

fn settings(a: &Record, b: &Record, note: &mut impl FnMut(Weight, &str, String, String)) {
    let (a, b) = (settings_of(a), settings_of(b));
    let of = |keys: &[(String, String)], name: &str| {
        keys.iter().find(|(key, _)| key == name).map_or("not set".to_string(), |(_, value)| value.clone())
    };
    for name in a.iter().chain(&b).map(|(name, _)| name).collect::<BTreeSet<_>>() {
        let weight = if DEFINITION.contains(&name.as_str()) { Weight::Refusal } else { Weight::Warning };
        if !begins_with_one_of(name, &NO_SETTING) {
            note(weight, name, of(&a, name), of(&b, name));
        }
    }
}

/// Every setting in force for a record, as `table.key` and its value as JSON.
pub(crate) fn settings_of(record: &Record) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    flatten("", &serde_json::to_value(&record.profile).unwrap_or(Value::Null), &mut keys);
    keys
}

/// Every key of nested objects, as `table.key`, and its value as JSON.
fn flatten(prefix: &str, value: &Value, keys: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&name, value, keys);
            }
        }
        other => keys.push((prefix.to_string(), other.to_string())),
    }
}

fn begins_with_one_of(name: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| name.starts_with(beginning))
}
