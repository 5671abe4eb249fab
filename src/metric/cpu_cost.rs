//! What the cell's own rounds cost the CPU: the kernel's counters of the
//! client and the server threads, apart. Companions are not counted.

use super::{Described, Reading, Source, Value};
use crate::counter::{self, COUNT, Counts, KINDS};
use crate::loopback::{Block, CellMeasurement, CostUnit};

pub(super) struct CpuCost;

const MESSAGES: &str = "own_messages";
const CLIENT_PER_BYTE: &str = "client_cost_per_byte";
const SERVER_PER_BYTE: &str = "server_cost_per_byte";
const SWITCHES: &str = "context_switches_per_message";
const SHARE: &str = "counted_share";

impl Source for CpuCost {
    fn catalogue(&self) -> &'static [Described] {
        static CATALOGUE: std::sync::LazyLock<Vec<Described>> = std::sync::LazyLock::new(|| {
            let described = |name, unit, meaning| Described { name, unit, meaning };
            let client = KINDS.iter().map(|kind| described(kind.client, kind.unit, kind.meaning));
            let server = KINDS.iter().map(|kind| described(kind.server, kind.unit, kind.meaning));
            let ours = [
                described(MESSAGES, "", "messages of the own rounds, which the counts are of"),
                described(
                    CLIENT_PER_BYTE,
                    "unit/B",
                    "cycles, or else CPU nanoseconds, that the clients spent a byte",
                ),
                described(SERVER_PER_BYTE, "unit/B", "the same of the servers"),
                described(SWITCHES, "", "context switches of both sides, of both kinds, a message"),
                described(
                    SHARE,
                    "",
                    "the least share of the time for which a multiplexed counter counted, 0 to 1",
                ),
            ];
            client.chain(server).chain(ours).collect()
        });
        &CATALOGUE
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let own = |block: &Block| block.round(&measurement.cell.mode).map_or(0, |round| round.messages);
        let messages: u64 = measurement.blocks.iter().map(own).sum();
        let bytes = (messages * measurement.cell.message_bytes as u64) as f64;
        let client = total(measurement, |block| block.client_counts);
        let server = total(measurement, |block| block.server_counts);
        let mut readings = vec![(MESSAGES, Reading::Value(Value::Count(messages)))];
        for (kind, described) in KINDS.iter().enumerate() {
            for (name, counts) in [(described.client, &client), (described.server, &server)] {
                let value = counts[kind].map(|count| Value::Count(count.value.round() as u64));
                readings.push((name, reading(measurement, kind, value)));
            }
        }
        let unit = measurement.cost_unit.kind();
        for (name, counts) in [(CLIENT_PER_BYTE, &client), (SERVER_PER_BYTE, &server)] {
            let value = counts[unit].map(|count| Value::Number(count.value / bytes));
            readings.push((name, reading(measurement, unit, value)));
        }
        let switches: Option<f64> = [counter::VOLUNTARY_SWITCHES, counter::INVOLUNTARY_SWITCHES]
            .into_iter()
            .flat_map(|kind| [client[kind], server[kind]])
            .map(|count| Some(count?.value))
            .sum();
        let per_message = switches.map(|switches| Value::Number(switches / messages as f64));
        readings.push((SWITCHES, reading(measurement, counter::VOLUNTARY_SWITCHES, per_message)));
        let shares = client.iter().chain(&server).flatten().map(|count| count.counted_share);
        let share = shares.fold(f64::INFINITY, f64::min);
        readings.push((SHARE, reading(measurement, unit, share.is_finite().then_some(Value::Number(share)))));
        readings
    }
}

/// The sum over the own rounds; absent where one round lacks it.
fn total(measurement: &CellMeasurement, of: impl Fn(&Block) -> Option<Counts>) -> Counts {
    let counts = measurement.blocks.iter().map(|block| of(block).unwrap_or([None; COUNT]));
    counts.reduce(|sum, counts| counter::sum(&sum, &counts)).unwrap_or([None; COUNT])
}

fn reading(measurement: &CellMeasurement, kind: usize, value: Option<Value>) -> Reading {
    match value {
        Some(value) => Reading::Value(value),
        None => Reading::Absent(absence(measurement, kind)),
    }
}

fn absence(measurement: &CellMeasurement, kind: usize) -> String {
    let known = measurement.absent_counters.iter().filter(|(absent, _)| *absent == kind);
    let reasons: Vec<&str> = known.map(|(_, why)| why.as_str()).collect();
    if reasons.is_empty() { counter::NEVER_COUNTED.to_string() } else { reasons.join("; ") }
}

/// The unit of a cost a byte, as lines and tables print it.
pub fn per_byte_unit(unit: CostUnit) -> String {
    format!("{}/B", unit.name())
}
