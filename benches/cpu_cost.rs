//! CPU cost of a stream of messages: what the threads of clients and servers
//! spent, in cycles where the CPU counts them and else in nanoseconds of CPU
//! time, for every copy mode × message size × thread count of the profile.

use std::process::ExitCode;

fn main() -> ExitCode {
    copycost::bench::run(copycost::cell::Target::CpuCost)
}
