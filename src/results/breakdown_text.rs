//! A breakdown in words: the table of one cell on the terminal, the lines under
//! Criterion's, and its folded stacks as a file. The figures are
//! [`crate::metric::breakdown`]'s.

use std::path::Path;

use super::table::digits;
use super::whole_file;
use crate::breakdown::{CostClass, Folded, SampledEvent};
use crate::cell::Cell;
use crate::error::Result;
use crate::exchange::CostUnit;
use crate::layout::Style;
use crate::metric::breakdown::{Breakdown, ClassShare, SideBreakdown};
use crate::metric::cpu_cost::per_byte_unit;

/// Classes of a smaller share have no place in one line.
const LEAST_IN_A_LINE: f64 = 0.05;

/// How wide the bar of a whole side would be.
const BAR: f64 = 60.0;

/// How much of what was counted may be in no class before it is said.
const WELL_ON_THE_COUNTERS: f64 = 0.03;

/// What a timer cannot see: said beside the figures.
pub const OF_A_TIMER: &str = "sampled by a timer (cpu-clock): code that runs with interrupts off is seen where \
                              they are turned on again";

/// What no sample stands for and a class holds: said beside the figures.
pub const ESTIMATED: &str = "of the counted time no sample saw, as threads switch; it is in waking and scheduling, by \
                             estimate";

/// One line a side: the classes of at least 5 %.
pub fn lines(breakdown: &Breakdown) -> Vec<String> {
    let side = |(name, side): (&str, &SideBreakdown)| {
        let mut classes: Vec<&ClassShare> =
            side.classes.iter().filter(|class| class.share >= LEAST_IN_A_LINE).collect();
        classes.sort_by(|a, b| b.share.total_cmp(&a.share));
        let each = classes.iter().map(|class| format!("{} {:.0} %", class.class.name(), 100.0 * class.share));
        let each = each.collect::<Vec<_>>().join(", ");
        format!("{name}'s time: {each}{}{}", seen_late(breakdown, side), not_seen(side))
    };
    breakdown.sides().into_iter().map(side).collect()
}

fn seen_late(breakdown: &Breakdown, side: &SideBreakdown) -> String {
    match breakdown.event {
        SampledEvent::CpuClock if side.after_interrupts >= LEAST_IN_A_LINE => {
            format!(" ({:.0} % seen as interrupts came on again)", 100.0 * side.after_interrupts)
        }
        _ => String::new(),
    }
}

fn not_seen(side: &SideBreakdown) -> String {
    match side.estimated() {
        Some(share) if share >= LEAST_IN_A_LINE => {
            format!(" ({:.0} % in no sample, in waking by estimate)", 100.0 * share)
        }
        _ => String::new(),
    }
}

/// Both sides as tables with bars, the largest symbols of each class, and what to
/// bear in mind.
pub fn tables(cell: &Cell, breakdown: &Breakdown, unit: CostUnit) -> String {
    let mut text = format!(
        "{} {} bytes, {}: {} messages in {} rounds of {} generations, sampled by {}\n",
        cell.mode,
        cell.message_bytes,
        super::table::count(cell.threads, "thread"),
        breakdown.messages,
        breakdown.rounds,
        breakdown.generations,
        breakdown.event.name(),
    );
    for (name, side) in breakdown.sides() {
        text += &format!("\n{name}: {} samples{}\n", side.samples, not_there(side));
        let header = ["share", &per_byte_unit(unit), &format!("{}/message", unit.name()), "class", ""];
        let lines: Vec<Vec<String>> = side.classes.iter().map(line).collect();
        text += &Style::Text.table(&header.map(String::from), &lines, 3, 4);
        for class in &side.classes {
            let each = class.symbols.iter().map(|one| format!("{} {:.1} %", one.symbol, 100.0 * one.share));
            text += &format!("  {}: {}\n", class.class.name(), each.collect::<Vec<_>>().join(", "));
        }
        text += &notes(breakdown, side);
    }
    text
}

fn line(class: &ClassShare) -> Vec<String> {
    let number = |value: Option<&f64>| value.map_or("absent".to_string(), |value| digits(*value));
    let percent = 100.0;
    vec![
        format!(
            "{:.1} % [{:.1}, {:.1}]",
            percent * class.share,
            percent * class.lower,
            percent * class.upper
        ),
        number(class.per_byte.found()),
        number(class.per_message.found()),
        class.class.name().to_string(),
        "█".repeat((BAR * class.share).round() as usize),
    ]
}

fn not_there(side: &SideBreakdown) -> String {
    let mut text = String::new();
    if side.lost > 0 {
        text += &format!(", {} lost", side.lost);
    }
    if side.throttled > 0 {
        text += &format!(", held back {} times by the kernel", side.throttled);
    }
    text
}

fn notes(breakdown: &Breakdown, side: &SideBreakdown) -> String {
    let mut notes = Vec::new();
    if breakdown.event == SampledEvent::CpuClock {
        notes.push(format!("{OF_A_TIMER}: {:.1} % of this side", 100.0 * side.after_interrupts));
    }
    notes.extend(against_the_counters(side));
    if let Some(over) = side.cost_over_measured.found() {
        notes.push(format!(
            "a byte cost {over:.2} times as much while sampled; costs above are shares of what it cost unsampled"
        ));
    }
    let nowhere = side.share(CostClass::OtherKernel) + side.share(CostClass::Unresolved);
    notes.push(format!("no class holds {:.1} %", 100.0 * nowhere));
    notes.iter().map(|note| format!("  {note}\n")).collect()
}

/// How much of what was counted the samples stand for, what of the rest is in a class
/// without one, and what in none.
fn against_the_counters(side: &SideBreakdown) -> Option<String> {
    let [seen, estimated] = [side.seen_by_samples()?, side.estimated()?];
    let mut text = format!("samples stand for {:.1} % of the counted time", 100.0 * seen);
    if side.switching > 0 {
        let each = side.context_switches.found().map(|switches| side.switching as f64 / switches);
        let each = each.map_or(String::new(), |each| format!(" ({each:.0} ns a context switch)"));
        text += &format!("; {:.1} % {ESTIMATED}{each}", 100.0 * estimated);
    }
    let missing = side.off_the_counters().filter(|differs| *differs < -WELL_ON_THE_COUNTERS);
    let missing =
        missing.map_or(String::new(), |differs| format!("; {:.1} % is in no class", -100.0 * differs));
    Some(text + &missing)
}

/// Writes folded stacks to `path`.
pub fn write_folded(path: &Path, folded: &Folded) -> Result<()> {
    whole_file::write(path, folded.to_string().as_bytes())
}
