//! On which CPUs the kernel processed packets while the generations of a cell had their
//! rounds. They are the whole machine's; whose packets they were it does not say.

use super::{Described, Reading, Source, Value};
use crate::exchange::CellMeasurement;

pub(super) struct ProcessedPacketsSource;

const LINE: Described = Described {
    name: "processed_packets",
    unit: "",
    meaning: "shares of the packets that the machine processed, by CPU (`/proc/net/softnet_stat`), all modes' rounds of the cell's generations included",
};

impl Source for ProcessedPacketsSource {
    fn catalogue(&self) -> &'static [Described] {
        const { &[LINE] }
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let packets = measurement.generations.iter().map(|generation| generation.processed_packets.clone());
        let all = packets.reduce(|sum, more| Some(sum?.and(&more?))).flatten();
        let reading = match all {
            Some(all) => Reading::Value(Value::Text(all.shares())),
            None => Reading::Absent("/proc/net/softnet_stat could not be read".into()),
        };
        vec![(LINE.name, reading)]
    }
}
