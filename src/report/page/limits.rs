//! What the page does not know: how small a difference could have shown, which
//! figures are doubtful, which absent and why. It owns the frame; the words are
//! the report's.

use maud::{Markup, html};

use super::names;
use super::sheet::Sheet;
use super::table;
use crate::report::Report;
use crate::report::limits::DoubtNote;
use crate::report::words;

pub(super) fn draw(sheet: &Sheet<'_>) -> Markup {
    let report = sheet.report;
    html! {
        h3 { "How small a difference could have shown" }
        ul {
            @for run in &report.resolution {
                li { @if sheet.is_overlay() { span.baseline { (run.baseline) } " " }
                    (names::target(run.target)) ": "
                    @for (number, line) in run.text.lines().enumerate() {
                        @if number > 0 { br; } (names::prose(line))
                    }
                }
            }
            @if report.resolution.is_empty() { li { "Not known: there are no records." } }
        }
        h3 id="doubts" { "Doubtful cells" }
        @if report.doubts.is_empty() { p { "No cell has a doubt." } }
        @for note in &report.doubts { (doubt(sheet, note)) }
        h3 { "Figures that are absent" }
        (absences(report))
        h3 { "What the instrument cannot see at all" }
        ul {
            @if report.baselines.iter().all(|facts| facts.path() == "loopback") {
                li { "A send that nothing copies: no path within one host has one. What is measured is what the send \
                      path costs when the kernel copies after all." }
                li { "The network: no device, driver, offload, loss or distance. All traffic is loopback." }
            } @else {
                li { "What else is on the path: others' traffic, loss and distance are in a figure and not told apart \
                      from the work. A virtual link has no device that reads memory, and sends nothing." }
            }
            li { "Absolute figures of other kernels: two runs of one kernel differ by more than most kernels do. \
                  Compare ratios, or recordings of several processes." }
        }
    }
}

fn doubt(sheet: &Sheet<'_>, note: &DoubtNote) -> Markup {
    html! {
        details.doubt {
            summary {
                b { (note.mark) } " " (note.title)
                @if sheet.is_overlay() { ", " span.baseline { (note.baseline) } }
                ": " (words::count(note.cells.len(), "cell")) ". Remedy: " (names::prose(&note.remedy))
            }
            ul {
                @for cell in &note.cells {
                    li {
                        (names::cell(&cell.cell)) ": " (cell.text)
                        @if cell.of_processes > 1 {
                            " (in " (cell.processes) " of " (cell.of_processes) " processes)"
                        }
                    }
                }
            }
        }
    }
}

fn absences(report: &Report) -> Markup {
    if report.absences.is_empty() {
        return html! { p { "None." } };
    }
    let is_overlay = report.baselines.len() > 1;
    let mut header = ["why", "figures", "cells"].map(String::from).to_vec();
    if is_overlay {
        header.insert(0, "baseline".into());
    }
    let lines: Vec<Vec<Markup>> = report
        .absences
        .iter()
        .map(|absence| {
            let mut line = vec![
                table::text(&absence.reason),
                table::text(absence.quantities.join(", ")),
                table::text(absence.cells.to_string()),
            ];
            if is_overlay {
                line.insert(0, table::text(&absence.baseline));
            }
            line
        })
        .collect();
    table::draw("Absent figures and the reason", &header, &lines, 1)
}
