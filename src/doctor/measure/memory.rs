//! What memory costs here, without sockets: a cache line between two CPUs, and
//! copies to the two places where a buffer can begin. It owns its threads,
//! which are pinned and end at a deadline.

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use super::{Found, now};
use crate::cpu::{self, Ends};
use crate::memory::PageBuffer;
use crate::metric::median;

/// There and back, in one measured stretch.
const ROUND_TRIPS: u64 = 1000;
const STRETCHES: usize = 200;
/// Fewer say nothing: the two threads hardly ran at the same time.
const FEWEST: usize = 5;

/// A word with cache lines of its own: prefetchers take two at a time.
#[derive(Default)]
#[repr(align(128))]
struct Alone<T>(T);

#[derive(Default)]
struct Table {
    ball: Alone<AtomicU64>,
    over: Alone<AtomicBool>,
}

/// Nanoseconds for a cache line from one CPU to the other: two threads hand a
/// number to and fro. The median of many stretches.
pub(super) fn cache_line(ends: Ends, deadline: Instant) -> Found {
    if ends.client == ends.server {
        return Err("the process may use one CPU only".into());
    }
    let table = Table::default();
    thread::scope(|scope| {
        let returns = thread::Builder::new().spawn_scoped(scope, || {
            let pinned = cpu::pin(ends.server);
            if pinned {
                table.give_back();
            }
            pinned
        });
        let serves = thread::Builder::new().spawn_scoped(scope, || {
            let stretches = cpu::pin(ends.client).then(|| table.serve(deadline));
            table.over.0.store(true, Ordering::Relaxed);
            stretches
        });
        if serves.is_err() {
            table.over.0.store(true, Ordering::Relaxed); // or the other would never end
        }
        let (returns, serves) = (returns.map_err(not_started)?, serves.map_err(not_started)?);
        let refused = "the kernel refused to pin the threads";
        match (returns.join(), serves.join()) {
            (Ok(true), Ok(Some(stretches))) if stretches.len() >= FEWEST => {
                median(&stretches).ok_or_else(|| "nothing was measured".into())
            }
            (Ok(true), Ok(Some(_))) => Err("the two threads hardly ran at the same time".into()),
            _ => Err(refused.into()),
        }
    })
}

fn not_started(error: io::Error) -> String {
    format!("a thread could not be started: {error}")
}

// Neither side yields or pauses: the time in between is what is measured.
impl Table {
    /// Makes odd numbers even.
    fn give_back(&self) {
        while !self.over.0.load(Ordering::Relaxed) {
            let number = self.ball.0.load(Ordering::Acquire);
            if number % 2 == 1 {
                self.ball.0.store(number + 1, Ordering::Release);
            }
        }
    }

    /// Nanoseconds one way, of each stretch.
    fn serve(&self, deadline: Instant) -> Vec<f64> {
        let mut stretches = Vec::with_capacity(STRETCHES);
        let mut number = 0;
        while stretches.len() < STRETCHES {
            let start = now();
            for _ in 0..ROUND_TRIPS {
                self.ball.0.store(number + 1, Ordering::Release);
                number += 2;
                let mut looks = 0_u32;
                while self.ball.0.load(Ordering::Acquire) != number {
                    looks = looks.wrapping_add(1);
                    if looks.is_multiple_of(1 << 16) && now() >= deadline {
                        return stretches;
                    }
                }
            }
            stretches.push(now().duration_since(start).as_nanos() as f64 / (2 * ROUND_TRIPS) as f64);
        }
        stretches
    }
}

const COPY_BYTES: usize = 65_536;
const SOURCE_BYTES: usize = 4 << 20;
/// Where `malloc` puts large buffers within a page.
const OFFSET_BYTES: usize = 16;
const BLOCKS: usize = 200;

/// Time of copies to page + 16 over that of copies to the same page's start,
/// the median of blocks of both in random order. Sources start a page: on AMD
/// Zen 3 the copy is slow where the destination lies less than 32 bytes beyond
/// the source, modulo a page, wherever the two begin.
pub(super) fn destination(ends: Ends, deadline: Instant) -> Found {
    let body = move || match cpu::pin(ends.client) {
        true => copy_in_blocks(deadline).map_err(|error| format!("memory could not be mapped: {error}")),
        false => Err("the kernel refused to pin the thread".into()),
    };
    let ratios = thread::Builder::new().spawn(body).map_err(not_started)?.join();
    let ratios = ratios.unwrap_or_else(|_| Err("the thread panicked".into()))?;
    median(&ratios).ok_or_else(|| "no block fitted into the time".into())
}

fn copy_in_blocks(deadline: Instant) -> io::Result<Vec<f64>> {
    let mut source = PageBuffer::new(SOURCE_BYTES, 0)?;
    let mut destination = PageBuffer::new(COPY_BYTES + OFFSET_BYTES, 0)?;
    source.as_mut_slice().fill(1); // a page never written to is the shared page of zeros
    destination.as_mut_slice().fill(1);
    let mut time = |offset: usize| {
        let start = now();
        for part in source.as_slice().chunks_exact(COPY_BYTES) {
            black_box(&mut destination.as_mut_slice()[offset..][..COPY_BYTES]).copy_from_slice(part);
        }
        now().duration_since(start).as_secs_f64()
    };
    let mut ratios = Vec::with_capacity(BLOCKS);
    while ratios.len() < BLOCKS && now() < deadline {
        let shifted_first = fastrand::bool();
        let first = time(if shifted_first { OFFSET_BYTES } else { 0 });
        let second = time(if shifted_first { 0 } else { OFFSET_BYTES });
        ratios.push(if shifted_first { first / second } else { second / first });
    }
    Ok(ratios)
}
