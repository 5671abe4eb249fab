//! The network's part of the conditions: where the kernel processes the packets
//! of the path's device, and what else looks at them on their way. It owns the
//! names; what the settings come to is `steering`'s.

use super::root::Root;
use super::{Items, reading, words};
use crate::metric::Reading;
use crate::steering::{LOOPBACK, ReceiveSteering};

pub(super) fn items(root: &Root) -> Items {
    let steering = ReceiveSteering::read(&root.path(""), LOOPBACK);
    let of = |say: fn(&ReceiveSteering) -> String| {
        reading(steering.as_ref().map(say).map_err(Clone::clone), words)
    };
    let kind = steering.clone().and_then(|steering| steering.kind());
    // What is read past `steering` is of the same device.
    let beside = |file: &str| match &steering {
        Ok(_) => root.reading(&format!("sys/class/net/{LOOPBACK}/{file}")),
        Err(why) => Reading::Absent(why.clone()),
    };
    [
        ("receive_steering.kind", reading(kind, |kind| words(kind.name()))),
        ("receive_steering.rps_cpus", of(ReceiveSteering::rps_cpus)),
        ("receive_steering.rps_flow_cnt", of(ReceiveSteering::rps_flow_cnt)),
        ("receive_steering.threaded_napi", beside("threaded")),
        ("receive_steering.xps_cpus", beside("queues/tx-0/xps_cpus")),
        ("packet_filter.connection_tracking", connection_tracking(root)),
        ("packet_filter.ip_tables", tables(root, "proc/net/ip_tables_names")),
        ("packet_filter.ip6_tables", tables(root, "proc/net/ip6_tables_names")),
        ("packet_filter.nf_tables_users", nf_tables(root)),
    ]
    .map(|(name, reading)| (name.to_string(), reading))
    .into()
}

/// Whether any connection of this namespace is tracked: a module that is loaded
/// tracks none until a rule asks for it.
fn connection_tracking(root: &Root) -> Reading {
    const COUNT: &str = "proc/sys/net/netfilter/nf_conntrack_count";
    let tracked = root.line(COUNT).map(|count| if count == "0" { "no" } else { "yes" });
    match tracked {
        Ok(tracked) => words(tracked),
        Err(why) => Reading::Absent(format!("{why}: no connection tracking is loaded")),
    }
}

/// The tables of iptables in this namespace, or `none`.
fn tables(root: &Root, file: &str) -> Reading {
    reading(root.raw(file), |names| {
        let names: Vec<&str> = names.split_whitespace().collect();
        words(if names.is_empty() { "none".to_string() } else { names.join(" ") })
    })
}

/// Its rules are shown to administrators only, and by netlink; who uses the
/// module is shown to all.
fn nf_tables(root: &Root) -> Reading {
    match root.reading("sys/module/nf_tables/refcnt") {
        Reading::Absent(why) => Reading::Absent(format!(
            "{why}: nftables is not loaded, or it is part of the kernel, and then its rules are shown to \
             administrators only"
        )),
        users => users,
    }
}
