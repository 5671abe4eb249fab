//! Settings that the kernel did not grant: where a socket is not as the profile
//! asks, and the command that mends it.

use super::Doubt;
use crate::exchange::{CellMeasurement, End, Granted};
use crate::profile::{BufferSize, Profile};

/// One doubt for each setting that some socket of the cell did not get.
pub(super) fn not_granted(measurement: &CellMeasurement, profile: &Profile) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for connection in measurement.generations.iter().flat_map(|generation| &generation.connections) {
        for (end, granted) in
            [(End::Client, &connection.client_granted), (End::Server, &connection.server_granted)]
        {
            for doubt in differences(end, granted, profile) {
                if !doubts.contains(&doubt) {
                    doubts.push(doubt);
                }
            }
        }
    }
    doubts
}

/// Where one end's socket is not as the profile asks.
fn differences(end: End, granted: &Granted, profile: &Profile) -> Vec<Doubt> {
    let socket = &profile.socket;
    let end = match end {
        End::Client => "client",
        End::Server => "server",
    };
    let doubt = |setting: &str, asked: String, granted: String, remedy: &str| Doubt::NotGranted {
        setting: format!("{setting} of the {end}"),
        asked,
        granted,
        mended_by: remedy.into(),
    };
    let mut doubts = Vec::new();
    // socket(7): the kernel doubles what it is given, and caps it first.
    let buffers = [
        (
            "socket.send_buffer_bytes",
            socket.send_buffer_bytes,
            granted.send_buffer_bytes,
            "sysctl -w net.core.wmem_max=",
        ),
        (
            "socket.receive_buffer_bytes",
            socket.receive_buffer_bytes,
            granted.receive_buffer_bytes,
            "sysctl -w net.core.rmem_max=",
        ),
    ];
    for (setting, asked, got, remedy) in buffers {
        if let BufferSize::Fixed(bytes) = asked
            && got != 2 * bytes
        {
            let (asked, got) = (format!("{bytes} B"), format!("{} B", got / 2));
            doubts.push(doubt(setting, asked, got, &format!("{remedy}{bytes}")));
        }
    }
    for got in [&granted.congestion_control_before, &granted.congestion_control] {
        if *got != socket.congestion_control {
            let remedy = "look for a route or namespace that sets congctl (ip-route(8))";
            doubts.push(doubt(
                "socket.congestion_control",
                socket.congestion_control.clone(),
                got.clone(),
                remedy,
            ));
        }
    }
    if granted.pacing_rate_set {
        let remedy = "look for what sets SO_MAX_PACING_RATE on new sockets (a cgroup's BPF program?)";
        doubts.push(doubt("no pacing", "none".into(), "a pacing rate".into(), remedy));
    }
    doubts
}
