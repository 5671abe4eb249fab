//! Round trips of a latency cell's own rounds, from an HDR histogram of three
//! significant digits: each percentile is exact to 0.1 %.

use base64::Engine;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

use super::{Described, Metrics, Reading, Source, Value};
use crate::cell::Target;
use crate::exchange::CellMeasurement;

pub(super) struct RoundTrip;

/// Percentiles with the names of their metrics.
const PERCENTILES: [(&str, f64); 4] = [
    ("round_trip_p50", 0.50),
    ("round_trip_p90", 0.90),
    ("round_trip_p99", 0.99),
    ("round_trip_p99_9", 0.999),
];

/// What the histogram can hold: a round trip over a minute is a stall, which
/// ends the round long before.
const LONGEST_NS: u64 = 600_000_000_000;

static CATALOGUE: [Described; 8] = [
    Described { name: "round_trips", unit: "", meaning: "round trips of the own rounds" },
    nanoseconds("round_trip_mean", "mean round trip; what Criterion's mean is made of"),
    nanoseconds("round_trip_p50", "median round trip"),
    nanoseconds("round_trip_p90", "90th percentile"),
    nanoseconds("round_trip_p99", "99th percentile"),
    nanoseconds("round_trip_p99_9", "99.9th percentile"),
    nanoseconds("round_trip_max", "longest round trip"),
    Described {
        name: HISTOGRAM,
        unit: "ns",
        meaning: "all of them: an HDR histogram, V2, deflated, in Base64",
    },
];

const HISTOGRAM: &str = "round_trip_histogram";

const fn nanoseconds(name: &'static str, meaning: &'static str) -> Described {
    Described { name, unit: "ns", meaning }
}

impl Source for RoundTrip {
    fn catalogue(&self) -> &'static [Described] {
        &CATALOGUE
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        if measurement.cell.target != Target::Latency {
            return Vec::new();
        }
        let Ok(mut histogram) = Histogram::<u64>::new_with_bounds(1, LONGEST_NS, 3) else {
            return Vec::new(); // the bounds are constants that the crate accepts
        };
        for round_trip_ns in measurement.blocks.iter().flat_map(|block| &block.round_trips_ns) {
            histogram.saturating_record(*round_trip_ns);
        }
        let count = histogram.len();
        let value = |ns: f64| match count {
            0 => Reading::Absent("no round trip was measured".into()),
            _ => Reading::Value(Value::Number(ns)),
        };
        let mut readings = vec![
            ("round_trips", Reading::Value(Value::Count(count))),
            ("round_trip_mean", value(histogram.mean())),
            ("round_trip_max", value(histogram.max() as f64)),
            (HISTOGRAM, compressed(&histogram)),
        ];
        for (name, quantile) in PERCENTILES {
            // Fewer, and the percentile would be the maximum under another name.
            let needed = (1.0 / (1.0 - quantile)).round() as u64;
            readings.push((
                name,
                match count < needed {
                    true => Reading::Absent(format!("needs {needed} round trips, and {count} were measured")),
                    false => value(histogram.value_at_quantile(quantile) as f64),
                },
            ));
        }
        readings
    }
}

/// As HdrHistogram's other implementations write and read it.
fn compressed(histogram: &Histogram<u64>) -> Reading {
    let mut bytes = Vec::new();
    match V2DeflateSerializer::new().serialize(histogram, &mut bytes) {
        Ok(_) => Reading::Value(Value::Text(base64::engine::general_purpose::STANDARD.encode(bytes))),
        Err(error) => Reading::Absent(format!("it could not be compressed: {error}")),
    }
}

/// The histogram of a latency cell's metrics; an error says why there is none.
pub(crate) fn histogram(metrics: &Metrics) -> Result<Histogram<u64>, String> {
    let text = match metrics.get(HISTOGRAM).map(|metric| &metric.reading) {
        Some(Reading::Value(Value::Text(text))) => text,
        Some(Reading::Absent(why)) => return Err(why.clone()),
        _ => return Err("the record holds no histogram".into()),
    };
    let engine = base64::engine::general_purpose::STANDARD;
    let bytes = engine.decode(text).map_err(|error| format!("the histogram cannot be read: {error}"))?;
    let read = Deserializer::new().deserialize(&mut bytes.as_slice());
    read.map_err(|error| format!("the histogram cannot be read: {error}"))
}
