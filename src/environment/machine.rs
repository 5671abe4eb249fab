//! The machine's part of the conditions: processor, frequencies, limits, load.
//! It owns how they are found in `/proc` and `/sys`; which CPUs there are is
//! `cpu`'s knowledge, and whether they are virtual `hypervisor`'s.

use std::collections::BTreeSet;

use super::quota::cpu_quota;
use super::root::Root;
use super::{IDLE_GOVERNOR, Items, STEAL_TICKS, TOTAL_TICKS, reading, value, words, yes_or_no};
use crate::counter::refusal;
use crate::cpu::{Cpu, Topology, list, numbers};
use crate::metric::{Reading, Value};

const CPUS: &str = "sys/devices/system/cpu";
/// The file that says which of them run.
const ONLINE: &str = "sys/devices/system/cpu/online";

pub(super) fn items(root: &Root) -> Items {
    let mut items: Items = [
        ("smt.active", "sys/devices/system/cpu/smt/active"),
        ("smt.control", "sys/devices/system/cpu/smt/control"),
        ("cpu.online_list", "sys/devices/system/cpu/online"),
        ("idle.driver", "sys/devices/system/cpu/cpuidle/current_driver"),
        ("idle.governor", IDLE_GOVERNOR),
        ("dmi.product_name", "sys/class/dmi/id/product_name"),
        ("dmi.system_vendor", "sys/class/dmi/id/sys_vendor"),
    ]
    .map(|(name, file)| (name.to_string(), root.reading(file)))
    .into();
    let mut put = |name: &str, reading: Reading| items.push((name.to_string(), reading));
    put("architecture", words(std::env::consts::ARCH));
    put("cgroup_cpu_quota", cpu_quota(root));
    put("tuned", tuned(root));
    put("cpu.isolated_list", isolated(root));
    put("perf.processor_devices", processor_counters(root));
    put("turbo", turbo(root));
    processor(root, &mut put);
    topology(root, &mut put);
    limits(root, &mut put);
    load(root, &mut put);
    items
}

/// What `/proc/cpuinfo` says of the first CPU: they are taken to be alike.
fn processor(root: &Root, put: &mut impl FnMut(&str, Reading)) {
    put("cpu.model", reading(cpu_info(root, "model name"), words));
    put("cpu.microcode", reading(cpu_info(root, "microcode"), words));
}

/// A field of `/proc/cpuinfo`.
pub(super) fn cpu_info(root: &Root, name: &str) -> Result<String, String> {
    let info = root.raw("proc/cpuinfo")?;
    let fields = info.lines().filter_map(|line| line.split_once(':'));
    let found = fields.map(|(key, text)| (key.trim(), text.trim())).find(|(key, _)| *key == name);
    found.map(|(_, text)| text.to_string()).ok_or_else(|| format!("/proc/cpuinfo has no `{name}` here"))
}

/// The CPUs that run.
pub(super) fn online(root: &Root) -> Result<Vec<usize>, String> {
    root.line(ONLINE).map(|list| numbers(&list))
}

fn topology(root: &Root, put: &mut impl FnMut(&str, Reading)) {
    let online = online(root);
    // The mask names CPUs that are offline too.
    let runs = |cpu: &usize| online.as_ref().map_or(true, |online| online.is_empty() || online.contains(cpu));
    let mask = status(root, "Cpus_allowed_list")
        .map(|mask| numbers(&mask).into_iter().filter(runs).collect::<Vec<usize>>());
    let cpus = mask.clone().unwrap_or_default();
    put("cpu.online", reading(online.clone(), |online| count(online.len())));
    put("cpu.offline_list", reading(offline(root, online.clone()), words));
    put("cpu.allowed", reading(mask.clone(), |cpus| count(cpus.len())));
    put("cpu.allowed_list", reading(mask, |cpus| words(list(cpus))));
    for (name, file) in [
        ("frequency.driver", "scaling_driver"),
        ("frequency.governor", "scaling_governor"),
        ("frequency.minimum_khz", "scaling_min_freq"),
        ("frequency.maximum_khz", "scaling_max_freq"),
        ("frequency.hardware_maximum_khz", "cpuinfo_max_freq"),
    ] {
        put(name, each_cpu(root, &cpus, file));
    }
    let topology =
        Topology::from_sysfs(&root.path("sys/devices"), cpus.into_iter()).map_err(|error| error.to_string());
    put("cpu.kinds", reading(topology.clone(), |topology| words(kinds(&topology))));
    put("cpu.nodes", reading(topology.clone(), |topology| words(nodes(&topology))));
    put("cpu.cores", reading(topology.clone(), |topology| count(cores(&topology).len())));
    put("cpu.topology", reading(topology, |topology| words(describe(&topology))));
}

/// The distinct values over the CPUs: one word where all are alike.
fn each_cpu(root: &Root, cpus: &[usize], file: &str) -> Reading {
    let read = |cpu: &usize| root.line(&format!("{CPUS}/cpu{cpu}/cpufreq/{file}"));
    let found: Result<BTreeSet<String>, String> = cpus.iter().map(read).collect();
    match found {
        Ok(found) if found.is_empty() => Reading::Absent("the process's CPU mask could not be read".into()),
        Ok(found) => value(&found.into_iter().collect::<Vec<_>>().join(", ")),
        Err(reason) => Reading::Absent(format!("{reason}: no frequency scaling (as in most VMs)")),
    }
}

/// CPUs that are there and do not run, or `none`.
fn offline(root: &Root, online: Result<Vec<usize>, String>) -> Result<String, String> {
    let (present, online) = (numbers(&root.line("sys/devices/system/cpu/present")?), online?);
    let offline: Vec<usize> = present.into_iter().filter(|cpu| !online.contains(cpu)).collect();
    Ok(if offline.is_empty() { "none".into() } else { list(offline) })
}

/// `cpu_core of capacity 1024: 0-7; cpu_atom of capacity 600: 8-15`.
fn kinds(topology: &Topology) -> String {
    let kinds = topology.kinds();
    let words: Vec<String> =
        kinds.into_iter().map(|(kind, cpus)| format!("{}: {}", kind.describe(), list(cpus))).collect();
    words.join("; ")
}

/// `node 0: 0-7; node 1: 8-15`.
fn nodes(topology: &Topology) -> String {
    let nodes: BTreeSet<usize> = topology.cpus().iter().map(|cpu| cpu.node).collect();
    let of =
        |node: &usize| topology.cpus().iter().filter(|cpu| cpu.node == *node).map(|cpu| cpu.number).collect();
    nodes.iter().map(|node| format!("node {node}: {}", list(of(node)))).collect::<Vec<_>>().join("; ")
}

fn cores(topology: &Topology) -> BTreeSet<(usize, usize)> {
    topology.cpus().iter().map(|cpu| (cpu.package, cpu.core)).collect()
}

/// `package 0: core 0 = CPU 0 4, core 1 = CPU 1 5`
fn describe(topology: &Topology) -> String {
    let mut text = String::new();
    let mut before: Option<&Cpu> = None;
    for cpu in topology.cpus() {
        match before {
            Some(last) if (last.package, last.core) == (cpu.package, cpu.core) => {}
            Some(last) if last.package == cpu.package => text += &format!(", core {} = CPU", cpu.core),
            Some(_) => text += &format!("; package {}: core {} = CPU", cpu.package, cpu.core),
            None => text += &format!("package {}: core {} = CPU", cpu.package, cpu.core),
        }
        text += &format!(" {}", cpu.number);
        before = Some(cpu);
    }
    text
}

/// Whether `copycost tune` keeps an account of what it has changed.
fn tuned(root: &Root) -> Reading {
    match root.raw(super::TUNE_ACCOUNT) {
        Ok(_) => yes_or_no(true),
        // An ordinary machine has no such directory.
        Err(_) if root.path("run").is_dir() => yes_or_no(false),
        Err(why) => Reading::Absent(why),
    }
}

fn isolated(root: &Root) -> Reading {
    match root.raw("sys/devices/system/cpu/isolated") {
        Ok(list) if list.trim().is_empty() => words("none"),
        Ok(list) => words(list.trim()),
        Err(reason) => Reading::Absent(reason),
    }
}

/// Drivers say it in two ways, and one of them says the opposite.
fn turbo(root: &Root) -> Reading {
    let off = root.line("sys/devices/system/cpu/intel_pstate/no_turbo").map(|off| off == "0");
    let on = off.or_else(|_| root.line("sys/devices/system/cpu/cpufreq/boost").map(|on| on == "1"));
    match on {
        Ok(on) => words(if on { "on" } else { "off" }),
        Err(_) => Reading::Absent(
            "neither /sys/devices/system/cpu/intel_pstate/no_turbo nor cpufreq/boost is there: \
             the kernel does not control the frequency (as in most VMs)"
                .into(),
        ),
    }
}

/// The processor's own counters, as the kernel names their drivers.
fn processor_counters(root: &Root) -> Reading {
    let is_processor = |name: &String| {
        name == "cpu" || ["cpu_", "armv", "apple_", "riscv_"].iter().any(|begins| name.starts_with(begins))
    };
    reading(root.names("sys/bus/event_source/devices"), |names| {
        let found: Vec<String> = names.into_iter().filter(is_processor).collect();
        words(if found.is_empty() { "none".to_string() } else { found.join(" ") })
    })
}

fn limits(root: &Root, put: &mut impl FnMut(&str, Reading)) {
    let limits = root.raw("proc/self/limits");
    for (name, title) in
        [("limit.locked_memory_bytes", "Max locked memory"), ("limit.open_files", "Max open files")]
    {
        let line = limits.as_ref().map_err(Clone::clone).and_then(|limits| {
            let line = limits.lines().find_map(|line| line.strip_prefix(title));
            line.ok_or_else(|| format!("/proc/self/limits has no line `{title}`"))
        });
        let column = |index: usize| match line.as_ref().map(|line| line.split_whitespace().nth(index)) {
            Ok(Some(limit)) => value(limit),
            Ok(None) => Reading::Absent(format!("/proc/self/limits: `{title}` has no such column")),
            Err(reason) => Reading::Absent(reason.clone()),
        };
        put(name, column(0));
        put(&format!("{name}_hard"), column(1));
    }
    let held = status(root, "CapEff").and_then(|bits| {
        u64::from_str_radix(&bits, 16).map_err(|_| format!("/proc/self/status: CapEff is {bits:?}"))
    });
    const CAP_IPC_LOCK: u32 = 14; // linux/capability.h
    put("limit.locked_memory_exempt", reading(held.clone(), |bits| yes_or_no(bits >> CAP_IPC_LOCK & 1 == 1)));
    let uid_map = root.raw("proc/self/uid_map").unwrap_or_default();
    put("perf.paranoid_exempt", reading(held, |bits| yes_or_no(refusal::is_exempt(bits, &uid_map))));
}

fn load(root: &Root, put: &mut impl FnMut(&str, Reading)) {
    let loads = root.line("proc/loadavg");
    for (index, name) in
        ["load_average.1_min", "load_average.5_min", "load_average.15_min"].iter().enumerate()
    {
        let load = loads.clone().and_then(|line| {
            let load = line.split(' ').nth(index).and_then(|word| word.parse::<f64>().ok());
            load.ok_or_else(|| "/proc/loadavg is not as proc(5) says".to_string())
        });
        put(name, reading(load, |load| Reading::Value(Value::Number(load))));
    }
    // `1/88`: of 88 tasks one runs, or would on a free CPU.
    let running = loads.and_then(|line| {
        let running = line.split(' ').nth(3).and_then(|word| word.split('/').next()?.parse::<f64>().ok());
        running.ok_or_else(|| "/proc/loadavg is not as proc(5) says".to_string())
    });
    put("tasks.running", reading(running, |running| Reading::Value(Value::Number(running))));
    cpu_times(root, put);
}

/// What [`super::Environment::steal_percent_since`] takes the difference of.
pub(super) fn cpu_times(root: &Root, put: &mut impl FnMut(&str, Reading)) {
    let ticks = ticks(root);
    put(STEAL_TICKS, reading(ticks.clone(), |ticks| Reading::Value(Value::Count(ticks[7]))));
    let sum = |ticks: [u64; 8]| ticks.iter().fold(0, |sum: u64, tick| sum.saturating_add(*tick));
    put(TOTAL_TICKS, reading(ticks, |ticks| Reading::Value(Value::Count(sum(ticks)))));
}

/// All that is neither idle, waiting for a disk nor stolen.
pub(super) fn busy_ticks(root: &Root) -> Option<u64> {
    let [user, nice, system, _, _, interrupts, soft_interrupts, _] = ticks(root).ok()?;
    [nice, system, interrupts, soft_interrupts].into_iter().try_fold(user, u64::checked_add)
}

/// proc(5): user nice system idle iowait irq softirq steal; guest time is within user,
/// so the two columns after steal would count twice.
fn ticks(root: &Root) -> Result<[u64; 8], String> {
    let stat = root.raw("proc/stat")?;
    let words = stat.lines().next().and_then(|line| line.strip_prefix("cpu "));
    let numbers = words.and_then(|words| {
        let numbers: Option<Vec<u64>> =
            words.split_whitespace().take(8).map(|word| word.parse().ok()).collect();
        <[u64; 8]>::try_from(numbers?).ok()
    });
    numbers.ok_or_else(|| "/proc/stat is not as proc(5) says".to_string())
}

/// A line of `/proc/self/status`.
fn status(root: &Root, name: &str) -> Result<String, String> {
    let status = root.raw("proc/self/status")?;
    let found = status.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| *key == name);
    found.map(|(_, text)| text.trim().to_string()).ok_or_else(|| format!("/proc/self/status has no {name}"))
}

fn count(count: usize) -> Reading {
    Reading::Value(Value::Count(count as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_is_what_is_neither_idle_nor_stolen() {
        let directory = tempfile::tempdir().unwrap();
        let ticks = |text: &str| {
            std::fs::create_dir_all(directory.path().join("proc")).unwrap();
            std::fs::write(directory.path().join("proc/stat"), text).unwrap();
            busy_ticks(&Root::new(directory.path()))
        };
        assert_eq!(ticks("cpu  10 1 20 3000 500 2 5 3000 7 0\ncpu0 1 2 3\n"), Some(38));
        assert_eq!(ticks("cpu  10 1 20 3000\n"), None);
        assert_eq!(ticks(&format!("cpu  {} 1 20 3000 500 2 5 3000 7 0\n", u64::MAX)), None);
    }

    #[test]
    fn a_topology_in_words() {
        let cpu = |(package, core, number)| Cpu { package, core, number, ..Cpu::default() };
        let topology = Topology::new([(0, 0, 0), (0, 0, 4), (0, 1, 1), (1, 0, 2)].map(cpu).into()).unwrap();
        assert_eq!(
            describe(&topology),
            "package 0: core 0 = CPU 0 4, core 1 = CPU 1; package 1: core 0 = CPU 2"
        );
        assert_eq!(cores(&topology).len(), 3);
    }
}
