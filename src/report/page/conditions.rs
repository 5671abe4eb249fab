//! Under which conditions it was measured, how, and how to do it again. It owns
//! the frame, and the method in short; docs/METHOD.md has it in full.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::Beside;
use super::names;
use super::table;
use crate::report::Report;
use crate::report::baseline::BaselineFacts;
use crate::report::words;

pub(super) fn draw(report: &Report, beside: &[Beside]) -> Markup {
    html! {
        h3 { "Commands that repeat it" }
        @for facts in &report.baselines {
            @if report.baselines.len() > 1 { p { span.baseline { (facts.name) } } }
            pre tabindex="0" { code { (facts.commands.join("\n")) } }
        }
        p { "This page again:" }
        pre tabindex="0" { code { (report.command) } }
        h3 { "The method in short" }
        (method(report))
        h3 { "Files" }
        ul {
            @for file in beside { li { a href=(file.path) { (file.label) } } }
        }
        (criterion_pages(report))
        h3 { "Environment" }
        @for facts in &report.baselines { (environment(facts)) }
        h3 { "Settings" }
        @for facts in &report.baselines { (settings(facts)) }
    }
}

fn method(report: &Report) -> Markup {
    html! {
        ul {
            @for (mode, summary) in &report.summaries { li { (mode) ": " (summary) "." } }
            li { "Copies are counted on the transmit side." }
            li { "A block is one round of each mode, one after the other in random order, within milliseconds. \
                  A ratio is the median over the blocks; what drifts between blocks cancels in it." }
            li { "A round runs until every byte has been read and every buffer is back. Nothing is connected, \
                  started or allocated inside it." }
            li { "Each cell has several generations of connections and threads. Intervals (95 %) rest on what \
                  changes between them, or between processes where there are several." }
            li { "Each block measures the cell's own mode twice: the interval of that ratio must hold 1, or the cell is doubtful." }
            li { "Throughput, latency and CPU cost are three measurements; none is derived from another." }
            li { "docs/METHOD.md has it in full; \"Words\" in it explains self, reference, generation and the rest." }
        }
    }
}

fn criterion_pages(report: &Report) -> Markup {
    if report.links.is_empty() {
        return html! { p { "Criterion has drawn no pages of these cells." } };
    }
    let mut groups: BTreeMap<String, Vec<&crate::report::CriterionPage>> = BTreeMap::new();
    for link in &report.links {
        let group = format!("{}, {}", names::target(link.cell.target), words::threads(link.cell.threads));
        groups.entry(group).or_default().push(link);
    }
    html! {
        details {
            summary { "Criterion's own page of each cell, of the last run" }
            dl {
                @for (group, links) in &groups {
                    dt { (group) }
                    dd { ul.inline { @for link in links {
                        li { a href=(link.path) { (link.cell.mode) " " (words::size(link.cell.message_bytes)) } }
                    } } }
                }
            }
        }
    }
}

fn environment(facts: &BaselineFacts) -> Markup {
    let lines: Vec<Vec<Markup>> = facts
        .conditions
        .iter()
        .map(|condition| {
            let value = match (&condition.value, &condition.absent) {
                (Some(value), None) => value.clone(),
                (Some(value), Some(why)) => format!("{value}; absent in part: {why}"),
                (None, Some(why)) => format!("absent: {why}"),
                (None, None) => "absent".into(),
            };
            vec![table::text(&condition.name), table::text(value)]
        })
        .collect();
    let header = ["condition", "value"].map(String::from);
    let caption = format!("Environment of {}", facts.name);
    html! {
        @for note in &facts.notes { p { span.baseline { (facts.name) } " " (note) } }
        (table::behind(&caption, &caption, &header, &lines, 1))
    }
}

fn settings(facts: &BaselineFacts) -> Markup {
    let lines: Vec<Vec<Markup>> =
        facts.settings.iter().map(|(key, value)| vec![table::text(key), table::text(value)]).collect();
    let header = ["setting", "value"].map(String::from);
    let caption = format!("Settings of {}, profile {}", facts.name, facts.profile);
    table::behind(&caption, &caption, &header, &lines, 1)
}
