//! Findings about processor, counters, clock, load and memory. Each function
//! knows one kind: its threshold, its words and its command.

use super::{Look, Said};
use crate::environment::{STEADY_HALT_POLL_NS, STEAL_TICKS, TOTAL_TICKS};

const NOTHING: &str = "no command does";

/// First of all: with it nothing that follows matters for a time.
pub(super) fn emulated(look: &Look<'_>) -> Option<Said> {
    let by = look.environment.emulated()?;
    Some(
        Said::missing(format!("the processors are emulated: {by}"))
            .why(
                "software plays them, so every throughput, latency and CPU time is the emulator's; what is \
                 counted (completions, copies, calls, context switches) is the kernel's, and true",
            )
            .change(
                "none inside; its host must give it real processors (vng without --disable-kvm, qemu -accel kvm)",
            ),
    )
}

pub(super) fn hardware_counters(look: &Look<'_>) -> Option<Said> {
    let devices = look.text("perf.processor_devices")?;
    (devices == "none").then(|| {
        Said::missing("no hardware counters: the kernel has registered none for this processor")
            .why(
                "cycles, instructions and cache misses are absent, and CPU cost is CPU time; the \
                 counters of the scheduler and of page faults still work",
            )
            .change(format!(
                "{NOTHING} inside a VM: its host must pass the counters on (QEMU: -cpu \
                    host,pmu=on), or measure on bare metal"
            ))
    })
}

/// perf_event_open(2): 2 and above forbid kernel counts to ordinary users.
pub(super) fn perf_event_paranoid(look: &Look<'_>) -> Option<Said> {
    let paranoid = look.sysctl("kernel.perf_event_paranoid").filter(|paranoid| *paranoid > 1.0)?;
    let what = format!("kernel.perf_event_paranoid is {paranoid:.0}; needed: 1 or lower");
    let said = match look.text("perf.paranoid_exempt") {
        Some("yes") => Said::note(format!("{what} for other users; this process is exempt")),
        _ => Said::missing(what),
    };
    Some(
        said.why(
            "without CAP_PERFMON a process may not count what the kernel does for it, and most of a \
             send is in the kernel",
        )
        .change("sysctl -w kernel.perf_event_paranoid=1"),
    )
}

/// What else forbids events, as a container's filter does; what
/// `kernel.perf_event_paranoid` forbids is the other finding.
pub(super) fn perf_event_refused(look: &Look<'_>) -> Option<Said> {
    let why = look.text("perf.refused").filter(|why| *why != "no")?;
    let by_paranoid = look.sysctl("kernel.perf_event_paranoid").is_some_and(|value| value > 1.0)
        && look.text("perf.paranoid_exempt") == Some("no");
    (!by_paranoid).then(|| {
        Said::missing(format!("no event can be counted: {why}"))
            .why("cycles, instructions and cache misses are absent, and CPU cost is CPU time")
            .change(
                "what the reason asks for; where it asks for nothing, measure on a machine that can count",
            )
    })
}

pub(super) fn few_cpus(look: &Look<'_>) -> Option<Said> {
    let cpus = look.number("cpu.allowed").filter(|cpus| *cpus < 2.0)?;
    Some(
        Said::worse(format!("{cpus:.0} CPU for the process"))
            .why("client and server take turns on it, so every round measures the scheduler too")
            .change("taskset -c 0,1 cargo bench, if the machine has a second CPU"),
    )
}

pub(super) fn oversubscribed(look: &Look<'_>) -> Option<Said> {
    let cpus = look.number("cpu.allowed")?;
    let over = |threads: &usize| 2.0 * *threads as f64 > cpus;
    let threads: Vec<String> =
        look.profile.matrix.threads.iter().filter(|threads| over(threads)).map(usize::to_string).collect();
    (!threads.is_empty()).then(|| {
        Said::worse(format!(
            "profile {}: {} client threads are two busy threads each, on {cpus:.0} CPUs",
            look.environment.text("profile").unwrap_or("in use"),
            threads.join(", ")
        ))
        .why(
            "the scheduler's choices are part of those cells' figures; each is marked with the \
             doubt Oversubscribed",
        )
        .change(format!("in the profile: [matrix] threads, up to {:.0}", (cpus / 2.0).floor().max(1.0)))
    })
}

pub(super) fn cpu_mask(look: &Look<'_>) -> Option<Said> {
    let (allowed, online) = (look.number("cpu.allowed")?, look.number("cpu.online")?);
    (allowed < online).then(|| {
        let list = look.text("cpu.allowed_list").unwrap_or("unknown");
        Said::note(format!("the process may use {allowed:.0} of {online:.0} CPUs: {list}"))
            .why("the pinning plan is made of these only; with another mask the figures can be others")
            .change(format!("taskset -c {} cargo bench", look.text("cpu.online_list").unwrap_or("LIST")))
    })
}

pub(super) fn debug_build(look: &Look<'_>) -> Option<Said> {
    look.text("debug_build").filter(|debug| *debug == "yes")?;
    Some(
        Said::worse("this program was built without optimisation")
            .why(
                "the send path around the system calls costs several times as much; `cargo bench` \
                 builds optimised",
            )
            .change("cargo run --release -- doctor"),
    )
}

pub(super) fn load(look: &Look<'_>) -> Option<Said> {
    let (load, cpus) = (look.number("load_average.1_min")?, look.number("cpu.online")?);
    // This program itself is one of those that run.
    let others_run = look.number("tasks.running").is_none_or(|running| running > 1.0);
    if load > 0.3 * cpus && !others_run {
        let what = format!(
            "load average {load:.2} over the last minute, on {cpus:.0} CPUs, of what has ended: nothing else runs now"
        );
        return Some(
            Said::note(what)
                .why("a compiler or a bench that just ended leaves its load average behind for minutes")
                .change("none needed; run it again if a measurement was running"),
        );
    }
    (load > 0.3 * cpus).then(|| {
        Said::worse(format!("load average {load:.2} over the last minute, on {cpus:.0} CPUs"))
            .why(
                "other programs take the CPUs that are measured on; ratios widen, absolute figures \
                 fall",
            )
            .change("look for them: ps -eo pcpu,pid,comm --sort=-pcpu | head")
    })
}

pub(super) fn steal(look: &Look<'_>) -> Option<Said> {
    let percent =
        100.0 * look.number(STEAL_TICKS)? / look.number(TOTAL_TICKS).filter(|total| *total > 0.0)?;
    (percent > 1.0).then(|| {
        Said::worse(format!("{percent:.1} % of the CPUs' time since boot went to other guests of the host"))
            .why(
                "a thread that the hypervisor has stopped is a stalled round that nothing here can \
                 explain",
            )
            .change(format!("{NOTHING} from inside: use a host, or an instance type, with CPUs of its own"))
    })
}

pub(super) fn virtual_machine(look: &Look<'_>) -> Option<Said> {
    let kind = look.text("hypervisor.type");
    if look.text("hypervisor.flag") != Some("yes") && kind.is_none() {
        return None;
    }
    let product = look.text("dmi.product_name").or(kind).map(|name| format!(" ({name})")).unwrap_or_default();
    Some(
        Said::worse(format!("this is a virtual machine{product}"))
            .why(
                "its CPUs are shared with others: figures drift by tens of percent within seconds. \
                 Ratios from blocks stand it, figures of two runs do not",
            )
            .change(format!("{NOTHING}; compare by ratios, or measure on bare metal")),
    )
}

pub(super) fn governor(look: &Look<'_>) -> Option<Said> {
    let governor = look.text("frequency.governor").filter(|governor| *governor != "performance")?;
    Some(
        Said::worse(format!("the frequency governor is {governor}, not performance"))
            .why("the clock follows the load, so a round's speed depends on what ran before it")
            .change("cpupower frequency-set -g performance"),
    )
}

pub(super) fn turbo(look: &Look<'_>) -> Option<Said> {
    look.text("turbo").filter(|turbo| *turbo == "on")?;
    let intel = look.text("frequency.driver").is_some_and(|driver| driver.starts_with("intel"));
    let change = match intel {
        true => "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo",
        false => "echo 0 > /sys/devices/system/cpu/cpufreq/boost",
    };
    Some(
        Said::worse("turbo (boost) is on")
            .why(
                "the clock depends on temperature and on how many CPUs are busy, so thread counts \
                 and runs do not compare",
            )
            .change(change),
    )
}

/// Virtual CPUs that halt as soon as they are idle, where the guest could have them wait.
pub(super) fn halts(look: &Look<'_>) -> Option<Said> {
    look.text("idle.governor").filter(|governor| *governor == "haltpoll")?;
    let ns = look.number("idle.halt_poll_ns").filter(|ns| *ns < STEADY_HALT_POLL_NS as f64)?;
    Some(
        Said::worse(format!("idle CPUs of this virtual machine halt after {ns} ns"))
            .why(
                "an end that waits for the other halts its CPU, and each wake-up is then an exit to the \
                 hypervisor: rounds deviate twice as much as where it looks for work a little longer",
            )
            .change("copycost tune (as root; `copycost tune --reset` sets it back)"),
    )
}

/// What `copycost tune` has set, or would.
pub(super) fn tuned(look: &Look<'_>) -> Option<Said> {
    if look.text("tuned")? == "yes" {
        return Some(
            Said::note("this machine is tuned by `copycost tune`")
                .why("its settings are not the ones that it comes with, nor those of its programs in use")
                .change("copycost tune --reset"),
        );
    }
    let turbo = look.text("turbo") == Some("on");
    let governor = look.text("frequency.governor").is_some_and(|governor| governor != "performance");
    (turbo || governor).then(|| {
        Said::note("this machine is not tuned: its clock follows load and temperature")
            .why(
                "within a block all modes have the same clock; between runs and thread counts it differs, and \
                 absolute figures with it",
            )
            .change("copycost tune (as root; `copycost tune --reset` sets it back)")
    })
}

pub(super) fn smt(look: &Look<'_>) -> Option<Said> {
    look.number("smt.active").filter(|active| *active == 1.0)?;
    Some(
        Said::worse("SMT is on: two CPUs share a core")
            .why(
                "what runs on the sibling of a measured CPU slows it; `spread` placement keeps the \
                 two ends of a connection apart, and leaves siblings alone only while cores are free",
            )
            .change("echo off > /sys/devices/system/cpu/smt/control"),
    )
}

/// Clocks that are read without leaving user space on the machines that have
/// them: x86, arm64, riscv.
const FAST_CLOCKS: [&str; 3] = ["tsc", "arch_sys_counter", "riscv_clocksource"];

pub(super) fn clock_source(look: &Look<'_>) -> Option<Said> {
    let clock = look.text("clock_source.current").filter(|clock| !FAST_CLOCKS.contains(clock))?;
    let available = look.text("clock_source.available").unwrap_or("");
    let change = match available.split(' ').any(|name| name == "tsc") {
        true => "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource".to_string(),
        false => format!("{NOTHING} while the kernel offers only: {available} (see `dmesg | grep -i tsc`)"),
    };
    Some(
        Said::worse(format!("the clock source is {clock}"))
            .why(
                "a latency round reads the clock twice a message; other sources than the CPU's own \
                 counter cost up to a microsecond a reading",
            )
            .change(change),
    )
}

/// The watchdog is in the kernel only; counters are of use only if there are
/// some.
pub(super) fn nmi_watchdog(look: &Look<'_>) -> Option<Said> {
    look.sysctl("kernel.nmi_watchdog").filter(|on| *on > 0.0)?;
    look.text("perf.processor_devices").filter(|devices| *devices != "none")?;
    Some(
        Said::note("the NMI watchdog is on")
            .why(
                "it holds one hardware counter of each CPU, so the others are more often \
                 multiplexed and their counts scaled",
            )
            .change("sysctl -w kernel.nmi_watchdog=0"),
    )
}

pub(super) fn huge_pages(look: &Look<'_>) -> Option<Said> {
    look.text("huge_pages.enabled").filter(|chosen| *chosen == "always")?;
    Some(
        Said::note("transparent huge pages are `always`")
            .why(
                "whether a buffer lies in huge pages then depends on the memory that is free, and \
                 with it what pinning its pages costs; the ring is in shared memory, where \
                 huge_pages.shmem_enabled decides",
            )
            .change("echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"),
    )
}
