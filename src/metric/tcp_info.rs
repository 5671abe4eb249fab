//! What the kernel says of the cell's own connections at the end of each
//! generation: `TCP_INFO` and the options as granted, one value a generation,
//! summed over the connections of the lane.

use super::{Described, Reading, Source, Value};
use crate::exchange::{CellMeasurement, ConnectionReport, GenerationReport};

pub(super) struct TcpInfoSource;

/// A metric, its unit, its meaning and how one generation's own connections
/// give it; `None` where this kernel does not report it.
type Line = (&'static str, &'static str, &'static str, fn(&[&ConnectionReport]) -> Option<Value>);

const LINES: [Line; 18] = [
    ("client_retransmits", "", "segments that the clients sent again", |all| {
        sum(all, |c| Some(u64::from(c.client_info.retransmits)))
    }),
    ("client_data_segments", "", "segments with data that the clients sent", |all| {
        sum(all, |c| c.client_info.data_segments_sent.map(u64::from))
    }),
    (
        "client_reorderings_seen",
        "",
        "times that a client learned of segments that had changed places",
        |all| sum(all, |c| c.client_info.reorderings_seen.map(u64::from)),
    ),
    (
        "server_out_of_order",
        "",
        "segments that reached a server before one that was sent before them",
        |all| sum(all, |c| c.server_info.out_of_order_received.map(u64::from)),
    ),
    ("server_retransmits", "", "segments that the servers sent again", |all| {
        sum(all, |c| Some(u64::from(c.server_info.retransmits)))
    }),
    ("client_busy", "us", "time with data to send, summed over connections", |all| {
        sum(all, |c| c.client_info.busy_us)
    }),
    ("client_receive_window_limited", "us", "of that, time in which the server's window was shut", |all| {
        sum(all, |c| c.client_info.receive_window_limited_us)
    }),
    ("client_send_buffer_limited", "us", "of that, time in which the send buffer held too little", |all| {
        sum(all, |c| c.client_info.send_buffer_limited_us)
    }),
    ("smallest_send_window", "B", "the smallest window that a server had announced last", |all| {
        all.iter()
            .filter_map(|c| c.client_info.send_window_bytes)
            .min()
            .map(|bytes| Value::Count(bytes.into()))
    }),
    ("mss", "B", "largest segment that the clients send", |all| {
        all.iter().map(|c| c.client_info.send_mss_bytes).min().map(|bytes| Value::Count(bytes.into()))
    }),
    ("client_congestion_control", "", "of the clients' sockets, before and after connect", |all| {
        words(all, |c| before_and_after(&c.client_granted))
    }),
    ("server_congestion_control", "", "of the listener and of the accepted sockets", |all| {
        words(all, |c| before_and_after(&c.server_granted))
    }),
    ("client_send_buffer", "B", "SO_SNDBUF as the kernel reports it", |all| {
        words(all, |c| c.client_granted.send_buffer_bytes.to_string())
    }),
    ("client_receive_buffer", "B", "SO_RCVBUF as the kernel reports it", |all| {
        words(all, |c| c.client_granted.receive_buffer_bytes.to_string())
    }),
    ("server_send_buffer", "B", "SO_SNDBUF as the kernel reports it", |all| {
        words(all, |c| c.server_granted.send_buffer_bytes.to_string())
    }),
    ("server_receive_buffer", "B", "SO_RCVBUF as the kernel reports it", |all| {
        words(all, |c| c.server_granted.receive_buffer_bytes.to_string())
    }),
    ("nagle", "", "whether Nagle's algorithm was on, client and server", |all| {
        words(all, |c| format!("{} and {}", on(c.client_granted.nagle), on(c.server_granted.nagle)))
    }),
    ("pacing_rate", "", "whether a pacing rate was set on a socket, client and server", |all| {
        words(all, |c| {
            format!("{} and {}", set(c.client_granted.pacing_rate_set), set(c.server_granted.pacing_rate_set))
        })
    }),
];

impl Source for TcpInfoSource {
    fn catalogue(&self) -> &'static [Described] {
        static CATALOGUE: std::sync::LazyLock<Vec<Described>> = std::sync::LazyLock::new(|| {
            LINES.iter().map(|(name, unit, meaning, _)| Described { name, unit, meaning }).collect()
        });
        &CATALOGUE
    }

    fn read(&self, measurement: &CellMeasurement) -> Vec<(&'static str, Reading)> {
        let mode = &measurement.cell.mode;
        let own = |generation: &'_ GenerationReport| {
            generation.connections.iter().filter(|c| c.lane == *mode).cloned().collect::<Vec<_>>()
        };
        let generations: Vec<Vec<ConnectionReport>> = measurement.generations.iter().map(own).collect();
        let reading = |of: &dyn Fn(&[&ConnectionReport]) -> Option<Value>| {
            let values = generations.iter().map(|all| of(&all.iter().collect::<Vec<_>>()));
            match values.collect::<Option<Vec<_>>>() {
                Some(values) if !values.is_empty() => Reading::Value(Value::Generations(values)),
                _ => Reading::Absent("this kernel does not report it".into()),
            }
        };
        LINES.iter().map(|(name, _, _, of)| (*name, reading(of))).collect()
    }
}

fn sum(all: &[&ConnectionReport], of: impl Fn(&ConnectionReport) -> Option<u64>) -> Option<Value> {
    all.iter().map(|connection| of(connection)).sum::<Option<u64>>().map(Value::Count)
}

/// What every connection agrees on, or all the different answers.
fn words(all: &[&ConnectionReport], of: impl Fn(&ConnectionReport) -> String) -> Option<Value> {
    let mut words: Vec<String> = all.iter().map(|connection| of(connection)).collect();
    words.sort();
    words.dedup();
    match words.join(", ") {
        none if none.is_empty() => None,
        one => Some(one.parse::<u64>().map_or(Value::Text(one), Value::Count)),
    }
}

fn before_and_after(granted: &crate::exchange::Granted) -> String {
    match granted.congestion_control_before == granted.congestion_control {
        true => granted.congestion_control.clone(),
        false => format!("{} then {}", granted.congestion_control_before, granted.congestion_control),
    }
}

fn on(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

fn set(is_set: bool) -> &'static str {
    if is_set { "set" } else { "none" }
}
