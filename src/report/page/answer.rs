//! The answer before everything else: whether zero-copy was real, and a map of
//! the best mode by size and thread count. It owns how the map reads; who is
//! the best is `report/map.rs`'s.

use maud::{Markup, html};

use super::names;
use super::sheet::Sheet;
use crate::compare::Quantity;
use crate::compare::rows::RowKey;
use crate::doubt::DoubtKinds;
use crate::report::baseline::BaselineFacts;
use crate::report::findings::FindingKind;
use crate::report::map::{Answer, MapCell};
use crate::report::words;

pub(super) fn draw(sheet: &Sheet<'_>) -> Markup {
    let report = sheet.report;
    let zero_copy: Vec<_> =
        report.findings.iter().filter(|finding| finding.kind == FindingKind::ZeroCopy).collect();
    html! {
        div.answer {
            @for finding in &zero_copy {
                p { strong { (FindingKind::ZeroCopy.title()) " " }
                    @if sheet.is_overlay() { span.baseline { (finding.baseline) } " " }
                    (finding.headline) " " a href="#findings" { "What that means" } }
            }
            @if zero_copy.is_empty() {
                p { strong { (FindingKind::ZeroCopy.title()) " " } "Not measured: no cell handed anything over by reference." }
            }
            @for best in &report.best {
                p {
                    strong { "Which mode for " (what(best.quantity)) "? " }
                    @if sheet.is_overlay() { span.baseline { (best.baseline) } " " }
                    (best.text)
                }
            }
            p { strong { "In full: " } "Find your message size and thread count in the map. The number is how \
                much better the best mode is than the second, with its 95\u{a0}% interval; \
                “no difference” means that the interval holds 1." }
            dl.modes {
                @for mode in &report.modes {
                    @if let Some(summary) = report.summaries.get(mode) { div { dt { (mode) } dd { (summary) } } }
                }
            }
        }
        @for (number, facts) in report.baselines.iter().enumerate() {
            @if number == 0 {
                (maps(sheet, facts))
            } @else {
                details { summary { "The maps of " (facts.name) } (maps(sheet, facts)) }
            }
        }
    }
}

fn maps(sheet: &Sheet<'_>, facts: &BaselineFacts) -> Markup {
    html! {
        @for quantity in Quantity::MAIN {
            @let cells = sheet.report.map_of(&facts.name, quantity);
            @if !cells.is_empty() {
                h3 {
                    "Best mode for " (what(quantity))
                    @if sheet.is_overlay() { ": " span.baseline { (facts.name) } }
                }
                (map(sheet, facts, quantity, &cells))
            }
        }
    }
}

fn what(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Throughput => "throughput",
        Quantity::LatencyMedian => "latency (median round trip)",
        Quantity::LatencyP99 => "latency (99th percentile)",
        Quantity::CpuCost => "CPU cost",
    }
}

/// What the number in a cell is.
fn meaning(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Throughput => "×: bytes a second of the best over those of the second.",
        Quantity::LatencyMedian | Quantity::LatencyP99 => {
            "×: round trip of the second over that of the best."
        }
        Quantity::CpuCost => "×: CPU cost of the second over that of the best.",
    }
}

fn map(sheet: &Sheet<'_>, facts: &BaselineFacts, quantity: Quantity, cells: &[&MapCell]) -> Markup {
    let report = sheet.report;
    let at = |row: RowKey| cells.iter().find(|cell| (cell.threads, cell.message_bytes) == row);
    let name = format!("Best mode for {}, {}", what(quantity), facts.name);
    html! {
        div.scroll tabindex="0" role="region" aria-label=(name) {
            table.map {
                caption { (meaning(quantity)) }
                thead { tr {
                    th scope="col" { "size" }
                    @for threads in &report.threads { th scope="col" { (words::threads(*threads)) } }
                } }
                tbody {
                    @for bytes in &report.sizes {
                        tr {
                            th scope="row" { (words::size(*bytes)) }
                            @for threads in &report.threads {
                                @match at((*threads, *bytes)) {
                                    Some(cell) => (draw_cell(sheet, cell)),
                                    None => td { "not measured" },
                                }
                            }
                        }
                    }
                }
            }
        }
        (names::legend(&DoubtKinds::of_all(cells.iter().map(|cell| &cell.doubts))))
    }
}

fn draw_cell(sheet: &Sheet<'_>, cell: &MapCell) -> Markup {
    html! {
        td title=(cell.answer.text()) {
            @match &cell.answer {
                Answer::Best { mode, second, advantage, .. } => {
                    (swatch(sheet, mode)) strong { (mode) }
                    span.how { (words::times(advantage)) }
                    span.how { "over " (second) }
                },
                Answer::NoDifference { modes, .. } => {
                    span.even { "no difference" }
                    span.how { (modes.join(", ")) }
                },
                Answer::OnlyOne { mode, .. } => {
                    (swatch(sheet, mode)) (mode)
                    span.how { "only one measured" }
                },
                Answer::CannotTell { text } => { "cannot tell" span.how { (text) } },
            }
            @if !cell.doubts.is_empty() {
                span.how {
                    "doubts " abbr title=(names::doubts(&cell.doubts)) { (names::letters(&cell.doubts)) }
                }
            }
        }
    }
}

fn swatch(sheet: &Sheet<'_>, mode: &str) -> Markup {
    let place = sheet.report.modes.iter().position(|known| known == mode);
    html! { @if let Some(place) = place { (sheet.style(place, 0).point()) " " } }
}
