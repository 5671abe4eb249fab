//! CPU cost in cycles and CPU cost in nanoseconds do not compare. It finds the
//! baseline that Criterion is about to compare with, and its unit.

use std::path::Path;

use crate::cell::{Cell, Target};
use crate::error::{Error, Result};
use crate::loopback::CostUnit;
use crate::profile::Profile;
use crate::results::criterion_files;

/// A baseline in cycles is not compared with one in CPU time, nor the other
/// way round: Criterion would print the ratio of two units.
pub(super) fn refuse_another(output: &Path, profile: &Profile, unit: CostUnit, baseline: &str) -> Result<()> {
    for threads in &profile.matrix.threads {
        for mode in &profile.matrix.modes {
            for message_bytes in profile.matrix.message_bytes.iter().copied() {
                let (target, mode) = (Target::CpuCost, mode.clone());
                let cell = Cell { target, mode, message_bytes, threads: *threads };
                let path = criterion_files::cell_directory(output, &cell)
                    .join(baseline)
                    .join(criterion_files::RECORD_FILE);
                let Ok(record) = criterion_files::read_record(&path) else { continue };
                if record.cost_unit.is_some_and(|other| other != unit) {
                    return Err(Error::Broken {
                        cell,
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
        }
    }
    Ok(())
}
