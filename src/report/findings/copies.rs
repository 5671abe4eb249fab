//! Where the bytes are copied, and what a mode pays that copies nothing in the send:
//! from the breakdowns of cells. It owns when a copy counts as there.

use std::collections::BTreeSet;

use super::super::breakdown::CellBreakdown;
use super::super::estimate::{Estimate, Reading};
use super::super::words;
use super::{Evidence, Finding, FindingFigure, FindingKind};
use crate::breakdown::CostClass;
use crate::metric::breakdown::{Breakdown, ClassShare, SideBreakdown};
use crate::metric::cpu_cost::per_byte_unit;

/// A class whose share does not reach this is not there: a stray sample is no copy.
const LEAST_SHARE: f64 = 0.01;

/// Which copies the cells of each mode show, and what they cost.
pub(super) fn findings(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        evidence.modes.iter().filter_map(|mode| copies_of(evidence, mode)).collect();
    found.extend(evidence.modes.iter().filter_map(|mode| paid_instead(evidence, mode)));
    found
}

/// A cell with its breakdown.
type Found<'a> = (&'a CellBreakdown, &'a Breakdown);

/// The cells of `mode` at the fewest threads, smallest messages first.
fn of_mode<'a>(evidence: &'a Evidence<'_>, mode: &str) -> Vec<Found<'a>> {
    let all = evidence.breakdowns.iter().filter(|one| one.cell.mode == mode);
    let found: Vec<Found<'a>> = all.filter_map(|one| Some((one, one.breakdown.found()?))).collect();
    let fewest = found.iter().map(|(one, _)| one.cell.threads).min();
    let mut found: Vec<Found<'a>> =
        found.into_iter().filter(|(one, _)| Some(one.cell.threads) == fewest).collect();
    found.sort_by_key(|(one, _)| one.cell.message_bytes);
    found
}

fn copies_of(evidence: &Evidence<'_>, mode: &str) -> Option<Finding> {
    let cells = of_mode(evidence, mode);
    let (largest, breakdown) = *cells.last()?;
    let unit = per_byte_unit(largest.counted_in);
    let mut there = Vec::new();
    let mut missing = Vec::new();
    for class in CostClass::COPIES {
        let on = breakdown.sides().into_iter().filter(|(_, side)| side.share(class) >= LEAST_SHARE);
        let on: Vec<String> = on.map(|(name, side)| costs(name, side.class(class), &unit)).collect();
        match on.is_empty() {
            true => missing.push(format!("no {}", class.name())),
            false => there.push(format!("a {} ({})", class.name(), words::list(&on))),
        }
    }
    let there = if there.is_empty() { "no copy at all".to_string() } else { words::list(&there) };
    let missing = if missing.is_empty() { String::new() } else { format!(", and {}", words::list(&missing)) };
    let threads = words::threads(largest.cell.threads);
    let size = words::size(largest.cell.message_bytes);
    let mut finding = Finding::new(
        FindingKind::Copies,
        evidence.name(),
        format!("{mode}: at {size} and {threads} {there}{missing}."),
    );
    for (one, breakdown) in &cells {
        for (name, side) in breakdown.sides() {
            for class in CostClass::COPIES.iter().filter_map(|class| side.class(*class)) {
                let label =
                    format!("{} of {name}, {}", class.class.name(), words::size(one.cell.message_bytes));
                finding.figures.push(share_figure(label, class));
            }
        }
    }
    finding.details.push(how_sampled(breakdown));
    finding.cells = cells.iter().map(|(one, _)| one.cell.clone()).collect();
    finding.doubts = evidence.doubts(finding.cells.clone().iter());
    Some(finding)
}

/// `0.11 ns CPU/B on the client's CPU time`.
fn costs(side: &str, class: Option<&ClassShare>, unit: &str) -> String {
    match class.and_then(|class| class.per_byte.found()) {
        Some(cost) => format!("{} {unit} of the {side}'s time", words::figure(*cost)),
        None => format!("at the {side}"),
    }
}

fn how_sampled(breakdown: &Breakdown) -> String {
    let late = |side: &SideBreakdown| words::percent(side.after_interrupts);
    match breakdown.event {
        crate::breakdown::SampledEvent::Cycles => "Sampled by hardware cycles.".to_string(),
        crate::breakdown::SampledEvent::CpuClock => format!(
            "Sampled by a timer: code that runs with interrupts off is seen where they are turned on again, {} % \
             of the client's time and {} % of the server's in the largest cell.",
            late(&breakdown.client),
            late(&breakdown.server)
        ),
    }
}

fn share_figure(label: String, class: &ClassShare) -> FindingFigure {
    let estimate = Estimate::without_interval(
        class.share,
        format!(
            "of the side's time; 95 % interval over generations or processes {:.4} to {:.4}",
            class.lower, class.upper
        ),
    );
    FindingFigure::measured(label, "", Reading::Found(estimate))
}

/// What pinning and completions cost against the send copy of another mode.
fn paid_instead(evidence: &Evidence<'_>, mode: &str) -> Option<Finding> {
    let cells = of_mode(evidence, mode);
    let pins = |breakdown: &Breakdown| breakdown.client.share(CostClass::Pinning) >= LEAST_SHARE;
    let copies = |breakdown: &Breakdown| breakdown.client.share(CostClass::SendCopy) >= LEAST_SHARE;
    if cells.is_empty() || !cells.iter().all(|(_, breakdown)| pins(breakdown) && !copies(breakdown)) {
        return None;
    }
    // The mode that it saves a copy of: the one that copies in the send and nowhere before it.
    let other = evidence.modes.iter().filter(|other| *other != mode).find(|other| {
        let cells = of_mode(evidence, other);
        let gathers = |breakdown: &Breakdown| breakdown.client.share(CostClass::Gathering) >= LEAST_SHARE;
        !cells.is_empty() && cells.iter().all(|(_, breakdown)| copies(breakdown) && !gathers(breakdown))
    })?;
    let saved = of_mode(evidence, other);
    let unit = per_byte_unit(cells[0].0.counted_in);
    let mut finding = Finding::new(FindingKind::PaidInstead, evidence.name(), String::new());
    let mut less_at = Vec::new();
    let mut sizes = BTreeSet::new();
    for (one, breakdown) in &cells {
        let of_other = saved.iter().find(|(other, _)| other.cell.message_bytes == one.cell.message_bytes);
        let Some((_, of_other)) = of_other else { continue };
        let Some([low, paid, high]) = cost(breakdown, &[CostClass::Pinning, CostClass::Completions]) else {
            continue;
        };
        let Some([least, copy, most]) = cost(of_other, &[CostClass::SendCopy]) else { continue };
        let size = words::size(one.cell.message_bytes);
        sizes.insert(one.cell.message_bytes);
        let verdict = match () {
            () if high < least => {
                less_at.push(one.cell.message_bytes);
                "less than"
            }
            () if low > most => "more than",
            () => "not told from",
        };
        finding.details.push(format!(
            "{size}: pinning and completions {} {unit}, {verdict} the send copy of {other} at {} {unit}.",
            words::figure(paid),
            words::figure(copy)
        ));
        finding.cells.push(one.cell.clone());
    }
    let from = sizes.iter().find(|from| sizes.range(**from..).all(|size| less_at.contains(size)));
    let defers = |breakdown: &Breakdown| {
        breakdown.sides().iter().any(|(_, side)| side.share(CostClass::DeferredCopy) >= LEAST_SHARE)
    };
    let on_top = match cells.iter().any(|(_, breakdown)| defers(breakdown)) {
        true => "; a deferred copy comes on top",
        false => "",
    };
    finding.headline = match from {
        Some(from) => format!(
            "{mode} pays for pinning and completions instead: less than the send copy of {other} costs, from {} on{on_top}.",
            words::size(*from)
        ),
        None if sizes.is_empty() => return None,
        None => format!(
            "{mode} pays for pinning and completions instead: at no size up to {} less than the send copy of {other} \
             costs{on_top}.",
            words::size(*sizes.last()?)
        ),
    };
    finding.details.push(
        "Memory for notifications and for packets is in buffers: neither that nor a deferred copy is in these sums. \
         Intervals are the shares', the cost's own not in them."
            .to_string(),
    );
    finding.doubts = evidence.doubts(finding.cells.clone().iter());
    Some(finding)
}

/// What the classes cost a byte on both sides together, with the ends that their
/// shares' intervals give.
fn cost(breakdown: &Breakdown, classes: &[CostClass]) -> Option<[f64; 3]> {
    let mut sums = [0.0; 3];
    let found = breakdown.sides().map(|(_, side)| side);
    for class in found.iter().flat_map(|side| classes.iter().filter_map(|class| side.class(*class))) {
        let centre = *class.per_byte.found()?;
        let of = |share: f64| if class.share > 0.0 { centre * share / class.share } else { 0.0 };
        let ends = [of(class.lower), centre, of(class.upper)];
        sums.iter_mut().zip(ends).for_each(|(sum, end)| *sum += end);
    }
    Some(sums)
}
