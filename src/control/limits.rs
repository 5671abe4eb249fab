//! How much may be asked of an agent: every number is checked here before
//! anything is allocated for it. A profile's own keys have the limits of any
//! profile. The limits of what it answers are stated here as well, and held by
//! `answer_limits`.

use std::time::Duration;

use super::keeper::AgentMay;
use crate::cell::{Cell, Target, check_mode_name};
use crate::exchange::{Lane, LaneKind, MOST_MESSAGES, ServerOrder};
use crate::profile::Profile;

/// Lanes of a generation.
const MOST_LANES: usize = 64;

/// Memory of a generation's rings and receive buffers.
const MOST_MEMORY_BYTES: usize = 32 << 30;

/// What a connection carries in a round: counters of bytes must not overflow.
const MOST_ROUND_BYTES: u64 = 1 << 50;

/// Each round trip of a latency round is in its answer, which has to fit into a
/// frame.
const MOST_ROUND_TRIPS: u64 = 500_000;

/// How long an agent may be told to wait for the next request, in seconds.
const SILENCE_S: std::ops::RangeInclusive<f64> = 0.1..=3600.0;

/// Whatever is counted in a round, or of a connection. Of as many rounds as a cell
/// can have the sum fits into 64 bits; bytes at 100 GB/s come to it in ten minutes.
pub(super) const MOST_COUNT: u64 = 1 << 46;

/// What a counter comes to in a round, which may be scaled up from part of it.
pub(super) const MOST_COUNTED: f64 = 1e18;

/// Rounds are meant to take 10 s at most; some stand still for a while.
pub(super) const LONGEST_ROUND: Duration = Duration::from_secs(3600);

/// Of a machine, by number.
pub(super) const MOST_CPUS: usize = 1 << 16;

/// Of a socket or a pipe.
pub(super) const MOST_BUFFER_BYTES: u64 = 1 << 40;

/// Items of an environment, some 200 here.
pub(super) const MOST_CONDITIONS: usize = 2000;

/// All their words: every record holds them.
pub(super) const MOST_CONDITIONS_BYTES: usize = 256 << 10;

/// Why something is not there.
pub(super) const LONGEST_WORDS_BYTES: usize = 2000;

/// Why counters are not there: a few for each, where threads differ.
pub(super) const MOST_REASONS: usize = 200;

pub(super) fn check_prepare(profile: &Profile, silence_s: f64, may: AgentMay) -> Result<(), String> {
    if profile.peer.is_some() && may != AgentMay::StartPeers {
        let why = "a token lets nobody start commands here";
        return Err(format!("the profile has [peer], and {why}: start this agent with a runner"));
    }
    check_profile(profile, silence_s)
}

/// Of a peer, which starts nothing itself, whatever the profile says.
pub(super) fn check_peer(profile: &Profile, silence_s: f64) -> Result<(), String> {
    if profile.peer.is_none() {
        return Err("a profile without [peer], which says where servers listen".into());
    }
    check_profile(profile, silence_s)
}

fn check_profile(profile: &Profile, silence_s: f64) -> Result<(), String> {
    profile.check("the profile that was sent").map_err(|error| error.to_string())?;
    match SILENCE_S.contains(&silence_s) {
        true => Ok(()),
        false => Err(format!("a silence of {silence_s} s; allowed: {SILENCE_S:?}")),
    }
}

pub(super) fn check_open(
    target: Target,
    profile: &Profile,
    cell: &Cell,
    lanes: &[Lane],
) -> Result<(), String> {
    if cell.target != target {
        return Err(format!("{cell}: prepared for {}", target.name()));
    }
    check_lanes(profile, cell, lanes)
}

/// What a peer is asked for.
pub(super) fn check_servers(profile: &Profile, order: &ServerOrder) -> Result<(), String> {
    let ServerOrder { cell, lanes, plan, .. } = order;
    check_lanes(profile, cell, lanes)?;
    match plan.ends.len() == cell.threads {
        true => Ok(()),
        false => Err(format!("{cell}: a plan for {} clients", plan.ends.len())),
    }
}

/// What servers are to read in a round.
pub(super) fn check_bytes(bytes: &[u64]) -> Result<(), String> {
    match bytes.iter().max() {
        Some(most) if *most > MOST_ROUND_BYTES => {
            Err(format!("{most} bytes in a round; allowed: {MOST_ROUND_BYTES}"))
        }
        _ => Ok(()),
    }
}

fn check_lanes(profile: &Profile, cell: &Cell, lanes: &[Lane]) -> Result<(), String> {
    let target = cell.target;
    cell.check()?;
    if !(1..=MOST_LANES).contains(&lanes.len()) {
        return Err(format!("{cell}: {} lanes; allowed: 1 to {MOST_LANES}", lanes.len()));
    }
    for (index, lane) in lanes.iter().enumerate() {
        check_mode_name(&lane.name)?;
        if lanes[..index].iter().any(|other| other.name == lane.name) {
            return Err(format!("{cell}: two lanes called {:?}", lane.name));
        }
        if target == Target::Latency && matches!(lane.kind, LaneKind::Reference(_)) {
            return Err(format!("{cell}: a reference in a latency cell"));
        }
    }
    let ring_bytes = profile.message.ring_bytes.max(cell.message_bytes);
    let each = ring_bytes.saturating_add(profile.server.read_bytes.saturating_mul(lanes.len()));
    match each.saturating_mul(cell.threads) {
        bytes if bytes > MOST_MEMORY_BYTES => {
            Err(format!("{cell}: {bytes} bytes of rings and receive buffers; allowed: {MOST_MEMORY_BYTES}"))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_round(target: Target, lanes: usize, lane: usize, messages: u64) -> Result<(), String> {
    if lane >= lanes {
        return Err(format!("a round of lane {lane}, counted from 0; there are {lanes}"));
    }
    let most = if target == Target::Latency { MOST_ROUND_TRIPS } else { MOST_MESSAGES };
    match (1..=most).contains(&messages) {
        true => Ok(()),
        false => Err(format!("a round of {messages} messages; allowed: 1 to {most}")),
    }
}
