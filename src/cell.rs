//! The cell: one copy mode × message size × thread count of one bench target,
//! and the names that Criterion and scripts know it by.

mod filter;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::filter::Filter;

/// What a bench target measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Bytes a second of a stream of messages.
    Throughput,
    /// Round trips of one message in flight a connection.
    Latency,
    /// CPU cost of a stream of messages, client and server together.
    CpuCost,
}

impl Target {
    /// The bench target's name, the first part of its benchmark ids.
    pub fn name(self) -> &'static str {
        match self {
            Target::Throughput => "throughput",
            Target::Latency => "latency",
            Target::CpuCost => "cpu_cost",
        }
    }
}

impl Target {
    /// Every target, in the order in which they are run.
    pub const ALL: [Target; 3] = [Target::Throughput, Target::Latency, Target::CpuCost];
}

impl FromStr for Target {
    type Err = String;

    fn from_str(name: &str) -> Result<Target, String> {
        let known = || Target::ALL.map(Target::name).join(", ");
        let found = Target::ALL.into_iter().find(|target| target.name() == name);
        found.ok_or_else(|| format!("{name:?} is no bench target; allowed: {}", known()))
    }
}

/// One cell of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// The bench target.
    pub target: Target,
    /// The copy mode's name.
    pub mode: String,
    /// The size of a message.
    pub message_bytes: usize,
    /// Client threads, each with a connection for each mode.
    pub threads: usize,
}

impl Cell {
    /// Criterion's group: `throughput/4-threads`.
    pub fn group(&self) -> String {
        group_name(self.target, self.threads)
    }

    /// That it is one that a profile could ask for, or why not. Its mode need
    /// not be one that this version knows.
    pub fn check(&self) -> Result<(), String> {
        let Cell { mode, message_bytes, threads, .. } = self;
        check_mode_name(mode)?;
        if !(1..=LARGEST_MESSAGE_BYTES).contains(message_bytes) {
            return Err(format!("{message_bytes} bytes a message; allowed: 1 to {LARGEST_MESSAGE_BYTES}"));
        }
        match (1..=MOST_THREADS).contains(threads) {
            true => Ok(()),
            false => Err(format!("{threads} client threads; allowed: 1 to {MOST_THREADS}")),
        }
    }
}

/// The largest message that a cell can have.
pub const LARGEST_MESSAGE_BYTES: usize = 16 << 20;

/// The most client threads that a cell can have.
pub const MOST_THREADS: usize = 256;

/// That a copy mode, or another lane of a block, may be called so: names are
/// parts of paths.
pub fn check_mode_name(name: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match (1..=LONGEST_MODE_BYTES).contains(&name.len()) && name.bytes().all(allowed) {
        true => Ok(()),
        false => Err(format!(
            "a mode of the name {:?}; allowed: 1 to {LONGEST_MODE_BYTES} ASCII letters, digits, - and _",
            name.chars().take(LONGEST_MODE_BYTES).collect::<String>()
        )),
    }
}

/// Criterion's group of a target and thread count: `throughput/1-thread`.
pub fn group_name(target: Target, threads: usize) -> String {
    let plural = if threads == 1 { "" } else { "s" };
    format!("{}/{threads}-thread{plural}", target.name())
}

/// Criterion's benchmark id: `throughput/4-threads/zero-copy/65536`.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.group(), self.mode, self.message_bytes)
    }
}

/// The longest name of a copy mode; the registry's are shorter.
const LONGEST_MODE_BYTES: usize = 64;

/// Reads an id back; only what a cell is shown as is one. Its mode need not be
/// one that this version knows.
impl FromStr for Cell {
    type Err = String;

    fn from_str(id: &str) -> Result<Cell, String> {
        let refuse = || format!("{id:?} is no cell; allowed: TARGET/N-threads/MODE/BYTES");
        let parts: Vec<&str> = id.split('/').collect();
        let [target, threads, mode, message_bytes] = parts.as_slice() else { return Err(refuse()) };
        let threads = threads.strip_suffix("-threads").or_else(|| threads.strip_suffix("-thread"));
        let number = |word: &str| word.parse().map_err(|_| refuse());
        let cell = Cell {
            target: target.parse()?,
            mode: mode.to_string(),
            message_bytes: number(message_bytes)?,
            threads: number(threads.ok_or_else(refuse)?)?,
        };
        let same = cell.check().is_ok() && cell.to_string() == id;
        if same { Ok(cell) } else { Err(refuse()) }
    }
}
