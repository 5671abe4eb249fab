//! No allocation a message: a round of many messages allocates no more than
//! one of few. One test, as the counter counts every thread of the process.

#[path = "../../tests/support/mod.rs"]
mod support;

use copycost::cell::Target;
use copycost::copy_mode;
use support::Setup;

#[global_allocator]
static COUNTING: dhat::Alloc = dhat::Alloc;

#[test]
fn a_message_allocates_nothing() {
    let _profiler = dhat::Profiler::builder().testing().build();
    for mode in copy_mode::REGISTRY {
        for message_bytes in [1024, 65536] {
            let setup = Setup::new(Target::Throughput, &[*mode], message_bytes, 2);
            let mut generation = setup.open().unwrap();
            let mut allocations = |messages| {
                let before = dhat::HeapStats::get().total_blocks;
                generation.run(0, messages).unwrap();
                dhat::HeapStats::get().total_blocks - before
            };
            allocations(100); // the standard library's own first-use allocations
            let (few, many) = (allocations(10), allocations(5000));
            assert!(
                many <= few + 2,
                "{} of {message_bytes}: {few} in 10 messages, {many} in 5000",
                mode.name
            );
        }
    }
}
