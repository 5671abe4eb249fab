//! The path between the two ends: whether they are in one process, what kind of
//! device it leads over, and, where servers are at a peer, how that device is set. It
//! owns how that is found; no address and no device's name is kept.

use std::ffi::CString;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;

use super::{Items, reading, words};
use crate::metric::{Reading, Value};
use crate::profile::Profile;
use crate::steering::ReceiveSteering;
use crate::sys::{self, Feature};

/// Whose end of the path is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Client,
    Peer,
}

/// What the path begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Begin {
    /// Whatever device an own address is of.
    Loopback,
    Device(CString),
}

pub(super) fn items(profile: &Profile, end: End) -> Items {
    let Some(peer) = &profile.peer else {
        return named([("path.servers", words("in the clients' process")), ("path.kind", words(LOOPBACK))]);
    };
    let begin = match end {
        End::Client => beginning_to(peer.address()),
        End::Peer => device_of(peer.address()),
    };
    let kind = begin.clone().map(|begin| match begin {
        Begin::Loopback => LOOPBACK.to_string(),
        Begin::Device(name) => sys::device_driver(&name).unwrap_or_else(|_| "other".into()),
    });
    let mut items = named([("path.servers", words("at a peer")), ("path.kind", reading(kind, words))]);
    items.extend(match begin {
        Ok(Begin::Loopback) => settings(c"lo"),
        Ok(Begin::Device(name)) => settings(&name),
        Err(_) => Vec::new(),
    });
    items
}

const LOOPBACK: &str = "loopback";

/// How a device is set, for what may move figures.
fn settings(device: &std::ffi::CStr) -> Items {
    let number = |found: std::io::Result<u64>| {
        reading(found.map_err(|error| error.to_string()), |value| Reading::Value(Value::Count(value)))
    };
    let feature = |feature: Feature| {
        let found = sys::device_feature(device, feature);
        reading(found.map_err(|error| error.to_string()), |on| words(if on { "on" } else { "off" }))
    };
    let steering = device.to_str().map_err(|error| error.to_string());
    let steering = steering.and_then(|name| ReceiveSteering::read(Path::new("/"), name)?.kind());
    named([
        ("path.mtu_bytes", number(sys::device_mtu_bytes(device))),
        ("path.link_speed_mbit_per_s", number(sys::device_speed_mbit_per_s(device))),
        ("path.queues", number(sys::device_queues(device))),
        ("path.scatter_gather", feature(Feature::ScatterGather)),
        ("path.transmit_checksum", feature(Feature::TransmitChecksum)),
        ("path.receive_checksum", feature(Feature::ReceiveChecksum)),
        ("path.tcp_segmentation", feature(Feature::TcpSegmentation)),
        ("path.generic_segmentation", feature(Feature::GenericSegmentation)),
        ("path.generic_receive", feature(Feature::GenericReceive)),
        ("path.receive_steering", reading(steering, |kind| words(kind.name()))),
    ])
}

fn named<const COUNT: usize>(items: [(&str, Reading); COUNT]) -> Items {
    items.map(|(name, reading)| (name.to_string(), reading)).into()
}

/// What packets to `address` leave by.
fn beginning_to(address: IpAddr) -> Result<Begin, String> {
    if address.is_loopback() || device_of(address).is_ok() {
        return Ok(Begin::Loopback);
    }
    let source = source_to(address).map_err(|error| format!("the route to the peer: {error}"))?;
    device_of(source)
}

/// The device that has an address of this process's namespace.
fn device_of(address: IpAddr) -> Result<Begin, String> {
    if address.is_loopback() {
        return Ok(Begin::Loopback);
    }
    let devices = sys::devices().map_err(|error| format!("getifaddrs: {error}"))?;
    match devices.into_iter().find(|device| device.address == address) {
        None => Err("no device here has the address that the path begins with".into()),
        Some(device) if device.is_loopback => Ok(Begin::Loopback),
        Some(device) => Ok(Begin::Device(device.name)),
    }
}

/// The address that packets to `address` leave with: connecting a datagram socket
/// asks the routes, and sends nothing (udp(7)).
fn source_to(address: IpAddr) -> std::io::Result<IpAddr> {
    let any: SocketAddr = match address {
        IpAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect((address, 9))?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::PeerSettings;

    #[test]
    fn the_way_to_oneself_is_loopback_by_whatever_address() {
        for address in [[127, 0, 0, 1], [127, 3, 2, 1]] {
            assert_eq!(beginning_to(IpAddr::from(address)), Ok(Begin::Loopback));
        }
        for device in sys::devices().unwrap() {
            assert_eq!(beginning_to(device.address), Ok(Begin::Loopback), "{:?}", device.name);
            let at_its_peer = device_of(device.address).unwrap();
            assert_eq!(at_its_peer == Begin::Loopback, device.is_loopback, "{:?}", device.name);
        }
    }

    #[test]
    fn settings_are_of_the_device_and_only_where_there_is_a_peer() {
        let mut profile = Profile::load("default").unwrap();
        assert_eq!(items(&profile, End::Client).len(), 2);
        profile.peer = Some(PeerSettings::default());
        let items = items(&profile, End::Client);
        let value = |wanted: &str| items.iter().find(|(name, _)| name == wanted).unwrap().1.clone();
        let mtu_bytes = sys::device_mtu_bytes(c"lo").unwrap();
        assert_eq!(value("path.mtu_bytes"), Reading::Value(Value::Count(mtu_bytes)));
        // Of what has no wire.
        assert!(matches!(value("path.link_speed_mbit_per_s"), Reading::Absent(_)));
        assert_eq!(value("path.scatter_gather"), words("on"));
    }
}
