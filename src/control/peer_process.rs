//! The process at a peer: the server ends of one harness after another's generation,
//! asked for request by request, and what is said while a round runs. It owns how long
//! it waits for a word; what servers do is `exchange`'s.

use std::io::Write;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use super::agent::say;
use super::clock::now;
use super::message::{PeerReady, Reply, Request};
use super::{frame, limits};
use crate::cpu::Topology;
use crate::environment::{self, Environment};
use crate::error::{Error, Result};
use crate::exchange::{Instruments, PeerServers, ServerRequest};
use crate::profile::Profile;
use crate::sys;

/// How long a round may last without a word of how far it is: rounds are shorter.
const LONGEST_STEP: Duration = Duration::from_millis(200);

/// Serves until `end` has been asked and answered, or an error ends it.
pub(super) fn serve(
    profile: Profile,
    silence_s: f64,
    requests: &Receiver<Result<Request>>,
    answered: &AtomicU64,
    output: &mut impl Write,
) -> Result<()> {
    if let Err(what) = limits::check_peer(&profile, silence_s) {
        return refuse(output, answered, what);
    }
    if let Ok((soft, hard)) = sys::open_files_limits() {
        // Where it may not be raised the call that needs more says so.
        let _ = if soft < hard { sys::set_open_files_limits(hard, hard) } else { Ok(()) };
    }
    let (instruments, _) = Instruments::of_this_machine();
    let ready = PeerReady {
        environment: Environment::read_at_peer(&profile),
        cost_unit: instruments.cost_unit,
        topology: Topology::read()?,
        boot_id: environment::boot_id(),
    };
    say(output, answered, &Reply::Peer(Box::new(ready)))?;
    let silence = Duration::from_secs_f64(silence_s);
    let step = (profile.stall_timeout() / 8).min(LONGEST_STEP);
    let mut servers = PeerServers::new(profile.clone(), instruments.counters);
    let mut heard_at = now();
    loop {
        let request = match servers.is_in_round() {
            true => {
                if let Some(word) = servers.next_word(step) {
                    frame::write(output, &Reply::Word(word))?;
                }
                match requests.try_recv() {
                    Ok(request) => request,
                    // A harness says a word now and then in a round too.
                    Err(TryRecvError::Empty) if now().duration_since(heard_at) >= silence => {
                        Err(nothing_for(silence))
                    }
                    Err(TryRecvError::Empty) => continue,
                    Err(TryRecvError::Disconnected) => return Ok(()),
                }
            }
            false => match requests.recv_timeout(silence) {
                Ok(request) => request,
                Err(RecvTimeoutError::Timeout) => Err(nothing_for(silence)),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            },
        };
        heard_at = now();
        match request {
            Ok(Request::Wait {}) => {}
            Ok(Request::Servers(request)) => {
                if let Err(what) = check(&profile, &request) {
                    return refuse(output, answered, what);
                }
                let reply = match servers.answer(request) {
                    Ok(answer) => Reply::Servers(answer),
                    Err(error) => Reply::Failed { what: error.to_string() },
                };
                say(output, answered, &reply)?;
            }
            Ok(Request::End {}) => {
                drop(servers);
                return say(output, answered, &Reply::Ended {});
            }
            Ok(other) => {
                let shown: String = format!("{other:?}").chars().take(40).collect();
                return refuse(output, answered, format!("it is a peer, and was asked for {shown}"));
            }
            Err(error) => return refuse(output, answered, error.to_string()),
        }
    }
}

fn check(profile: &Profile, request: &ServerRequest) -> std::result::Result<(), String> {
    match request {
        ServerRequest::Listen(order) => limits::check_servers(profile, order),
        ServerRequest::Arm { bytes, .. } => limits::check_bytes(bytes),
        _ => Ok(()),
    }
}

fn nothing_for(silence: Duration) -> Error {
    Error::Control { what: format!("nothing came for {silence:?}") }
}

fn refuse(output: &mut impl Write, answered: &AtomicU64, what: String) -> Result<()> {
    // The harness may be gone: the error is printed here in any case.
    let _ = say(output, answered, &Reply::Refused { what: what.clone() });
    Err(Error::Control { what })
}
