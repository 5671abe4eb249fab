//! Moves of a thread to another CPU. One that may use a single CPU makes none,
//! and the kernel is not asked: an event, even one in software, costs its thread
//! time at each context switch, and most runs pin their threads.

use std::io;

use perf_event::events::Software;

use super::{Counted, CounterSource, EventGroup, MIGRATIONS, PerfEvents, Reading, Snapshot, ThreadCounters};
use crate::cpu;

/// Opens an event of the kernel's in threads that can move.
#[derive(Clone, Copy, Debug, Default)]
pub struct Migrations;

impl CounterSource for Migrations {
    fn open(&self) -> Box<dyn ThreadCounters> {
        if cpu::allowed_here() == 1 {
            return Box::new(PinnedThread);
        }
        let events = vec![(MIGRATIONS, Counted::Software(Software::CPU_MIGRATIONS))];
        PerfEvents::new(vec![EventGroup { pinned: false, events }]).open()
    }
}

struct PinnedThread;

impl ThreadCounters for PinnedThread {
    fn read(&mut self, snapshot: &mut Snapshot) -> io::Result<()> {
        snapshot[MIGRATIONS] = Some(Reading::whole(0));
        Ok(())
    }

    fn absences(&self) -> Vec<(usize, String)> {
        Vec::new()
    }
}
