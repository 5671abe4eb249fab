//! Doubts: typed reasons not to trust a figure. One enum, its text and its
//! remedy, rendered in this one place; each has a heading of the same title in
//! docs/METHOD.md. What the figure is stands elsewhere.

mod control;
mod granted;
mod kind;

use serde::{Deserialize, Serialize};

pub use self::kind::{DoubtKind, DoubtKinds};
use crate::cpu::{CoreKind, Plan, list};
use crate::environment::Environment;
use crate::exchange::CellMeasurement;
use crate::metric::{self, Metrics, Reading, median};
use crate::or_absent::OrAbsent;
use crate::profile::Profile;
use crate::ratio::{self, Ratio, Ratios};

/// A reason not to trust a cell's figure, or to read it with care. In a record
/// its fields stand beside `text` and `remedy`, and can have no such name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs)] // each field is in the text below
pub enum Doubt {
    Oversubscribed { busy_threads: usize, cpus: usize },
    WindowLimited { limited_percent: f64, smallest_window_bytes: f64, segment_bytes: f64 },
    Retransmits { retransmits: f64, percent: f64 },
    SeveralCpus { out_of_order: f64, percent: f64, processed: String },
    SelfRatioOff { ratio: Ratio },
    DeferredCopies { percent: f64 },
    FellBack { calls: f64 },
    NotGranted { setting: String, asked: String, granted: String, mended_by: String },
    RoundsOffLength { median_ms: f64, intended_ms: f64 },
    NoInterval { why: String },
    Multiplexed { counted_percent: f64 },
    Verified,
    Slowed { percent: f64 },
    UnequalCores { kinds: String },
    CpuQuota { quota_cpus: f64, needed_cpus: usize },
    Emulated { by: String },
    OthersBusy { side: String, percent: f64, machine_percent: Option<f64> },
    ControlAdds { percent: f64, control_round_trip_us: f64 },
}

/// A segment sent again is nearly always a reordering between CPUs here, since
/// loopback loses nothing; more than this share of them slows the sender.
const RETRANSMIT_PERCENT: f64 = 0.5;

/// With receive steering that has one CPU process a connection's packets fewer come out
/// of order, without it more (docs/METHOD.md).
const OUT_OF_ORDER_PERCENT: f64 = 0.01;

/// Oversubscribed cells that move reach 74 %, a stalled connection 100 %.
const WINDOW_LIMITED_PERCENT: f64 = 90.0;

/// Below this share a count rests too much on what it is scaled up by.
const LEAST_COUNTED_SHARE: f64 = 0.9;

impl Doubt {
    /// Its kind, which has a letter and a title.
    pub fn kind(&self) -> DoubtKind {
        match self {
            Doubt::Oversubscribed { .. } => DoubtKind::Oversubscribed,
            Doubt::WindowLimited { .. } => DoubtKind::WindowLimited,
            Doubt::Retransmits { .. } => DoubtKind::Retransmits,
            Doubt::SeveralCpus { .. } => DoubtKind::SeveralCpus,
            Doubt::SelfRatioOff { .. } => DoubtKind::SelfRatioOff,
            Doubt::DeferredCopies { .. } => DoubtKind::DeferredCopies,
            Doubt::FellBack { .. } => DoubtKind::FellBack,
            Doubt::NotGranted { .. } => DoubtKind::NotGranted,
            Doubt::RoundsOffLength { .. } => DoubtKind::RoundsOffLength,
            Doubt::NoInterval { .. } => DoubtKind::NoInterval,
            Doubt::Multiplexed { .. } => DoubtKind::Multiplexed,
            Doubt::Verified => DoubtKind::Verified,
            Doubt::Slowed { .. } => DoubtKind::Slowed,
            Doubt::UnequalCores { .. } => DoubtKind::UnequalCores,
            Doubt::CpuQuota { .. } => DoubtKind::CpuQuota,
            Doubt::Emulated { .. } => DoubtKind::Emulated,
            Doubt::OthersBusy { .. } => DoubtKind::OthersBusy,
            Doubt::ControlAdds { .. } => DoubtKind::ControlAdds,
        }
    }

    /// What is doubtful, with its figures.
    pub fn text(&self) -> String {
        match self {
            Doubt::Oversubscribed { busy_threads, cpus } => {
                format!("{busy_threads} busy threads on {cpus} CPUs: the scheduler is part of the figure")
            }
            Doubt::WindowLimited { limited_percent, smallest_window_bytes, segment_bytes } => format!(
                "the receive window was shut for {limited_percent:.0} % of the busy time and ended at \
                 {smallest_window_bytes} B, below one segment of {segment_bytes} B: this measured the \
                 kernel's memory accounting, not a copy"
            ),
            Doubt::Retransmits { retransmits, percent } => {
                format!("{retransmits:.0} segments sent again, {percent:.1} % of all")
            }
            Doubt::SeveralCpus { out_of_order, percent, processed } => format!(
                "{out_of_order:.0} segments, {percent:.2} %, overtook another within this machine, though each end had a \
                 CPU of its own: several CPUs processed a connection's packets (all packets: {processed})"
            ),
            Doubt::SelfRatioOff { ratio } => format!(
                "the mode against itself came out at {}, not 1: intervals against other modes are as much wider, and marked",
                ratio.times()
            ),
            Doubt::DeferredCopies { percent } => {
                format!("{percent:.0} % of completions were deferred copies: the kernel copied after all")
            }
            Doubt::FellBack { calls } => format!(
                "{calls:.0} sends were made without MSG_ZEROCOPY: the kernel refused them with none of \
                 their own socket's in flight, and waiting for those of others did not help"
            ),
            Doubt::NotGranted { setting, asked, granted, .. } => {
                format!("{setting}: asked for {asked}, the kernel granted {granted}")
            }
            Doubt::RoundsOffLength { median_ms, intended_ms } => {
                format!("rounds took {median_ms:.2} ms where {intended_ms:.2} ms were meant")
            }
            Doubt::NoInterval { why } => format!("ratios have no interval: {why}"),
            Doubt::Multiplexed { counted_percent } => format!(
                "a counter was on the CPU for {counted_percent:.0} % of the time only; its count is scaled up from that"
            ),
            Doubt::Verified => "the servers compared every byte, which costs more than the copy".into(),
            Doubt::Slowed { percent } => format!("its clients burned {percent} % of each round's time"),
            Doubt::UnequalCores { kinds } => {
                format!("threads ran, or could run, on unequal cores ({kinds}): the cell mixes two speeds")
            }
            Doubt::CpuQuota { quota_cpus, needed_cpus } => format!(
                "the control group's quota is the time of {quota_cpus:.2} CPUs, and busy threads want \
                 {needed_cpus}: they stand still for a part of each period"
            ),
            Doubt::OthersBusy { side, percent, machine_percent } => format!(
                "while other sides had their rounds, the agent of {side} kept {percent:.0} % of a CPU busy{}",
                machine_percent
                    .map_or_else(String::new, |all| format!(", and all on its machine {all:.0} %"))
            ),
            Doubt::ControlAdds { percent, control_round_trip_us } => format!(
                "the clients know {:.0} us late, half a round trip to the peer, that all is read: {percent:.1} % of a \
                 round",
                control_round_trip_us / 2.0
            ),
            Doubt::Emulated { by } => {
                format!(
                    "{by}: software plays the processor, and no time of it is one of a kernel on hardware"
                )
            }
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        let remedy = match self {
            Doubt::Oversubscribed { .. } => "compare such cells with each other only, or use more CPUs",
            Doubt::WindowLimited { .. } => {
                "use larger messages, more fields or a larger socket.receive_buffer_bytes"
            }
            Doubt::Retransmits { .. } => {
                "`copycost tune --receive-steering follow` where two CPUs process a connection's packets; else pin both ends \
                 (placement.policy) and look at `nstat`"
            }
            Doubt::SeveralCpus { .. } => {
                "`copycost tune --receive-steering follow`, which has one CPU process them, and compare only what was measured so"
            }
            Doubt::SelfRatioOff { .. } => {
                "quieten the machine, or measure longer (thorough.toml); 1 cell in 20 is off by chance"
            }
            Doubt::DeferredCopies { .. } => "none on loopback; a device with scatter-gather does not copy",
            Doubt::FellBack { .. } => "raise net.core.optmem_max (sysctl) and RLIMIT_MEMLOCK (ulimit -l)",
            Doubt::NotGranted { mended_by, .. } => mended_by,
            Doubt::RoundsOffLength { .. } => "give Criterion a longer warm-up or measurement time",
            Doubt::NoInterval { .. } => "measure with more samples, so that there are several generations",
            Doubt::Multiplexed { .. } => {
                "free the CPU's counters: stop other `perf` users, sysctl -w kernel.nmi_watchdog=0"
            }
            Doubt::Verified => "set server.verify = false to measure",
            Doubt::Slowed { .. } => "leave slowdown.mode empty to measure",
            Doubt::UnequalCores { .. } => {
                "taskset -c with CPUs of one kind (cpu.kinds of `copycost doctor --json`), or fewer threads"
            }
            Doubt::CpuQuota { .. } => {
                "lift the limit (systemctl set-property UNIT CPUQuota=, or the container's), or fewer threads"
            }
            Doubt::OthersBusy { .. } => {
                "look for what else runs there, or that process does; give sides CPUs of their own (taskset -c)"
            }
            Doubt::ControlAdds { .. } => "a longer rounds.length_ms, or a quicker way to the peer",
            Doubt::Emulated { .. } => {
                "give the guest real processors (KVM), or read what was counted: completions, copies, calls"
            }
        };
        remedy.to_string()
    }
}

/// Every doubt about a cell.
pub fn of_cell(
    measurement: &CellMeasurement,
    metrics: &Metrics,
    ratios: &Ratios,
    profile: &Profile,
    environment: &Environment,
) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let plan = &measurement.plan;
    if plan.is_oversubscribed() {
        let (busy_threads, cpus) = plan.most_crowded();
        doubts.push(Doubt::Oversubscribed { busy_threads, cpus });
    }
    doubts.extend(unequal_cores(plan));
    let needed_cpus = plan.busy_threads().min(plan.cpus);
    let quota = environment.cpu_quota().filter(|quota| *quota < needed_cpus as f64);
    doubts.extend(quota.map(|quota_cpus| Doubt::CpuQuota { quota_cpus, needed_cpus }));
    doubts.extend(environment.emulated().map(|by| Doubt::Emulated { by }));
    doubts.extend(window_limited(measurement));
    doubts.extend(retransmits(metrics));
    if !plan.is_oversubscribed() {
        doubts.extend(several_cpus(metrics));
    }
    if let Some(ratio) = ratio::self_ratio(ratios).filter(|ratio| !ratio.holds(1.0)) {
        doubts.push(Doubt::SelfRatioOff { ratio });
    }
    if let Some(share) = metric::number(metrics, "zerocopy_deferred_share").filter(|share| *share > 0.0) {
        doubts.push(Doubt::DeferredCopies { percent: share * 100.0 });
    }
    if let Some(calls) = metric::number(metrics, "zerocopy_fallback_sends").filter(|calls| *calls > 0.0) {
        doubts.push(Doubt::FellBack { calls });
    }
    doubts.extend(granted::not_granted(measurement, profile));
    doubts.extend(off_length(measurement, profile));
    doubts.extend(control::adds(measurement));
    let absent = ratios.values().find_map(OrAbsent::absence);
    doubts.extend(absent.map(|why| Doubt::NoInterval { why: why.to_string() }));
    let share = metric::number(metrics, "counted_share").filter(|share| *share < LEAST_COUNTED_SHARE);
    doubts.extend(share.map(|share| Doubt::Multiplexed { counted_percent: share * 100.0 }));
    doubts.extend(profile.server.verify.then_some(Doubt::Verified));
    let percent = profile.slowed_percent(&measurement.cell.mode, measurement.cell.message_bytes);
    if percent > 0.0 {
        doubts.push(Doubt::Slowed { percent });
    }
    doubts
}

fn unequal_cores(plan: &Plan) -> Option<Doubt> {
    let kinds = plan.kinds();
    let kind =
        |(kind, cpus): &(CoreKind, Vec<usize>)| format!("{}: CPU {}", kind.describe(), list(cpus.clone()));
    let words = || kinds.iter().map(kind).collect::<Vec<_>>().join("; ");
    (kinds.len() > 1).then(|| Doubt::UnequalCores { kinds: words() })
}

/// A connection that spent most of its time before a window that ended below
/// one segment. A window that is often full is no doubt: that is flow control.
fn window_limited(measurement: &CellMeasurement) -> Option<Doubt> {
    let connections = measurement.generations.iter().flat_map(|generation| &generation.connections);
    let own = connections.filter(|connection| connection.lane == measurement.cell.mode);
    own.filter_map(|connection| {
        let info = &connection.client_info;
        let (busy, limited) = (info.busy_us?, info.receive_window_limited_us?);
        let (window, segment) = (info.send_window_bytes?, info.send_mss_bytes);
        let limited_percent = 100.0 * limited as f64 / busy.max(1) as f64;
        (limited_percent > WINDOW_LIMITED_PERCENT && window < segment).then_some(Doubt::WindowLimited {
            limited_percent,
            smallest_window_bytes: window.into(),
            segment_bytes: segment.into(),
        })
    })
    .next()
}

fn retransmits(metrics: &Metrics) -> Option<Doubt> {
    let retransmits = metric::total(metrics, "client_retransmits")?;
    let percent = 100.0 * retransmits / metric::total(metrics, "client_data_segments")?.max(1.0);
    (percent > RETRANSMIT_PERCENT).then_some(Doubt::Retransmits { retransmits, percent })
}

/// Loopback keeps the order of what one CPU processes. Oversubscribed threads wander, and
/// their packets with them: that doubt is another.
fn several_cpus(metrics: &Metrics) -> Option<Doubt> {
    let out_of_order = metric::total(metrics, "server_out_of_order")?;
    let percent = 100.0 * out_of_order / metric::total(metrics, "client_data_segments")?.max(1.0);
    let processed = match &metrics.get("processed_packets")?.reading {
        Reading::Value(shares) => shares.to_string(),
        Reading::Absent(why) => why.clone(),
    };
    (percent > OUT_OF_ORDER_PERCENT).then_some(Doubt::SeveralCpus { out_of_order, percent, processed })
}

fn off_length(measurement: &CellMeasurement, profile: &Profile) -> Option<Doubt> {
    let own = measurement.blocks.iter().filter_map(|block| block.round(&measurement.cell.mode));
    let threads = match measurement.cell.target {
        crate::cell::Target::Throughput | crate::cell::Target::CpuCost => 1.0,
        crate::cell::Target::Latency => measurement.cell.threads as f64, // sums of round trips
    };
    let lengths: Vec<f64> = own.map(|round| round.time_ns as f64 / 1e6 / threads).collect();
    let (median_ms, intended_ms) =
        (median(&lengths)?, profile.round_length(measurement.cell.target).as_secs_f64() * 1e3);
    let off = !(intended_ms / 3.0..=intended_ms * 3.0).contains(&median_ms);
    off.then_some(Doubt::RoundsOffLength { median_ms, intended_ms })
}
