//! A peer as its harness has it: a runner and the session on it, begun anew where it
//! broke. It owns when that is given up; what is said in a session is
//! `peer_session`'s.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::peer_session::Session;
use crate::cpu::{Plan, Topology};
use crate::environment::{self, Environment};
use crate::error::{Error, Result, failed};
use crate::exchange::{CostUnit, Instruments, Peer, PeerSession};
use crate::profile::{PlacementPolicy, Profile};

/// So many sessions in a row that could not be begun, and none is tried any more.
const MOST_FAILURES: usize = 3;

/// The peer of a profile.
pub struct StartedPeer {
    /// This program, which guards the runner.
    program: PathBuf,
    profile: Profile,
    cost_unit: CostUnit,
    environment: Environment,
    /// The CPUs that its servers have to themselves: of another kernel than this one.
    topology: Option<Topology>,
    state: Mutex<State>,
}

struct State {
    session: Arc<Session>,
    failures_in_a_row: usize,
    last_failure: String,
}

impl StartedPeer {
    /// The peer of `profile`, if it has one, started.
    pub fn of(profile: &Profile) -> Result<Option<Arc<StartedPeer>>> {
        if profile.peer.is_none() {
            return Ok(None);
        }
        let program = std::env::current_exe().map_err(failed(Path::new("/proc/self/exe")))?;
        StartedPeer::start(profile, &program).map(Arc::new).map(Some)
    }

    /// The same, of a profile that has one, with `program` for the runner's guard.
    pub fn start(profile: &Profile, program: &Path) -> Result<StartedPeer> {
        let began = Session::begin(program, profile);
        let (session, ready) = began.map_err(|what| Error::AtPeer { what })?;
        let is_elsewhere = ready.boot_id.is_none() || ready.boot_id != environment::boot_id();
        Ok(StartedPeer {
            program: program.to_path_buf(),
            profile: profile.clone(),
            cost_unit: ready.cost_unit,
            environment: ready.environment,
            topology: is_elsewhere.then_some(ready.topology),
            state: Mutex::new(State {
                session: Arc::new(session),
                failures_in_a_row: 0,
                last_failure: String::new(),
            }),
        })
    }

    /// Where the threads of a cell run: on this machine's CPUs, and where `peer` has its
    /// own the servers on those.
    pub fn plan(
        peer: &Option<Arc<StartedPeer>>,
        topology: &Topology,
        policy: PlacementPolicy,
        threads: usize,
    ) -> Result<Plan> {
        Ok(match peer.as_ref().and_then(|peer| peer.topology.as_ref()) {
            Some(servers) => topology.plan_apart(servers, policy, threads)?,
            None => topology.plan(policy, threads)?,
        })
    }

    /// `peer` for the exchange.
    pub fn asked(peer: &Option<Arc<StartedPeer>>) -> Option<&dyn Peer> {
        peer.as_deref().map(|peer| peer as &dyn Peer)
    }

    /// The conditions here and at `peer`, if there is one.
    pub fn conditions(peer: &Option<Arc<StartedPeer>>, profile: &Profile) -> Environment {
        let here = Environment::read(profile);
        match peer {
            None => here,
            Some(peer) => here.beside(&peer.environment),
        }
    }

    /// `instruments` with the servers at `peer`, if there is one.
    pub fn beside(peer: &Option<Arc<StartedPeer>>, instruments: Instruments) -> Instruments {
        match peer {
            None => instruments,
            Some(peer) => instruments.beside(Arc::clone(peer) as Arc<dyn Peer>, peer.cost_unit),
        }
    }
}

impl Peer for StartedPeer {
    fn session(&self) -> std::result::Result<Arc<dyn PeerSession>, String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.session.broken().is_some() {
            if state.failures_in_a_row >= MOST_FAILURES {
                return Err(format!("it failed {MOST_FAILURES} times in a row: {}", state.last_failure));
            }
            match Session::begin(&self.program, &self.profile) {
                Ok((session, _)) => (state.session, state.failures_in_a_row) = (Arc::new(session), 0),
                Err(what) => {
                    state.failures_in_a_row += 1;
                    state.last_failure.clone_from(&what);
                    return Err(what);
                }
            }
        }
        Ok(Arc::clone(&state.session) as Arc<dyn PeerSession>)
    }
}
