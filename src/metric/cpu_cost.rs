//! What the cell's own rounds cost the CPU: the kernel's counters of the
//! client and the server threads, apart. Companions are not counted.

use super::{Described, Reading, Source, Value};
use crate::counter::{self, KINDS, LEAST_COUNTED_ROUNDS, Sum, Sums};
use crate::exchange::{Block, CellMeasurement, CostUnit};

pub(super) struct CpuCost;

const MESSAGES: &str = "own_messages";
const CLIENT_PER_BYTE: &str = "client_cost_per_byte";
const SERVER_PER_BYTE: &str = "server_cost_per_byte";
const SWITCHES: &str = "context_switches_per_message";
const SHARE: &str = "counted_share";
const COUNTED_ROUNDS: &str = "counted_rounds";
const WANTED_ROUNDS: &str = "wanted_rounds";

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
                described(
                    COUNTED_ROUNDS,
                    "",
                    "of the counter that missed most of those given: rounds of threads with a count",
                ),
                described(WANTED_ROUNDS, "", "of the same: rounds of threads, with a count or without"),
            ];
            client.chain(server).chain(ours).collect()
        });
        &CATALOGUE
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let own = |block: &Block| block.round(&measurement.cell.mode).map_or(0, |round| round.messages);
        let messages: u64 = measurement.blocks.iter().map(own).sum();
        let bytes = (messages * measurement.cell.message_bytes as u64) as f64;
        let client = sums(measurement, |block| block.client_counts);
        let server = sums(measurement, |block| block.server_counts);
        let absent = |kind| Reading::Absent(absence(measurement, kind, [&client[kind], &server[kind]]));
        let reading = |kind, value: Option<Value>| value.map_or_else(|| absent(kind), Reading::Value);
        let mut readings = vec![(MESSAGES, Reading::Value(Value::Count(messages)))];
        for (kind, described) in KINDS.iter().enumerate() {
            for (name, sums) in [(described.client, &client), (described.server, &server)] {
                let value = sums[kind].total().map(|total| Value::Count(total.round() as u64));
                let absent = || Reading::Absent(absence(measurement, kind, [&sums[kind]]));
                readings.push((name, value.map_or_else(absent, Reading::Value)));
            }
        }
        let unit = measurement.cost_unit.kind();
        for (name, sums) in [(CLIENT_PER_BYTE, &client), (SERVER_PER_BYTE, &server)] {
            let value = sums[unit].total().map(|total| Value::Number(total / bytes));
            readings.push((name, reading(unit, value)));
        }
        let switches: Option<f64> = [counter::VOLUNTARY_SWITCHES, counter::INVOLUNTARY_SWITCHES]
            .into_iter()
            .flat_map(|kind| [client[kind].total(), server[kind].total()])
            .sum();
        let per_message = switches.map(|switches| Value::Number(switches / messages as f64));
        readings.push((SWITCHES, reading(counter::VOLUNTARY_SWITCHES, per_message)));
        let given = || {
            let all = (0..KINDS.len()).flat_map(|kind| [client[kind], server[kind]]);
            all.filter(|sum| sum.total().is_some())
        };
        let share = given().map(|sum| sum.time_share()).reduce(f64::min);
        readings.push((SHARE, reading(unit, share.map(Value::Number))));
        let fewest = given().min_by(|one, other| {
            (one.rounds * other.of).cmp(&(other.rounds * one.of)) // as shares
        });
        let rounds = |of: fn(&Sum) -> u64| reading(unit, fewest.as_ref().map(of).map(Value::Count));
        readings.push((COUNTED_ROUNDS, rounds(|sum| sum.rounds)));
        readings.push((WANTED_ROUNDS, rounds(|sum| sum.of)));
        readings
    }
}

/// The sums over the own rounds of one side.
fn sums(measurement: &CellMeasurement, of: impl Fn(&Block) -> Option<Sums>) -> Sums {
    let counted = measurement.blocks.iter().filter_map(of);
    counted.fold(Sums::default(), |sums, counts| sums.plus(&counts))
}

/// Why there is no total: what the threads said, and of how many rounds there
/// was a count if that was not enough.
pub(super) fn absence<const N: usize>(
    measurement: &CellMeasurement,
    kind: usize,
    sides: [&Sum; N],
) -> String {
    let known = measurement.absent_counters.iter().filter(|(absent, _)| *absent == kind);
    let mut reasons: Vec<String> = known.map(|(_, why)| why.clone()).collect();
    if reasons.is_empty() {
        reasons.push(counter::NEVER_COUNTED.to_string());
    }
    let too_few = sides.into_iter().filter(|sum| sum.rounds > 0 && sum.total().is_none());
    reasons.extend(too_few.map(|Sum { rounds, of, .. }| {
        let least = LEAST_COUNTED_ROUNDS * 100.0;
        format!("a count in {rounds} of {of} rounds of threads, and a total needs {least:.0} % of them")
    }));
    reasons.join("; ")
}

/// The unit of a cost a byte, as lines and tables print it.
pub fn per_byte_unit(unit: CostUnit) -> String {
    format!("{}/B", unit.name())
}
