//! What a baseline cannot say: how small a difference it could show, which cells
//! are doubtful, which figures are absent and why. It owns how that is put
//! together from several processes; the doubts themselves are `doubt`'s.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::cells::{CellRecords, cells};
use super::figures::Figure;
use super::ratios::RatioFigure;
use crate::cell::{Cell, Target};
use crate::compare::{self, Baseline, CellComparison, Process, Quantity};
use crate::doubt::DoubtKind;
use crate::exchange::{SELF_LANE, is_mode};
use crate::ratio::spread::percent;
use crate::results::resolution::{Resolution, Smallest, place};

/// How small a difference one bench target of a baseline could show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResolution {
    /// The baseline's name.
    pub baseline: String,
    /// The bench target.
    pub target: Target,
    /// The processes that it rests on.
    pub processes: usize,
    /// The figures.
    pub resolution: Resolution,
    /// In words.
    pub text: String,
}

/// One kind of doubt in one baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoubtNote {
    /// The baseline's name.
    pub baseline: String,
    /// The letter that marks it.
    pub mark: char,
    /// Its heading in docs/METHOD.md.
    pub title: String,
    /// What to do about it.
    pub remedy: String,
    /// The cells that it is about.
    pub cells: Vec<DoubtfulCell>,
}

/// A cell with a doubt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoubtfulCell {
    /// The cell.
    pub cell: Cell,
    /// The doubt with its figures, of the first process that has it.
    pub text: String,
    /// In how many processes.
    pub processes: usize,
    /// Of how many that measured the cell.
    pub of_processes: usize,
}

/// Figures that are absent for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Absence {
    /// The baseline's name.
    pub baseline: String,
    /// Why.
    pub reason: String,
    /// Further reasons that differ from it in their figures only.
    pub alike: usize,
    /// The [`super::quantities::Quantity::id`]s, sorted.
    pub quantities: Vec<String>,
    /// In how many cells.
    pub cells: usize,
}

/// What each target of a baseline could show.
pub(super) fn resolution(baseline: &Baseline, ratios: &[RatioFigure]) -> Vec<RunResolution> {
    let mut found = Vec::new();
    for quantity in Quantity::MAIN {
        let target = quantity.target();
        let of_target = |process: &&Process| process.records.iter().any(|r| r.cell.target == target);
        let measured: Vec<&Process> = baseline.processes.iter().filter(of_target).collect();
        let (resolution, text) = match measured.as_slice() {
            [] => continue,
            [process] => {
                let records = process.records.iter().filter(|record| record.cell.target == target);
                let resolution = Resolution::of_run(&records.cloned().collect::<Vec<_>>());
                let text = resolution.lines();
                (resolution, text)
            }
            many => {
                let ratios: Vec<&RatioFigure> = ratios.iter().filter(|r| r.quantity == quantity).collect();
                of_processes(baseline, quantity, &ratios, many.len())
            }
        };
        found.push(RunResolution {
            baseline: baseline.name.clone(),
            target,
            processes: measured.len(),
            resolution,
            text: text.trim_end().to_string(),
        });
    }
    found
}

/// The same of several processes: what the ratios' intervals from processes
/// are, and what the figures of processes differ by.
fn of_processes(
    baseline: &Baseline,
    quantity: Quantity,
    ratios: &[&RatioFigure],
    processes: usize,
) -> (Resolution, String) {
    let between_modes = |oversubscribed: bool| {
        let of = ratios.iter().filter(|ratio| is_mode(&ratio.over) && ratio.mode < ratio.over);
        let halves = of
            .filter(|ratio| ratio.doubts.contains(DoubtKind::Oversubscribed) == oversubscribed)
            .filter_map(|ratio| {
                let (lower, upper) = ratio.reading.found()?.ends()?;
                let place = place(ratio.threads, ratio.message_bytes);
                let pair = format!("{} and {}, {place}", ratio.mode, ratio.over);
                Some((percent((upper / lower).ln() / 2.0), pair))
            });
        Smallest::of(halves.collect(), "no such ratio has an interval")
    };
    let of_cell = |cell: &CellComparison| {
        let Cell { mode, threads, message_bytes, .. } = &cell.cell;
        Some((100.0 * cell.absolute.findable?, format!("{mode}, {}", place(*threads, *message_bytes))))
    };
    let alike: Vec<CellComparison> = compare::with_one_like_it(baseline, quantity)
        .into_iter()
        .filter(|cell| !cell.doubts.contains(DoubtKind::Oversubscribed))
        .collect();
    let why_none = alike.iter().find_map(|cell| cell.absolute.reason.as_deref());
    let selves: Vec<bool> = ratios
        .iter()
        .filter(|ratio| ratio.over == SELF_LANE)
        .filter_map(|ratio| ratio.reading.found()?.holds(1.0))
        .collect();
    let resolution = Resolution {
        between_modes: between_modes(false),
        between_modes_oversubscribed: between_modes(true),
        between_runs_at_least: Smallest::of(
            alike.iter().filter_map(of_cell).collect(),
            why_none.unwrap_or("no cell has a CPU for each of its threads"),
        ),
        self_checks: selves.len(),
        self_checks_held: selves.iter().filter(|held| **held).count(),
    };
    let between_modes = resolution.between_modes_line(&format!("these {processes} processes"));
    let between_runs = match &resolution.between_runs_at_least {
        Smallest::Found(_) => format!(
            "`copycost compare` with another recording like it would find 8 of 10 changes of a figure by itself of {}, \
             as far as boots and days differ no more than processes do.",
            resolution.between_runs_at_least.words("cells")
        ),
        Smallest::Absent { absent } => {
            format!("Between recordings these figures by themselves tell no change of a mode: {absent}.")
        }
    };
    let text = format!("{between_modes}.\n{between_runs}");
    (resolution, text)
}

/// Every doubt of a baseline, by kind.
pub(super) fn doubts(baseline: &Baseline) -> Vec<DoubtNote> {
    let mut notes: BTreeMap<DoubtKind, DoubtNote> = BTreeMap::new();
    for of_cell in cells(baseline) {
        for (kind, doubtful) in doubts_of(&of_cell) {
            let note = notes.entry(kind).or_insert_with(|| DoubtNote {
                baseline: baseline.name.clone(),
                mark: kind.mark(),
                title: kind.title().to_string(),
                remedy: doubtful.0.clone(),
                cells: Vec::new(),
            });
            note.cells.push(doubtful.1);
        }
    }
    notes.into_values().collect()
}

/// The remedy and the cell.
type Doubtful = (String, DoubtfulCell);

fn doubts_of(of_cell: &CellRecords<'_>) -> BTreeMap<DoubtKind, Doubtful> {
    let mut found: BTreeMap<DoubtKind, Doubtful> = BTreeMap::new();
    for record in &of_cell.records {
        let mut seen = BTreeSet::new();
        for written in record.doubts.iter().filter(|written| seen.insert(written.doubt.kind())) {
            let entry = found.entry(written.doubt.kind()).or_insert_with(|| {
                let cell = DoubtfulCell {
                    cell: of_cell.cell.clone(),
                    text: written.text.clone(),
                    processes: 0,
                    of_processes: of_cell.records.len(),
                };
                (written.remedy.clone(), cell)
            });
            entry.1.processes += 1;
        }
    }
    found
}

/// Figures and ratios that are absent, by reason.
pub(super) fn absences(baseline: &str, figures: &[Figure], ratios: &[RatioFigure]) -> Vec<Absence> {
    let mut found: BTreeMap<String, Absent> = BTreeMap::new();
    let mut add = |reason: &str, quantity: String, cell: Cell| {
        let absent = found.entry(without_figures(reason)).or_default();
        absent.reasons.insert(reason.to_string());
        absent.quantities.insert(quantity);
        absent.cells.insert(cell);
    };
    // What a mode that asks for no zero-copy did not count is not missing.
    let counts_completions: BTreeSet<&str> = figures
        .iter()
        .filter(|figure| figure.quantity == "zerocopy_sends" && figure.reading.value().is_some())
        .map(|figure| figure.cell.mode.as_str())
        .collect();
    for figure in figures {
        let applies = !figure.quantity.starts_with("zerocopy_")
            || counts_completions.contains(figure.cell.mode.as_str());
        if let (Some(absent), true) = (figure.reading.absence(), applies) {
            add(absent, figure.quantity.clone(), figure.cell.clone());
        }
    }
    for ratio in ratios {
        let Some(absent) = ratio.reading.no_interval() else { continue };
        let cell = Cell {
            target: ratio.quantity.target(),
            mode: ratio.mode.clone(),
            message_bytes: ratio.message_bytes,
            threads: ratio.threads,
        };
        add(absent, format!("ratio of {}", ratio.quantity.name()), cell);
    }
    let absence = |absent: Absent| Absence {
        baseline: baseline.to_string(),
        alike: absent.reasons.len() - 1,
        reason: absent.reasons.into_iter().next().unwrap_or_default(),
        quantities: absent.quantities.into_iter().collect(),
        cells: absent.cells.len(),
    };
    found.into_values().map(absence).collect()
}

#[derive(Default)]
struct Absent {
    reasons: BTreeSet<String>,
    quantities: BTreeSet<String>,
    cells: BTreeSet<Cell>,
}

fn without_figures(reason: &str) -> String {
    reason.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}
