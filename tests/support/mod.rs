//! A generation of one's own: what most tests start from.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use std::sync::Arc;
use std::time::Duration;

use copycost::cell::{Cell, Target};
use copycost::copy_mode::{self, ModeEntry};
use copycost::counter::CounterSource;
use copycost::cpu::{Plan, Topology};
use copycost::exchange::{Fault, Generation, GenerationSpec, Lane};
use copycost::profile::Profile;

pub struct Setup {
    pub cell: Cell,
    pub profile: Profile,
    pub plan: Plan,
    pub lanes: Vec<Lane>,
    pub fault: Fault,
    pub counters: Arc<Vec<Box<dyn CounterSource>>>,
}

impl Setup {
    /// The default profile with a lane for each of `modes`; the cell is the
    /// first one's.
    pub fn new(target: Target, modes: &[ModeEntry], message_bytes: usize, threads: usize) -> Setup {
        let mut profile = Profile::load("default").unwrap();
        profile.message.ring_bytes = 1 << 18; // quicker to set up
        let plan = Topology::read().unwrap().plan(profile.placement.policy, threads).unwrap();
        let lanes = modes.iter().map(|mode| Lane::mode(*mode)).collect();
        let cell = Cell { target, mode: modes[0].name.to_string(), message_bytes, threads };
        Setup { cell, profile, plan, lanes, fault: Fault::None, counters: Arc::default() }
    }

    pub fn open(&self) -> copycost::Result<Generation> {
        Generation::open(&GenerationSpec {
            cell: &self.cell,
            profile: &self.profile,
            plan: &self.plan,
            lanes: &self.lanes,
            peer: None,
            fault: self.fault,
            counters: Arc::clone(&self.counters),
            sampling: None,
        })
    }
}

pub fn find(name: &str) -> ModeEntry {
    *copy_mode::find(name).unwrap()
}

/// Threads of this process whose name begins with one of `names` and that are
/// still there after five seconds. A thread that has been joined stays listed
/// for a moment: the kernel wakes the joiner (clear_child_tid, set_tid_address(2))
/// before it takes the task out of /proc. One that was left behind stays for good.
pub fn threads_named(names: &[&str]) -> Vec<String> {
    for _ in 0..1000 {
        if threads_listed(names).is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    threads_listed(names)
}

fn threads_listed(names: &[&str]) -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names_of = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names_of.filter(|comm| names.iter().any(|name| comm.starts_with(name))).collect()
}
