//! What changed from the first baseline to the others: what differs in their
//! conditions, the verdicts of `copycost compare`, and their ratios as charts.
//! It owns the frame; the verdicts and their words are `compare`'s.

use maud::{Markup, html};

use super::chart::Chart;
use super::names;
use super::over::Over;
use super::sheet::{self, Datum, Lane, Row, Sheet};
use crate::compare::comparability::{Difference, Weight};
use crate::compare::table::{NOTHING_DIFFERS, absolute, answer, references, tallies};
use crate::compare::{CellComparison, Comparison, Judged, Quantity};
use crate::report::Compared;
use crate::report::estimate::Reading;
use crate::report::plot::Scale;
use crate::report::words;

pub(super) fn draw(sheet: &Sheet<'_>) -> Markup {
    let comparisons: Vec<&Comparison> = sheet.report.comparisons.iter().filter_map(compared).collect();
    html! {
        @for compared in &sheet.report.comparisons { (conditions(compared)) }
        @for quantity in Quantity::ALL {
            @if comparisons.iter().any(|it| it.cells.iter().any(|cell| cell.quantity == quantity)) {
                (charts(sheet, &comparisons, quantity))
            }
        }
    }
}

fn compared(compared: &Compared) -> Option<&Comparison> {
    match compared {
        Compared::Comparison(comparison) => Some(comparison),
        Compared::Refused { .. } => None,
    }
}

/// What to know before any verdict.
fn conditions(compared: &Compared) -> Markup {
    let comparison = match compared {
        Compared::Refused { base, new, why } => {
            return html! {
                h3 { (new) " against " (base) }
                p.warning { strong { "Not compared: " } (why) }
            };
        }
        Compared::Comparison(comparison) => comparison,
    };
    let (base, new) = (&comparison.base, &comparison.new);
    html! {
        h3 { (new.name) " against " (base.name) }
        @for (weight, label) in [(Weight::Refusal, "Not comparable, forced"), (Weight::Warning, "Differs, and is not the kernel")] {
            @for difference in comparison.differences_of(weight) { p.warning { strong { (label) ": " } (difference.text()) } }
        }
        @if comparison.differences.is_empty() {
            p { (words::capital(NOTHING_DIFFERS)) "." }
        }
        @for (weight, label) in [(Weight::Sought, "The kernel and its settings"), (Weight::Other, "Other conditions")] {
            @let differences: Vec<&Difference> = comparison.differences_of(weight).collect();
            @if !differences.is_empty() {
                p { (label) " differ:" }
                ul { @for difference in differences { li { (difference.text()) } } }
            }
        }
        @for note in comparison.notes() { p { (names::prose(&words::capital(&note))) "." } }
        @for quantity in Quantity::ALL {
            @if let Some(said) = references(comparison, quantity) {
                p { (words::capital(quantity.name())) ": " (said) "." }
            }
        }
        p { "Verdicts: " (tallies(comparison).join("; ")) "." }
    }
}

/// The answer to one question about a cell, and its words.
type Answer = fn(&CellComparison) -> (&Judged, String);

/// Both questions about one quantity, every other baseline in one chart.
fn charts(sheet: &Sheet<'_>, comparisons: &[&Comparison], quantity: Quantity) -> Markup {
    let base = comparisons.first().map_or("", |comparison| comparison.base.name.as_str());
    let new: Vec<&str> = comparisons.iter().map(|comparison| comparison.new.name.as_str()).collect();
    let questions: [(&str, &str, &str, Answer); 2] = [
        (
            "relative",
            "did a mode change against the others?",
            "Each mode over another mode of its blocks, now over then: the mode that it changed least against. \
             What changes the whole machine cancels.",
            |cell| (&cell.relative, answer(&cell.relative)),
        ),
        (
            "absolute",
            "did the figures change?",
            "The figure itself, now over then: what changes the whole machine is in it. Unless passes were measured \
             in turn, a verdict is given only where the figure also changed over the references.",
            |cell| (&cell.absolute, absolute(cell)),
        ),
    ];
    html! {
        @for (id, asks, means, pick) in questions {
            (Chart {
                id: &format!("compare-{}-{id}", slug(quantity)),
                heading: format!("{}: {asks}", words::capital(quantity.name())),
                caption: format!("{means} Above 1 is slower or dearer than {base}; bars are 95 % intervals."),
                over: Over::Size,
                y: format!("over {base}, log scale"),
                scale: Scale::Log,
                guide: Some(1.0),
                lanes: sheet.modes("").into_iter().filter(|lane| new.contains(&lane.baseline)).collect(),
            }.draw(sheet, |lane, row| datum(comparisons, quantity, lane, row, pick)))
        }
    }
}

fn datum(
    comparisons: &[&Comparison],
    quantity: Quantity,
    lane: &Lane<'_>,
    row: Row,
    pick: Answer,
) -> Option<Datum> {
    let comparison = comparisons.iter().find(|comparison| comparison.new.name == lane.baseline)?;
    let is_it = |cell: &&CellComparison| {
        cell.quantity == quantity
            && cell.cell.mode == lane.mode
            && (cell.cell.threads, cell.cell.message_bytes) == (row.threads, row.message_bytes)
    };
    let cell = comparison.cells.iter().find(is_it)?;
    let (judged, words) = pick(cell);
    let why_none = || Reading::absent(judged.reason.clone().unwrap_or_default());
    let reading = Reading::of_judged(judged).unwrap_or_else(why_none);
    let has_changed = judged.verdict.is_change();
    let verdict = Some(sheet::Verdict { words, has_changed });
    Some(Datum { reading, unit: String::new(), doubts: cell.doubts.clone(), verdict })
}

fn slug(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Throughput => "throughput",
        Quantity::LatencyMedian => "latency-median",
        Quantity::LatencyP99 => "latency-p99",
        Quantity::CpuCost => "cpu-cost",
    }
}
