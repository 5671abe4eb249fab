//! `copycost` measures what moving bytes costs in TCP. This file is the map of
//! the crate; ARCHITECTURE.md says what each part must not know.
//!
//! From the bottom up: [`message`] and [`memory`] are the bytes, [`zerocopy`]
//! sends them with `MSG_ZEROCOPY` under ownership, [`copy_mode`] is the ways
//! to hand a message to TCP, [`exchange`] drives them in rounds and blocks,
//! [`metric`] reads what a cell's blocks came to, [`doubt`] why not to trust
//! it, [`results`] keeps it, and [`bench`](mod@bench) makes a Criterion
//! benchmark of it all. [`compare`] and [`report`] answer questions from what
//! was kept. [`environment`] is the conditions, [`doctor`] what in
//! them makes figures worse.
//!
//! ```no_run
//! copycost::bench::run(copycost::cell::Target::Throughput);
//! ```

#![warn(clippy::unwrap_used)]

#[cfg(not(target_os = "linux"))]
compile_error!("copycost measures Linux's TCP (MSG_ZEROCOPY, TCP_INFO, sysfs): it builds for Linux only");

pub mod bench;
pub mod breakdown;
pub mod cell;
pub mod compare;
pub mod control;
pub mod copy_mode;
pub mod counter;
pub mod cpu;
pub mod doctor;
pub mod doubt;
mod elsewhere;
pub mod environment;
mod error;
pub mod exchange;
mod layout;
pub mod memory;
pub mod message;
pub mod metric;
mod or_absent;
pub mod profile;
pub mod ratio;
pub mod report;
pub mod results;
pub mod sides;
pub mod steering;
mod sys;
#[doc(hidden)]
pub mod testing;
pub mod tune;
pub mod zerocopy;

pub use error::{Error, Result};
pub use or_absent::OrAbsent;
pub use sys::TcpInfo;
