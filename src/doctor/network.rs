//! Findings about sockets, TCP's settings and the limits of zero-copy. Each
//! function knows one kind: its threshold, its words and its command.

use super::{Look, Said};
use crate::copy_mode::{self, Handover};
use crate::exchange::open_files_needed;
use crate::profile::BufferSize;
use crate::steering::{LOOPBACK, Wanted};

fn names(list: &str, name: &str) -> bool {
    list.split(' ').any(|listed| listed == name)
}

pub(super) fn congestion_control_unavailable(look: &Look<'_>) -> Option<Said> {
    let available = look.text("sysctl.net.ipv4.tcp_available_congestion_control")?;
    let wanted = &look.profile.socket.congestion_control;
    (!names(available, wanted)).then(|| {
        Said::missing(format!(
            "the profile's congestion control {wanted} is not loaded; there are: {available}"
        ))
        .why("unless the kernel can load it for this user, no connection can be opened")
        .change(format!("modprobe tcp_{wanted}"))
    })
}

/// An unloaded one cannot be allowed either: that is the other finding.
pub(super) fn congestion_control_not_allowed(look: &Look<'_>) -> Option<Said> {
    let allowed = look.text("sysctl.net.ipv4.tcp_allowed_congestion_control")?;
    let available = look.text("sysctl.net.ipv4.tcp_available_congestion_control").unwrap_or("");
    let wanted = &look.profile.socket.congestion_control;
    (names(available, wanted) && !names(allowed, wanted)).then(|| {
        Said::missing(format!("the profile's congestion control {wanted} is allowed to administrators only"))
            .why("an ordinary user's connections are refused it, and no cell is measured")
            .change(format!("sysctl -w net.ipv4.tcp_allowed_congestion_control=\"{allowed} {wanted}\""))
    })
}

/// Every program here raises the soft limit to the hard one, and measures nothing
/// where that is not enough.
pub(super) fn open_files(look: &Look<'_>) -> Option<Said> {
    const OTHERS: usize = 16;
    let limit = look.number("limit.open_files_hard")?;
    let threads = look.most_threads();
    let (modes, self_check) =
        (copy_mode::entries(&look.profile.matrix.modes), look.profile.rounds.self_check);
    let counters = if look.text("perf.processor_devices") == Some("none") { 1 } else { 6 };
    let needed = open_files_needed(&modes, self_check, threads, counters, OTHERS);
    (limit < needed as f64).then(|| {
        Said::missing(format!("{limit:.0} open files are allowed; {threads} threads need some {needed}"))
            .why("the last sockets of cells with that many threads could not be opened: nothing is measured")
            .change(format!("ulimit -n {needed} as root, or prlimit --nofile={needed} --pid $$"))
    })
}

pub(super) fn send_buffer(look: &Look<'_>) -> Option<Said> {
    let asked = look.profile.socket.send_buffer_bytes;
    buffer(look, "socket.send_buffer_bytes", asked, "net.core.wmem_max")
}

pub(super) fn receive_buffer(look: &Look<'_>) -> Option<Said> {
    let asked = look.profile.socket.receive_buffer_bytes;
    buffer(look, "socket.receive_buffer_bytes", asked, "net.core.rmem_max")
}

fn buffer(look: &Look<'_>, key: &str, asked: BufferSize, sysctl: &str) -> Option<Said> {
    let (BufferSize::Fixed(asked), Some(most)) = (asked, look.sysctl(sysctl)) else { return None };
    (most < asked as f64).then(|| {
        Said::worse(format!("{sysctl} is {most:.0}, below the profile's {key} of {asked}"))
            .why(
                "the kernel grants the smaller, without an error: the cells are measured with \
                 other buffers than elsewhere, and marked so",
            )
            .change(format!("sysctl -w {sysctl}={asked}"))
    })
}

fn sends_zerocopy(look: &Look<'_>) -> bool {
    let modes = copy_mode::entries(&look.profile.matrix.modes);
    modes.iter().any(|mode| mode.handover == Handover::Reported)
}

/// The value of current kernels; older ones have 20480.
const OPTMEM_BYTES: f64 = 131_072.0;

pub(super) fn optmem(look: &Look<'_>) -> Option<Said> {
    let most = look.sysctl("net.core.optmem_max").filter(|most| *most < OPTMEM_BYTES)?;
    sends_zerocopy(look).then(|| {
        Said::worse(format!(
            "net.core.optmem_max is {most:.0}, below {OPTMEM_BYTES:.0} as newer kernels have it"
        ))
        .why(
            "it holds the notifications of MSG_ZEROCOPY sends in flight: with less, sends are \
                 refused (ENOBUFS) and tried again, and the mode looks slower than it is",
        )
        .change(format!("sysctl -w net.core.optmem_max={OPTMEM_BYTES:.0}"))
    })
}

/// What is in flight is bounded by the send buffers, which the kernel makes
/// twice as large as asked for; of an autotuned one the largest is taken.
pub(super) fn locked_memory(look: &Look<'_>) -> Option<Said> {
    let limit = look.number("limit.locked_memory_bytes")?;
    if !sends_zerocopy(look) || look.text("limit.locked_memory_exempt") == Some("yes") {
        return None;
    }
    let buffer = match look.profile.socket.send_buffer_bytes {
        BufferSize::Fixed(bytes) => 2.0 * bytes as f64,
        BufferSize::Auto(_) => look.text("sysctl.net.ipv4.tcp_wmem")?.split(' ').nth(2)?.parse().ok()?,
    };
    let needed = buffer * look.most_threads() as f64;
    (limit < needed).then(|| {
        let kib = (needed / 1024.0).ceil();
        Said::worse(format!(
            "{limit:.0} bytes may be locked; MSG_ZEROCOPY sends in flight can need {needed:.0}"
        ))
        .why(
            "pages of MSG_ZEROCOPY sends are pinned and count against RLIMIT_MEMLOCK of the user: \
                 beyond it sends are refused (ENOBUFS) or fall back to a copy",
        )
        .change(format!(
            "ulimit -l {kib:.0}, beyond the hard limit as root: prlimit \
                    --memlock={needed:.0} --pid $$"
        ))
    })
}

/// What the loopback device has had since Linux 3.6.
const LOOPBACK_MTU_BYTES: f64 = 65_536.0;

pub(super) fn loopback_mtu(look: &Look<'_>) -> Option<Said> {
    let mtu = look.number("loopback.mtu_bytes").filter(|mtu| *mtu != LOOPBACK_MTU_BYTES)?;
    Some(
        Said::worse(format!("the loopback device's MTU is {mtu:.0}, not {LOOPBACK_MTU_BYTES:.0}"))
            .why(
                "segments are of another size than on other machines, and with them the work for \
                 each byte",
            )
            .change(format!("ip link set dev lo mtu {LOOPBACK_MTU_BYTES:.0}")),
    )
}

pub(super) fn receive_steering(look: &Look<'_>) -> Option<Said> {
    let kind = look.text("receive_steering.kind")?;
    let wanted = look.profile.placement.receive_steering;
    let is = |wanted: Wanted| kind == wanted.name();
    if wanted == Wanted::Any && is(Wanted::None) {
        return Some(
            Said::note(format!("packets of {LOOPBACK} are processed on whichever CPU transmits: no receive steering"))
                .why(
                    "two CPUs reorder a connection's segments, and MSG_ZEROCOPY's ratio is another for seconds; receive \
                     flow steering ends that and moves the answer: which one to measure is a choice",
                )
                .change("copycost tune --receive-steering follow"),
        );
    }
    if wanted == Wanted::Any && !is(Wanted::Follow) {
        return Some(
            Said::worse(format!("receive steering of {LOOPBACK}: {kind}"))
                .why(
                    "each connection's hash picks its CPU anew: of all steerings this one differs most from process \
                     to process",
                )
                .change("copycost tune --receive-steering none, or follow"),
        );
    }
    (wanted != Wanted::Any && !is(wanted)).then(|| {
        Said::missing(format!(
            "receive steering of {LOOPBACK} is `{kind}`; the profile asks for `{}`",
            wanted.name()
        ))
        .why("nothing is measured: it moves one mode against another by more than most kernels do")
        .change(format!("copycost tune --receive-steering {}", wanted.name()))
    })
}

pub(super) fn window_scaling(look: &Look<'_>) -> Option<Said> {
    look.sysctl("net.ipv4.tcp_window_scaling").filter(|on| *on == 0.0)?;
    Some(
        Said::worse("net.ipv4.tcp_window_scaling is 0")
            .why(
                "no more than 64 KiB can be under way in a connection, whatever its buffers: the \
                 window is measured, not a copy",
            )
            .change("sysctl -w net.ipv4.tcp_window_scaling=1"),
    )
}

pub(super) fn slow_start_after_idle(look: &Look<'_>) -> Option<Said> {
    look.sysctl("net.ipv4.tcp_slow_start_after_idle").filter(|on| *on > 0.0)?;
    Some(
        Said::note("net.ipv4.tcp_slow_start_after_idle is 1, as on most machines")
            .why(
                "a connection that stood still for 200 ms or more begins anew with a small window; \
                 rounds of a block follow each other faster than that, unless the profile's are \
                 very long",
            )
            .change("sysctl -w net.ipv4.tcp_slow_start_after_idle=0"),
    )
}

pub(super) fn default_congestion_control(look: &Look<'_>) -> Option<Said> {
    let default = look.text("sysctl.net.ipv4.tcp_congestion_control")?;
    let wanted = &look.profile.socket.congestion_control;
    // The versions of BBR are those that pace (sk_pacing_status).
    (default.starts_with("bbr") && default != wanted).then(|| {
        Said::note(format!("the system's default congestion control is {default}, which paces"))
            .why(format!(
                "the profile sets {wanted} before connecting, so figures here are not \
                    touched; other tools' are: paced sends are throttled, and MSG_ZEROCOPY looks \
                    faster than it is"
            ))
            .change("for other tools: sysctl -w net.ipv4.tcp_congestion_control=cubic")
    })
}
