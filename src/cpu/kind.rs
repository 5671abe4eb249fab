//! What kind of core a CPU is, where a machine has several, and its NUMA node.
//! It owns how sysfs says so, and when two cores count as equal.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// The hybrid classes that x86 names, the smallest first: the PMU's directory
/// lists the CPUs of each.
const CLASSES: [&str; 3] = ["cpu_lowpower", "cpu_atom", "cpu_core"];

/// What a CPU's core is beside others of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CoreKind {
    /// The hybrid class, such as `cpu_atom`, as its place in size.
    pub class: Option<CoreClass>,
    /// The kernel's measure of how much the CPU can do, 1024 for the largest;
    /// absent where it says none.
    pub capacity: Option<usize>,
}

/// A hybrid class of cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)] // as the kernel names them
#[serde(rename_all = "snake_case")]
pub enum CoreClass {
    CpuLowpower,
    CpuAtom,
    CpuCore,
}

impl CoreKind {
    /// Whether the kernel would call one as good as the other: of one class,
    /// and the capacities within 5 % (`capacity_greater` of its
    /// `kernel/sched/sched.h`), as favoured cores of one class differ by less.
    pub fn is_like(self, other: CoreKind) -> bool {
        let close = match (self.capacity, other.capacity) {
            (Some(a), Some(b)) => a.max(b) * 1024 <= a.min(b) * 1078,
            (a, b) => a == b,
        };
        self.class == other.class && close
    }

    /// `cpu_core of capacity 1024`, `capacity 512`, or `alike`.
    pub fn describe(self) -> String {
        let class = self.class.map(|class| CLASSES[class as usize].to_string());
        match (class, self.capacity) {
            (Some(class), Some(capacity)) => format!("{class} of capacity {capacity}"),
            (Some(class), None) => class,
            (None, Some(capacity)) => format!("capacity {capacity}"),
            (None, None) => "unnamed kind".into(),
        }
    }
}

/// What sysfs, whose `devices` directory this is, says of CPUs.
pub(super) struct Sysfs<'a> {
    devices: &'a Path,
    classes: [Vec<usize>; 3],
    online: Option<Vec<usize>>,
}

impl Sysfs<'_> {
    pub(super) fn new(devices: &Path) -> Sysfs<'_> {
        let list = |file: String| Some(numbers(std::fs::read_to_string(devices.join(file)).ok()?.trim()));
        let classes = CLASSES.map(|class| list(format!("{class}/cpus")).unwrap_or_default());
        Sysfs { devices, classes, online: list("system/cpu/online".into()) }
    }

    /// A CPU that is offline has no topology, and no thread runs there.
    pub(super) fn is_online(&self, cpu: usize) -> bool {
        self.online.as_ref().is_none_or(|online| online.is_empty() || online.contains(&cpu))
    }

    pub(super) fn number(&self, cpu: usize, file: &str) -> Option<usize> {
        let path = self.devices.join(format!("system/cpu/cpu{cpu}/{file}"));
        std::fs::read_to_string(path).ok()?.trim().parse().ok()
    }

    pub(super) fn kind(&self, cpu: usize) -> CoreKind {
        let classes = [CoreClass::CpuLowpower, CoreClass::CpuAtom, CoreClass::CpuCore];
        let class = classes.into_iter().find(|class| self.classes[*class as usize].contains(&cpu));
        CoreKind { class, capacity: self.number(cpu, "cpu_capacity") }
    }

    /// The node is a link in the CPU's directory, `node0`.
    pub(super) fn node(&self, cpu: usize) -> Option<usize> {
        let entries = std::fs::read_dir(self.devices.join(format!("system/cpu/cpu{cpu}"))).ok()?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter_map(|name| name.strip_prefix("node")?.parse().ok()).min()
    }
}

/// The numbers of a list such as `0-3,8`; what is no number is passed over.
pub(crate) fn numbers(list: &str) -> Vec<usize> {
    /// More than Linux has ever been built for, so that no file can ask for
    /// all memory.
    const MOST: usize = 1 << 16;
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse::<usize>().ok()?..=last.trim().parse::<usize>().ok()?.min(MOST))
    };
    list.split(',').filter_map(range).flatten().collect()
}

/// CPU numbers as such a list.
pub(crate) fn list(mut cpus: Vec<usize>) -> String {
    cpus.sort_unstable();
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for cpu in cpus {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == cpu => *last = cpu,
            _ => parts.push((cpu, cpu)),
        }
    }
    let part = |(first, last): (usize, usize)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    parts.into_iter().map(part).collect::<Vec<_>>().join(",")
}
