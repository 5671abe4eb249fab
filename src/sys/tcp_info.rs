//! What the kernel says of one end of a connection: `TCP_INFO` of `tcp(7)`, as
//! much of it as this kernel fills.

use std::io;
use std::mem::{MaybeUninit, offset_of};
use std::os::fd::BorrowedFd;

use serde::{Deserialize, Serialize};

use super::socket_options::{PlainIntegers, option};

/// `struct tcp_info` of linux/tcp.h up to `tcpi_snd_wnd` (Linux 5.4), the
/// part that is read here. Older kernels fill less of it.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(missing_docs)]
struct RawTcpInfo {
    state_to_options: [u8; 8],
    rto_us: u32,
    ato_us: u32,
    snd_mss: u32,
    rcv_mss: u32,
    unacked_to_last_ack_recv: [u32; 9],
    pmtu: u32,
    rcv_ssthresh: u32,
    rtt_us: u32,
    rttvar_us: u32,
    snd_ssthresh: u32,
    snd_cwnd: u32,
    advmss: u32,
    reordering: u32,
    rcv_rtt: u32,
    rcv_space: u32,
    total_retrans: u32,
    pacing_rate: u64,
    max_pacing_rate: u64,
    bytes_acked: u64,
    bytes_received: u64,
    segs_out: u32,
    segs_in: u32,
    notsent_bytes: u32,
    min_rtt_us: u32,
    data_segs_in: u32,
    data_segs_out: u32,
    delivery_rate: u64,
    busy_time_us: u64,
    rwnd_limited_us: u64,
    sndbuf_limited_us: u64,
    delivered: u32,
    delivered_ce: u32,
    bytes_sent: u64,
    bytes_retrans: u64,
    dsack_dups: u32,
    reord_seen: u32,
    rcv_ooopack: u32,
    snd_wnd: u32,
}

// SAFETY: integers and arrays of them.
unsafe impl PlainIntegers for RawTcpInfo {}

/// What `TCP_INFO` of `tcp(7)` says of one end of a connection. A field that
/// this kernel does not report is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TcpInfo {
    /// The connection's state, as in `tcp_states.h`: 1 established, 7 closed.
    pub state: u8,
    /// The largest segment this end sends, in bytes.
    pub send_mss_bytes: u32,
    /// Segments sent again since the start.
    pub retransmits: u32,
    /// Segments with data sent since the start (Linux 4.6).
    pub data_segments_sent: Option<u32>,
    /// Microseconds with data to send (Linux 4.10).
    pub busy_us: Option<u64>,
    /// Microseconds of those in which the peer's receive window was shut.
    pub receive_window_limited_us: Option<u64>,
    /// Microseconds of those in which the send buffer held too little.
    pub send_buffer_limited_us: Option<u64>,
    /// The peer's receive window as last announced, in bytes (Linux 5.4).
    pub send_window_bytes: Option<u32>,
    /// How often this end learned that segments of its had changed places (Linux 4.19).
    pub reorderings_seen: Option<u32>,
    /// Segments that came before one that was sent before them (Linux 5.4).
    pub out_of_order_received: Option<u32>,
}

/// Reads [`TcpInfo`]: `getsockopt(2)` with `TCP_INFO`.
pub(crate) fn tcp_info(socket: BorrowedFd<'_>) -> io::Result<TcpInfo> {
    // SAFETY: plain integers, for which all-zero is a valid value.
    let mut raw: RawTcpInfo = unsafe { MaybeUninit::zeroed().assume_init() };
    let length = option(socket, libc::IPPROTO_TCP, libc::TCP_INFO, &mut raw)?;
    let has = |offset: usize, size: usize| length >= offset + size;
    macro_rules! since {
        ($field:ident) => {
            has(offset_of!(RawTcpInfo, $field), size_of_val(&raw.$field)).then_some(raw.$field)
        };
    }
    Ok(TcpInfo {
        state: raw.state_to_options[0],
        send_mss_bytes: raw.snd_mss,
        retransmits: raw.total_retrans,
        data_segments_sent: since!(data_segs_out),
        busy_us: since!(busy_time_us),
        receive_window_limited_us: since!(rwnd_limited_us),
        send_buffer_limited_us: since!(sndbuf_limited_us),
        send_window_bytes: since!(snd_wnd),
        reorderings_seen: since!(reord_seen),
        out_of_order_received: since!(rcv_ooopack),
    })
}
