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
pub(super) fn refuse_another(output: &Path, profile: &Profile, unit: CostUnit) -> Result<()> {
    let baseline = baseline_in_use(std::env::args());
    for threads in &profile.matrix.threads {
        for mode in &profile.matrix.modes {
            for message_bytes in profile.matrix.message_bytes.iter().copied() {
                let (target, mode) = (Target::CpuCost, mode.clone());
                let cell = Cell { target, mode, message_bytes, threads: *threads };
                let path = criterion_files::cell_directory(output, &cell)
                    .join(&baseline)
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

/// The baseline that Criterion compares with, by its own rules.
fn baseline_in_use(arguments: impl Iterator<Item = String>) -> String {
    let arguments: Vec<String> = arguments.collect();
    let flags = ["--baseline", "-b", "--baseline-lenient", "--save-baseline", "-s"];
    for (index, argument) in arguments.iter().enumerate() {
        let (flag, value) = argument.split_once('=').map_or((argument.as_str(), None), |(f, v)| (f, Some(v)));
        if flags.contains(&flag) {
            let next = value.map(str::to_string).or_else(|| arguments.get(index + 1).cloned());
            return next.unwrap_or_default();
        }
    }
    "base".to_string()
}

#[cfg(test)]
mod tests {
    use super::baseline_in_use;

    #[test]
    fn the_baseline_is_the_one_that_criterion_takes() {
        let of = |line: &str| baseline_in_use(line.split_whitespace().map(str::to_string));
        assert_eq!(of("bench --bench"), "base");
        assert_eq!(of("bench --bench --baseline before zero-copy"), "before");
        assert_eq!(of("bench --save-baseline=after"), "after");
        assert_eq!(of("bench -b before"), "before");
    }
}
