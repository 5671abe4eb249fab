//! Counters by `perf_event_open(2)`, for the calling thread, user and kernel,
//! in groups that are read together. Why one is refused is [`super::refusal`]'s.

use std::io;

use perf_event::events::{Cache, CacheId, CacheOp, CacheResult, Event, Hardware, Software};
use perf_event::{Builder, Counter, ReadFormat};

use super::refusal::{self, Permission};
use super::{CYCLES, CounterSource, Reading, Snapshot, ThreadCounters};
use crate::sys;

/// What to count, group by group.
#[derive(Clone, Debug)]
pub struct PerfEvents {
    groups: Vec<EventGroup>,
}

/// Events that are on the CPU together or not at all, and are read together.
#[derive(Clone, Debug)]
pub struct EventGroup {
    /// Whether they must be on the CPU whenever the thread is. Where they
    /// cannot they are absent, instead of counted for part of the time.
    pub pinned: bool,
    /// What is counted, as `(place in KINDS, event)`. The first that can be
    /// opened leads.
    pub events: Vec<(usize, Counted)>,
}

/// An event of the kernel's generic ones.
#[derive(Clone, Debug)]
pub enum Counted {
    /// A hardware event.
    Hardware(Hardware),
    /// A cache event.
    Cache(Cache),
    /// An event that the kernel counts itself.
    Software(Software),
}

const INSTRUCTIONS: usize = 1;
const L1D_MISSES: usize = 2;
const LLC_MISSES: usize = 3;
const BRANCH_MISSES: usize = 4;

impl Default for PerfEvents {
    /// Cycles and instructions are pinned: they go on the CPU before every
    /// event that is not and never take turns, so that what CPU cost is in is
    /// counted in full. The misses take turns where the CPU has not room for
    /// all three beside them.
    fn default() -> PerfEvents {
        let l1d = Cache { which: CacheId::L1D, operation: CacheOp::READ, result: CacheResult::MISS };
        PerfEvents::new(vec![
            EventGroup {
                pinned: true,
                events: vec![
                    (CYCLES, Counted::Hardware(Hardware::CPU_CYCLES)),
                    (INSTRUCTIONS, Counted::Hardware(Hardware::INSTRUCTIONS)),
                ],
            },
            EventGroup {
                pinned: false,
                events: vec![
                    (L1D_MISSES, Counted::Cache(l1d)),
                    (LLC_MISSES, Counted::Hardware(Hardware::CACHE_MISSES)),
                    (BRANCH_MISSES, Counted::Hardware(Hardware::BRANCH_MISSES)),
                ],
            },
        ])
    }
}

impl PerfEvents {
    /// These groups instead, to prove the code on a machine without hardware
    /// counters.
    pub fn new(groups: Vec<EventGroup>) -> PerfEvents {
        PerfEvents { groups }
    }
}

impl CounterSource for PerfEvents {
    fn open(&self) -> Box<dyn ThreadCounters> {
        let mut opened = OpenedEvents { groups: Vec::new(), absences: Vec::new() };
        for group in &self.groups {
            opened.open_group(group);
        }
        Box::new(opened)
    }
}

/// Why the calling thread may open no event at all; `None` if it may. Tried with
/// one that every kernel has, whatever its CPU.
pub(crate) fn refused() -> Option<String> {
    let events = vec![(CYCLES, Counted::Software(Software::CONTEXT_SWITCHES))];
    let opened = PerfEvents::new(vec![EventGroup { pinned: false, events }]).open();
    opened.absences().pop().map(|(_, why)| why)
}

struct OpenedEvents {
    groups: Vec<OpenedGroup>,
    absences: Vec<(usize, String)>,
}

/// The members with their places in `KINDS`; the first leads.
struct OpenedGroup {
    members: Vec<(usize, Counter)>,
}

impl OpenedEvents {
    fn open_group(&mut self, group: &EventGroup) {
        let mut members: Vec<(usize, Counter)> = Vec::new();
        for (kind, event) in &group.events {
            let mut builder = builder(event);
            // Opening can wait for a lock of the process, and be interrupted.
            let opened = sys::resumed(|| match members.first_mut() {
                Some((_, leader)) => builder.build_with_group(leader),
                None => builder.pinned(group.pinned).read_format(formats()).build(),
            });
            match opened {
                Ok(counter) => members.push((*kind, counter)),
                Err(error) => {
                    self.absences.push((*kind, refusal::reason(&error, Permission::of_this_process())));
                }
            }
        }
        let enabled = match members.first_mut() {
            Some((_, leader)) => sys::resumed(|| leader.enable_group()),
            None => return,
        };
        match enabled {
            Ok(()) => self.groups.push(OpenedGroup { members }),
            Err(error) => {
                let why = format!("it was opened and cannot be enabled: {error}");
                self.absences.extend(members.iter().map(|(kind, _)| (*kind, why.clone())));
            }
        }
    }

    /// Notes why `group` had no count; once is enough.
    fn lost(&mut self, group: usize, why: &str) {
        for (kind, _) in &self.groups[group].members {
            if !self.absences.iter().any(|(absent, _)| absent == kind) {
                self.absences.push((*kind, why.to_string()));
            }
        }
    }
}

fn formats() -> ReadFormat {
    ReadFormat::TOTAL_TIME_ENABLED | ReadFormat::TOTAL_TIME_RUNNING | ReadFormat::ID | ReadFormat::GROUP
}

fn builder(event: &Counted) -> Builder<'static> {
    fn of<E: Event>(event: E) -> Builder<'static> {
        let mut builder = Builder::new(event);
        builder.include_kernel().exclude_hv(true);
        builder
    }
    match event {
        Counted::Hardware(event) => of(*event),
        Counted::Cache(event) => of(event.clone()),
        Counted::Software(event) => of(*event),
    }
}

impl ThreadCounters for OpenedEvents {
    fn read(&mut self, snapshot: &mut Snapshot) -> io::Result<()> {
        for group in 0..self.groups.len() {
            match self.groups[group].read(snapshot) {
                Err(error) if is_off_the_cpu(&error) => {
                    self.lost(group, OFF_THE_CPU);
                    self.groups[group].enable()?;
                }
                read => read?,
            }
        }
        Ok(())
    }

    fn absences(&self) -> Vec<(usize, String)> {
        self.absences.clone()
    }

    fn open_files(&self) -> usize {
        self.groups.iter().map(|group| group.members.len()).sum()
    }
}

impl OpenedGroup {
    fn read(&mut self, snapshot: &mut Snapshot) -> io::Result<()> {
        let Some((_, leader)) = self.members.first_mut() else { return Ok(()) };
        let data = sys::resumed(|| leader.read_group())?;
        let nanoseconds = |time: Option<std::time::Duration>| time.map_or(0, |time| time.as_nanos() as u64);
        let (enabled_ns, running_ns) = (nanoseconds(data.time_enabled()), nanoseconds(data.time_running()));
        for (kind, counter) in &self.members {
            snapshot[*kind] =
                data.get(counter).map(|entry| Reading { value: entry.value(), enabled_ns, running_ns });
        }
        Ok(())
    }

    /// Takes a pinned group out of its error state, so that the next round may
    /// have a count again.
    fn enable(&mut self) -> io::Result<()> {
        self.members.first_mut().map_or(Ok(()), |(_, leader)| sys::resumed(|| leader.enable_group()))
    }
}

const OFF_THE_CPU: &str =
    "the CPU had no counter free for it in some round (another user of the counters, such as `perf`?)";

/// Whether a pinned group could not be put on the CPU: reading it then gives
/// the end of the file until it is enabled anew (perf_event_open(2), "pinned").
/// It stays so until then, so every round with a gap ends on this.
fn is_off_the_cpu(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cpu_cost_is_in_is_pinned_and_shares_its_group_with_instructions_alone() {
        let groups = PerfEvents::default().groups;
        let with_cycles: Vec<_> =
            groups.iter().filter(|group| group.events.iter().any(|(kind, _)| *kind == CYCLES)).collect();
        let [group] = with_cycles[..] else { panic!("{with_cycles:?}") };
        assert!(group.pinned);
        assert_eq!(group.events.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [CYCLES, INSTRUCTIONS]);
    }

    #[test]
    fn a_pinned_group_without_a_counter_is_absent_and_other_failures_are_errors() {
        assert!(is_off_the_cpu(&io::ErrorKind::UnexpectedEof.into()));
        assert!(!is_off_the_cpu(&io::Error::from_raw_os_error(libc::EBADF)));
        let events = vec![(CYCLES, Counted::Software(Software::CONTEXT_SWITCHES))];
        let mut opened = OpenedEvents { groups: Vec::new(), absences: Vec::new() };
        opened.open_group(&EventGroup { pinned: true, events });
        if opened.groups.is_empty() {
            return println!("skipped: software events are absent here: {:?}", opened.absences);
        }
        opened.lost(0, OFF_THE_CPU);
        opened.lost(0, "a second time");
        assert_eq!(opened.absences, [(CYCLES, OFF_THE_CPU.to_string())]);
        opened.groups[0].enable().unwrap();
        let mut snapshot = Snapshot::default();
        opened.read(&mut snapshot).unwrap();
        assert!(snapshot[CYCLES].is_some());
    }
}
