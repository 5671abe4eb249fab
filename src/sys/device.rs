//! A network device as the kernel has it, `netdevice(7)`.

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
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
    let bytes = name.to_bytes();
    // The name's last byte stays NUL.
    for (to, from) in request.ifr_name[..libc::IFNAMSIZ - 1].iter_mut().zip(bytes) {
        *to = *from as libc::c_char;
    }
    // Any socket will do; a local one is there without IP.
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    // SAFETY: `request` is writable, lives through the call and is what both
    // questions take.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), question as _, &mut request) } as isize)?;
    Ok(request)
}
