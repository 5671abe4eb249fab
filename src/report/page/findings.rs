//! The findings: each a sentence with what it rests on. It owns their order and
//! frame; the sentences are the report's.

use maud::{Markup, html};

use super::names;
use super::table;
use crate::report::Report;
use crate::report::findings::{Finding, FindingKind};
use crate::report::words;

/// How many of a kind are shown at once: what three modes give. Eight modes are 28 pairs.
const SHOWN: usize = 9;

pub(super) fn draw(report: &Report) -> Markup {
    html! {
        @if report.findings.is_empty() { p { "The records allow none." } }
        @for kind in FindingKind::ALL {
            @let of_kind: Vec<&Finding> =
                report.findings.iter().filter(|finding| finding.kind == kind).collect();
            @if !of_kind.is_empty() {
                h3 { (kind.title()) }
                @let (shown, more) = of_kind.split_at(of_kind.len().min(SHOWN));
                (list(report, shown))
                @if !more.is_empty() {
                    details { summary { (more.len()) " more" } (list(report, more)) }
                }
            }
        }
    }
}

fn list(report: &Report, findings: &[&Finding]) -> Markup {
    html! { ul.findings { @for finding in findings { li { (draw_one(report, finding)) } } } }
}

fn draw_one(report: &Report, finding: &Finding) -> Markup {
    html! {
        p.headline {
            @if report.baselines.len() > 1 { span.baseline { (finding.baseline) } " " }
            (headline(&finding.headline))
            @if !finding.doubts.is_empty() { span.doubts { " Doubts: " (names::doubts(&finding.doubts)) "." } }
        }
        @for detail in &finding.details { p { (names::prose(detail)) } }
        @if !finding.figures.is_empty() || !finding.cells.is_empty() {
            details {
                summary { "What it rests on: " (words::count(finding.figures.len(), "figure")) ", "
                    (words::count(finding.cells.len(), "cell")) }
                (figures(finding))
                @if !finding.cells.is_empty() {
                    p.cells { "Cells: " (finding.cells.iter().map(names::cell).collect::<Vec<_>>().join("; ")) "." }
                }
            }
        }
    }
}

/// What it is about, as far as a colon ends that, set off from the answer.
fn headline(sentence: &str) -> Markup {
    let (about, answer) = sentence.split_at(sentence.find(": ").map_or(0, |colon| colon + 1));
    html! { @if !about.is_empty() { strong { (about) } } (names::prose(answer)) }
}

fn figures(finding: &Finding) -> Markup {
    if finding.figures.is_empty() {
        return Markup::default();
    }
    let lines: Vec<Vec<Markup>> = finding
        .figures
        .iter()
        .map(|figure| {
            let derived = figure.derived.as_deref().unwrap_or("as measured");
            vec![
                table::text(&figure.label),
                table::text(names::figure_in_full(&figure.reading, &figure.unit)),
                table::text(derived),
            ]
        })
        .collect();
    let header = ["what", "figure", "how"].map(String::from);
    let caption = format!("Figures behind, {}: {}", finding.baseline, finding.headline);
    table::draw(&caption, &header, &lines, 1)
}
