//! What a reader meets first and what is explained where it stands: the map in
//! a sentence, what each mode does, letters of doubts, what changed.

#[path = "support/made_up.rs"]
mod made_up;
#[path = "support/page.rs"]
mod page;

use copycost::cell::Target;
use copycost::compare::{Baseline, Quantity};
use copycost::copy_mode;
use copycost::metric::{Reading, Value};
use copycost::report::findings::FindingKind;
use copycost::report::{Report, markdown};
use copycost::results::record::Record;
use made_up::{Machine, reference};
use page::{all, as_xml, parse, text, with_id};

/// Two-copy is the best up to 4 KiB, one-copy from 16 KiB on.
fn crossing(lane: &str, bytes: usize, _: usize) -> f64 {
    let own = match lane {
        "one-copy" => 500.0 + 0.16 * bytes as f64,
        _ => 300.0 + 0.2 * bytes as f64,
    };
    reference(lane, bytes).unwrap_or(own)
}

#[test]
fn the_map_is_a_sentence_at_the_top() {
    let report = Machine { threads: vec![1, 2], ..Machine::taking(crossing) }.report();
    let best = report.best.iter().find(|best| best.quantity == Quantity::Throughput).unwrap();
    assert_eq!(best.text, "On 1 and 2 threads two-copy up to 4 KiB, one-copy from 16 KiB on.");
    assert!(markdown::render(&report).contains(&best.text));
    let xml = as_xml(&copycost::report::page::render(&report, &[]));
    let document = parse(&xml);
    assert!(text(with_id(&document, "answer")).contains(&best.text));
}

#[test]
fn the_path_is_in_the_first_line() {
    let first_lines = |machine: &Machine| {
        let report = machine.report();
        let xml = as_xml(&copycost::report::page::render(&report, &[]));
        let document = parse(&xml);
        let page =
            text(document.descendants().find(|node| node.attribute("class") == Some("measured")).unwrap());
        (markdown::render(&report).lines().nth(2).unwrap().to_string(), page)
    };
    let mut machine = Machine::taking(crossing);
    let (markdown, page) = first_lines(&machine);
    assert!(markdown.contains(": TCP over loopback, kernel"), "{markdown}");
    assert!(page.contains("TCP over loopback, Linux"), "{page}");
    for (name, value) in [("path.servers", "at a peer"), ("path.kind", "veth")] {
        machine.environment.items.insert(name.into(), Reading::Value(Value::Text(value.into())));
    }
    let (markdown, page) = first_lines(&machine);
    assert!(markdown.contains(": TCP over veth, servers at a peer, kernel"), "{markdown}");
    assert!(page.contains("TCP over veth, servers at a peer, Linux"), "{page}");
}

#[test]
fn latency_has_findings_too() {
    let report = Machine { target: Target::Latency, ..Machine::taking(crossing) }.report();
    let finding = report.findings.iter().find(|finding| finding.kind == FindingKind::Crossover).unwrap();
    assert!(
        finding.headline.starts_with("Latency (median round trip), one-copy and two-copy: "),
        "{finding:?}"
    );
    assert!(finding.headline.contains("one-copy answers sooner than two-copy from "), "{finding:?}");
}

#[test]
fn one_thread_count_has_no_section_and_no_finding_about_threads() {
    let report = Machine::taking(crossing).report();
    assert!(report.findings.iter().all(|finding| finding.kind != FindingKind::Threads));
    let xml = as_xml(&copycost::report::page::render(&report, &[]));
    let document = parse(&xml);
    let sections: Vec<&str> =
        all(document.root_element(), "section").filter_map(|node| node.attribute("id")).collect();
    assert!(
        sections.contains(&"throughput-size") && !sections.contains(&"throughput-threads"),
        "{sections:?}"
    );
}

#[test]
fn a_record_says_what_its_modes_do_and_the_page_says_no_more() {
    let mut baseline = Machine::taking(crossing).baseline("elsewhere");
    let record = &baseline.processes[0].records[0];
    for mode in ["two-copy", "one-copy"] {
        assert_eq!(record.modes[mode].summary, copy_mode::find(mode).unwrap().summary);
    }
    for record in &mut baseline.processes[0].records {
        record.modes.get_mut("two-copy").unwrap().summary = "sends it by pigeon".into();
        record.modes.remove("one-copy"); // as an earlier version wrote it
    }
    let written = serde_json::to_string(&baseline.processes[0].records[0]).unwrap();
    let read: Record = serde_json::from_str(&written).unwrap();
    assert_eq!(read.modes, baseline.processes[0].records[0].modes);
    let page = copycost::report::page::render(&Report::gather(&[baseline], Vec::new()), &[]);
    assert!(page.contains("sends it by pigeon"));
    assert!(!page.contains(copy_mode::find("one-copy").unwrap().summary));
    assert!(page.contains("docs/METHOD.md has it in full; &quot;Words&quot;"), "where words are explained");
}

#[test]
fn a_record_without_modes_can_be_read() {
    let record = Machine::taking(crossing).baseline("old").processes.remove(0).records.remove(0);
    let mut value = serde_json::to_value(&record).unwrap();
    value.as_object_mut().unwrap().remove("modes");
    let read: Record = serde_json::from_value(value).unwrap();
    assert!(read.modes.is_empty());
}

#[test]
fn letters_are_explained_where_they_stand() {
    let rows = Machine { threads: vec![1, 8], cpus: 2, ..Machine::taking(crossing) };
    let report = rows.report();
    let markdown = markdown::render(&report);
    for part in ["## Findings", "## Which mode where", "## Figures"] {
        let (_, from) = markdown.split_once(part).unwrap();
        let section = from.split("\n## ").next().unwrap();
        assert!(section.contains("Doubts: o oversubscribed"), "{section}");
    }
    let xml = as_xml(&copycost::report::page::render(&report, &[]));
    let document = parse(&xml);
    let captions: Vec<String> =
        all(with_id(&document, "throughput-over-size"), "caption").map(text).collect();
    assert!(captions.iter().all(|caption| caption.contains("doubts: o oversubscribed")), "{captions:?}");
}

#[test]
fn what_changed_is_named() {
    let rows = Machine::taking(crossing);
    let with_kernel = |name: &str, release: &str| {
        let mut baseline: Baseline = rows.baseline(name);
        for record in &mut baseline.processes[0].records {
            let release = Reading::Value(Value::Text(release.into()));
            record.environment.items.insert("kernel_release".into(), release);
        }
        baseline
    };
    let report = Report::gather(&[with_kernel("a", "6.1"), with_kernel("b", "6.18")], Vec::new());
    let finding = report.findings.iter().find(|finding| finding.kind == FindingKind::Comparison).unwrap();
    assert!(finding.details[0].contains("kernel_release: 6.1 → 6.18"), "{finding:?}");
}
