//! A comparison as text for a terminal or as Markdown: the same words, other
//! lines. It computes nothing.

use std::fmt::Write;

use super::comparability::Weight;
use super::side_by_side;
use super::statistics::Basis;
use super::{COARSEST, CellComparison, ClassChange, Comparison, Judged, LEVEL, Quantity, Verdict};
use crate::doubt::DoubtKinds;
use crate::layout;
pub use crate::layout::Style;
use crate::results::table::{count, digits};

/// The whole comparison.
pub fn render(comparison: &Comparison, style: Style) -> String {
    let mut text = heading(comparison, style);
    for quantity in Quantity::ALL {
        let cells: Vec<&CellComparison> =
            comparison.cells.iter().filter(|cell| cell.quantity == quantity).collect();
        if !cells.is_empty() {
            let title = match style {
                Style::Text => format!("\n{}\n\n", question(quantity)),
                Style::Markdown => format!("\n### {}\n\n", question(quantity)),
            };
            text += &title;
            if let Some(words) = references(comparison, quantity) {
                let _ = writeln!(text, "{words}\n");
            }
            text += &rows(&cells, style);
        }
    }
    if comparison.base.emulated.is_some() || comparison.new.emulated.is_some() {
        text += &side_by_side::counts(std::slice::from_ref(comparison), style);
    }
    text + &classes(comparison, style) + &footer(comparison)
}

/// Where the time of the changed cells went, as far as it was sampled.
fn classes(comparison: &Comparison, style: Style) -> String {
    if comparison.classes.is_empty() {
        return String::new();
    }
    let line = |change: &ClassChange| {
        let of_total = format!("{:+.1} % ± {:.1}", 100.0 * change.of_total, 100.0 * change.half_width);
        vec![
            change.cell.threads.to_string(),
            change.cell.message_bytes.to_string(),
            change.cell.mode.clone(),
            change.side.clone(),
            change.class.name().to_string(),
            format!("{} to {}", digits(change.base), digits(change.new)),
            of_total,
        ]
    };
    let lines: Vec<Vec<String>> = comparison.classes.iter().map(line).collect();
    let header = ["threads", "bytes", "mode", "side", "class", "cost a byte", "of the side's cost before"];
    let mark = if style == Style::Markdown { "### " } else { "" };
    format!(
        "\n{mark}What the CPU cost of changed cells went into: no verdicts, each line's interval is its share's \
         alone\n\n{}",
        style.table(&header.map(String::from), &lines, 2, 5)
    )
}

fn heading(comparison: &Comparison, style: Style) -> String {
    let mut text = String::new();
    let side = |summary: &super::BaselineSummary| {
        let kernel = summary.kernel_release.as_deref().unwrap_or("unknown");
        format!("{} (kernel {kernel}, {} a cell)", summary.name, count(summary.processes, "process"))
    };
    let title = format!("{} against {}", side(&comparison.new), side(&comparison.base));
    let _ = match style {
        Style::Text => writeln!(text, "{title}"),
        Style::Markdown => writeln!(text, "## {title}"),
    };
    let bullet = if style == Style::Markdown { "- " } else { "" };
    let weights = [
        (Weight::Refusal, "NOT COMPARABLE, forced"),
        (Weight::Warning, "WARNING, differs"),
        (Weight::Sought, "differs"),
        (Weight::Other, "differs too"),
    ];
    if style == Style::Markdown {
        text.push('\n');
    }
    for (weight, label) in weights {
        for difference in comparison.differences_of(weight) {
            let _ = writeln!(text, "{bullet}{label}: {}", difference.text());
        }
    }
    if comparison.differences.is_empty() {
        let _ = writeln!(text, "{bullet}{NOTHING_DIFFERS}");
    }
    for note in comparison.notes() {
        let _ = writeln!(text, "{bullet}note: {note}");
    }
    text
}

/// Said where no condition differs.
pub(crate) const NOTHING_DIFFERS: &str =
    "nothing differs in the recorded conditions: both are of the same kernel and settings";

fn question(quantity: Quantity) -> String {
    let more = match quantity {
        Quantity::Throughput | Quantity::LatencyMedian => "",
        Quantity::LatencyP99 => " (relative over whole cells where rounds hold fewer than 100)",
        Quantity::CpuCost => ", where slower means dearer",
    };
    let less = quantity.of_message();
    format!("{}: new over base in {less}{more} [95 % interval]; above 1 is slower", quantity.name())
}

/// What the machine did meanwhile, as far as the references show it: `references, …:
/// memcpy ×0.998 [0.991, 1.005], system-call ×…`; `None` without them.
pub(crate) fn references(comparison: &Comparison, quantity: Quantity) -> Option<String> {
    let of_quantity = comparison.references.iter().filter(|change| change.quantity == quantity);
    let words: Vec<String> =
        of_quantity.map(|change| format!("{} {}", change.reference, change.ratio.times_to(3))).collect();
    (!words.is_empty()).then(|| {
        format!("references, of the machine and the kernel's entry, not of the modes: {}", words.join(", "))
    })
}

const HEADER: [&str; 5] = ["threads", "bytes", "mode", "relative, against the other modes", "absolute"];

fn rows(cells: &[&CellComparison], style: Style) -> String {
    let line = |cell: &&CellComparison| {
        let marks = if cell.doubts.is_empty() { String::new() } else { format!(" {}", cell.doubts) };
        vec![
            cell.cell.threads.to_string(),
            cell.cell.message_bytes.to_string(),
            format!("{}{marks}", cell.cell.mode),
            answer(&cell.relative),
            absolute(cell),
        ]
    };
    let lines: Vec<Vec<String>> = cells.iter().map(line).collect();
    let mut header = HEADER.map(str::to_string);
    if style == Style::Text && !layout::fits(&header, &lines) {
        header[3] = "relative".into(); // the words are room for what stands beside them
    }
    style.table(&header, &lines, 2, 3)
}

/// `×1.051 [1.038, 1.064] slower, least against two-copy`.
pub(crate) fn answer(judged: &Judged) -> String {
    let Some(ratio) = judged.ratio else {
        return format!(
            "{}: {}",
            judged.verdict.text(),
            judged.reason.as_deref().unwrap_or("no reason given")
        );
    };
    let mut text = format!("{} {}", ratio.times_to(3), judged.verdict.text());
    match judged.verdict {
        Verdict::Faster | Verdict::Slower => {
            if let Some(other) = &judged.against {
                let _ = write!(text, ", least against {other}");
            }
        }
        Verdict::CannotTell if judged.confounded => text += " from the machine",
        Verdict::NoDifferenceFound => {
            let share = judged.findable.unwrap_or(COARSEST);
            let _ = write!(text, ", of {:.1} % or more", share * 100.0);
        }
        Verdict::CannotTell if is_out_of_reach(judged) => {
            text += ": a change of any size could have been missed"
        }
        Verdict::CannotTell => {
            let _ = write!(text, ": {}", judged.reason.as_deref().unwrap_or("no reason given"));
        }
    }
    text
}

/// Whether no change of any size could have been called, for a reason that all
/// such cells share.
fn is_out_of_reach(judged: &Judged) -> bool {
    judged.ratio.is_some() && judged.findable.is_none() && judged.basis != Some(Basis::Generations)
}

/// The figures themselves before the answer: `30.1 → 28.9 Gbit/s`.
pub(crate) fn absolute(cell: &CellComparison) -> String {
    let judged = &cell.absolute;
    let (Some(base), Some(new)) = (judged.base, judged.new) else { return answer(judged) };
    let shown = |value: f64| digits(cell.quantity.shown(value, cell.cell.message_bytes));
    format!("{} → {} {} {}", shown(base), shown(new), cell.quantity.shown_in(), answer(judged))
}

/// `slower: 1 relative, 2 absolute`, a verdict each.
pub(crate) fn tallies(comparison: &Comparison) -> [String; 4] {
    Verdict::ALL.map(|verdict| {
        let [relative, absolute] = comparison.count(verdict);
        format!("{}: {relative} relative, {absolute} absolute", verdict.text())
    })
}

fn footer(comparison: &Comparison) -> String {
    let mut text = String::from("\n");
    for tally in tallies(comparison) {
        let _ = writeln!(text, "{tally}");
    }
    let paired = comparison.cells.iter().any(|cell| cell.absolute.basis == Some(Basis::Pairs));
    let shared = comparison.cells.iter().any(|cell| cell.absolute.basis == Some(Basis::SharedBlocks));
    let pairs = match (shared, paired) {
        (true, _) => "; both are sides of one recording and are compared within the blocks that they shared",
        (_, true) => "; passes were measured in turn and are compared in pairs",
        _ => "",
    };
    if !paired && !shared && comparison.cells.iter().any(|cell| cell.absolute.verdict.is_change()) {
        text += "\nAn absolute verdict between recordings made one after the other is of what changed by itself and over \
                 each reference alike. What the machine did to the modes alone nothing in them tells; `copycost record \
                 --interleave` cancels it.\n";
    }
    if comparison.cells.iter().any(|cell| cell.absolute.confounded || cell.relative.confounded) {
        text += "\n\"Cannot tell from the machine\": the figure changed, by itself or over a reference that stands above \
                 the table, but not surely in all of them; or one mode did against another, but not surely if the plain \
                 copy's pace is allowed for.\n";
    }
    if let Some(cell) = comparison.cells.iter().find(|cell| is_out_of_reach(&cell.absolute)) {
        let reason = cell.absolute.reason.as_deref().unwrap_or_default();
        let _ = writeln!(text, "\n\"A change of any size\": {reason}.");
    }
    let threshold = match comparison.threshold {
        0.0 => String::new(),
        share => format!("; changes up to {:.1} % are not called", share * 100.0),
    };
    // More passes of one recording do not average it: see `serial`.
    let lasting =
        if paired || shared { "" } else { " and nothing else lasts for minutes; in turn it takes fewer" };
    let _ = writeln!(
        text,
        "\nVerdicts hold for all cells of a quantity together at {:.0} % (Holm){threshold}{pairs}; intervals are each for \
         one cell. A change of the size that is given would have been found in 8 of 10 such comparisons, by all that \
         its verdict takes. \"N passes\" are of each side, if they vary as these did{lasting}.",
        100.0 * (1.0 - LEVEL)
    );
    let doubts = DoubtKinds::of_all(comparison.cells.iter().map(|cell| &cell.doubts));
    if !doubts.is_empty() {
        let _ = writeln!(text, "Doubts, behind a mode: {}.", doubts.explained());
    }
    text + "What doubts mean, words such as Holm, relative and reference, and the method: docs/METHOD.md\n"
}
