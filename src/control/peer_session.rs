//! A session with a peer, seen from its harness. One thread hears what it says: the
//! answers, the words of a round, and its silence. It owns how long any of that may
//! take; nothing is believed before it was checked by whoever asked.

use std::os::fd::AsFd;
use std::path::Path;
use std::process::ChildStdout;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::agent_side::{OWN_SHARE, SHARE, WORDS};
use super::clock::{Timed, now};
use super::last_lines::LastLines;
use super::message::{PeerReady, Reply, Request};
use super::runner::{Runner, ended};
use super::{PROGRAM, frame, peer_limits};
use crate::exchange::{PeerEar, PeerSession, ServerAnswer, ServerRequest, ServerWord};
use crate::profile::check::limits::STALL_TIMEOUT_S;
use crate::profile::{PeerSettings, Profile};
use crate::sys;

/// How long a runner may take to show the program, in stall timeouts: a host is
/// reached, which asks for a password that nobody gives.
pub(super) const START: u32 = 3;

/// How long the end of a session is waited for.
const FAREWELL: Duration = Duration::from_secs(1);

/// How often the hearing thread looks whether an answer is late.
const LONGEST_LOOK: Duration = Duration::from_millis(200);

type Answer = Result<Reply, String>;

pub(super) struct Session {
    /// None once it was let go.
    runner: Mutex<Option<Runner>>,
    answers: Mutex<Receiver<Answer>>,
    shared: Arc<Shared>,
    limit: Duration,
}

/// With the thread that hears.
struct Shared {
    state: Mutex<Hearing>,
}

#[derive(Default)]
struct Hearing {
    ear: Option<Weak<dyn PeerEar>>,
    /// When the next word is late; none while nothing has to come.
    due: Option<Instant>,
    broken: Option<String>,
}

impl Session {
    /// Starts the peer of `profile`, and says what was found there.
    pub(super) fn begin(program: &Path, profile: &Profile) -> Result<(Session, PeerReady), String> {
        let settings = profile.peer.clone().unwrap_or_default();
        let mut runner = Runner::start(program, &settings.command()).map_err(|error| error.to_string())?;
        let said = |runner: &Runner, what: String| format!("{what}{}", runner.last_words());
        if let Err(error) = runner.greet(profile.stall_timeout() * START) {
            return Err(said(&runner, error.to_string()));
        }
        let Some(output) = runner.output.take() else { return Err(said(&runner, ended().to_string())) };
        let limit = profile.stall_timeout().mul_f64(SHARE);
        let (sender, answers) = mpsc::channel();
        let shared = Arc::new(Shared { state: Mutex::default() });
        let heard = Heard {
            output,
            sender,
            shared: Arc::clone(&shared),
            last_lines: runner.last_lines.clone(),
            limit,
        };
        let hearing = std::thread::Builder::new().name("peer".into()).spawn(move || heard.run());
        hearing.map_err(|error| format!("start the thread that hears: {error}"))?;
        let (runner, answers) = (Mutex::new(Some(runner)), Mutex::new(answers));
        let session = Session { runner, answers, shared, limit };
        match session.exchange(&Request::Start { program: PROGRAM.to_string() }, limit)? {
            Reply::Started {} => {}
            other => return Err(session.unexpected(&other)),
        }
        session.with_runner(|runner| {
            runner.input.iter().for_each(|voice| voice.begin_pass(limit / WORDS));
        });
        // It says first what stands still, and need not know how it was started.
        let mut sent = Box::new(profile.clone());
        sent.peer = Some(PeerSettings { address: settings.address, ..PeerSettings::default() });
        sent.rounds.stall_timeout_s = (OWN_SHARE * profile.rounds.stall_timeout_s).max(STALL_TIMEOUT_S.0);
        let request = Request::Peer { profile: sent, silence_s: limit.as_secs_f64() };
        match session.exchange(&request, limit)? {
            Reply::Peer(ready) => match peer_limits::check_ready(&ready) {
                Ok(()) => Ok((session, *ready)),
                Err(what) => Err(session.breaks(what)),
            },
            other => Err(session.unexpected(&other)),
        }
    }

    fn exchange(&self, request: &Request, limit: Duration) -> Answer {
        // Held for as long as it takes: one request at a time.
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(what) = self.broken() {
            return Err(what);
        }
        self.shared.state().due = Some(now() + limit);
        let asked = self.with_runner(|runner| match &runner.input {
            Some(voice) => voice.ask(request),
            None => Err(ended()),
        });
        if let Some(Err(error)) = asked {
            // That it has ended is heard by the thread, with more to say of it.
            self.shared.state().due = Some(now() + FAREWELL.min(limit));
            let heard = answers.recv_timeout(FAREWELL.min(limit) + FAREWELL);
            return Err(heard.ok().and_then(Result::err).unwrap_or_else(|| error.to_string()));
        }
        let answer = match answers.recv_timeout(limit + FAREWELL) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err("it did not answer in time".into()),
            Err(RecvTimeoutError::Disconnected) => Err(self.broken().unwrap_or_else(|| ended().to_string())),
        };
        self.with_runner(|runner| runner.input.iter().for_each(|voice| voice.answered()));
        match answer {
            Ok(Reply::Failed { what }) => Err(what),
            Ok(Reply::Refused { what }) => Err(self.breaks(format!("it refused: {what}"))),
            other => other,
        }
    }

    fn with_runner<T>(&self, with: impl FnOnce(&Runner) -> T) -> Option<T> {
        self.runner.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(with)
    }

    fn breaks(&self, what: String) -> String {
        self.shared.state().broken.get_or_insert(what).clone()
    }

    fn unexpected(&self, reply: &Reply) -> String {
        let shown: String = format!("{reply:?}").chars().take(80).collect();
        self.breaks(format!("an answer to another question: {shown}"))
    }
}

impl PeerSession for Session {
    fn ask(&self, request: ServerRequest) -> Result<ServerAnswer, String> {
        match self.exchange(&Request::Servers(request), self.limit)? {
            Reply::Servers(answer) => match peer_limits::check_answer(&answer) {
                Ok(()) => Ok(answer),
                Err(what) => Err(self.breaks(what)),
            },
            other => Err(self.unexpected(&other)),
        }
    }

    fn heard_by(&self, ear: Weak<dyn PeerEar>) {
        self.shared.state().ear = Some(ear);
    }

    fn broken(&self) -> Option<String> {
        self.shared.state().broken.clone()
    }
}

/// Ends the peer; one that broke, without waiting for it.
impl Drop for Session {
    fn drop(&mut self) {
        let is_whole = self.broken().is_none();
        if is_whole {
            self.with_runner(|runner| runner.input.iter().for_each(|voice| voice.end_pass()));
            let _ = self.exchange(&Request::End {}, FAREWELL);
        }
        let runner = self.runner.lock().unwrap_or_else(PoisonError::into_inner).take();
        if !is_whole {
            std::thread::spawn(move || drop(runner));
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Hearing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that hears.
struct Heard {
    output: Timed<ChildStdout>,
    sender: Sender<Answer>,
    shared: Arc<Shared>,
    last_lines: LastLines,
    limit: Duration,
}

impl Heard {
    /// Until the peer is gone or broken; its output is closed then, so that whatever is
    /// left of it ends.
    fn run(mut self) {
        let why = loop {
            if let Err(why) = self.next() {
                break why;
            }
        };
        std::thread::sleep(Duration::from_millis(50)); // what it printed may be on its way
        let why = format!("{why}{}", self.last_lines.said());
        let ear = {
            let mut state = self.shared.state();
            state.broken.get_or_insert_with(|| why.clone());
            state.ear.take()
        };
        drop(self.output);
        if let Some(ear) = ear.and_then(|ear| ear.upgrade()) {
            ear.lose(&why);
        }
        let _ = self.sender.send(Err(why));
    }

    fn next(&mut self) -> Result<(), String> {
        let look = (self.limit / 8).min(LONGEST_LOOK);
        let waited = sys::wait_readable(self.output.from.as_fd(), look);
        if !waited.map_err(|error| format!("poll: {error}"))? {
            let due = self.shared.state().due;
            return match due {
                Some(due) if now() >= due => Err("it has not been heard for too long".into()),
                _ => Ok(()),
            };
        }
        self.output.wait_for(self.limit);
        let reply: Option<Reply> = frame::read(&mut self.output).map_err(|error| error.to_string())?;
        match reply {
            None => Err(ended().to_string()),
            Some(Reply::Word(word)) => {
                peer_limits::check_word(&word)?;
                self.word(word);
                Ok(())
            }
            Some(Reply::Refused { what }) => Err(format!("it refused: {what}")),
            Some(answer) => {
                // Words follow those two.
                let is_armed = matches!(answer, Reply::Servers(ServerAnswer::Armed {}));
                self.shared.state().due = is_armed.then(|| now() + self.limit);
                let _ = self.sender.send(Ok(answer)); // nobody may wait any more
                Ok(())
            }
        }
    }

    fn word(&self, word: ServerWord) {
        let ear = {
            let mut state = self.shared.state();
            let is_last = matches!(word, ServerWord::Round { .. } | ServerWord::Failed { .. });
            // An answer that is waited for is due when it was.
            if state.due.is_some() {
                state.due = (!is_last).then(|| now() + self.limit);
            }
            state.ear.as_ref().and_then(Weak::upgrade)
        };
        if let Some(ear) = ear {
            ear.hear(word);
        }
    }
}
