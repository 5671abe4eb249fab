//! Takes samples of the calling thread with a perf event and its ring buffer
//! (`perf_event_open(2)`). It owns the event and how often it fires; what an
//! address means is [`super::symbols`]'.

use std::io;

use perf_event::data::Record;
use perf_event::events::{Hardware, Software};
use perf_event::{Builder, ReadFormat, SampleFlag, Sampler};
use serde::{Deserialize, Serialize};

use super::sample::{Sample, Samples};
use crate::counter::refusal::{self, Permission};
use crate::sys;

/// Samples of a thread a second of its CPU time. A prime: what recurs with the
/// scheduler's tick is not sampled in step.
const SAMPLES_PER_S: u64 = 11_987;

/// A thread's ring buffer: some 500 samples of 500 bytes, 40 ms of CPU time. A round of
/// 4 ms takes up to five times as long now and then where sampling slows it most.
const RING_BYTES: usize = 256 << 10;

/// How much of the user stack is kept: the C library's copy has its caller's
/// address on top of it, its debug build some calls further down.
const USER_STACK_BYTES: u32 = 256;

/// From this address on an entry of a call chain is a mark (`PERF_CONTEXT_MAX`).
const FIRST_MARK: u64 = (-4095_i64) as u64;

/// What fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SampledEvent {
    /// Hardware cycles: sampled by an interrupt that nothing masks, where the
    /// processor's is one (x86).
    #[serde(rename = "cycles")]
    Cycles,
    /// A timer on the thread's CPU time. It cannot see code that runs with
    /// interrupts off: whoever turns them on again is sampled instead.
    #[serde(rename = "cpu-clock")]
    CpuClock,
}

impl SampledEvent {
    /// As `perf list` names it.
    pub fn name(self) -> &'static str {
        match self {
            SampledEvent::Cycles => "cycles",
            SampledEvent::CpuClock => "cpu-clock",
        }
    }

    /// Why not is in words.
    fn build(self) -> Result<Sampler, String> {
        let mut builder = match self {
            SampledEvent::Cycles => Builder::new(Hardware::CPU_CYCLES),
            SampledEvent::CpuClock => Builder::new(Software::CPU_CLOCK),
        };
        let what = SampleFlag::IP | SampleFlag::PERIOD | SampleFlag::CALLCHAIN | SampleFlag::STACK_USER;
        // User chains are by frame pointer, and nothing here has one.
        builder.include_kernel().exclude_hv(true).sample(what);
        builder.exclude_callchain_user(true).sample_stack_user(USER_STACK_BYTES);
        match self {
            // On the CPU whenever the thread is, or not at all: a share of time is no sample.
            SampledEvent::Cycles => builder.sample_frequency(SAMPLES_PER_S).pinned(true),
            SampledEvent::CpuClock => builder.sample_period(1_000_000_000 / SAMPLES_PER_S),
        };
        // PERF_FORMAT_LOST is of Linux 6.0; without it losses are counted as they are reported.
        let with_losses = builder.clone();
        let counter = sys::resumed(|| builder.read_format(ReadFormat::LOST).build())
            .or_else(|_| sys::resumed(|| with_losses.build()))
            .map_err(|error| refused(&error))?;
        counter.sampled(RING_BYTES).map_err(|error| no_ring(&error))
    }
}

/// How threads are sampled: the event, tried once for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// What fires.
    pub event: SampledEvent,
}

impl Sampling {
    /// The best event that this machine gives the calling thread, or why there is
    /// none.
    pub fn of_this_machine() -> Result<Sampling, String> {
        let events = [SampledEvent::Cycles, SampledEvent::CpuClock];
        let mut refusals = Vec::new();
        for event in events {
            match event.build() {
                Ok(_) => return Ok(Sampling { event }),
                Err(why) => refusals.push(why),
            }
        }
        Err(refusals.pop().unwrap_or_default())
    }

    /// Opens the event for the calling thread, without starting it.
    pub fn open(self) -> ThreadSampler {
        ThreadSampler { sampler: self.event.build(), lost: 0 }
    }
}

fn refused(error: &io::Error) -> String {
    format!("sampling is refused: {}", refusal::reason(error, Permission::of_this_process()))
}

/// The ring's pages are locked: what is left of a user's allowance for all such rings and
/// then of its locked memory decides (perf_event_open(2), `perf_event_mlock_kb`).
fn no_ring(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::EPERM) => "sampling is refused: no locked memory is left for a thread's samples (EPERM): \
                              sysctl -w kernel.perf_event_mlock_kb=8192, ulimit -l, or CAP_IPC_LOCK"
            .into(),
        _ => format!("sampling is refused: memory for a thread's samples: {error}"),
    }
}

/// The event of one thread.
pub struct ThreadSampler {
    sampler: Result<Sampler, String>,
    /// Lost since it was opened.
    lost: u64,
}

impl ThreadSampler {
    /// Samples from here on.
    pub fn begin(&mut self) {
        let Ok(sampler) = &mut self.sampler else { return };
        if let Err(error) = sys::resumed(|| sampler.enable()) {
            self.sampler = Err(refused(&error));
        }
    }

    /// Stops, and hands over what there is since [`ThreadSampler::begin`].
    pub fn end(&mut self) -> Samples {
        let sampler = match &mut self.sampler {
            Ok(sampler) => sampler,
            Err(why) => return Samples { refused: Some(why.clone()), ..Samples::default() },
        };
        let stopped = sys::resumed(|| sampler.disable());
        let mut samples = Samples::default();
        while let Some(record) = sampler.next_record() {
            match record.parse_record() {
                Ok(record) => note(record, &mut samples),
                Err(_) => samples.lost += 1,
            }
        }
        // What did not fit is reported by a record once something fits again; the count is exact.
        if let Some(lost) = sampler.read_full().ok().and_then(|data| data.lost()) {
            samples.lost = lost.saturating_sub(std::mem::replace(&mut self.lost, lost));
        }
        samples.refused = stopped.err().map(|error| refused(&error));
        samples
    }
}

fn note(record: Record<'_>, samples: &mut Samples) {
    match record {
        Record::Sample(sample) => {
            let chain = sample.callchain().unwrap_or_default();
            let stack = sample.stack_user().unwrap_or_default().chunks_exact(8);
            samples.taken.push(Sample {
                period: sample.period().unwrap_or_default(),
                instruction: sample.ip().unwrap_or_default(),
                kernel_chain: chain.iter().copied().filter(|address| *address < FIRST_MARK).collect(),
                user_stack: stack.map(|word| word.try_into().map_or(0, u64::from_ne_bytes)).collect(),
            });
        }
        Record::Lost(lost) => samples.lost += lost.lost,
        Record::LostSamples(lost) => samples.lost += lost.lost,
        Record::Throttle(_) => samples.throttled += 1,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_at_work_is_sampled_in_proportion_to_its_cpu_time_and_an_idle_one_is_not() {
        let sampling = match Sampling::of_this_machine() {
            Ok(sampling) => sampling,
            Err(why) => return println!("skipped: {why}"),
        };
        let mut sampler = sampling.open();
        let spent = |sampler: &mut ThreadSampler, work: fn()| {
            sampler.begin();
            let before = sys::thread_cpu_time_ns().unwrap();
            work();
            let spent_ns = sys::thread_cpu_time_ns().unwrap() - before;
            (sampler.end(), spent_ns)
        };
        let (samples, spent_ns) = spent(&mut sampler, || {
            let begun = sys::thread_cpu_time_ns().unwrap();
            while sys::thread_cpu_time_ns().unwrap() < begun + 20_000_000 {}
        });
        assert_eq!((samples.refused, samples.lost), (None, 0));
        let sampled: u64 = samples.taken.iter().map(|sample| sample.period).sum();
        if sampling.event == SampledEvent::CpuClock {
            assert!((0.7..1.3).contains(&(sampled as f64 / spent_ns as f64)), "{sampled} of {spent_ns}");
        }
        assert!(samples.taken.iter().any(|sample| sample.kernel_chain.is_empty()), "user code");
        assert!(samples.taken.iter().any(|sample| !sample.kernel_chain.is_empty()), "system calls");
        let (samples, _) = spent(&mut sampler, || std::thread::sleep(std::time::Duration::from_millis(20)));
        assert!(samples.taken.len() < 10, "{}", samples.taken.len());
    }
}
