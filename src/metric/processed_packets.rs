//! On which CPUs the kernel processed packets while a generation had its rounds. One
//! value a generation, of the whole machine; whose packets they were it does not say.

use super::{Described, Reading, Source, Value};
use crate::exchange::CellMeasurement;

pub(super) struct ProcessedPacketsSource;

const LINE: Described = Described {
    name: "processed_packets",
    unit: "",
    meaning: "shares of the packets that the machine processed, by CPU (`/proc/net/softnet_stat`), all modes' rounds of the generation included",
};

impl Source for ProcessedPacketsSource {
    fn catalogue(&self) -> &'static [Described] {
        const { &[LINE] }
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let packets = measurement.generations.iter().map(|generation| generation.processed_packets.as_ref());
        let shares = packets.map(|packets| Some(Value::Text(packets?.shares())));
        let reading = match shares.collect::<Option<Vec<_>>>() {
            Some(values) if !values.is_empty() => Reading::Value(Value::Generations(values)),
            _ => Reading::Absent("/proc/net/softnet_stat could not be read".into()),
        };
        vec![(LINE.name, reading)]
    }
}
