//! Settings of the system that a profile takes the effect from: one table of
//! which key overrides which sysctl, and when. It owns what the kernel makes of
//! a setting once a socket has its own; who names a setting, others know.

use super::{BufferSize, Profile};

/// A sysctl, the key that overrides it, and whether it does in a profile, given
/// the values that the setting takes where they are known.
struct Override {
    setting: &'static str,
    key: &'static str,
    holds: fn(&Profile, &[Option<u64>]) -> bool,
}

/// What is not here has an effect, or none is known to be ruled out.
/// `tcp_slow_start_after_idle`, `tcp_limit_output_bytes` and the like bear on
/// every socket; `optmem_max` bears on zero-copy's notifications.
const OVERRIDES: [Override; 9] = [
    // tcp(7): TCP takes the middle of tcp_rmem and tcp_wmem in the place of these
    // two, and SO_RCVBUF and SO_SNDBUF take the place of that (socket(7)).
    Override { setting: "net.core.rmem_default", key: RECEIVE, holds: receive_is_fixed },
    Override { setting: "net.core.wmem_default", key: SEND, holds: send_is_fixed },
    // SO_RCVBUF locks the buffer: it neither begins at tcp_rmem's middle nor grows
    // towards its end, and the window scale follows from the locked buffer too
    // (tcp_select_initial_window). The least is for a system short of memory.
    Override { setting: "net.ipv4.tcp_rmem", key: RECEIVE, holds: receive_is_fixed },
    Override { setting: "net.ipv4.tcp_moderate_rcvbuf", key: RECEIVE, holds: receive_is_fixed },
    Override { setting: "net.ipv4.tcp_wmem", key: SEND, holds: send_is_fixed },
    // A limit that does not bind.
    Override { setting: "net.core.rmem_max", key: RECEIVE, holds: receive_is_granted },
    Override { setting: "net.core.wmem_max", key: SEND, holds: send_is_granted },
    // Set on the closed socket and on the listener, before it can begin: what a
    // default of bbr would switch on, pacing, is never switched on.
    Override { setting: "net.ipv4.tcp_congestion_control", key: "socket.congestion_control", holds: always },
    // Loopback, the only place that the key allows, has no queueing discipline.
    Override { setting: "net.core.default_qdisc", key: "socket.address", holds: always },
];

const RECEIVE: &str = "socket.receive_buffer_bytes";
const SEND: &str = "socket.send_buffer_bytes";

fn always(_: &Profile, _: &[Option<u64>]) -> bool {
    true
}

fn receive_is_fixed(profile: &Profile, _: &[Option<u64>]) -> bool {
    matches!(profile.socket.receive_buffer_bytes, BufferSize::Fixed(_))
}

fn send_is_fixed(profile: &Profile, _: &[Option<u64>]) -> bool {
    matches!(profile.socket.send_buffer_bytes, BufferSize::Fixed(_))
}

fn receive_is_granted(profile: &Profile, limits: &[Option<u64>]) -> bool {
    is_granted(profile.socket.receive_buffer_bytes, limits)
}

fn send_is_granted(profile: &Profile, limits: &[Option<u64>]) -> bool {
    is_granted(profile.socket.send_buffer_bytes, limits)
}

/// Whether each limit is known and grants what is asked for.
fn is_granted(asked: BufferSize, limits: &[Option<u64>]) -> bool {
    match asked {
        BufferSize::Fixed(bytes) => {
            limits.iter().all(|limit| limit.is_some_and(|limit| limit >= bytes as u64))
        }
        BufferSize::Auto(_) => false,
    }
}

/// Why a change of `setting`, a sysctl, between these values has no effect on
/// what `profile` measures; none where it may have one.
pub fn overridden(profile: &Profile, setting: &str, values: &[&str]) -> Option<String> {
    let numbers: Vec<Option<u64>> = values.iter().map(|value| value.parse().ok()).collect();
    let found = OVERRIDES.iter().find(|entry| entry.setting == setting)?;
    (found.holds)(profile, &numbers).then(|| {
        format!("the profile sets `{}`, so this setting has no effect on what is measured", found.key)
    })
}

/// The same for every sysctl that some of these shell commands set, as
/// `SETTING: why`. A limit counts as one that does not bind only if each
/// command gives it a value.
pub fn overridden_in(profile: &Profile, commands: &[&str]) -> Vec<String> {
    let of = |entry: &Override| {
        let given: Vec<Option<String>> =
            commands.iter().map(|command| value_in(command, entry.setting)).collect();
        if given.iter().all(Option::is_none) {
            return None;
        }
        let values: Vec<&str> = given.iter().map(|value| value.as_deref().unwrap_or("")).collect();
        overridden(profile, entry.setting, &values).map(|why| format!("{}: {why}", entry.setting))
    };
    OVERRIDES.iter().filter_map(of).collect()
}

/// What a shell command sets a sysctl to, in `sysctl`'s way or by its file; an
/// empty word where it names the setting and the value cannot be made out.
fn value_in(command: &str, setting: &str) -> Option<String> {
    let command = command.replace('/', ".");
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (start, after) = command.match_indices(setting).find_map(|(start, _)| {
        let after = &command[start + setting.len()..];
        (!command[..start].ends_with(in_name) && !after.starts_with(in_name)).then_some((start, after))
    })?;
    let word = |text: &str| -> String {
        let text = text.trim_start().trim_start_matches(['"', '\'']);
        text.chars().take_while(char::is_ascii_alphanumeric).collect()
    };
    if let Some(value) = after.trim_start().strip_prefix('=') {
        return Some(word(value));
    }
    let echoed = command[..start].rsplit_once('>').and_then(|(before, _)| before.rsplit_once("echo "));
    Some(echoed.map_or_else(String::new, |(_, value)| word(value)))
}
