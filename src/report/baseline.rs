//! What a baseline was measured under: its processes, conditions and settings,
//! and how to measure it again. It owns how that is put together from several
//! processes; what is doubtful or missing in it is `limits`'s.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::cells::records;
use crate::cell::Target;
use crate::compare::{Baseline, comparability};
use crate::metric::Reading;
use crate::results::record::Record;
use crate::results::recording::Side;

/// One baseline of the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaselineFacts {
    /// Its name; `new` is the last run.
    pub name: String,
    /// The kernel that it was taken under, if that is known.
    pub kernel_release: Option<String>,
    /// The most processes that measured a cell.
    pub processes: usize,
    /// The bench targets that it holds, with how many cells of each.
    pub targets: Vec<(Target, usize)>,
    /// The profile's name.
    pub profile: String,
    /// What `client_cost_per_byte` and the like are in: `cycles` or `ns CPU`.
    pub counted_in: Vec<String>,
    /// What to know of how it was read.
    pub notes: Vec<String>,
    /// The environment in full.
    pub conditions: Vec<Condition>,
    /// Every setting in force, as `table.key` and its value.
    pub settings: Vec<(String, String)>,
    /// The commands that measure it again.
    pub commands: Vec<String>,
}

/// One condition: docs/RECORD.md, "Environment", has the names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Its name.
    pub name: String,
    /// What it was; several values if it changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// Why it is not known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub absent: Option<String>,
}

impl BaselineFacts {
    pub(super) fn condition(&self, name: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.name == name)
    }

    /// What lies between the two ends, for the first line: `loopback`, or `veth, servers
    /// at a peer`.
    pub(super) fn path(&self) -> String {
        let value = |name: &str| self.condition(name).and_then(|condition| condition.value.clone());
        let kind = value("path.kind");
        match value("path.servers").is_some_and(|servers| servers.contains("peer")) {
            true => format!("{}, servers at a peer", kind.as_deref().unwrap_or("a path of unknown kind")),
            // Records that do not say have no other.
            false => "loopback".into(),
        }
    }
}

/// What is known of one baseline as a whole.
pub(super) fn gather(baseline: &Baseline) -> BaselineFacts {
    let summary = baseline.summary();
    let mut cells: BTreeMap<Target, BTreeSet<String>> = BTreeMap::new();
    for record in records(baseline) {
        cells.entry(record.cell.target).or_default().insert(record.cell.to_string());
    }
    let mut notes = summary.notes;
    notes.extend(several_runs(baseline));
    let first = baseline.first();
    BaselineFacts {
        name: baseline.name.clone(),
        kernel_release: summary.kernel_release,
        processes: summary.processes,
        targets: cells.into_iter().map(|(target, cells)| (target, cells.len())).collect(),
        profile: first.map_or(String::new(), |record| record.profile.file_name().to_string()),
        counted_in: each_once(records(baseline).map(|record| record.counted_in.name().to_string())),
        notes,
        conditions: conditions(baseline),
        settings: first.map_or(Vec::new(), settings),
        commands: commands(baseline),
    }
}

/// A filtered run replaces some of Criterion's cells and leaves the others.
fn several_runs(baseline: &Baseline) -> Option<String> {
    let alone = baseline.processes.iter().find(|process| process.number == 0)?;
    let of_target = |target: Target| {
        let begun = alone.records.iter().filter(|record| record.cell.target == target);
        each_once(begun.filter_map(|record| record.environment.text("date_utc").map(str::to_string))).len()
    };
    let mixed: Vec<&str> =
        Target::ALL.into_iter().filter(|target| of_target(*target) > 1).map(Target::name).collect();
    (!mixed.is_empty()).then(|| {
        format!(
            "cells of {} were measured by several runs of `cargo bench`, one after the other; their figures are \
             of different moments and processes",
            super::words::list(&mixed)
        )
    })
}

/// More values of one condition than this say no more than the first and last.
const MOST_VALUES: usize = 4;

/// Every condition, with each value that it had.
fn conditions(baseline: &Baseline) -> Vec<Condition> {
    let mut values: BTreeMap<&str, (Vec<String>, Option<&str>)> = BTreeMap::new();
    for (name, reading) in records(baseline).flat_map(|record| &record.environment.items) {
        let (found, absent) = values.entry(name).or_default();
        match reading {
            Reading::Value(value) if !found.contains(&value.to_string()) => found.push(value.to_string()),
            Reading::Value(_) => {}
            Reading::Absent(why) => *absent = Some(why),
        }
    }
    for (found, _) in values.values_mut() {
        // Numbers by size, so that the first and the last are the ends; words
        // that are none come after all of them.
        let number = |word: &String| word.parse::<f64>().unwrap_or(f64::INFINITY);
        found.sort_by(|a, b| number(a).total_cmp(&number(b)).then_with(|| a.cmp(b)));
    }
    let condition = |(name, (found, absent)): (&str, (Vec<String>, Option<&str>))| Condition {
        name: name.to_string(),
        value: match found.as_slice() {
            [] => None,
            [first, .., last] if found.len() > MOST_VALUES => {
                Some(format!("{first} … {last} ({} values)", found.len()))
            }
            few => Some(few.join(" / ")),
        },
        absent: absent.map(str::to_string),
    };
    values.into_iter().map(condition).collect()
}

/// The commands that measure the baseline again.
fn commands(baseline: &Baseline) -> Vec<String> {
    let Some(first) = baseline.first() else { return Vec::new() };
    let Some(manifest) = &baseline.manifest else {
        let mut run = format!("COPYCOST_PROFILE={} cargo bench", shell_word(first.profile.file_name()));
        if baseline.name != "new" {
            run += &format!(" -- --save-baseline {}", shell_word(&baseline.name));
        }
        return vec![run];
    };
    let suffix = match manifest.pair.as_ref().map(|pair| pair.side) {
        Some(Side::A) => "-a",
        Some(Side::B) => "-b",
        None => "",
    };
    let pair = if suffix.is_empty() { "" } else { " --interleave" };
    // One that was imported may have another name.
    let name = baseline.name.strip_suffix(suffix).unwrap_or(&baseline.name);
    let mut record = format!(
        "copycost record --name {} --rounds {} --profile {}{pair}",
        shell_word(name),
        manifest.rounds,
        shell_word(manifest.profile.file_name())
    );
    if manifest.targets.len() < Target::ALL.len() {
        for target in &manifest.targets {
            record += &format!(" --target {}", target.name());
        }
    }
    if let Some(filter) = &manifest.filter {
        record += &format!(" --filter {}", shell_word(filter));
    }
    if let Some((side, before)) =
        manifest.pair.as_ref().and_then(|pair| Some((pair.side, pair.before.as_ref()?)))
    {
        let letter = if side == Side::A { "a" } else { "b" };
        record += &format!(" --before-{letter} {}", shell_word(before));
    }
    vec![record]
}

fn settings(record: &Record) -> Vec<(String, String)> {
    let mut settings = comparability::settings_of(record);
    for (_, value) in settings.iter_mut().filter(|(key, _)| key == "name") {
        *value = record.profile.file_name().to_string();
    }
    settings
}

/// A word as a shell takes it for one.
pub(super) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+:@%,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

fn each_once(values: impl Iterator<Item = String>) -> Vec<String> {
    values.collect::<BTreeSet<_>>().into_iter().collect()
}
