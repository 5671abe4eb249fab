//! A peer as its harness has it: a runner and the session on it, begun anew where it
//! broke. It owns when that is given up; what is said in a session is
//! `peer_session`'s.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::peer_session::Session;
use crate::environment::Environment;
use crate::error::{Error, Result, failed};
use crate::exchange::{CostUnit, Instruments, Peer, PeerSession};
use crate::profile::Profile;

/// So many sessions in a row that could not be begun, and none is tried any more.
const MOST_FAILURES: usize = 3;

/// The peer of a profile.
pub struct StartedPeer {
    /// This program, which guards the runner.
    program: PathBuf,
    profile: Profile,
    cost_unit: CostUnit,
    environment: Environment,
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
        Ok(StartedPeer {
            program: program.to_path_buf(),
            profile: profile.clone(),
            cost_unit: ready.cost_unit,
            environment: ready.environment,
            state: Mutex::new(State {
                session: Arc::new(session),
                failures_in_a_row: 0,
                last_failure: String::new(),
            }),
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
