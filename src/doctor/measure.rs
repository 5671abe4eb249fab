//! Measures what this machine can resolve, in 15 seconds at most. It owns how
//! those seconds are spent; rounds and ratios are those of the benches
//! themselves, and nothing here enters a record of a cell.

mod memory;
mod resolution;

use std::time::{Duration, Instant};

use crate::cpu::Topology;
use crate::metric::{Described, Metric, Metrics, Reading, Value};
use crate::profile::{PlacementPolicy, Profile};

/// What [`measure`] takes at most.
pub const LIMIT: Duration = Duration::from_secs(15);

/// Of those, for each of two cells, and for each of two memory measurements.
/// The rest is for what cannot be cut short: a block, an end of a generation.
const FOR_A_CELL: Duration = Duration::from_millis(4500);
const FOR_MEMORY: Duration = Duration::from_millis(1000);

/// How far its two smallest differences may be relied on.
pub const HOW_ROUGH: &str = "a few seconds of two cells stand for the matrix. Where 0.95 % was promised between \
                             modes, runs of the whole matrix came to 1.8 to 6.4 %; each run says its own under its table";

/// What is measured: name, unit, meaning.
pub static CATALOGUE: &[Described] = &[
    Described {
        name: "drift_within_seconds",
        unit: "%",
        meaning: "coefficient of variation of successive rounds of one cell: what a single round's \
             figure is worth",
    },
    Described {
        name: "smallest_difference_between_modes",
        unit: "%",
        meaning: "half width of the 95 % interval of a mode against itself, with the profile's generations: \
                  a smaller difference between two modes does not show",
    },
    Described {
        name: "smallest_difference_between_runs",
        unit: "%",
        meaning: "the same for raw figures of two runs, from the spread between generations: a lower bound, \
                  since one process of a few seconds knows nothing of other processes, boots and slow drift",
    },
    Described {
        name: "cache_line_transfer",
        unit: "ns",
        meaning: "for a cache line to go from the one CPU to the other, while both wait for it",
    },
    Described {
        name: "destination_at_page_plus_16",
        unit: "×",
        meaning: "time of a 64 KiB memcpy from the start of a page to page + 16, where malloc puts large \
                  buffers, over one to the start of a page; well above 1: keep the profile's offsets at 0",
    },
];

/// Measures everything of [`CATALOGUE`]; what cannot be measured is absent
/// with the reason. Two cells stand for all: the profile's first mode, one
/// thread, its smallest and its largest message. Of two figures the larger is
/// reported.
pub fn measure(profile: &Profile) -> Metrics {
    let mut readings = Vec::new();
    match Topology::read().and_then(|topology| topology.plan(PlacementPolicy::Spread, 1)) {
        Ok(plan) => {
            let ends = plan.ends[0];
            readings.extend(resolution::measure(profile, FOR_A_CELL));
            readings.push(("cache_line_transfer", memory::cache_line(ends, now() + FOR_MEMORY)));
            readings.push(("destination_at_page_plus_16", memory::destination(ends, now() + FOR_MEMORY)));
        }
        Err(error) => {
            readings.extend(CATALOGUE.iter().map(|described| (described.name, Err(error.to_string()))));
        }
    }
    let metric = |(name, found): (&str, Result<f64, String>)| {
        let reading = match found {
            Ok(number) => Reading::Value(Value::Number(number)),
            Err(reason) => Reading::Absent(reason),
        };
        let unit = CATALOGUE.iter().find(|described| described.name == name).map_or("", |it| it.unit);
        (name.to_string(), Metric { reading, unit: unit.to_string() })
    };
    readings.into_iter().map(metric).collect()
}

/// A figure, or why there is none.
type Found = Result<f64, String>;

/// The clock of this file's deadlines and of copies in memory. Rounds have
/// their own.
fn now() -> Instant {
    #[allow(clippy::disallowed_methods)] // no round is timed by it: see above
    Instant::now()
}
