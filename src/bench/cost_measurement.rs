//! CPU cost as a Criterion measurement, so that Criterion's reports, baselines
//! and plots hold it like any other, in its own unit. It formats; the counts
//! come from the rounds.

use criterion::Throughput;
use criterion::measurement::{Measurement, ValueFormatter};

use crate::exchange::CostUnit;

/// Counts handed over by `iter_custom`, in `unit`.
pub(super) struct CpuCost {
    formatter: CostFormatter,
}

impl CpuCost {
    pub(super) fn new(unit: CostUnit) -> CpuCost {
        CpuCost { formatter: CostFormatter { unit } }
    }
}

impl Measurement for CpuCost {
    type Intermediate = ();
    type Value = u64;

    /// Never called: every benchmark here hands its own counts over.
    fn start(&self) -> Self::Intermediate {}

    fn end(&self, (): Self::Intermediate) -> u64 {
        0
    }

    fn add(&self, one: &u64, other: &u64) -> u64 {
        one + other
    }

    fn zero(&self) -> u64 {
        0
    }

    fn to_f64(&self, value: &u64) -> f64 {
        *value as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        &self.formatter
    }
}

struct CostFormatter {
    unit: CostUnit,
}

impl CostFormatter {
    fn scaled(&self, typical: f64, values: &mut [f64], units: [&'static str; 3]) -> &'static str {
        let (factor, unit) = match typical {
            size if size < 1e3 => (1.0, units[0]),
            size if size < 1e6 => (1e-3, units[1]),
            _ => (1e-6, units[2]),
        };
        values.iter_mut().for_each(|value| *value *= factor);
        unit
    }
}

impl ValueFormatter for CostFormatter {
    /// For each message, which is one iteration.
    fn scale_values(&self, typical: f64, values: &mut [f64]) -> &'static str {
        let units = match self.unit {
            CostUnit::Cycles => ["cycles", "kcycles", "Mcycles"],
            CostUnit::CpuNanoseconds => ["ns CPU", "µs CPU", "ms CPU"],
        };
        self.scaled(typical, values, units)
    }

    /// For each byte: not a rate, but what Criterion has a place for.
    fn scale_throughputs(&self, _: f64, throughput: &Throughput, values: &mut [f64]) -> &'static str {
        if let Throughput::Bytes(bytes) | Throughput::BytesDecimal(bytes) = throughput {
            values.iter_mut().for_each(|value| *value /= *bytes as f64);
        }
        match self.unit {
            CostUnit::Cycles => "cycles/B",
            CostUnit::CpuNanoseconds => "ns CPU/B",
        }
    }

    /// One word: parsers of the bencher format take no unit of two.
    fn scale_for_machines(&self, _: &mut [f64]) -> &'static str {
        match self.unit {
            CostUnit::Cycles => "cycles",
            CostUnit::CpuNanoseconds => "ns",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_the_counts() {
        for (unit, message, byte) in
            [(CostUnit::Cycles, "kcycles", "cycles/B"), (CostUnit::CpuNanoseconds, "µs CPU", "ns CPU/B")]
        {
            let measurement = CpuCost::new(unit);
            let mut values = [2048.0];
            assert_eq!(measurement.formatter().scale_values(2048.0, &mut values), message);
            assert_eq!(values, [2.048]);
            let mut values = [2048.0];
            let throughput = Throughput::BytesDecimal(1024);
            assert_eq!(measurement.formatter().scale_throughputs(2048.0, &throughput, &mut values), byte);
            assert_eq!(values, [2.0]);
        }
    }
}
