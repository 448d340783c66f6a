//! Faults have an owner. Callers branch on one question: who must act?

use std::fmt;
use std::time::Duration;

/// What went wrong outside of us. A bug is no fault: it panics, and the process starts again from
/// its last commit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// No one's: the same, later.
    #[error("{peer} is away: {why}")]
    Unavailable {
        /// Who.
        peer: Peer,
        /// In its words.
        why: String,
        /// When it asked to be tried again.
        retry_after: Option<Duration>,
    },
    /// The operator's: says what to write instead.
    #[error("{setting} is {found}; expected {expected}")]
    Misconfigured {
        /// Which setting, or which thing of the operator's.
        setting: String,
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
    },
}

/// Who is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The store on this machine.
    Store,
    /// The brokers.
    Kafka,
    /// What keeps the state over a network.
    Redis,
    /// Where an inlet reads.
    Inlet(String),
    /// Where an outlet writes.
    Outlet(String),
    /// The process itself: it is full, or about to stop.
    Pipeline,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Store => write!(f, "the store"),
            Peer::Kafka => write!(f, "kafka"),
            Peer::Redis => write!(f, "redis"),
            Peer::Inlet(name) => write!(f, "inlet {name}"),
            Peer::Outlet(name) => write!(f, "outlet {name}"),
            Peer::Pipeline => write!(f, "the pipeline"),
        }
    }
}
