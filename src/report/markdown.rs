//! The report as Markdown, for a pull request or a mail: findings, maps, tables,
//! and what is doubtful or missing. It lays out what [`Report`] holds and
//! computes nothing.

mod tables;

use std::fmt::Write;

use super::baseline::BaselineFacts;
use super::findings::{Finding, FindingKind};
use super::{Compared, Report, words};
use crate::compare::Quantity;
use crate::compare::table::{Style, render as render_comparison};
use crate::doubt::DoubtKinds;
use crate::layout::plain;

/// The whole report.
pub fn render(report: &Report) -> String {
    let mut text = heading(report);
    text += &findings(report);
    text += &maps(report);
    text += &tables::figures(report);
    for compared in &report.comparisons {
        if let Compared::Comparison(comparison) = compared {
            // One level down: the report has the title.
            text += &format!("\n{}", render_comparison(comparison, Style::Markdown));
        }
    }
    text += &limits(report);
    text += &conditions(report);
    text + &again(report)
}

fn heading(report: &Report) -> String {
    let mut text = String::from("# copycost: what moving the bytes costs\n\n");
    for baseline in &report.baselines {
        let _ = writeln!(text, "- {}", summary(baseline));
        for note in &baseline.notes {
            let _ = writeln!(text, "  - note: {}", plain(note));
        }
    }
    text
}

/// `**aa1**: kernel 6.18, 5 processes, profile quick; throughput 48 cells, …`.
fn summary(baseline: &BaselineFacts) -> String {
    let kernel = baseline.kernel_release.as_deref().unwrap_or("unknown");
    let processes = words::count(baseline.processes, "process");
    let targets: Vec<String> = baseline
        .targets
        .iter()
        .map(|(target, cells)| format!("{} {}", target.name(), words::count(*cells, "cell")))
        .collect();
    format!(
        "**{}**: TCP over {}, kernel {}, {processes}, profile {}; {}",
        plain(&baseline.name),
        plain(&baseline.path()),
        plain(kernel),
        plain(&baseline.profile),
        targets.join(", ")
    )
}

fn findings(report: &Report) -> String {
    let mut text = String::from("\n## Findings\n");
    for baseline in &report.baselines {
        if report.baselines.len() > 1 {
            let _ = writeln!(text, "\n### {}", plain(&baseline.name));
        }
        let mut last: Option<FindingKind> = None;
        for finding in report.findings.iter().filter(|finding| finding.baseline == baseline.name) {
            if last != Some(finding.kind) {
                let _ = writeln!(text, "\n**{}**\n", finding.kind.title());
                last = Some(finding.kind);
            }
            text += &one(finding);
        }
    }
    text + &letters(report.findings.iter().map(|finding| &finding.doubts))
}

/// What letters in brackets stand for, below where they stand.
fn letters<'a>(doubts: impl Iterator<Item = &'a DoubtKinds>) -> String {
    let doubts = DoubtKinds::of_all(doubts);
    if doubts.is_empty() { String::new() } else { format!("\nDoubts: {}.\n", doubts.explained()) }
}

fn one(finding: &Finding) -> String {
    let mut text = format!("- {}\n", tables::marked(&plain(&finding.headline), &finding.doubts));
    for detail in &finding.details {
        let _ = writeln!(text, "  - {}", plain(detail));
    }
    text
}

fn maps(report: &Report) -> String {
    let mut text = String::from("\n## Which mode where\n");
    for best in &report.best {
        let _ =
            writeln!(text, "\n{}, {}: {}", plain(&best.baseline), best.quantity.name(), plain(&best.text));
    }
    for baseline in &report.baselines {
        for quantity in Quantity::MAIN {
            let cells = report.map_of(&baseline.name, quantity);
            if cells.is_empty() {
                continue;
            }
            let _ = writeln!(text, "\n{}, {}:\n", plain(&baseline.name), quantity.name());
            let threads: Vec<String> = report.threads.iter().map(|count| words::threads(*count)).collect();
            let lines = report.sizes.iter().map(|bytes| {
                let at = |threads: &usize| {
                    let cell = cells.iter().find(|c| (c.threads, c.message_bytes) == (*threads, *bytes));
                    cell.map_or("–".to_string(), |cell| tables::marked(cell.answer.text(), &cell.doubts))
                };
                let cells: Vec<String> = report.threads.iter().map(at).collect();
                [vec![words::size(*bytes)], cells].concat()
            });
            let header = [vec!["size".to_string()], threads].concat();
            text += &Style::Markdown.table(&header, &lines.collect::<Vec<_>>(), 0, 0);
            text += &letters(cells.iter().map(|cell| &cell.doubts));
        }
    }
    text
}

fn limits(report: &Report) -> String {
    let mut text = String::from("\n## What these figures cannot say\n\n");
    for run in &report.resolution {
        let _ = writeln!(text, "- {}, {}: {}", plain(&run.baseline), run.target.name(), plain(&run.text));
    }
    if !report.doubts.is_empty() {
        text += "\nDoubts, by the letters that mark figures:\n\n";
    }
    for note in &report.doubts {
        let Some(first) = note.cells.first() else { continue };
        let of_processes = match first.of_processes {
            1 => String::new(),
            all => format!(" in {} of {all} processes", first.processes),
        };
        let _ = writeln!(
            text,
            "- **{}** {} ({}, {}), such as {}{of_processes}: {}. Remedy: {}.",
            note.mark,
            note.title,
            plain(&note.baseline),
            words::count(note.cells.len(), "cell"),
            first.cell,
            plain(&first.text),
            plain(&note.remedy)
        );
    }
    if !report.absences.is_empty() {
        text += "\nAbsent:\n\n";
    }
    for absence in &report.absences {
        let _ = writeln!(
            text,
            "- {} in {} ({}): {}{}.",
            absence.quantities.join(", "),
            words::count(absence.cells, "cell"),
            plain(&absence.baseline),
            plain(&absence.reason),
            if absence.alike > 0 { ", and the like" } else { "" }
        );
    }
    text
}

/// The conditions that a reader asks for first; the JSON has all of them.
const CONDITIONS: [&str; 12] = [
    "kernel_release",
    "architecture",
    "cpu.model",
    "cpu.allowed",
    "cpu.cores",
    "hypervisor.type",
    "frequency.governor",
    "turbo",
    "sysctl.net.ipv4.tcp_congestion_control",
    "loopback.mtu_bytes",
    "perf.processor_devices",
    "date_utc",
];

fn conditions(report: &Report) -> String {
    let mut text = String::from("\n## Conditions\n\n");
    let names: Vec<String> = report.baselines.iter().map(|baseline| baseline.name.clone()).collect();
    let lines = CONDITIONS.iter().map(|name| {
        let of = |baseline: &BaselineFacts| {
            let condition = baseline.condition(name);
            match condition.map(|condition| (&condition.value, &condition.absent)) {
                Some((Some(value), _)) => value.clone(),
                Some((None, Some(why))) => format!("absent ({why})"),
                _ => "not recorded".to_string(),
            }
        };
        [vec![name.to_string()], report.baselines.iter().map(of).collect()].concat()
    });
    let header = [vec!["condition".to_string()], names].concat();
    text += &Style::Markdown.table(&header, &lines.collect::<Vec<_>>(), 0, 0);
    for baseline in &report.baselines {
        let in_all = baseline.conditions.len();
        let _ = writeln!(
            text,
            "\n{}: {} of {in_all} conditions; the rest, and {} settings of the profile, are in the JSON.",
            plain(&baseline.name),
            CONDITIONS.len(),
            baseline.settings.len()
        );
    }
    text
}

fn again(report: &Report) -> String {
    let mut text = String::from(
        "\n## Method, and how to measure it again\n\nEvery comparison of two modes is the median of ratios within \
         blocks, in which each mode runs within milliseconds of the others; figures in brackets are 95 % \
         intervals. docs/METHOD.md says how they are made and what they cannot see; \
         \"Words\" in it explains *generation*, *self*, *reference* and the rest.\n\n```\n",
    );
    for command in report.baselines.iter().flat_map(|baseline| &baseline.commands) {
        let _ = writeln!(text, "{command}");
    }
    let _ = writeln!(text, "{}\n```", report.command);
    text
}
