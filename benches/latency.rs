//! Message latency: round trips of one message in flight a connection, the
//! server answering with 8 bytes once it has read it all, for every copy mode
//! × message size × thread count of the profile.

use std::process::ExitCode;

fn main() -> ExitCode {
    copycost::bench::run(copycost::cell::Target::Latency)
}
