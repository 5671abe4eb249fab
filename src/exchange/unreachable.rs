//! Why two sockets of the loopback device do not come to a connection, from
//! what the system said, and the command that changes it. It owns those words;
//! whose call it was is its caller's business.

use std::io;
use std::net::IpAddr;

use crate::sys;

/// What is wrong and what changes it, where more is known than `error` says,
/// which `operation` ended with on a socket of `address`.
pub(super) fn why(operation: &str, error: &io::Error, address: IpAddr) -> Option<String> {
    if !address.is_loopback() {
        return None; // a peer's, over a path that is not this machine's alone
    }
    explain(operation, error.raw_os_error()?, address, &Loopback::read())
}

/// What is known of the loopback device; `None` where it cannot be had.
struct Loopback {
    is_up: Option<bool>,
    ipv6_is_off: Option<bool>,
}

impl Loopback {
    fn read() -> Loopback {
        // Both are those of this process's own network namespace.
        let disabled = std::fs::read_to_string("/proc/sys/net/ipv6/conf/lo/disable_ipv6");
        Loopback {
            is_up: sys::device_is_up(c"lo").ok(),
            ipv6_is_off: disabled.ok().map(|value| value.trim() != "0"),
        }
    }
}

fn explain(operation: &str, errno: i32, address: IpAddr, loopback: &Loopback) -> Option<String> {
    let said = match errno {
        libc::EAFNOSUPPORT if address.is_ipv6() => {
            "this kernel has no IPv6 (built without it, or booted with ipv6.disable=1); \
             set socket.address = \"127.0.0.1\" in the profile"
                .to_string()
        }
        libc::EAFNOSUPPORT => "this kernel, or a sandbox around the process, has no IPv4".to_string(),
        libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN | libc::EADDRNOTAVAIL => {
            match (loopback.is_up, loopback.ipv6_is_off) {
                (Some(false), _) => "the loopback device is down: ip link set lo up".to_string(),
                (_, Some(true)) if address.is_ipv6() => {
                    "IPv6 is off on the loopback device: sysctl -w net.ipv6.conf.lo.disable_ipv6=0, or set \
                     socket.address = \"127.0.0.1\" in the profile"
                        .to_string()
                }
                _ if errno == libc::EADDRNOTAVAIL && operation == "connect" => {
                    "no local port is free: sysctl net.ipv4.ip_local_port_range, and ss -tan for who has them"
                        .to_string()
                }
                _ if errno == libc::EADDRNOTAVAIL => {
                    let bits = if address.is_ipv6() { 128 } else { 8 };
                    format!("no device has the address {address}: ip addr add {address}/{bits} dev lo")
                }
                _ => format!(
                    "no route leads to {address}: `ip route get {address}` should say `dev lo`; \
                     ip link set lo down and up puts the kernel's own back"
                ),
            }
        }
        libc::EADDRINUSE => {
            "no local port is free: sysctl net.ipv4.ip_local_port_range, and ss -tan for who has them".into()
        }
        libc::EPERM | libc::EACCES => {
            "a packet filter (nft list ruleset), a security module or a seccomp filter forbids it".into()
        }
        libc::ECONNREFUSED | libc::ECONNRESET | libc::ETIMEDOUT if operation == "connect" => {
            "the listener is there, so something on the loopback device rejects or drops its packets: \
             nft list ruleset, tc qdisc show dev lo"
                .into()
        }
        libc::EMFILE => "this process may open no more files: ulimit -n".into(),
        libc::ENFILE => "the whole system has no file left to open: sysctl fs.file-max".into(),
        _ => return None,
    };
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Loopback = Loopback { is_up: Some(true), ipv6_is_off: Some(false) };

    #[test]
    fn each_cause_has_its_own_words() {
        let (v4, v6): (IpAddr, IpAddr) = ([127, 0, 0, 1].into(), std::net::Ipv6Addr::LOCALHOST.into());
        let down = Loopback { is_up: Some(false), ..UP };
        let off = Loopback { ipv6_is_off: Some(true), ..UP };
        let unknown = Loopback { is_up: None, ipv6_is_off: None };
        for (operation, errno, address, loopback, expected) in [
            ("connect", libc::ENETUNREACH, v4, &down, "ip link set lo up"),
            ("bind", libc::EADDRNOTAVAIL, v6, &down, "ip link set lo up"),
            ("bind", libc::EADDRNOTAVAIL, v6, &off, "net.ipv6.conf.lo.disable_ipv6=0"),
            ("bind", libc::EADDRNOTAVAIL, v6, &UP, "ip addr add ::1/128 dev lo"),
            ("bind", libc::EADDRNOTAVAIL, v4, &off, "ip addr add 127.0.0.1/8 dev lo"),
            ("connect", libc::EADDRNOTAVAIL, v4, &UP, "ip_local_port_range"),
            ("connect", libc::ENETUNREACH, v4, &unknown, "ip route get 127.0.0.1"),
            ("socket", libc::EAFNOSUPPORT, v6, &UP, "no IPv6"),
            ("socket", libc::EAFNOSUPPORT, v4, &UP, "no IPv4"),
            ("connect", libc::ECONNREFUSED, v4, &UP, "nft list ruleset"),
            ("connect", libc::EPERM, v4, &UP, "seccomp"),
            ("accept", libc::EMFILE, v4, &UP, "ulimit -n"),
        ] {
            let said = explain(operation, errno, address, loopback).unwrap();
            assert!(said.contains(expected), "{operation} {errno} {address}: {said}");
        }
        assert_eq!(explain("accept", libc::EIO, v4, &UP), None);
    }
}
