//! The findings: each a sentence with what it rests on. It owns their order and
//! frame; the sentences are the report's.

use maud::{Markup, html};

use super::names;
use super::table;
use crate::report::Report;
use crate::report::findings::{Finding, FindingKind};
use crate::report::words;

pub(super) fn draw(report: &Report) -> Markup {
    let kinds = [
        FindingKind::ZeroCopy,
        FindingKind::Crossover,
        FindingKind::Threads,
        FindingKind::SmallMessages,
        FindingKind::Comparison,
    ];
    html! {
        @if report.findings.is_empty() { p { "The records allow none." } }
        @for kind in kinds {
            @let of_kind: Vec<&Finding> =
                report.findings.iter().filter(|finding| finding.kind == kind).collect();
            @if !of_kind.is_empty() {
                h3 { (title(kind)) }
                ul.findings { @for finding in of_kind { li { (draw_one(report, finding)) } } }
            }
        }
    }
}

fn title(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::ZeroCopy => "Was zero-copy real?",
        FindingKind::Crossover => "From which size on does a mode pay?",
        FindingKind::Threads => "What do further threads do?",
        FindingKind::SmallMessages => "What does a small message pay for?",
        FindingKind::Comparison => "What changed?",
    }
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
    table::draw(&format!("Figures behind: {}", finding.headline), &header, &lines, 1)
}
