//! What the kernel's own accounting says of a thread, with or without hardware
//! counters: `getrusage(2)` and the thread's CPU clock.

use std::io;

use super::{
    CPU_TIME, CounterSource, INVOLUNTARY_SWITCHES, Reading, Snapshot, ThreadCounters, VOLUNTARY_SWITCHES,
};
use crate::sys;

/// The place of page faults in [`super::KINDS`].
const PAGE_FAULTS: usize = 9;

/// Opens nothing: every thread has these.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadUsage;

impl CounterSource for ThreadUsage {
    fn open(&self) -> Box<dyn ThreadCounters> {
        Box::new(ThreadUsage)
    }
}

impl ThreadCounters for ThreadUsage {
    fn read(&mut self, snapshot: &mut Snapshot) -> io::Result<()> {
        let usage = sys::thread_usage()?;
        snapshot[CPU_TIME] = Some(Reading::whole(sys::thread_cpu_time_ns()?));
        snapshot[VOLUNTARY_SWITCHES] = Some(Reading::whole(usage.voluntary_switches));
        snapshot[INVOLUNTARY_SWITCHES] = Some(Reading::whole(usage.involuntary_switches));
        snapshot[PAGE_FAULTS] = Some(Reading::whole(usage.page_faults));
        Ok(())
    }

    fn absences(&self) -> Vec<(usize, String)> {
        Vec::new()
    }
}
