//! What a profile's peer is like, found by asking it: who answers and how quickly, what
//! the path is at either end, and what becomes of a few messages in each mode. It
//! owns those lines; nothing of it is kept.

use std::time::Duration;

use serde::Serialize;

use crate::cell::{Cell, Target};
use crate::control::StartedPeer;
use crate::copy_mode::{self, ModeEntry};
use crate::cpu::Topology;
use crate::environment::{Environment, PEER};
use crate::error::Result;
use crate::exchange::{Fault, Generation, GenerationSpec, Lane, probe};
use crate::metric::Reading;
use crate::profile::Profile;

/// Messages of a mode: enough for a share, and next to no time.
const MESSAGES: u64 = 200;

/// The largest share of a round that half a control round trip may be.
const MOST_OF_A_ROUND: f64 = 0.01;

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeerLine {
    /// What.
    pub what: String,
    /// What to do about it, where something is wrong.
    pub change: Option<String>,
}

/// Looks at the peer of `profile`; nothing where it has none.
pub fn look_at_peer(profile: &Profile) -> Vec<PeerLine> {
    let Some(settings) = &profile.peer else { return Vec::new() };
    let peer = match StartedPeer::of(profile) {
        Ok(peer) => peer,
        Err(error) => {
            let command = settings.command();
            let change = format!(
                "`{command}`, run by hand, should print a line that begins with `copycost-agent`, of this version, \
                 and wait; what stands in its way there stands in the way here"
            );
            return vec![wrong(error.to_string(), change)];
        }
    };
    let conditions = StartedPeer::conditions(&peer, profile);
    let mut lines = vec![who(&conditions)];
    lines.extend(["", PEER].map(|end| path(&conditions, end)));
    let mut control_round_trip = None;
    for mode in copy_mode::entries(&profile.matrix.modes) {
        lines.push(match messages(profile, &peer, mode, &mut control_round_trip) {
            Ok(line) => line,
            Err(error) => {
                wrong(format!("{}: {error}", mode.name), "see README.md, \"Two namespaces\"".into())
            }
        });
    }
    lines.extend(control_round_trip.map(|round_trip| control(profile, round_trip)));
    lines
}

fn fine(what: String) -> PeerLine {
    PeerLine { what, change: None }
}

fn wrong(what: String, change: String) -> PeerLine {
    PeerLine { what, change: Some(change) }
}

fn who(conditions: &Environment) -> PeerLine {
    let of = |name: &str| conditions.text(&format!("{PEER}{name}")).unwrap_or("unknown").to_string();
    fine(format!("copycost {} answers there, on Linux {}", of("copycost_version"), of("kernel_release")))
}

/// One end of the path.
fn path(conditions: &Environment, end: &str) -> PeerLine {
    let reading = |name: &str| conditions.items.get(&format!("{end}path.{name}"));
    let value = |name: &str| match reading(name) {
        Some(Reading::Value(value)) => value.to_string(),
        _ => "unknown".to_string(),
    };
    let whose = if end.is_empty() { "here" } else { "at the peer" };
    let kind = value("kind");
    let what = format!(
        "the path {whose}: {kind}, MTU {}, scatter-gather {}, TCP segmentation {}, receive steering {}",
        value("mtu_bytes"),
        value("scatter_gather"),
        value("tcp_segmentation"),
        value("receive_steering"),
    );
    match (kind.as_str(), value("scatter_gather").as_str()) {
        ("unknown", _) => {
            let why = reading("kind").map(|reading| format!("{reading:?}")).unwrap_or_default();
            wrong(what, format!("peer.address must be the peer's, and a route must lead to it: {why}"))
        }
        (_, "off") => wrong(
            what,
            "ethtool -K DEVICE sg on, as root: without it the kernel copies whatever a send hands over by reference"
                .into(),
        ),
        _ => fine(what),
    }
}

/// What becomes of a few messages of a mode.
fn messages(
    profile: &Profile,
    peer: &Option<std::sync::Arc<StartedPeer>>,
    mode: ModeEntry,
    control_round_trip: &mut Option<Duration>,
) -> Result<PeerLine> {
    let plan = StartedPeer::plan(peer, &Topology::read()?, profile.placement.policy, 1)?;
    let asked = StartedPeer::asked(peer);
    if let Some(refusal) = probe(Target::Throughput, profile, &plan, mode, asked)? {
        return Ok(wrong(
            format!("{} is skipped: {refusal}", mode.name),
            "leave it out of matrix.modes".into(),
        ));
    }
    let message_bytes = profile.matrix.message_bytes.iter().copied().max().unwrap_or(4096);
    let cell = Cell { target: Target::Throughput, mode: mode.name.into(), message_bytes, threads: 1 };
    let mut generation = Generation::open(&GenerationSpec {
        cell: &cell,
        profile,
        plan: &plan,
        lanes: &[Lane::mode(mode)],
        peer: asked,
        fault: Fault::None,
        counters: std::sync::Arc::default(),
        sampling: None,
    })?;
    let round = generation.run(0, MESSAGES)?;
    *control_round_trip = generation.close()?.peer.map(|peer| peer.control_round_trip);
    let sent = format!("{}: {MESSAGES} messages of {message_bytes} bytes arrive", mode.name);
    let completions = round.tally.and_then(|tally| tally.completions).filter(|all| all.notifications > 0);
    Ok(fine(match completions {
        None => sent,
        Some(all) => format!(
            "{sent}; {:.0} % of {} completions were deferred copies",
            100.0 * all.deferred_copies as f64 / all.notifications as f64,
            all.notifications
        ),
    }))
}

fn control(profile: &Profile, round_trip: Duration) -> PeerLine {
    let half_ms = round_trip.as_secs_f64() * 1e3 / 2.0;
    let what = format!("a control round trip takes {:.0} us, half of which is in each round", half_ms * 2e3);
    let longest_ms = half_ms / MOST_OF_A_ROUND;
    match longest_ms > profile.round_length(Target::Throughput).as_secs_f64() * 1e3 {
        true => {
            wrong(what, format!("rounds.length_ms = {:.0} or more: that is 1 % of one", longest_ms.ceil()))
        }
        false => fine(what),
    }
}
