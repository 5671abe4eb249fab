//! The page of more than two baselines: what differs first, a line a side, and no
//! more sides than a page holds.

#[path = "support/made_up.rs"]
mod made_up;
#[path = "support/page.rs"]
mod page;

use std::collections::BTreeSet;
use std::process::Command;

use copycost::compare::Baseline;
use copycost::metric::{Reading, Value};
use page::{all, as_xml, baseline, page, parse, points, text, with_id};
use roxmltree::Document;

/// A side of a kernel of its own.
fn side(number: u64) -> Baseline {
    let mut side = baseline(&format!("kernels-{number}"), number);
    for record in side.processes.iter_mut().flat_map(|process| &mut process.records) {
        let mut say = |name: &str, word: String| {
            record.environment.items.insert(name.into(), Reading::Value(Value::Text(word)));
        };
        say("kernel_release", format!("6.{number}-amd64"));
        for setting in ["core.optmem_max", "core.dev_weight", "ipv4.tcp_ecn", "ipv4.tcp_sack"] {
            say(&format!("sysctl.net.{setting}"), number.to_string());
        }
    }
    side
}

fn sides(count: u64) -> Vec<Baseline> {
    (1..=count).map(side).collect()
}

#[test]
fn four_sides_have_a_line_each_and_what_differs_comes_first() {
    let xml = as_xml(&page(&sides(4)));
    let document = parse(&xml);
    let header = text(all(document.root_element(), "header").next().unwrap());
    for line in [
        "kernels-2 against kernels-1: kernel_release: 6.1-amd64 → 6.2-amd64",
        "kernels-3 against kernels-1: kernel_release: 6.1-amd64 → 6.3-amd64",
        "and 2 more conditions",
    ] {
        assert!(header.contains(line), "{line:?} is not in {header}");
    }
    has_lines(&document, "throughput-ratio", &["kernels-1", "kernels-2", "kernels-3", "kernels-4"].repeat(2));
    has_lines(&document, "compare-throughput-absolute", &["kernels-2", "kernels-3", "kernels-4"].repeat(3));
    let ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "no id stands twice");
}

/// A chart with a legend and panels for each of its modes, in which lines look unlike.
#[track_caller]
fn has_lines(document: &Document<'_>, id: &str, lines: &[&str]) {
    let chart = with_id(document, id);
    let legends: Vec<_> = all(chart, "ul").filter(|list| list.attribute("class") == Some("legend")).collect();
    assert_eq!(legends.len(), all(chart, "h4").count(), "{id}: a legend a mode");
    let mut named = Vec::new();
    for legend in legends {
        named.extend(all(legend, "li").map(|line| text(line).trim().to_string()));
        let looks: BTreeSet<&str> = all(legend, "g").filter_map(|line| line.attribute("class")).collect();
        assert_eq!(looks.len(), all(legend, "li").count(), "{id}: {looks:?} look alike");
    }
    assert_eq!(named, lines, "{id}");
    assert_eq!(points(chart).len(), 16 * lines.len(), "{id}: a point a size and thread count");
}

/// More lines than can be followed have panels for each mode in every chart.
#[test]
fn eight_sides_have_a_line_each_in_every_chart() {
    let xml = as_xml(&page(&sides(8)));
    let document = parse(&xml);
    let names: Vec<String> = (1..=8).map(|number| format!("kernels-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    has_lines(&document, "latency-over-size", &names.repeat(3));
    has_lines(&document, "throughput-over-size", &[&names[..], &["memcpy, kernels-1"]].concat().repeat(3));
}

/// Two are overlaid with all modes in a chart, as ever.
#[test]
fn two_sides_share_their_charts() {
    let xml = as_xml(&page(&sides(2)));
    let document = parse(&xml);
    let legend: Vec<String> =
        all(with_id(&document, "throughput-ratio"), "li").map(|line| text(line).trim().to_string()).collect();
    assert_eq!(
        legend,
        ["one-copy, kernels-1", "one-copy, kernels-2", "zero-copy, kernels-1", "zero-copy, kernels-2"]
    );
}

#[test]
fn more_than_eight_sides_are_refused_before_any_is_read() {
    let home = tempfile::tempdir().unwrap();
    let run = |count: usize| {
        let names = (1..=count).flat_map(|number| ["--baseline".to_string(), format!("side-{number}")]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_copycost"));
        command.arg("report").args(names).env("CRITERION_HOME", home.path()).output().unwrap()
    };
    let nine = run(9);
    assert_eq!(nine.status.code(), Some(2));
    let said = String::from_utf8(nine.stderr).unwrap();
    assert!(said.contains("9 baselines") && said.contains("up to 8"), "{said}");
    let eight = String::from_utf8(run(8).stderr).unwrap();
    assert!(eight.contains("side-1") && !eight.contains("up to 8"), "{eight}");
}
