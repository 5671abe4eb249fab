//! Counters by `perf_event_open(2)`, for the calling thread, user and kernel,
//! in groups that are read together. It owns why one cannot be had.

use std::io;

use perf_event::events::{Cache, CacheId, CacheOp, CacheResult, Event, Hardware, Software};
use perf_event::{Builder, Counter, Group, ReadFormat};

use super::{CYCLES, CounterSource, Reading, Snapshot, ThreadCounters};

/// What to count, as `(place in KINDS, event)`, group by group.
#[derive(Clone, Debug)]
pub struct PerfEvents {
    groups: Vec<Vec<(usize, Counted)>>,
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
const MIGRATIONS: usize = 5;

impl Default for PerfEvents {
    /// Two groups of hardware events, each small enough for any CPU that
    /// counts in hardware at all, and the software events.
    fn default() -> PerfEvents {
        let l1d = Cache { which: CacheId::L1D, operation: CacheOp::READ, result: CacheResult::MISS };
        PerfEvents::new(vec![
            vec![
                (CYCLES, Counted::Hardware(Hardware::CPU_CYCLES)),
                (INSTRUCTIONS, Counted::Hardware(Hardware::INSTRUCTIONS)),
                (BRANCH_MISSES, Counted::Hardware(Hardware::BRANCH_MISSES)),
            ],
            vec![(L1D_MISSES, Counted::Cache(l1d)), (LLC_MISSES, Counted::Hardware(Hardware::CACHE_MISSES))],
            vec![(MIGRATIONS, Counted::Software(Software::CPU_MIGRATIONS))],
        ])
    }
}

impl PerfEvents {
    /// These groups instead, to prove the code on a machine without hardware
    /// counters.
    pub fn new(groups: Vec<Vec<(usize, Counted)>>) -> PerfEvents {
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

struct OpenedEvents {
    groups: Vec<(Group, Vec<(usize, Counter)>)>,
    absences: Vec<(usize, String)>,
}

impl OpenedEvents {
    fn open_group(&mut self, events: &[(usize, Counted)]) {
        let mut leader = match Group::builder().read_format(formats()).build_group() {
            Ok(leader) => leader,
            Err(error) => {
                let why = reason(&error, paranoid());
                return self.absences.extend(events.iter().map(|(kind, _)| (*kind, why.clone())));
            }
        };
        let mut members = Vec::new();
        for (kind, event) in events {
            match add(&mut leader, event) {
                Ok(counter) => members.push((*kind, counter)),
                Err(error) => self.absences.push((*kind, reason(&error, paranoid()))),
            }
        }
        if members.is_empty() {
            return;
        }
        match leader.enable() {
            Ok(()) => self.groups.push((leader, members)),
            Err(error) => {
                let why = reason(&error, paranoid());
                self.absences.extend(members.iter().map(|(kind, _)| (*kind, why.clone())));
            }
        }
    }
}

fn formats() -> ReadFormat {
    ReadFormat::TOTAL_TIME_ENABLED | ReadFormat::TOTAL_TIME_RUNNING | ReadFormat::ID | ReadFormat::GROUP
}

fn add(group: &mut Group, event: &Counted) -> io::Result<Counter> {
    fn build<E: Event>(group: &mut Group, event: E) -> io::Result<Counter> {
        group.add(Builder::new(event).include_kernel().exclude_hv(true))
    }
    match event {
        Counted::Hardware(event) => build(group, *event),
        Counted::Cache(event) => build(group, event.clone()),
        Counted::Software(event) => build(group, *event),
    }
}

impl ThreadCounters for OpenedEvents {
    fn read(&mut self, snapshot: &mut Snapshot) -> io::Result<()> {
        for (group, members) in &mut self.groups {
            let data = group.read()?;
            let nanoseconds =
                |time: Option<std::time::Duration>| time.map_or(0, |time| time.as_nanos() as u64);
            let (enabled_ns, running_ns) =
                (nanoseconds(data.time_enabled()), nanoseconds(data.time_running()));
            for (kind, counter) in members.iter() {
                snapshot[*kind] =
                    data.get(counter).map(|entry| Reading { value: entry.value(), enabled_ns, running_ns });
            }
        }
        Ok(())
    }

    fn absences(&self) -> Vec<(usize, String)> {
        self.absences.clone()
    }
}

fn paranoid() -> Option<i32> {
    std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").ok()?.trim().parse().ok()
}

/// Why an event cannot be counted, from what `perf_event_open(2)` said.
pub(super) fn reason(error: &io::Error, paranoid: Option<i32>) -> String {
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP) => {
            "not supported by this CPU or virtual machine".to_string()
        }
        Some(libc::EACCES | libc::EPERM) => match paranoid {
            Some(value) if value > 1 => format!(
                "kernel.perf_event_paranoid is {value}; counting the kernel's share needs 1 or lower \
                 (sysctl -w kernel.perf_event_paranoid=1) or CAP_PERFMON"
            ),
            _ => "no permission for perf_event_open (a container's seccomp filter?)".to_string(),
        },
        Some(libc::ENOSYS) => "this kernel has no perf_event_open".to_string(),
        Some(libc::EMFILE) => "no file descriptor left for it (ulimit -n)".to_string(),
        Some(libc::ENOSPC | libc::EINVAL | libc::EBUSY) => {
            format!("the CPU has no counter free for it ({error})")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_told_apart() {
        let why = |errno, paranoid| reason(&io::Error::from_raw_os_error(errno), paranoid);
        assert!(why(libc::ENOENT, Some(2)).contains("not supported by this CPU"));
        let denied = why(libc::EACCES, Some(2));
        assert!(
            denied.contains("is 2") && denied.contains("1 or lower") && denied.contains("sysctl -w"),
            "{denied}"
        );
        assert!(why(libc::EPERM, Some(1)).contains("no permission"));
        assert!(why(libc::ENOSYS, None).contains("no perf_event_open"));
        assert!(why(libc::EMFILE, None).contains("ulimit -n"));
        assert!(why(libc::EIO, None).contains("Input/output"));
    }
}
