//! Whether the baselines that a run names can be what it asks of them, before
//! anything is measured: every cell asked for has them, and in one unit. Where
//! Criterion keeps them is `criterion_files`'s.

use std::path::Path;

use super::invocation::{Baseline, Invocation};
use crate::cell::{Cell, Target};
use crate::error::{Error, Result};
use crate::exchange::CostUnit;
use crate::results::criterion_files;

/// Refuses what Criterion would panic at, or compare wrongly, in `cells`.
pub(super) fn check(invocation: &Invocation, output: &Path, cells: &[Cell], unit: CostUnit) -> Result<()> {
    let compared = match &invocation.baseline {
        Baseline::Compare(name) => Some(("--baseline", name)),
        Baseline::CompareWhereThere(name) => Some(("--baseline-lenient", name)),
        Baseline::Save(_) | Baseline::Discard => None,
    };
    if let Some((flag, name)) = compared.filter(|(_, name)| *name == criterion_files::LAST_RUN) {
        let what = "it is the last run, which this one replaces before it is compared; \
                    name one that --save-baseline or `copycost record` kept";
        return Err(Error::Flag { flag, value: name.clone(), what: what.to_string() });
    }
    if let Baseline::Compare(name) = &invocation.baseline {
        let rest = format!("; --baseline-lenient {name} compares those cells that have it");
        refuse_missing("--baseline", name, &rest, output, cells)?;
    }
    if let Some(name) = &invocation.loaded_baseline {
        refuse_missing("--load-baseline", name, "", output, cells)?;
    }
    match &invocation.baseline {
        Baseline::Save(name) | Baseline::Compare(name) | Baseline::CompareWhereThere(name) => {
            refuse_another_unit(name, output, cells, unit)
        }
        Baseline::Discard => Ok(()),
    }
}

fn refuse_missing(flag: &'static str, name: &str, rest: &str, output: &Path, cells: &[Cell]) -> Result<()> {
    let lacking = cells.iter().filter(|cell| !criterion_files::has_baseline(output, cell, name));
    let lacking: Vec<&Cell> = lacking.collect();
    let Some(first) = lacking.first() else { return Ok(()) };
    let known = criterion_files::baselines_of(output, cells)?;
    let (lack, of) = (lacking.len(), cells.len());
    let known = if known.is_empty() { "none".to_string() } else { known.join(", ") };
    let what = format!("{lack} of the {of} cells asked for lack it, first {first}; there are: {known}{rest}");
    Err(Error::Flag { flag, value: name.to_string(), what })
}

/// A baseline in cycles is not compared with one in CPU time, nor the other
/// way round: Criterion would print the ratio of two units.
fn refuse_another_unit(baseline: &str, output: &Path, cells: &[Cell], unit: CostUnit) -> Result<()> {
    for cell in cells.iter().filter(|cell| cell.target == Target::CpuCost) {
        let path =
            criterion_files::cell_directory(output, cell).join(baseline).join(criterion_files::RECORD_FILE);
        let Ok(record) = criterion_files::read_record(&path) else { continue };
        if record.cost_unit.is_some_and(|other| other != unit) {
            return Err(Error::Broken {
                cell: cell.clone(),
                end: format!("baseline `{baseline}`"),
                what: format!(
                    "it is in {}, this run would be in {}: they do not compare; \
                     name another with --save-baseline, or remove it",
                    record.cost_unit.map_or("", CostUnit::name),
                    unit.name()
                ),
            });
        }
    }
    Ok(())
}
