//! A whole made-up matrix as a page, and the page as a tree that tests can ask.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use copycost::cell::Target;
use copycost::compare::Baseline;
use copycost::report::page::{Beside, render};
use copycost::report::{CriterionPage, Report};
use roxmltree::{Document, Node};

use crate::made_up::{Machine, reference};

/// Two-copy is the best of small messages, one-copy of large ones.
fn time(lane: &str, bytes: usize, threads: usize) -> f64 {
    let own = match lane {
        "one-copy" => 500.0 + 0.16 * bytes as f64,
        "zero-copy" => 3000.0 + 0.15 * bytes as f64,
        _ => 300.0 + 0.2 * bytes as f64,
    };
    reference(lane, bytes).unwrap_or(own / (threads as f64).sqrt())
}

/// All three targets, three modes, four sizes, four thread counts.
pub fn baseline(name: &str, seed: u64) -> Baseline {
    let of_target = |target| {
        let rows = Machine {
            target,
            modes: vec!["two-copy", "one-copy", "zero-copy"],
            threads: vec![1, 2, 4, 8],
            seed,
            ..Machine::taking(time)
        };
        rows.baseline(name).processes.remove(0).records
    };
    let records = [Target::Throughput, Target::Latency, Target::CpuCost].map(of_target).concat();
    Baseline::of_processes(name, vec![records])
}

pub fn report(baselines: &[Baseline]) -> Report {
    let cell = baselines[0].processes[0].records[0].cell.clone();
    let path = "../throughput_1-thread/two-copy/1024/report/index.html".to_string();
    Report::gather(baselines, vec![CriterionPage { cell, path }])
}

pub fn page(baselines: &[Baseline]) -> String {
    let beside = Beside { label: "Every figure, CSV".into(), path: "copycost.csv".into() };
    render(&report(baselines), &[beside])
}

/// The page as XML: its HTML but for the doctype, elements that have no end,
/// attributes that have no value, and what is no markup.
pub fn as_xml(page: &str) -> String {
    let page = page.strip_prefix("<!DOCTYPE html>").unwrap();
    let page = without_content(&without_content(page, "style"), "script").replace(" hidden", " hidden=\"\"");
    let mut xml = String::new();
    for (number, piece) in page.split('<').enumerate() {
        if number > 0 {
            xml.push('<');
        }
        let name = piece.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
        match (["meta", "link", "br"].contains(&name), piece.split_once('>')) {
            (true, Some((tag, rest))) => xml += &format!("{tag}/>{rest}"),
            _ => xml += piece,
        }
    }
    xml
}

fn without_content(page: &str, name: &str) -> String {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let (before, rest) = page.split_once(&start).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{start}{end}{after}")
}

pub fn parse(xml: &str) -> Document<'_> {
    Document::parse(xml).unwrap_or_else(|error| panic!("{error}"))
}

/// Everything in `node` that is called `name`.
pub fn all<'a, 'i>(node: Node<'a, 'i>, name: &'a str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.descendants().filter(move |node| node.has_tag_name(name))
}

pub fn with_id<'a, 'i>(document: &'a Document<'i>, id: &str) -> Node<'a, 'i> {
    let found = document.descendants().find(|node| node.attribute("id") == Some(id));
    found.unwrap_or_else(|| panic!("no element has the id {id}"))
}

pub fn text(node: Node<'_, '_>) -> String {
    node.descendants().filter(|node| node.is_text()).filter_map(|node| node.text()).collect()
}

pub fn points<'a, 'i>(node: Node<'a, 'i>) -> Vec<Node<'a, 'i>> {
    node.descendants().filter(|node| node.attribute("class") == Some("p") && node.has_tag_name("g")).collect()
}
