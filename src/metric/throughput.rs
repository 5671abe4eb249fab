//! Throughput of a cell's own rounds. Criterion's mean stands beside it in
//! Criterion's own files.

use super::{Described, Reading, Source, Value, median};
use crate::cell::Target;
use crate::exchange::CellMeasurement;

pub(super) struct Throughput;

impl Source for Throughput {
    fn catalogue(&self) -> &'static [Described] {
        &[Described {
            name: "throughput",
            unit: "Gbit/s",
            meaning: "median over the blocks of the own round's payload bits a second, all connections together",
        }]
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let cell = &measurement.cell;
        if cell.target != Target::Throughput {
            return Vec::new(); // never derived from round trips, nor the other way round
        }
        let bits = cell.message_bytes as f64 * 8.0;
        let own = measurement.blocks.iter().filter_map(|block| block.round(&cell.mode));
        let rates: Vec<f64> = own.map(|round| bits / round.per_message()).collect();
        let reading = match median(&rates) {
            Some(gbit_per_s) => Reading::Value(Value::Number(gbit_per_s)),
            None => Reading::Absent("no block was measured".into()),
        };
        vec![("throughput", reading)]
    }
}
