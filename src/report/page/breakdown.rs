//! Where the CPU time of each cell went: a stacked bar a cell and side, and the same
//! figures as a table. It owns how classes look; letters and textures tell them apart
//! where colours do not.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::table;
use crate::breakdown::{CostClass, SampledEvent};
use crate::metric::breakdown::{Breakdown, ClassShare, SideBreakdown};
use crate::metric::cpu_cost::per_byte_unit;
use crate::report::Report;
use crate::report::breakdown::CellBreakdown;
use crate::report::words;
use crate::results::breakdown_text::{ESTIMATED, OF_A_TIMER};

/// A segment of a smaller share has no room for its letter.
const ROOM_FOR_A_LETTER: f64 = 0.03;

/// A class that no side reaches this share in has no column.
const LEAST_IN_A_COLUMN: f64 = 0.005;

/// What stands beside the classes of a side.
const OF_A_SIDE: [&str; 5] = [
    "seen as interrupts came on",
    "samples",
    "of the counted time, in samples",
    "in no sample, in waking by estimate",
    "cost, sampled over not",
];

/// A cell with its breakdown.
type Found<'a> = (&'a CellBreakdown, &'a Breakdown);

pub(super) fn draw(report: &Report) -> Markup {
    let all = &report.breakdowns;
    let found: Vec<Found<'_>> = all.iter().filter_map(|one| Some((one, one.breakdown.found()?))).collect();
    let threads: BTreeSet<usize> = found.iter().map(|(one, _)| one.cell.threads).collect();
    let reasons: BTreeSet<&str> = all.iter().filter_map(|one| one.breakdown.absence()).collect();
    html! {
        p { "The CPU time of each CPU cost cell by what it was spent on, sampled in rounds of their own that no \
             other figure comes from. What a byte costs in a class is its share of what the measured rounds cost." }
        @if found.iter().any(|(_, breakdown)| breakdown.event == SampledEvent::CpuClock) {
            p.warning { (words::capital(OF_A_TIMER)) ". How much that is stands in the table." }
            p { "A part " (ESTIMATED) ". How much stands in the table as well." }
        }
        @for why in reasons { p { "Absent: " (why) } }
        @if !found.is_empty() { (legend()) }
        @for (number, count) in threads.iter().enumerate() {
            @let of: Vec<Found<'_>> =
                found.iter().filter(|(one, _)| one.cell.threads == *count).copied().collect();
            details open=[(number == 0).then_some("")] {
                summary { (words::threads(*count)) }
                @for place in 0..2 { (bars(report, &of, place)) }
                (in_full(report, &of, *count))
            }
        }
    }
}

fn legend() -> Markup {
    html! {
        ul.classes {
            @for class in CostClass::ALL {
                li { span class=(look(class)) { (letter(class)) } " " (class.name()) }
            }
        }
    }
}

fn bars(report: &Report, of: &[Found<'_>], place: usize) -> Markup {
    let side = of.first().map_or("", |(_, breakdown)| breakdown.sides()[place].0);
    html! {
        figure.bars {
            figcaption { (words::capital(side)) "s: each bar is the whole of their CPU time" }
            @for (one, breakdown) in of { (bar(&name(report, one), side, breakdown.sides()[place].1)) }
        }
    }
}

fn bar(name: &str, side: &str, shares: &SideBreakdown) -> Markup {
    let each = shares.classes.iter();
    let each = each.map(|class| format!("{} {} %", class.class.name(), words::percent(class.share)));
    let label = format!("{name}, {side}: {}", each.collect::<Vec<_>>().join(", "));
    let width = |class: &ClassShare| format!("width:{:.2}%", 100.0 * class.share);
    html! {
        div.bar-name { (name) }
        div.bar role="img" aria-label=(label) {
            @for class in &shares.classes {
                span class=(look(class.class)) style=(width(class)) title=(title(class)) {
                    @if class.share >= ROOM_FOR_A_LETTER { (letter(class.class)) }
                }
            }
        }
    }
}

fn title(class: &ClassShare) -> String {
    format!("{} {}", class.class.name(), share(class))
}

/// `12 % [11, 13]`.
fn share(class: &ClassShare) -> String {
    let [share, lower, upper] = [class.share, class.lower, class.upper].map(words::percent);
    format!("{share} % [{lower}, {upper}]")
}

/// The mode and the size, and the baseline where there are several.
fn name(report: &Report, one: &CellBreakdown) -> String {
    let name = format!("{}, {}", one.cell.mode, words::size(one.cell.message_bytes));
    if report.baselines.len() > 1 { format!("{name}, {}", one.baseline) } else { name }
}

fn in_full(report: &Report, of: &[Found<'_>], threads: usize) -> Markup {
    let is_seen = |class: &CostClass| {
        let mut sides = of.iter().flat_map(|(_, breakdown)| breakdown.sides());
        sides.any(|(_, side)| side.share(*class) >= LEAST_IN_A_COLUMN)
    };
    let shown: Vec<CostClass> = CostClass::ALL.into_iter().filter(is_seen).collect();
    let unit = of.first().map_or(String::new(), |(one, _)| per_byte_unit(one.counted_in));
    let mut header = vec!["cell".to_string(), "side".to_string()];
    header.extend(shown.iter().map(|class| class.name().to_string()));
    header.extend(OF_A_SIDE.map(String::from));
    let line = |one: &CellBreakdown, side_name: &str, side: &SideBreakdown| {
        let mut line = vec![table::text(name(report, one)), table::text(side_name)];
        line.extend(shown.iter().map(|class| share_and_cost(side.class(*class))));
        let over = side.cost_over_measured.found().map_or("absent".into(), |over| words::figure(*over));
        let percent = |share: f64| format!("{} %", words::percent(share));
        let counted = |share: Option<f64>| share.map_or("absent".into(), percent);
        let samples = match side.lost {
            0 => side.samples.to_string(),
            lost => format!("{} ({lost} lost)", side.samples),
        };
        let [seen, estimated] = [side.seen_by_samples(), side.estimated()].map(counted);
        line.extend([percent(side.after_interrupts), samples, seen, estimated, over].iter().map(table::text));
        line
    };
    let lines: Vec<Vec<Markup>> = of
        .iter()
        .flat_map(|(one, breakdown)| breakdown.sides().map(|(name, side)| line(one, name, side)))
        .collect();
    let caption = format!(
        "Where the time goes at {}: the share of the side's CPU time with its 95 % interval, and {unit}",
        words::threads(threads)
    );
    table::behind("As a table", &caption, &header, &lines, 2)
}

fn share_and_cost(class: Option<&ClassShare>) -> Markup {
    let Some(class) = class else { return table::text("–") };
    let cost = class.per_byte.found().map_or("absent".into(), |cost| words::figure(*cost));
    html! { span.whole { (share(class)) } br; (cost) }
}

/// Its classes in the style sheet.
fn look(class: CostClass) -> String {
    format!("k k{}", class as usize)
}

fn letter(class: CostClass) -> &'static str {
    match class {
        CostClass::Gathering => "G",
        CostClass::SendCopy => "S",
        CostClass::DeferredCopy => "D",
        CostClass::ReceiveCopy => "R",
        CostClass::Pinning => "P",
        CostClass::Completions => "C",
        CostClass::Buffers => "B",
        CostClass::TcpIp => "T",
        CostClass::Device => "N",
        CostClass::Waking => "W",
        CostClass::Locks => "L",
        CostClass::SystemCall => "E",
        CostClass::Harness => "H",
        CostClass::OtherKernel => "O",
        CostClass::Unresolved => "?",
    }
}
