//! Whether this machine takes a profile's congestion control. When
//! that is asked is `here`'s business.

use std::path::Path;

use socket2::{Domain, Socket, Type};

use super::{Profile, ProfileError};

/// What this machine says of congestion controls.
struct Machine {
    /// Those that are loaded.
    available: Vec<String>,
    /// Those that everybody may choose.
    allowed: Vec<String>,
    /// Whether the process may choose any, and have the kernel load it:
    /// `CAP_NET_ADMIN` (tcp(7), "tcp_allowed_congestion_control").
    is_administrator: bool,
    /// Whether the kernel has a module of the name that was asked for.
    has_module: bool,
}

impl Profile {
    /// Fails if a connection could not have the profile's congestion control
    /// here. What cannot be read is left to the kernel to refuse.
    pub(super) fn check_congestion_control_here(&self) -> Result<(), ProfileError> {
        let name = &self.socket.congestion_control;
        let refusal = Machine::read(name).and_then(|machine| machine.refusal(name));
        match refusal {
            None => Ok(()),
            Some(allowed) => Err(ProfileError::NotAllowed {
                file: self.name.clone(),
                key: "socket.congestion_control".into(),
                value: format!("{name:?}"),
                allowed,
            }),
        }
    }
}

const CAP_NET_ADMIN: u32 = 12; // linux/capability.h

impl Machine {
    fn read(name: &str) -> Option<Machine> {
        let words = |sysctl: &str| {
            let path = Path::new("/proc/sys/net/ipv4").join(sysctl);
            let text = std::fs::read_to_string(path).ok()?;
            Some(text.split_whitespace().map(str::to_string).collect::<Vec<_>>())
        };
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let held = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
        let held = held.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0);
        Some(Machine {
            available: words("tcp_available_congestion_control")?,
            allowed: words("tcp_allowed_congestion_control")?,
            is_administrator: held >> CAP_NET_ADMIN & 1 == 1,
            has_module: has_module(name).unwrap_or_else(|| is_taken(name)),
        })
    }

    /// Why `name` cannot be had, what there is, and the command.
    fn refusal(&self, name: &str) -> Option<String> {
        let names = |list: &[String]| list.iter().any(|listed| listed == name);
        let available = self.available.join(", ");
        if !names(&self.available) {
            return match (self.has_module, self.is_administrator) {
                (false, true) => Some(format!(
                    "this kernel has none of that name and no module tcp_{name}; there are: {available}"
                )),
                (_, false) => Some(format!(
                    "not loaded, and this process may not load it: if the kernel has it, modprobe tcp_{name} \
                     as root, then sysctl -w net.ipv4.tcp_allowed_congestion_control=\"{} {name}\"; loaded: {available}",
                    self.allowed.join(" ")
                )),
                (true, true) => None, // the kernel loads it for the first socket that asks
            };
        }
        (!names(&self.allowed) && !self.is_administrator).then(|| {
            format!(
                "allowed to administrators only: sysctl -w \
                 net.ipv4.tcp_allowed_congestion_control=\"{} {name}\"; allowed to every user here: {}",
                self.allowed.join(" "),
                self.allowed.join(", ")
            )
        })
    }
}

/// Whether a socket takes it, to be asked where the kernel's modules cannot be
/// looked for, as in a container: the kernel loads one that it has, as it would
/// for the first connection.
fn is_taken(name: &str) -> bool {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None);
    socket.is_ok_and(|socket| socket.set_tcp_congestion(name.as_bytes()).is_ok())
}

/// Looks for `tcp_NAME` in the list of modules of the kernel that runs.
fn has_module(name: &str) -> Option<bool> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let list = Path::new("/lib/modules").join(release.trim()).join("modules.dep");
    let modules = std::fs::read_to_string(list).ok()?;
    let file = format!("/tcp_{name}.ko");
    Some(modules.lines().any(|line| line.split(':').next().is_some_and(|path| path.contains(&file))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_congestion_control_is_refused_with_the_way_to_have_it() {
        let words = |words: &str| words.split(' ').map(str::to_string).collect();
        let refusal = |name: &str, is_administrator, has_module| {
            let (available, allowed) = (words("reno cubic dctcp"), words("reno cubic"));
            Machine { available, allowed, is_administrator, has_module }.refusal(name)
        };
        for administrator in [true, false] {
            assert_eq!(refusal("cubic", administrator, false), None);
        }
        let none = refusal("bogus", true, false).unwrap();
        assert!(none.contains("no module tcp_bogus") && none.contains("reno, cubic, dctcp"), "{none}");
        assert_eq!(refusal("dctcp", true, false), None);
        let theirs = refusal("dctcp", false, false).unwrap();
        assert!(theirs.contains("tcp_allowed_congestion_control=\"reno cubic dctcp\""), "{theirs}");
        assert_eq!(refusal("bbr", true, true), None);
        let unloaded = refusal("bbr", false, true).unwrap();
        assert!(unloaded.contains("modprobe tcp_bbr"), "{unloaded}");
    }
}
