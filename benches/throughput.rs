//! Throughput of a stream of messages: bytes a second that the servers have
//! read, for every copy mode × message size × thread count of the profile.

use std::process::ExitCode;

fn main() -> ExitCode {
    copycost::bench::run(copycost::cell::Target::Throughput)
}
