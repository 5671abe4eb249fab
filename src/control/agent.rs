//! The agent: answers a controller for one pass, request by request. It owns
//! that a request out of turn ends it, as does a controller that is gone; the
//! rounds are `exchange`'s, run in this process.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use super::agent_process::AgentProcess;
use super::keeper::AgentMay;
use super::message::{Reply, Request};
use super::{frame, peer_process};
use crate::error::{Error, Result};

/// How long the first request may take, which is sent as soon as the agent has started.
const FIRST: Duration = Duration::from_secs(10);

/// In the place of the number of answers: no more is to come.
const OVER: u64 = u64::MAX;

/// Serves one pass: from `started` to `ended`. `gone` is called, in another
/// thread, once the input ends before that, whatever runs then: it has to end
/// this process.
pub fn serve_pass(
    input: impl Read + Send + 'static,
    mut output: impl Write,
    may: AgentMay,
    gone: impl FnOnce() + Send + 'static,
) -> Result<()> {
    let answered = Arc::new(AtomicU64::new(0));
    let requests = watch(input, Arc::clone(&answered), gone);
    frame::write(&mut output, &Reply::Started {})?;
    let mut agent = AgentProcess::new(may);
    let mut silence = FIRST;
    loop {
        let request = match requests.recv_timeout(silence) {
            Ok(request) => request,
            Err(RecvTimeoutError::Timeout) => {
                Err(Error::Control { what: format!("nothing came for {silence:?}") })
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        let is_end = matches!(request, Ok(Request::End {}));
        let reply = match request {
            Ok(Request::Prepare { silence_s, target, profile, boot_id }) => {
                let reply = agent.prepare(target, *profile, silence_s, boot_id.as_deref());
                if matches!(reply, Reply::Ready(_)) {
                    silence = Duration::from_secs_f64(silence_s);
                }
                reply
            }
            Ok(Request::Open { cell, lanes }) => agent.open(cell, &lanes),
            Ok(Request::Round { lane, messages }) => agent.round(lane, messages),
            Ok(Request::Wait {}) => continue,
            Ok(Request::Close {}) => agent.close(),
            Ok(Request::End {}) => Reply::Ended {},
            Ok(Request::Peer { profile, silence_s }) if !agent.is_prepared() => {
                return peer_process::serve(*profile, silence_s, &requests, &answered, &mut output);
            }
            Ok(Request::Start { .. } | Request::Peer { .. }) => {
                Reply::Refused { what: "it has started already".into() }
            }
            Ok(Request::Servers(_)) => Reply::Refused { what: "it is no peer".into() },
            Err(error) => Reply::Refused { what: error.to_string() },
        };
        say(&mut output, &answered, &reply)?;
        match reply {
            Reply::Refused { what } => return Err(Error::Control { what }),
            _ if is_end => return Ok(()),
            _ => {}
        }
    }
}

/// Answers a request.
pub(super) fn say(output: &mut impl Write, answered: &AtomicU64, reply: &Reply) -> Result<()> {
    // Before the answer can be read.
    match reply {
        Reply::Refused { .. } => answered.store(OVER, Ordering::Release),
        _ => drop(answered.fetch_add(1, Ordering::Release)),
    }
    frame::write(output, reply)
}

/// Reads requests in a thread of its own, which sees the end of the input while
/// a round runs. It stops after `end`: what follows is another agent's.
fn watch(
    mut input: impl Read + Send + 'static,
    answered: Arc<AtomicU64>,
    gone: impl FnOnce() + Send + 'static,
) -> Receiver<Result<Request>> {
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        let mut number = 0;
        loop {
            let request = match frame::read::<Request>(&mut input) {
                // Who is refused may leave: the error is still to be printed here.
                Ok(None) if answered.load(Ordering::Acquire) == OVER => return,
                Ok(None) => return gone(),
                Ok(Some(Request::Wait {})) => Ok(Request::Wait {}),
                Ok(Some(_)) if answered.load(Ordering::Acquire) < number => {
                    let what = "a request before the last one was answered".to_string();
                    Err(Error::Control { what })
                }
                Ok(Some(request)) => Ok(request),
                Err(error) => Err(error),
            };
            number += u64::from(!matches!(request, Ok(Request::Wait {})));
            let is_last = matches!(request, Err(_) | Ok(Request::End {}));
            if sender.send(request).is_err() || is_last {
                return;
            }
        }
    });
    requests
}
