//! How a network device is set, asked of its driver: `SIOCETHTOOL`, linux/ethtool.h.
//! Whoever may use a socket may ask.

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;

use super::check;
use super::device::set_name;

const SIOCETHTOOL: libc::c_ulong = 0x8946;

/// Something that a device does itself, or has done for it, by its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Feature {
    ReceiveChecksum = 0x14,
    TransmitChecksum = 0x16,
    ScatterGather = 0x18,
    TcpSegmentation = 0x1e,
    GenericSegmentation = 0x23,
    GenericReceive = 0x2b,
}

/// What the kernel reads and writes: a command, and what is answered to it. Each is as
/// large as the kernel's structure of that command, of plain numbers.
#[repr(C)]
struct Answer<T> {
    command: u32,
    answered: T,
}

/// `ethtool_drvinfo` behind its command.
#[repr(C)]
struct DriverInfo {
    driver: [u8; 32],
    rest: [u8; 160],
}

/// `ethtool_cmd` behind its command.
#[repr(C)]
struct LinkSettings {
    supported: u32,
    advertising: u32,
    speed: u16,
    duplex_and_port: [u8; 2],
    more: [u8; 4],
    most_packets: [u32; 2],
    speed_high: u16,
    crossing: [u8; 2],
    rest: [u32; 3],
}

/// `ethtool_channels` behind its command.
#[repr(C)]
struct Channels {
    most: [u32; 4],
    receive: u32,
    transmit: u32,
    other: u32,
    combined: u32,
}

/// The driver of the network device `name` of this process's namespace.
pub(crate) fn device_driver(name: &CStr) -> io::Result<String> {
    const ETHTOOL_GDRVINFO: u32 = 0x3;
    // SAFETY: `DriverInfo` is what the command's structure has behind it.
    let info: DriverInfo = unsafe { ask(name, ETHTOOL_GDRVINFO) }?;
    let name: Vec<u8> = info.driver.into_iter().take_while(|byte| *byte != 0).collect();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    match !name.is_empty() && name.iter().all(is_word) {
        true => Ok(String::from_utf8_lossy(&name).into_owned()),
        false => Err(io::Error::other("the driver has no name")),
    }
}

/// Whether `feature` is on.
pub(crate) fn device_feature(name: &CStr, feature: Feature) -> io::Result<bool> {
    // SAFETY: `ethtool_value` has one number behind its command.
    let on: u32 = unsafe { ask(name, feature as u32) }?;
    Ok(on != 0)
}

/// How fast its link is.
pub(crate) fn device_speed_mbit_per_s(name: &CStr) -> io::Result<u64> {
    const ETHTOOL_GSET: u32 = 0x1;
    // SAFETY: `LinkSettings` is what the command's structure has behind it.
    let settings: LinkSettings = unsafe { ask(name, ETHTOOL_GSET) }?;
    match u32::from(settings.speed) | u32::from(settings.speed_high) << 16 {
        0 | 0xffff | u32::MAX => Err(io::Error::other("the device knows no speed")),
        speed => Ok(speed.into()),
    }
}

/// How many pairs of queues it uses, or receive queues where they come in no pairs.
pub(crate) fn device_queues(name: &CStr) -> io::Result<u64> {
    const ETHTOOL_GCHANNELS: u32 = 0x3c;
    // SAFETY: `Channels` is what the command's structure has behind it.
    let channels: Channels = unsafe { ask(name, ETHTOOL_GCHANNELS) }?;
    Ok(channels.combined.max(channels.receive).into())
}

/// # Safety
/// `T` is plain numbers, as many bytes as the kernel's structure of `command` has
/// behind the command itself.
unsafe fn ask<T>(name: &CStr, command: u32) -> io::Result<T> {
    // SAFETY: numbers, for which all-zero is valid.
    let mut answer: Answer<T> = unsafe { MaybeUninit::zeroed().assume_init() };
    answer.command = command;
    // SAFETY: ifreq is plain data for which all-zero is a valid value.
    let mut request: libc::ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
    set_name(&mut request, name);
    request.ifr_ifru.ifru_data = (&raw mut answer).cast();
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    // SAFETY: `request` names a device and points to a structure of the size that the
    // caller vouches for, and both live through the call.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL as _, &mut request) } as isize)?;
    Ok(answer.answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_are_as_large_as_the_kernels() {
        assert_eq!(size_of::<Answer<DriverInfo>>(), 196);
        assert_eq!(size_of::<Answer<LinkSettings>>(), 44);
        assert_eq!(size_of::<Answer<Channels>>(), 36);
        assert_eq!(size_of::<Answer<u32>>(), 8);
    }

    #[test]
    fn a_device_that_is_none_is_an_error() {
        assert!(device_driver(c"nonesuch").is_err());
        assert!(device_feature(c"nonesuch", Feature::ScatterGather).is_err());
    }
}
