//! How small a difference this machine and profile can show: runs two cells of
//! the profile and scales their spread to the generations that it takes. It
//! owns the scaling; blocks are `exchange`'s and intervals `ratio`'s.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Found, now};
use crate::cell::{Cell, Target};
use crate::control::StartedPeer;
use crate::copy_mode;
use crate::cpu::Topology;
use crate::error::Result;
use crate::exchange::{CellMeasurement, CellRun, CostUnit, Instruments, SELF_LANE, probe_all};
use crate::metric::median;
use crate::or_absent::OrAbsent;
use crate::profile::Profile;
use crate::ratio::spread::{between_runs_percent, by_generation, deviation, percent};
use crate::ratio::{self, student};

/// Rounds are no longer than this here, whatever the profile says: blocks are
/// what the time is needed for.
const LONGEST_ROUND: Duration = Duration::from_millis(20);
/// A round that stands still for this long ends the measurement.
const STALL_TIMEOUT_S: f64 = 1.0;

/// What one cell's blocks say.
struct Resolution {
    drift: Found,
    modes: Found,
    runs: Found,
}

/// The larger of two cells for each of three figures.
pub(super) fn measure(profile: &Profile, for_a_cell: Duration) -> Vec<(&'static str, Found)> {
    let sizes = &profile.matrix.message_bytes;
    let (smallest, largest) = (sizes.iter().min().copied(), sizes.iter().max().copied());
    let mut cells: Vec<usize> = smallest.into_iter().chain(largest).collect();
    cells.dedup();
    let peer = StartedPeer::of(profile);
    let resolutions: Result<Vec<Resolution>> = peer.and_then(|peer| {
        cells.into_iter().map(|bytes| cell(profile, &peer, bytes, now() + for_a_cell)).collect()
    });
    let larger = |pick: fn(&Resolution) -> &Found| match &resolutions {
        Ok(all) => all.iter().map(pick).cloned().try_fold(0.0, |most: f64, found| Ok(most.max(found?))),
        Err(error) => Err(error.to_string()),
    };
    vec![
        ("drift_within_seconds", larger(|found| &found.drift)),
        ("smallest_difference_between_modes", larger(|found| &found.modes)),
        ("smallest_difference_between_runs", larger(|found| &found.runs)),
    ]
}

/// Measures one cell as a bench would, but for Criterion, until it has the
/// profile's sample or the time is over.
fn cell(
    asked: &Profile,
    peer: &Option<Arc<StartedPeer>>,
    message_bytes: usize,
    deadline: Instant,
) -> Result<Resolution> {
    let mut profile = asked.clone();
    profile.rounds.length_ms = asked.round_length(Target::Throughput).min(LONGEST_ROUND).as_secs_f64() * 1e3;
    profile.criterion.measurement_time_s = None;
    profile.rounds.self_check = true;
    profile.matrix.threads = vec![1];
    profile.rounds.stall_timeout_s = asked.rounds.stall_timeout_s.min(STALL_TIMEOUT_S);
    let profile = Arc::new(profile);
    let plan = StartedPeer::plan(peer, &Topology::read()?, profile.placement.policy, 1)?;
    let modes = copy_mode::entries(&profile.matrix.modes);
    let modes = probe_all(Target::Throughput, &profile, &plan, modes, StartedPeer::asked(peer), |_, _| {})?;
    let mode = modes.first().map_or("none", |mode| mode.name).to_string();
    let instruments =
        Instruments { counters: Arc::default(), cost_unit: CostUnit::CpuNanoseconds, peer: None };
    let instruments = StartedPeer::beside(peer, instruments);
    let cell = Cell { target: Target::Throughput, mode, message_bytes, threads: 1 };
    let mut run = CellRun::new(cell, &profile, &plan, &modes, &instruments)?;
    let messages = calibrate(&mut run, profile.round_length(Target::Throughput), deadline)?;
    run.warmed_up();
    let mut blocks = 0;
    while blocks < profile.criterion.sample_size && now() < deadline {
        run.block(messages)?;
        blocks += 1;
    }
    Ok(resolve(&run.finish(blocks)?, &profile))
}

/// How many messages make a round of `length`: first doubled, then from a few
/// rounds about as long, which also teach the companions their lengths.
fn calibrate(run: &mut CellRun, length: Duration, deadline: Instant) -> Result<u64> {
    let mut messages = 16;
    let mut time = Duration::from_nanos(run.block(messages)?);
    while 2 * time < length && now() < deadline {
        messages *= 2;
        time = Duration::from_nanos(run.block(messages)?);
    }
    let scaled = |messages: u64, time: Duration| {
        let share = length.as_secs_f64() / time.as_secs_f64().max(1e-9);
        ((messages as f64 * share) as u64).max(1)
    };
    messages = scaled(messages, time);
    let mut times = Vec::new();
    while times.len() < 8 && now() < deadline {
        times.push(run.block(messages)? as f64 / 1e9);
    }
    Ok(median(&times).map_or(messages, |time| scaled(messages, Duration::from_secs_f64(time))))
}

fn resolve(measurement: &CellMeasurement, profile: &Profile) -> Resolution {
    let planned = profile.criterion.sample_size.div_ceil(profile.blocks_per_generation());
    let own = |block: &crate::exchange::Block| Some(block.round(&measurement.cell.mode)?.per_message());
    let rounds: Vec<f64> = measurement.blocks.iter().filter_map(own).collect();
    let log = |block: &crate::exchange::Block| Some((block.generation, own(block)?.ln()));
    let medians = by_generation(measurement.blocks.iter().filter_map(log));
    let measured = medians.len();
    let too_few = || format!("it needs two generations and {measured} fitted into the time");
    let modes = match ratio::of_cell(measurement).remove(SELF_LANE) {
        _ if measured < 2 => Err(too_few()),
        Some(OrAbsent::Found(ratio)) => {
            let half = (ratio.upper / ratio.estimate).ln() * width(planned) / width(measured);
            Ok(percent(half))
        }
        Some(OrAbsent::Absent { absent }) => Err(absent),
        None => Err("the blocks have no second round of the same mode".into()),
    };
    let runs = match between_runs_percent(&medians, planned) {
        _ if planned < 2 => Err("the profile has one generation only: its figures have no interval".into()),
        Some(percent) => Ok(percent),
        None => Err(too_few()),
    };
    let drift = match deviation(&rounds) {
        Some(deviation) => Ok(100.0 * deviation / (rounds.iter().sum::<f64>() / rounds.len() as f64)),
        None => Err("fewer than two rounds fitted into the time".into()),
    };
    Resolution { drift, modes, runs }
}

/// How the half width of an interval depends on its number of generations.
fn width(generations: usize) -> f64 {
    student::quantile(0.975, generations.saturating_sub(1) as f64) / (generations as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Plan;
    use crate::exchange::{Block, BlockRound};

    /// Blocks whose own round takes `own`, and the self check's `twin`.
    fn measured(blocks: &[(usize, u64, u64)]) -> CellMeasurement {
        let round = |lane: &str, time_ns| BlockRound {
            lane: lane.into(),
            messages: 1,
            time_ns,
            ..BlockRound::default()
        };
        let block = |(generation, own, twin): &(usize, u64, u64)| Block {
            generation: *generation,
            rounds: vec![round("own", *own), round(SELF_LANE, *twin)],
            round_trips_ns: Vec::new(),
            tally: None,
            received: Default::default(),
            client_counts: None,
            server_counts: None,
            wall: Duration::ZERO,
        };
        let (mode, target) = ("own".to_string(), Target::Throughput);
        CellMeasurement {
            cell: Cell { target, mode, message_bytes: 1024, threads: 1 },
            plan: Plan { ends: Vec::new(), cpus: 2, on: Vec::new(), servers: None },
            seed: 1,
            blocks: blocks.iter().map(block).collect(),
            generations: Vec::new(),
            cost_unit: CostUnit::CpuNanoseconds,
            absent_counters: Vec::new(),
        }
    }

    fn profile(generations: usize) -> Profile {
        let mut profile = Profile::load("default").unwrap();
        profile.rounds.generations = generations;
        profile
    }

    #[test]
    fn the_interval_is_scaled_to_the_profiles_generations() {
        let blocks: Vec<_> = (0..5).map(|g| (g, 1000 + 10 * (g as u64 % 2), 1000)).collect();
        let as_measured = resolve(&measured(&blocks), &profile(5));
        let ratio = ratio::of_cell(&measured(&blocks))[SELF_LANE].found().copied().unwrap();
        let half = 100.0 * (ratio.upper / ratio.estimate - 1.0);
        assert!((as_measured.modes.unwrap() - half).abs() < 1e-9);
        let longer = resolve(&measured(&blocks), &profile(50)).modes.unwrap();
        // 2.0096 / √50 against 2.7764 / √5
        assert!((longer / half - 0.2289).abs() < 0.002, "{longer} of {half}");
    }

    #[test]
    fn runs_differ_by_what_generations_do() {
        // Two generations, 2 % apart: s is 0.0140, and with two each t(2) = 4.3027.
        let found = resolve(&measured(&[(0, 1000, 1000), (1, 1020, 1020)]), &profile(2));
        assert!((found.runs.unwrap() - 6.21).abs() < 0.02);
        assert!(found.modes.unwrap().abs() < 1e-9);
        assert!((found.drift.unwrap() - 1.4002).abs() < 1e-3);
    }

    #[test]
    fn what_does_not_fit_is_absent_with_its_reason() {
        let found = resolve(&measured(&[(0, 1000, 1000), (0, 1100, 1000)]), &profile(10));
        assert!(found.modes.unwrap_err().contains("two generations and 1"));
        assert!(found.runs.unwrap_err().contains("two generations and 1"));
        assert!(found.drift.is_ok());
        assert!(resolve(&measured(&[]), &profile(10)).drift.is_err());
    }
}
