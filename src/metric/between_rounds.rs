//! How busy a side was while other sides had their rounds: its agent's process, and
//! the machine under it where that is another. One value a generation; only sides of
//! one recording have it.

use super::{Described, Reading, Source, Value};
use crate::exchange::{CellMeasurement, GenerationReport};

pub(super) struct BetweenRounds;

/// A metric, its meaning and where the report of a generation holds it.
type Line = (&'static str, &'static str, fn(&GenerationReport) -> Option<f64>);

const LINES: [Line; 2] = [
    (
        "agent_busy_between_rounds",
        "CPU time of the side's agent while other sides had their rounds, over that time: 1 is one CPU",
        |report| report.busy_share_between_rounds,
    ),
    (
        "machine_busy_between_rounds",
        "the same of all that ran on its machine, where that is another than the controller's",
        |report| report.machine_busy_share_between_rounds,
    ),
];

impl Source for BetweenRounds {
    fn catalogue(&self) -> &'static [Described] {
        const CATALOGUE: [Described; 2] = [
            Described { name: LINES[0].0, unit: "", meaning: LINES[0].1 },
            Described { name: LINES[1].0, unit: "", meaning: LINES[1].1 },
        ];
        &CATALOGUE
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let values = |of: fn(&GenerationReport) -> Option<f64>| {
            let shares = measurement.generations.iter().map(|report| of(report).map(Value::Number));
            shares.collect::<Option<Vec<_>>>().filter(|values| !values.is_empty())
        };
        let reading = |values| Reading::Value(Value::Generations(values));
        LINES.iter().filter_map(|(name, _, of)| Some((*name, reading(values(*of)?)))).collect()
    }
}
