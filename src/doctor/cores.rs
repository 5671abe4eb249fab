//! Findings about which CPUs there are, and how much of them: kinds of cores,
//! NUMA nodes, offline CPUs, quotas. Each function knows one kind.

use super::{Look, Said};
use crate::profile::PlacementPolicy;

/// `cpu.kinds` and `cpu.nodes` part their groups so.
fn several(groups: &str) -> bool {
    groups.contains("; ")
}

pub(super) fn offline_cpus(look: &Look<'_>) -> Option<Said> {
    let list = look.text("cpu.offline_list").filter(|list| *list != "none")?;
    let first = list.split([',', '-']).next().unwrap_or(list);
    Some(
        Said::note(format!("CPUs are offline: {list}"))
            .why("the pinning plan is made without them; with them online the figures can be others")
            .change(format!("echo 1 > /sys/devices/system/cpu/cpu{first}/online, and so for each")),
    )
}

pub(super) fn unequal_cores(look: &Look<'_>) -> Option<Said> {
    let kinds = look.text("cpu.kinds").filter(|kinds| several(kinds))?;
    let largest =
        kinds.split("; ").next().and_then(|kind| kind.rsplit_once(": ")).map_or("LIST", |(_, cpus)| cpus);
    Some(
        Said::worse(format!("cores of several kinds: {kinds}"))
            .why(
                "the plan takes equal cores, the largest first; a cell that needs more of them, or \
                 whose threads the scheduler places, mixes two speeds and is marked with the doubt \
                 Unequal cores",
            )
            .change(format!("taskset -c {largest} cargo bench: the largest alone")),
    )
}

pub(super) fn numa_nodes(look: &Look<'_>) -> Option<Said> {
    let nodes = look.text("cpu.nodes").filter(|nodes| several(nodes))?;
    let why = match look.profile.placement.policy {
        PlacementPolicy::None => {
            "the scheduler places the threads, so the ends of a connection may be on two"
        }
        PlacementPolicy::AcrossNodes => {
            "the profile asks for the ends of a connection on two: what it measures holds the way between them"
        }
        PlacementPolicy::Spread | PlacementPolicy::SameCore | PlacementPolicy::Siblings => {
            "the plan has both ends of a connection on one, and fills the first before it goes on to the \
             next; what lies between two nodes is not measured"
        }
    };
    Some(
        Said::note(format!("several NUMA nodes: {nodes}"))
            .why(why)
            .change("in the profile: placement.policy = \"across-nodes\", to measure from one to another"),
    )
}

pub(super) fn cpu_quota(look: &Look<'_>) -> Option<Said> {
    let (quota, cpus) = (look.environment.cpu_quota()?, look.number("cpu.allowed")?);
    let needed = cpus.min(2.0 * look.most_threads() as f64);
    (quota < needed).then(|| {
        let text = look.text("cgroup_cpu_quota").unwrap_or_default();
        Said::worse(format!(
            "a control group limits CPU time to `{text}` (microseconds, in a period): {quota:.2} CPUs, and the \
             profile's largest cells want {needed:.0}"
        ))
        .why(
            "once the share of a period is spent every thread stands still until the next; each such cell is \
             marked with a doubt",
        )
        .change("systemctl set-property UNIT CPUQuota=, or start the container without a CPU limit")
    })
}
