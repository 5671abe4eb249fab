//! The top of the page: what was measured where, in a line for each baseline,
//! and what makes the baselines unlike. It owns no figure.

use maud::{Markup, html};

use super::names;
use crate::compare::comparability::{Difference, Weight};
use crate::report::baseline::BaselineFacts;
use crate::report::words;
use crate::report::{Compared, Report};

/// The document's title.
pub(super) fn title(report: &Report) -> String {
    let names: Vec<&str> = report.baselines.iter().map(|facts| facts.name.as_str()).collect();
    format!("copycost: what moving bytes costs in TCP ({})", names.join(", "))
}

pub(super) fn draw(report: &Report) -> Markup {
    html! {
        h1 { "What moving bytes costs in TCP" }
        @for facts in &report.baselines { (one(report, facts)) }
        @if report.baselines.len() > 1 {
            ul.differs { @for compared in &report.comparisons { li { (differs(compared)) } } }
        }
        @if let Some(warning) = warning(report) {
            p.warning role="note" { strong { "Take care: " } (warning) " " a href="#comparison" { "Which" } }
        }
    }
}

fn one(report: &Report, facts: &BaselineFacts) -> Markup {
    let condition = |name: &str| facts.condition(name)?.value.as_deref();
    let cells: Vec<String> = facts
        .targets
        .iter()
        .map(|(target, count)| format!("{} {}", names::target(*target), words::count(*count, "cell")))
        .collect();
    let kernel = facts.kernel_release.as_deref().unwrap_or("unknown");
    html! {
        p.measured {
            @if report.baselines.len() > 1 { span.baseline { (facts.name) } " " }
            "TCP over " (facts.path()) ", Linux " (kernel)
            @if let Some(model) = condition("cpu.model") { ", " (model) }
            @if let Some(cpus) = condition("cpu.allowed") { ", " (cpus) " CPUs" }
            @if let Some(hypervisor) = condition("hypervisor.type") { ", hypervisor " (hypervisor) }
            @if let Some(days) = condition("date_utc").and_then(days) { ", " (days) }
            "; profile " (facts.profile) "; " (cells.join(", ")) "; "
            (words::count(facts.processes, "process"))
        }
    }
}

/// How many conditions of a kind are named here; the comparison has all.
const NAMED: usize = 3;

/// What one baseline and the first differ in, the kernel before all else.
fn differs(compared: &Compared) -> Markup {
    let comparison = match compared {
        Compared::Refused { base, new, .. } => return html! { (new) " and " (base) " do not compare." },
        Compared::Comparison(comparison) => comparison,
    };
    let of = |weight: Weight| {
        let mut found: Vec<&Difference> = comparison.differences_of(weight).collect();
        found.sort_by_key(|difference| difference.name != "kernel_release");
        let named: Vec<String> = found.iter().take(NAMED).map(|difference| difference.text()).collect();
        let left = found.len().saturating_sub(NAMED);
        let more =
            if left > 0 { format!("; and {}", words::count(left, "more condition")) } else { String::new() };
        (!found.is_empty()).then(|| named.join("; ") + &more)
    };
    let (kernel, other) = (of(Weight::Sought), of(Weight::Warning));
    html! {
        strong { (comparison.new.name) } " against " (comparison.base.name) ": "
        @match (&kernel, &other) {
            (None, None) => "nothing that is recorded of kernel, settings and machine differs",
            (None, Some(_)) => "kernel and settings are the same",
            (Some(kernel), _) => (kernel),
        }
        @if let Some(other) = other { ". Not of the kernel: " (other) }
        ". "
        a href="#comparison" { "All" }
    }
}

/// The first and the last day in a list of times: `2026-11-25`.
fn days(times: &str) -> Option<String> {
    let is_day = |word: &&str| word.len() == 10 && word.bytes().all(|byte| b"0123456789-".contains(&byte));
    let words = times.split(|c: char| !c.is_ascii_digit() && c != '-');
    let mut days: Vec<&str> = words.filter(is_day).collect();
    days.sort_unstable();
    let (first, last) = (days.first()?, days.last()?);
    Some(if first == last { first.to_string() } else { format!("{first} to {last}") })
}

/// Whether any two baselines differ in what they should not.
fn warning(report: &Report) -> Option<String> {
    let mut refused = Vec::new();
    let mut warned = 0;
    for compared in &report.comparisons {
        match compared {
            Compared::Refused { base, new, .. } => refused.push(format!("{new} and {base}")),
            Compared::Comparison(comparison) => {
                let weighty = |weight| matches!(weight, Weight::Refusal | Weight::Warning);
                warned += comparison.differences.iter().filter(|it| weighty(it.weight)).count();
            }
        }
    }
    if !refused.is_empty() {
        return Some(format!("{} do not compare; \"What changed?\" says why.", refused.join("; ")));
    }
    (warned > 0).then(|| {
        let verb = if warned == 1 { "differs" } else { "differ" };
        format!("{} that is not the kernel {verb} between the baselines.", words::count(warned, "condition"))
            .replace("conditions that is", "conditions that are")
    })
}
