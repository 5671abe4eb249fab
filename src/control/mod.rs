//! The control connection between a harness and an agent, a whole exchange in
//! another process: what they say to each other, in which bounds, and how long
//! either waits. It owns both ends; what is measured is `exchange`'s, and which
//! cell comes next is `sides`'.
//!
//! Who controls starts the other end through a *runner*, any words in front of a
//! command, and speaks over its standard input and output:
//!
//! ```text
//! agent:    copycost-agent protocol 4 program 0.1.0        (a line, after any banner)
//! control:  {"start": {"program": "0.1.0"}}                (a fresh process for a pass)
//! agent:    {"started": {}}
//! control:  {"prepare": {"target": …, "profile": …}}       agent: {"ready": …}
//! control:  {"open": {"cell": …, "lanes": …}}              agent: {"opened": …}
//! control:  {"round": {"lane": 0, "messages": 1000}}       agent: {"round": …}
//! control:  {"wait": {}}                                   (at any time, no answer: it is still there)
//! control:  {"close": {}}                                  agent: {"closed": …}
//! control:  {"end": {}}                                    agent: {"ended": {}}
//! ```
//!
//! or, where the server ends alone are asked for:
//!
//! ```text
//! control:  {"peer": {"profile": …, "silence_s": 9.0}}     agent: {"peer": …}
//! control:  {"servers": {"listen": …}}                     agent: {"servers": {"listening": …}}
//!           (the clients connect, each with its nonce)
//! control:  {"servers": {"set_up": {}}}                    agent: {"servers": {"set_up": …}}
//! control:  {"servers": {"arm": …}}                        agent: {"servers": {"armed": {}}}
//! agent:    {"word": {"progress": …}}                      (in a round that lasts)
//! agent:    {"word": {"read": {}}}                         (every last byte was read)
//! agent:    {"word": {"round": …}}                         (what that came to)
//! control:  {"servers": {"report": {}}}                    agent: {"servers": {"report": …}}
//! control:  {"servers": {"close": {}}}                     agent: {"servers": {"closed": {}}}
//! ```
//!
//! each JSON text with its length in front (`frame.rs`). One answer to each other
//! request, in turn; what cannot be done is answered by `failed`, and the session
//! goes on; what should not have been said is answered by `refused`, and ends it.

mod agent;
mod agent_process;
mod agent_side;
mod answer_limits;
mod between_rounds;
mod clock;
mod connect;
mod frame;
mod greeting;
mod guard;
mod keeper;
mod last_lines;
mod limits;
mod listen;
mod message;
mod peer;
mod peer_limits;
mod peer_process;
mod peer_session;
mod runner;
mod token;
mod voice;

pub use agent::serve_pass;
pub use agent_side::{AgentSide, Conditions};
pub use connect::connect;
pub use guard::{guard, guarding};
pub use keeper::{AgentMay, keep};
pub use listen::listen;
pub use message::PROTOCOL;
pub use peer::StartedPeer;
pub use runner::Runner;
pub use token::Token;

/// The program's version, which both ends must share.
pub const PROGRAM: &str = env!("CARGO_PKG_VERSION");
