//! A peer as the exchange sees it: somebody who can be asked for servers. Who that is
//! and how it is reached is `control`'s.

use std::sync::Weak;

use super::words::{ServerAnswer, ServerRequest, ServerWord};

/// Where servers can be that are not in this process.
pub trait Peer: Send + Sync {
    /// The session with it, begun anew where the last one broke; or why there is none.
    fn session(&self) -> Result<std::sync::Arc<dyn PeerSession>, String>;
}

/// A session, in which servers of one generation at a time are asked for.
pub trait PeerSession: Send + Sync {
    /// Asks, and waits for the answer no longer than the peer may take.
    fn ask(&self, request: ServerRequest) -> Result<ServerAnswer, String>;

    /// From now on `ear` hears what is said without being asked.
    fn heard_by(&self, ear: Weak<dyn PeerEar>);

    /// Why nothing more can be asked, if that is so.
    fn broken(&self) -> Option<String>;
}

/// Who listens to a peer, in a thread of the session's.
pub trait PeerEar: Send + Sync {
    /// A word, taken note of before anything else is done.
    fn hear(&self, word: ServerWord);

    /// The session is over, and this is why.
    fn lose(&self, why: &str);
}
