//! Several comparisons with one base as tables with a column a side, for a terminal
//! or as Markdown. It owns what of each comparison fits a column and how the rest is
//! seen; it computes nothing.

use std::fmt::Write;

use super::table::tallies;
use super::{CellComparison, Comparison, CountComparison, Judged, LEVEL, Quantity, Verdict};
use crate::cell::{Cell, Target};
use crate::doubt::DoubtKinds;
use crate::layout::{self, Style};
use crate::ratio::spread::percent;
use crate::results::table::{count, digits};

/// How many sides these hold.
const MOST_SIDES: usize = 3;

/// All comparisons, which must have one base; nothing if there are none.
pub fn render(comparisons: &[Comparison], style: Style) -> String {
    let Some(first) = comparisons.first() else { return String::new() };
    let shown = match style {
        Style::Text => &comparisons[..comparisons.len().min(MOST_SIDES - 1)],
        Style::Markdown => comparisons,
    };
    let names = names(comparisons);
    let mut text = heading(comparisons, &names, style);
    for quantity in Quantity::ALL {
        for question in [Question::Absolute, Question::Relative] {
            let lines = lines(shown, quantity, question);
            if !lines.is_empty() {
                let title = title(quantity, question, &first.base.name);
                let _ = write!(text, "{}", titled(&title, style));
                let from = if question == Question::Absolute { 0 } else { 1 };
                text += &fitted(&["thr", "bytes", "mode"], &names[from..=shown.len()], &lines, style);
            }
        }
    }
    text += &counts(shown, style);
    text + &footer(comparisons, shown.len(), &names)
}

/// What was counted at the sides of these, a table for each target.
pub(super) fn counts(comparisons: &[Comparison], style: Style) -> String {
    let (names, mut text) = (names(comparisons), String::new());
    for target in Target::ALL {
        let lines = count_lines(comparisons, target);
        if !lines.is_empty() {
            let what = "what was counted, of all processes together; it has no verdict";
            text += &titled(&format!("{}, {what}", target.name()), style);
            text += &fitted(&["thr", "bytes", "mode", "count"], &names, &lines, style);
        }
    }
    text
}

#[derive(Clone, Copy, PartialEq)]
enum Question {
    Absolute,
    Relative,
}

/// A side's letter and its name.
type Name = (String, String);

/// The base's, and those of the others.
fn names(comparisons: &[Comparison]) -> Vec<Name> {
    let base = comparisons.first().map(|comparison| &comparison.base);
    let sides = base.into_iter().chain(comparisons.iter().map(|comparison| &comparison.new));
    let letter = |place: usize| match u8::try_from(place).ok().filter(|place| *place < 26) {
        Some(place) => char::from(b'A' + place).to_string(),
        None => format!("#{place}"),
    };
    sides.enumerate().map(|(place, side)| (letter(place), side.name.clone())).collect()
}

fn titled(title: &str, style: Style) -> String {
    match style {
        Style::Text => format!("\n{title}\n\n"),
        Style::Markdown => format!("\n### {title}\n\n"),
    }
}

/// Who they are, and what differs in their conditions, a sentence each.
fn heading(comparisons: &[Comparison], names: &[Name], style: Style) -> String {
    let bullet = if style == Style::Markdown { "- " } else { "" };
    let base = comparisons.first().map(|comparison| &comparison.base);
    let sides = base.into_iter().chain(comparisons.iter().map(|comparison| &comparison.new));
    let mut text = String::new();
    for ((letter, name), side) in names.iter().zip(sides) {
        let kernel = side.kernel_release.as_deref().unwrap_or("unknown");
        let emulated = if side.emulated.is_some() { ", processors emulated" } else { "" };
        let processes = count(side.processes, "process");
        let _ = writeln!(text, "{bullet}{letter} = {name}: kernel {kernel}, {processes} a cell{emulated}");
    }
    text.push('\n');
    for comparison in comparisons {
        let (base, new) = (&comparison.base.name, &comparison.new.name);
        let _ = writeln!(text, "{bullet}{new} against {base}: {}", comparison.conditions());
    }
    let mut said: Vec<String> = Vec::new();
    for note in comparisons.iter().flat_map(Comparison::notes) {
        if !said.contains(&note) {
            let _ = writeln!(text, "{bullet}note: {note}");
            said.push(note);
        }
    }
    text
}

fn title(quantity: Quantity, question: Question, base: &str) -> String {
    let (name, less) = (quantity.name(), quantity.of_message());
    match question {
        Question::Absolute => {
            format!("{name}, absolute: {base} in {}; others' {less} over its", quantity.shown_in())
        }
        Question::Relative => {
            format!("{name}, relative: {less} over another mode's of its blocks, over the same of {base}")
        }
    }
}

/// A line for each cell that any comparison has; the base's figure first, where
/// figures are asked for.
fn lines(comparisons: &[Comparison], quantity: Quantity, question: Question) -> Vec<Vec<String>> {
    let mut cells: Vec<&Cell> = Vec::new();
    for comparison in comparisons {
        let of_quantity = comparison.cells.iter().filter(|cell| cell.quantity == quantity);
        cells.extend(
            of_quantity.map(|cell| &cell.cell).filter(|cell| !cells.contains(cell)).collect::<Vec<_>>(),
        );
    }
    let line = |cell: &&Cell| {
        let of = |comparison: &&Comparison| comparison.cells.iter().position(|it| is(it, cell, quantity));
        let found: Vec<Option<&CellComparison>> = comparisons
            .iter()
            .map(|comparison| of(&comparison).map(|place| &comparison.cells[place]))
            .collect();
        let doubts = DoubtKinds::of_all(found.iter().flatten().map(|it| &it.doubts));
        let mut line = place(cell, &doubts);
        if question == Question::Absolute {
            let base = found.iter().flatten().find_map(|it| Some(figure(it, it.absolute.base?)));
            line.push(base.unwrap_or_else(|| "–".to_string()));
        }
        line.extend(found.iter().map(|it| match (it, question) {
            (None, _) => "–".to_string(),
            (Some(it), Question::Absolute) => entry(&it.absolute, Some(it)),
            (Some(it), Question::Relative) => entry(&it.relative, None),
        }));
        line
    };
    cells.iter().map(line).collect()
}

fn is(comparison: &CellComparison, cell: &Cell, quantity: Quantity) -> bool {
    comparison.quantity == quantity && comparison.cell == *cell
}

fn place(cell: &Cell, doubts: &DoubtKinds) -> Vec<String> {
    let marks = if doubts.is_empty() { String::new() } else { format!(" {doubts}") };
    vec![cell.threads.to_string(), cell.message_bytes.to_string(), format!("{}{marks}", cell.mode)]
}

/// `×0.981 ±0.6 % faster`; where there is no ratio the figure of `cell`, if it is asked
/// for and there is one.
fn entry(judged: &Judged, cell: Option<&CellComparison>) -> String {
    let verdict = match judged.verdict {
        Verdict::Faster | Verdict::Slower => judged.verdict.text(),
        Verdict::NoDifferenceFound => "=",
        Verdict::CannotTell => "?",
    };
    let Some(ratio) = judged.ratio else {
        let new = cell.and_then(|cell| Some(figure(cell, judged.new?)));
        return new.map_or_else(|| verdict.to_string(), |new| format!("{new} {verdict}"));
    };
    let half = percent((ratio.upper / ratio.lower).ln() / 2.0);
    format!("×{:.3} ±{} % {verdict}", ratio.estimate, tenth(half))
}

fn figure(cell: &CellComparison, per_message: f64) -> String {
    digits(cell.quantity.shown(per_message, cell.cell.message_bytes))
}

fn tenth(percent: f64) -> String {
    if percent < 9.95 { format!("{percent:.1}") } else { format!("{percent:.0}") }
}

fn count_lines(comparisons: &[Comparison], target: Target) -> Vec<Vec<String>> {
    let of_target = |comparison: &'_ Comparison| -> Vec<CountComparison> {
        comparison.counts.iter().filter(|it| it.cell.target == target).cloned().collect()
    };
    let sides: Vec<Vec<CountComparison>> = comparisons.iter().map(of_target).collect();
    let mut keys: Vec<(&Cell, &str)> = Vec::new();
    for it in sides.iter().flatten() {
        if !keys.contains(&(&it.cell, &it.count)) {
            keys.push((&it.cell, &it.count));
        }
    }
    keys.sort_by_key(|(cell, _)| (cell.threads, cell.message_bytes));
    let shown = |value: Option<f64>| value.map_or_else(|| "–".to_string(), digits);
    let line = |(cell, counted): &(&Cell, &str)| {
        let is_it = |it: &&CountComparison| it.cell == **cell && it.count == *counted;
        let found: Vec<Option<&CountComparison>> = sides.iter().map(|side| side.iter().find(is_it)).collect();
        let mut line = place(cell, &DoubtKinds::default());
        line.push(counted.to_string());
        line.push(shown(found.iter().flatten().find_map(|it| it.base)));
        line.extend(found.iter().map(|it| shown(it.and_then(|it| it.new))));
        line
    };
    keys.iter().map(line).collect()
}

/// The table with names over its columns, or with letters where those do not fit and these do.
fn fitted(fixed: &[&str], names: &[Name], lines: &[Vec<String>], style: Style) -> String {
    let header = |pick: fn(&Name) -> &String| -> Vec<String> {
        fixed.iter().map(|word| word.to_string()).chain(names.iter().map(|name| pick(name).clone())).collect()
    };
    let (named, lettered) = (header(|(_, name)| name), header(|(letter, _)| letter));
    let is_lettered = style == Style::Text && !layout::fits(&named, lines) && layout::fits(&lettered, lines);
    style.table(if is_lettered { &lettered } else { &named }, lines, 2, fixed.len())
}

fn footer(comparisons: &[Comparison], shown: usize, names: &[Name]) -> String {
    let mut text = String::from("\n");
    for comparison in comparisons {
        let _ = writeln!(text, "{}: {}", comparison.new.name, tallies(comparison).join("; "));
    }
    let base = names.first().map_or("", |(_, name)| name.as_str());
    if let Some(left) = names.get(shown + 1..).filter(|left| !left.is_empty()) {
        let left: Vec<&str> = left.iter().map(|(_, name)| name.as_str()).collect();
        let _ = writeln!(
            text,
            "\n{} more: `copycost compare {base} {}` shows the next beside {base}; --markdown and --json have all, and \
             `copycost report` on one page.",
            count(left.len(), "side"),
            left[..left.len().min(MOST_SIDES - 1)].join(" ")
        );
    }
    let _ = writeln!(
        text,
        "\n× is over {base}, ± its 95 % interval, each for one cell; above 1 is slower. = no difference was found, and \
         one of 10 % would have been; ? cannot tell: `copycost compare {base} SIDE` says why, and what could have been \
         missed. Verdicts hold for all cells of a quantity and all sides together at {:.0} % (Holm).",
        100.0 * (1.0 - LEVEL)
    );
    let cells = comparisons.iter().flat_map(|comparison| &comparison.cells);
    let doubts = DoubtKinds::of_all(cells.map(|cell| &cell.doubts));
    if !doubts.is_empty() {
        let _ = writeln!(text, "Doubts, behind a mode, of any side: {}.", doubts.explained());
    }
    text + "What doubts mean, words such as Holm, relative and absolute, and the method: docs/METHOD.md\n"
}
