//! How small a difference a run could show, from its own records: between
//! modes, and between runs as far as one process can tell. It owns what is
//! claimed of a run as a whole; what a machine could show before anything is
//! measured is the doctor's.

use serde::{Deserialize, Serialize};

use super::record::Record;
use super::row::rows;
use super::table::{count, digits};
use crate::exchange::Block;
use crate::metric::median;
use crate::or_absent::OrAbsent;
use crate::ratio::spread::{between_runs_percent, by_generation, percent};
use crate::ratio::{Ratio, self_ratio};

/// What a run could show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolution {
    /// Between two modes of a row, where every thread has a CPU.
    pub between_modes: Smallest,
    /// The same of the other rows.
    pub between_modes_oversubscribed: Smallest,
    /// Between the same cell of two runs, of those cells whose threads have a
    /// CPU each: what the generations of one process say, which is too little,
    /// since processes differ by more.
    pub between_runs_at_least: Smallest,
    /// Cells that were measured against themselves.
    pub self_checks: usize,
    /// Of those, cells whose interval held 1.
    pub self_checks_held: usize,
}

/// The smallest differences that show, over the cells of a run.
pub type Smallest = OrAbsent<SmallestDifferences>;

/// How small they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SmallestDifferences {
    /// Of how many cells or ratios.
    pub count: usize,
    /// The median.
    pub median_percent: f64,
    /// The largest.
    pub worst_percent: f64,
    /// Where that is.
    pub worst_at: String,
}

impl Resolution {
    /// From the records of one target of one run.
    pub fn of_run(records: &[Record]) -> Resolution {
        let apart = |record: &&Record| !record.placement.is_oversubscribed();
        let (enough, too_few): (Vec<&Record>, Vec<&Record>) = records.iter().partition(apart);
        let selves: Vec<Ratio> = records.iter().filter_map(|record| self_ratio(&record.ratios)).collect();
        Resolution {
            between_modes: between_modes(&enough),
            between_modes_oversubscribed: between_modes(&too_few),
            between_runs_at_least: between_runs(&enough),
            self_checks: selves.len(),
            self_checks_held: selves.iter().filter(|ratio| ratio.holds(1.0)).count(),
        }
    }

    /// For a terminal, under the table.
    pub fn lines(&self) -> String {
        let runs = match &self.between_runs_at_least {
            Smallest::Found(_) => format!(
                "Between runs it is more than {}; that is what the generations of this process say, and \
                 processes differ by more: record several",
                self.between_runs_at_least.words("cells")
            ),
            Smallest::Absent { absent } => {
                format!("Between runs this one says nothing of it ({absent}): record several processes")
            }
        };
        format!("{}.\n{runs} and use `copycost compare`.\n", self.between_modes_line("this run"))
    }

    /// What can be told between modes, and how many cells agree with themselves.
    pub(crate) fn between_modes_line(&self, of: &str) -> String {
        let places = [(&self.between_modes, ""), (&self.between_modes_oversubscribed, "oversubscribed ")];
        let found = places.iter().filter(|(smallest, _)| smallest.found().is_some());
        let words: Vec<String> =
            found.map(|(smallest, place)| format!("{place}{}", smallest.words("row ratios"))).collect();
        let mut text = match (words.as_slice(), &self.between_modes) {
            ([], Smallest::Absent { absent }) => {
                format!("Nothing says how small a difference between modes {of} could show ({absent})")
            }
            _ => format!("Smallest difference that {of} could show between modes: {}", words.join("; ")),
        };
        if self.self_checks > 0 {
            text += &format!("; self held 1 in {} of {} cells", self.self_checks_held, self.self_checks);
        }
        text
    }
}

impl Smallest {
    /// Of percentages, each with where it was found.
    pub(crate) fn of(found: Vec<(f64, String)>, none: &str) -> Smallest {
        let percents: Vec<f64> = found.iter().map(|(percent, _)| *percent).collect();
        let worst = found.into_iter().max_by(|(one, _), (other, _)| one.total_cmp(other));
        match median(&percents).zip(worst) {
            Some((median_percent, (worst_percent, worst_at))) => Smallest::Found(SmallestDifferences {
                count: percents.len(),
                median_percent,
                worst_percent,
                worst_at,
            }),
            None => Smallest::absent(none),
        }
    }

    pub(crate) fn words(&self, what: &str) -> String {
        match self {
            Smallest::Found(SmallestDifferences { count, median_percent, worst_percent, worst_at }) => {
                format!(
                    "{} % (median of {count} {what}), {} % at worst ({worst_at})",
                    digits(*median_percent),
                    digits(*worst_percent)
                )
            }
            Smallest::Absent { absent } => format!("absent ({absent})"),
        }
    }
}

/// The half width of each interval of a row as claims use it, each pair of modes
/// once: a ratio that is further from 1 shows.
fn between_modes(records: &[&Record]) -> Smallest {
    let mut found = Vec::new();
    for ((threads, bytes), row) in rows(records.iter().copied()) {
        for [one, other] in row.pairs() {
            let Some(ratio) = row.told(one, other) else { continue };
            let half = (ratio.upper / ratio.lower).ln() / 2.0;
            found.push((percent(half), format!("{one} and {other}, {}", place(threads, bytes))));
        }
    }
    let none = if records.is_empty() { NO_CELLS } else { "no ratio has an interval" };
    Smallest::of(found, none)
}

/// `2 threads × 1024 B`.
pub(crate) fn place(threads: usize, message_bytes: usize) -> String {
    format!("{} × {message_bytes} B", count(threads, "thread"))
}

const NO_CELLS: &str = "no such cell was measured";

/// From the spread of the generations' medians of the absolute figure.
fn between_runs(records: &[&Record]) -> Smallest {
    let of_cell = |record: &&Record| {
        let log_medians = log_medians(record);
        let percent = between_runs_percent(&log_medians, log_medians.len())?;
        let cell = &record.cell;
        Some((percent, format!("{}, {}", cell.mode, place(cell.threads, cell.message_bytes))))
    };
    let none = if records.is_empty() { NO_CELLS } else { "it needs two generations a cell" };
    Smallest::of(records.iter().filter_map(of_cell).collect(), none)
}

fn log_medians(record: &Record) -> Vec<f64> {
    let own = |block: &Block| Some(block.round(&record.cell.mode)?.per_message().ln());
    by_generation(record.blocks.iter().filter_map(|block| Some((block.generation, own(block)?))))
}
