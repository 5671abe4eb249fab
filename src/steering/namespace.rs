//! Whether the mounted sysfs is of this process's network namespace: it is of
//! the one whose process mounted it (network_namespaces(7)), and both have a
//! `lo`. A device's settings in it are else somebody else's.

use std::net::{Ipv4Addr, UdpSocket};

/// Fails, with the reason, unless `/sys/class/net/DEVICE` is the device of this
/// process. Its counter of bytes lies between two readings of procfs's, which
/// are this process's own; where nothing has been sent yet, something is.
pub(super) fn sysfs_shows_own(device: &str) -> Result<(), String> {
    if own_bytes(device)? == 0 && device == super::LOOPBACK {
        let sent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|socket| socket.send_to(&[0; 64], socket.local_addr()?));
        sent.map_err(|error| format!("{device} has carried nothing, and sending fails: {error}"))?;
    }
    for _ in 0..ATTEMPTS {
        let before = own_bytes(device)?;
        let file = format!("/sys/class/net/{device}/statistics/rx_bytes");
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
        let shown: u64 = text.trim().parse().map_err(|_| format!("{file} is {text:?}"))?;
        if before > 0 && (before..=own_bytes(device)?).contains(&shown) {
            return Ok(());
        }
    }
    Err(format!("/sys shows the {device} of another network namespace than this process's"))
}

/// Counters of several CPUs are summed while they move.
const ATTEMPTS: usize = 5;

fn own_bytes(device: &str) -> Result<u64, String> {
    let file = "/proc/thread-self/net/dev";
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let counters = lines.map(|(name, counters)| (name.trim(), counters)).find(|(name, _)| *name == device);
    let (_, counters) = counters.ok_or_else(|| format!("there is no device {device} in this namespace"))?;
    counters
        .split_whitespace()
        .next()
        .and_then(|bytes| bytes.parse().ok())
        .ok_or_else(|| format!("{file} is not as proc_pid_net(5) says"))
}
