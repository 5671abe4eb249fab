//! A network device as the kernel has it, `netdevice(7)`.

use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::os::fd::AsRawFd;

use super::check;

/// Whether the network device `name` of this process's namespace is up:
/// `SIOCGIFFLAGS`.
pub(crate) fn device_is_up(name: &CStr) -> io::Result<bool> {
    let answer = ask(name, libc::SIOCGIFFLAGS)?;
    // SAFETY: the kernel has just written the flags.
    let flags = unsafe { answer.ifr_ifru.ifru_flags };
    Ok(libc::c_int::from(flags) & libc::IFF_UP != 0)
}

/// The MTU of the network device `name` of this process's namespace:
/// `SIOCGIFMTU`.
pub(crate) fn device_mtu_bytes(name: &CStr) -> io::Result<u64> {
    let answer = ask(name, libc::SIOCGIFMTU)?;
    // SAFETY: the kernel has just written the MTU.
    let mtu_bytes = unsafe { answer.ifr_ifru.ifru_mtu };
    u64::try_from(mtu_bytes).map_err(io::Error::other)
}

/// What the kernel answers to one of `netdevice(7)`'s questions. A mounted sysfs
/// can be another namespace's, and a socket's answer cannot.
fn ask(name: &CStr, question: libc::c_ulong) -> io::Result<libc::ifreq> {
    // SAFETY: ifreq is plain data for which all-zero is a valid value.
    let mut request: libc::ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
    set_name(&mut request, name);
    // Any socket will do; a local one is there without IP.
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    // SAFETY: `request` is writable, lives through the call and is what both
    // questions take.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), question as _, &mut request) } as isize)?;
    Ok(request)
}

/// A network device of this process's namespace, with one of its addresses.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) name: CString,
    pub(crate) address: IpAddr,
    pub(crate) is_loopback: bool,
}

/// Every address of every network device: `getifaddrs(3)`.
pub(crate) fn devices() -> io::Result<Vec<Device>> {
    let mut first = std::ptr::null_mut();
    // SAFETY: `first` is writable; the list that it points to afterwards is freed below.
    check(unsafe { libc::getifaddrs(&mut first) } as isize)?;
    let mut devices = Vec::new();
    let mut next: *const libc::ifaddrs = first;
    // SAFETY: a list of valid entries that ends in null, each with a name; none is used
    // after the list is freed.
    while let Some(entry) = unsafe { next.as_ref() } {
        next = entry.ifa_next;
        // SAFETY: an entry's address is null or valid for the size of its family.
        if let Some(address) = unsafe { address_of(entry.ifa_addr) } {
            // SAFETY: an entry's name is a string that ends in NUL.
            let name = unsafe { CStr::from_ptr(entry.ifa_name) }.to_owned();
            let is_loopback = entry.ifa_flags & libc::IFF_LOOPBACK as libc::c_uint != 0;
            devices.push(Device { name, address, is_loopback });
        }
    }
    // SAFETY: it came from getifaddrs and is freed once.
    unsafe { libc::freeifaddrs(first) };
    Ok(devices)
}

/// # Safety
/// `address` is null or a valid socket address of the size of its family.
unsafe fn address_of(address: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: valid unless null, says the caller.
    let family = unsafe { address.as_ref() }?.sa_family;
    match libc::c_int::from(family) {
        libc::AF_INET => {
            // SAFETY: of this family, so that large; copied without asking for alignment.
            let address: libc::sockaddr_in = unsafe { address.cast::<libc::sockaddr_in>().read_unaligned() };
            Some(IpAddr::V4(u32::from_be(address.sin_addr.s_addr).into()))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let address: libc::sockaddr_in6 =
                unsafe { address.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(IpAddr::V6(address.sin6_addr.s6_addr.into()))
        }
        _ => None,
    }
}

pub(super) fn set_name(request: &mut libc::ifreq, name: &CStr) {
    // The name's last byte stays NUL.
    for (to, from) in request.ifr_name[..libc::IFNAMSIZ - 1].iter_mut().zip(name.to_bytes()) {
        *to = *from as libc::c_char;
    }
}
