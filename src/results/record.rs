//! The record of a cell, `copycost.json`: docs/RECORD.md documents it key by
//! key. It owns the file's shape; where the file lies is
//! [`super::criterion_files`]'s business.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cell::{Cell, Target};
use crate::copy_mode;
use crate::cpu::Plan;
use crate::doubt::{self, Doubt, DoubtKind, DoubtKinds};
use crate::environment::Environment;
use crate::exchange::{Block, CellMeasurement, CostUnit, is_mode};
use crate::metric::breakdown::Breakdown;
use crate::metric::{self, Metrics, Reading};
use crate::or_absent::OrAbsent;
use crate::profile::Profile;
use crate::ratio::{self, Ratios};

/// The version of the file's shape. A new metric does not change it.
pub const SCHEMA_VERSION: u32 = 1;

/// The version of the method: figures of different versions do not compare.
pub const METHOD_VERSION: u32 = 2;

/// Everything that is kept of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// See [`METHOD_VERSION`].
    pub method_version: u32,
    /// The version of the program that wrote it.
    pub copycost_version: String,
    /// The cell.
    pub cell: Cell,
    /// What each mode of the blocks does. Records of earlier versions have none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub modes: BTreeMap<String, ModeFacts>,
    /// What the cell's own counts and ratios are in; of a CPU cost cell only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cost_unit: Option<CostUnit>,
    /// What `client_cost_per_byte` and `server_cost_per_byte` are in.
    pub counted_in: CostUnit,
    /// Every metric by name.
    pub metrics: Metrics,
    /// Where the CPU time goes; of a CPU cost cell only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub breakdown: Option<OrAbsent<Breakdown>>,
    /// This cell's time a message over that of each other mode, and `self`.
    pub ratios: Ratios,
    /// The same but `self`, from the blocks of every cell of this size and
    /// thread count that the run has measured: what tables and findings use.
    pub row_ratios: Ratios,
    /// Why to read the figures with care.
    pub doubts: Vec<WrittenDoubt>,
    /// The blocks that Criterion's samples are the own rounds of.
    pub blocks: Vec<Block>,
    /// What the order inside the blocks was drawn from.
    pub seed: u64,
    /// Where the threads ran.
    pub placement: Plan,
    /// Every setting in force.
    pub profile: Profile,
    /// The conditions of the run, read when its bench target began.
    pub environment: Environment,
    /// CPU time stolen by the hypervisor since then, in percent.
    pub steal_percent: Reading,
}

/// What is known of a copy mode, for readers that do not have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModeFacts {
    /// What it sends how, in one line: its registry entry's.
    pub summary: String,
}

/// A doubt with its text, for readers that do not know its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WrittenDoubt {
    /// The doubt with its figures.
    #[serde(flatten)]
    pub doubt: Doubt,
    /// In words.
    pub text: String,
    /// What to do about it.
    pub remedy: String,
}

impl Doubt {
    /// As it stands in a record.
    pub fn written(self) -> WrittenDoubt {
        WrittenDoubt { text: self.text(), remedy: self.remedy(), doubt: self }
    }
}

impl Record {
    /// Draws up the record of a measurement.
    pub fn new(
        measurement: CellMeasurement,
        profile: &Profile,
        environment: &Environment,
        steal_percent: Reading,
    ) -> Record {
        let metrics = metric::read_all(&measurement);
        let ratios = ratio::of_cell(&measurement);
        let doubts = doubt::of_cell(&measurement, &metrics, &ratios, profile, environment);
        Record {
            schema_version: SCHEMA_VERSION,
            method_version: METHOD_VERSION,
            copycost_version: env!("CARGO_PKG_VERSION").to_string(),
            cost_unit: (measurement.cell.target == Target::CpuCost).then_some(measurement.cost_unit),
            counted_in: measurement.cost_unit,
            modes: mode_facts(&measurement),
            cell: measurement.cell,
            metrics,
            row_ratios: ratios.clone().into_iter().filter(|(lane, _)| is_mode(lane)).collect(),
            breakdown: None,
            ratios,
            doubts: doubts.into_iter().map(Doubt::written).collect(),
            blocks: measurement.blocks,
            seed: measurement.seed,
            placement: measurement.plan,
            profile: profile.without_addresses(),
            environment: environment.clone(),
            steal_percent,
        }
    }

    /// Takes in the blocks of all cells of its row, this one among them.
    pub fn set_row(&mut self, modes: &[String], cells: &[&[Block]]) {
        self.row_ratios = ratio::of_row(&self.cell.mode, modes, cells);
    }

    /// A line of JSON. An error if the record could not be read again from it:
    /// then it is none.
    pub fn line(&self) -> std::result::Result<Vec<u8>, String> {
        let written = |record: &Record| serde_json::to_vec(record).map_err(|error| error.to_string());
        let mut line = written(self)?;
        let read = serde_json::from_slice(&line)
            .map_err(|error| format!("the record cannot be read again: {error}"))?;
        if written(&read)? != line {
            return Err("the record reads back as another".to_string());
        }
        line.push(b'\n');
        Ok(line)
    }

    /// The kinds of its doubts.
    pub fn doubt_kinds(&self) -> DoubtKinds {
        self.doubts.iter().map(|written| written.doubt.kind()).collect()
    }
}

/// Doubts of no more than this share of a cell's processes are not marked: as
/// much is left out at either end where processes are pooled, and one process in
/// twenty differs from itself by chance.
const UNMARKED_SHARE: f64 = 0.1;

/// The kinds of doubt about a cell, given its record in each process that
/// measured it.
pub fn doubts_of<'a>(records: impl Iterator<Item = &'a Record>) -> DoubtKinds {
    let mut processes = 0;
    let mut doubted: BTreeMap<DoubtKind, usize> = BTreeMap::new();
    for record in records {
        processes += 1;
        for kind in record.doubt_kinds() {
            *doubted.entry(kind).or_default() += 1;
        }
    }
    let most = UNMARKED_SHARE * f64::from(processes);
    doubted.into_iter().filter(|(_, count)| *count as f64 > most).map(|(kind, _)| kind).collect()
}

fn mode_facts(measurement: &CellMeasurement) -> BTreeMap<String, ModeFacts> {
    let rounds = measurement.blocks.iter().flat_map(|block| &block.rounds);
    let lanes: BTreeSet<&str> = rounds.map(|round| round.lane.as_str()).collect();
    let modes = lanes.into_iter().filter_map(copy_mode::find);
    modes.map(|mode| (mode.name.to_string(), ModeFacts { summary: mode.summary.to_string() })).collect()
}
