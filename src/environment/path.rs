//! The path between the two ends: whether they are in one process, and what kind of
//! device the clients' packets leave by. It owns how that is found; no address and no
//! device's name is kept.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use super::{Items, reading, words};
use crate::profile::Profile;
use crate::sys;

pub(super) fn items(profile: &Profile) -> Items {
    let servers = if profile.peer.is_some() { "at a peer" } else { "in the clients' process" };
    let kind = match &profile.peer {
        None => Ok(LOOPBACK.to_string()),
        Some(peer) => kind_to(peer.address()),
    };
    [("path.servers", words(servers)), ("path.kind", reading(kind, words))]
        .map(|(name, reading)| (name.to_string(), reading))
        .into()
}

const LOOPBACK: &str = "loopback";

/// `loopback`, or the driver of the device that the way to `address` begins with:
/// `veth`, `bridge`, `tun`, `virtio_net`, …
fn kind_to(address: IpAddr) -> Result<String, String> {
    let devices = sys::devices().map_err(|error| format!("getifaddrs: {error}"))?;
    let has = |wanted: IpAddr| devices.iter().find(|device| device.address == wanted);
    if address.is_loopback() || has(address).is_some() {
        return Ok(LOOPBACK.into()); // whatever device an own address is of
    }
    let source = source_to(address).map_err(|error| format!("the route to the peer: {error}"))?;
    match has(source) {
        None => Err("no device has the address that the route to the peer begins with".into()),
        Some(device) if device.is_loopback => Ok(LOOPBACK.into()),
        Some(device) => Ok(sys::device_driver(&device.name).unwrap_or_else(|_| "other".into())),
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

    #[test]
    fn the_way_to_oneself_is_loopback_by_whatever_address() {
        assert_eq!(kind_to(IpAddr::from([127, 0, 0, 1])), Ok("loopback".into()));
        assert_eq!(kind_to(IpAddr::from([127, 3, 2, 1])), Ok("loopback".into()));
        for device in sys::devices().unwrap() {
            assert_eq!(kind_to(device.address), Ok("loopback".into()), "{:?}", device.name);
        }
    }

    #[test]
    fn the_loopback_device_has_no_driver_to_name() {
        let devices = sys::devices().unwrap();
        let loopback = devices.iter().find(|device| device.is_loopback);
        assert!(loopback.is_some_and(|device| device.address.is_loopback()), "{devices:?}");
    }
}
