//! The report as one HTML page: no network, no server, style and script inside.
//! It owns the order of the page and its words around the figures; every figure
//! and every claim is the [`Report`]'s, and it computes none. `maud` escapes
//! every string that is set into it.

mod answer;
mod breakdown;
mod busy;
mod chart;
mod comparison;
mod conditions;
mod counters;
mod cpu_cost;
mod curves;
mod findings;
mod latency;
mod limits;
mod masthead;
mod names;
mod over;
mod ratio_chart;
mod sheet;
mod table;
mod throughput;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Report;
use sheet::Sheet;

/// A file next to the page: what it holds and its place, relative to the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Such as `every figure as CSV`.
    pub label: String,
    /// Such as `figures.csv`.
    pub path: String,
}

/// Nothing is fetched, whatever a browser or a later hand would have it do.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// The page, with links to the files that lie beside it.
pub fn render(report: &Report, beside: &[Beside]) -> String {
    let sheet = Sheet::of(report);
    let parts = parts(&sheet, beside);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (masthead::title(report)) }
                link rel="icon" href="data:,";
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header { (masthead::draw(report)) }
                nav aria-label="Contents" {
                    ul {
                        @for part in &parts { li { a href=(format!("#{}", part.id)) { (part.short) } } }
                    }
                }
                main id="main" tabindex="-1" {
                    @for part in &parts {
                        section id=(part.id) aria-labelledby=(format!("{}-heading", part.id)) {
                            h2 id=(format!("{}-heading", part.id)) { (part.heading) }
                            (part.content)
                        }
                    }
                }
                footer {
                    p { "Written by copycost " (report.copycost_version) ": " code { (report.command) } }
                }
                div id="tip" hidden aria-hidden="true" {}
                script { (PreEscaped(include_str!("script.js"))) }
            }
        }
    }
    .into_string()
}

/// A section of the page.
struct Part {
    id: &'static str,
    /// In the contents.
    short: &'static str,
    heading: &'static str,
    content: Markup,
}

fn parts(sheet: &Sheet<'_>, beside: &[Beside]) -> Vec<Part> {
    let part = |id, short, heading, content| Part { id, short, heading, content };
    let mut parts = vec![
        part("answer", "Answer", "Which mode to use, and whether a copy was saved", answer::draw(sheet)),
        part("findings", "Findings", "Findings", findings::draw(sheet.report)),
        part(
            "throughput-size",
            "Throughput by size",
            "Throughput over message size",
            throughput::over_size(sheet),
        ),
    ];
    // One thread count has nothing to run over.
    if sheet.report.threads.len() > 1 {
        parts.push(part(
            "throughput-threads",
            "Throughput by threads",
            "Throughput over thread count",
            throughput::over_threads(sheet),
        ));
    }
    parts.extend([
        part("latency", "Latency", "Message latency", latency::draw(sheet)),
        part("cpu-cost", "CPU cost", "CPU cost", cpu_cost::draw(sheet)),
        part("busy", "Busy shares", "Which end limits a cell", busy::draw(sheet)),
    ]);
    if !sheet.report.breakdowns.is_empty() {
        parts.push(part(
            "breakdown",
            "Where the time goes",
            "Where the time goes",
            breakdown::draw(sheet.report),
        ));
    }
    parts.push(part("counters", "Counters", "Counters", counters::draw(sheet)));
    if !sheet.report.comparisons.is_empty() {
        parts.push(part(
            "comparison",
            "Comparison",
            "What changed between the baselines",
            comparison::draw(sheet),
        ));
    }
    parts.push(part("limits", "What it does not know", "What this page does not know", limits::draw(sheet)));
    parts.push(part(
        "conditions",
        "Conditions",
        "Conditions, method, and how to repeat it",
        conditions::draw(sheet.report, beside),
    ));
    parts
}
