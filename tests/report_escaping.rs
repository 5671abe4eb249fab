//! Whatever a record, an environment, a profile or a baseline's name holds: on
//! the page it is text.

#[path = "support/made_up.rs"]
mod made_up;
#[path = "support/page.rs"]
mod page;

use std::collections::HashMap;

use copycost::compare::Baseline;
use copycost::report::page::{Beside, render};
use copycost::report::{CriterionPage, Report};
use copycost::results::record::Record;
use page::{as_xml, baseline, parse};
use serde_json::Value;

/// Begins a script, ends an attribute of either quote. Without a slash, of which
/// a profile's name keeps only what is after the last.
const EVIL: &str = "<script>&\"'`";

const ESCAPED: &str = "&lt;script&gt;&amp;&quot;'";

/// Adds [`EVIL`] to every string and key of a record with which it is still
/// a record: what is not is a name that the program itself knows.
struct Spoiler {
    record: Value,
    /// By path, list indices apart: whether it may be anything.
    is_free: HashMap<String, bool>,
    spoilt: usize,
}

impl Spoiler {
    fn spoil(record: &Record) -> (Record, usize) {
        let record = serde_json::to_value(record).unwrap();
        let mut spoiler = Spoiler { record: record.clone(), is_free: HashMap::new(), spoilt: 0 };
        let spoilt = spoiler.walk(&record, "");
        (serde_json::from_value(spoilt).unwrap(), spoiler.spoilt)
    }

    fn walk(&mut self, value: &Value, path: &str) -> Value {
        match value {
            // The histogram would be none, and these lanes no references.
            Value::String(word) if ["self", "memcpy", "system-call"].contains(&word.as_str()) => {
                value.clone()
            }
            Value::String(_) if path.contains("round_trip_histogram") => value.clone(),
            Value::String(word) if self.may_be_anything(path) => {
                self.spoilt += 1;
                Value::String(format!("{word}{EVIL}"))
            }
            Value::Array(values) => {
                values.iter().map(|value| self.walk(value, &format!("{path}/*"))).collect()
            }
            Value::Object(fields) => {
                let is_named_by_modes = path.ends_with("ratios");
                let is_environment = path.ends_with("environment");
                let walked = fields.iter().map(|(key, value)| {
                    let walked = self.walk(value, &format!("{path}/{key}"));
                    let is_mode = is_named_by_modes && key.ends_with("-copy");
                    let is_condition = is_environment && key == "date_utc";
                    let key = if is_mode || is_condition { format!("{key}{EVIL}") } else { key.clone() };
                    (key, walked)
                });
                Value::Object(walked.collect())
            }
            other => other.clone(),
        }
    }

    fn may_be_anything(&mut self, path: &str) -> bool {
        if let Some(known) = self.is_free.get(path) {
            return *known;
        }
        let mut tried = self.record.clone();
        let pointer = path.replace('*', "0");
        let found = tried.pointer_mut(&pointer).is_some_and(|leaf| {
            *leaf = Value::String(format!("any{EVIL}"));
            true
        });
        let is_free = !found || serde_json::from_value::<Record>(tried).is_ok();
        self.is_free.insert(path.to_string(), is_free);
        is_free
    }
}

fn spoilt(name: &str, seed: u64) -> Baseline {
    let mut records = baseline(name, seed).processes.remove(0).records;
    records.retain(|record| record.cell.threads <= 2 && record.cell.message_bytes <= 4096);
    let mut count = 0;
    for record in &mut records {
        let (spoilt, strings) = Spoiler::spoil(record);
        *record = spoilt;
        count += strings;
    }
    assert!(count > 50 * records.len(), "{count} strings spoilt in {} records", records.len());
    let mut baseline = Baseline::of_processes(&format!("{name}{EVIL}"), vec![records]);
    baseline.notes.push(format!("note{EVIL}"));
    baseline
}

#[test]
fn no_string_of_a_record_becomes_markup() {
    let baselines = [spoilt("first", 1), spoilt("second", 2)];
    let cell = baselines[0].processes[0].records[0].cell.clone();
    let links = vec![CriterionPage { cell, path: format!("../link{EVIL}") }];
    let beside = Beside { label: format!("file{EVIL}"), path: format!("path{EVIL}") };
    let page = render(&Report::gather(&baselines, links), &[beside]);
    assert_eq!(page.matches("<script").count(), 1, "the page's own");
    assert_eq!(page.matches("</script").count(), 1, "the page's own");
    for (what, before) in [
        ("a mode", "two-copy"),
        ("a baseline", "second"),
        ("a kernel", "6.1"),
        ("a condition", "date_utc"),
        ("a profile", "default"),
        ("a reason", "no such counter here"),
        ("a note", "note"),
        ("a link", "../link"),
        ("a file", "file"),
        ("a file's place", "path"),
    ] {
        assert!(page.contains(&format!("{before}{ESCAPED}")), "{what} is not on the page, or not as text");
    }
    // Strictly parsed: every attribute ends where it should.
    let xml = as_xml(&page);
    let document = parse(&xml);
    let known =
        ["href", "id", "class", "title", "aria-label", "aria-labelledby", "role", "tabindex", "value"];
    let attributes = document.descendants().flat_map(|node| node.attributes());
    let with_evil: Vec<&str> =
        attributes.filter(|it| it.value().contains("<script>")).map(|attribute| attribute.name()).collect();
    assert!(with_evil.contains(&"href") && with_evil.contains(&"aria-label"), "{with_evil:?}");
    assert!(with_evil.iter().all(|name| known.contains(name)), "{with_evil:?}");
}
