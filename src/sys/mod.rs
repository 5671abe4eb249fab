//! The only folder with `unsafe`: thin, checked wrappers of what libc, socket2
//! and memmap2 do not give safely. One file a family of calls, one function a
//! system call, the man page named; each block says what it relies on. It owns
//! the memory that messages live in ([`Segments`]) and knows nothing of copy
//! modes, rounds or completions.
#![allow(unsafe_code)]

mod device;
mod error_queue;
mod ethtool;
mod groups;
mod io_uring;
mod limits;
mod memory;
mod pipes;
mod processor;
mod receiving;
mod sending;
mod signals;
mod socket_options;
mod standard_error;
mod tcp_info;
mod thread;
mod waiting;

use std::io;

pub(crate) use device::{device_is_up, device_mtu_bytes, devices};
pub(crate) use error_queue::{ControlBuffer, receive_error_queue};
pub(crate) use ethtool::{Feature, device_driver, device_feature, device_queues, device_speed_mbit_per_s};
pub(crate) use groups::{continue_group, end_group, kill_group, leave_terminal};
pub(crate) use io_uring::{Completion, SendKind, SendRing};
pub(crate) use limits::{open_files_limits, set_open_files_limits};
pub use memory::{MAX_SEGMENTS, Mapping, Segments};
pub(crate) use memory::{Run, memory_file, page_bytes};
pub(crate) use pipes::{fill_pipe, pipe_bytes, set_pipe_bytes, splice};
pub(crate) use processor::hypervisor_signature;
pub(crate) use receiving::{ReceiveWindow, discard};
pub(crate) use sending::{send_bytes, send_run, send_run_zerocopy, send_segments};
pub(crate) use signals::{hand_on_signals, hand_signals_to, install_empty_handler, signal_thread};
pub(crate) use socket_options::{enable_zerocopy, max_pacing_rate};
pub(crate) use standard_error::with_standard_error_kept;
pub use tcp_info::TcpInfo;
pub(crate) use tcp_info::tcp_info;
pub(crate) use thread::{empty_system_call, process_cpu_time_ns, thread_cpu_time_ns, thread_usage};
pub(crate) use waiting::{poll, wait_any_readable, wait_readable};

/// Makes `call` again for as long as a signal interrupts it (`EINTR`,
/// signal(7)): whoever sent the signal, no call here is to end for it.
pub(crate) fn resumed<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// What a call returned, or why it failed: `errno(3)`.
#[inline]
fn check(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
