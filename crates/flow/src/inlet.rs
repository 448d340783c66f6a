//! How posts come in.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tocsin_model::{ArrivalTime, Rejected, SourceId};

use crate::{Fault, Room, Stop};

/// A post on its way into the log: bytes that `wire` has read as a post once, so they can be read again.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// When it was received (in a replay: recorded as received).
    pub arrived: ArrivalTime,
    /// Where it is from: for meters.
    pub source: SourceId,
    /// One post as JSON.
    pub json: Vec<u8>,
}

/// How far an inlet has read, kept with what it read: after a crash it goes on from there.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// Which inlet, and what of it (a file's name).
    pub key: String,
    /// The inlet's own bytes.
    pub at: Vec<u8>,
}

/// What an inlet hands in at once: kept whole or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrivals {
    /// What can be read, in order.
    pub posts: Vec<Arrival>,
    /// What cannot.
    pub rejected: Vec<Rejected>,
    /// How far the inlet has read with these.
    pub cursor: Option<Cursor>,
}

/// Where inlets hand in. Boxed futures, because each process has one intake and many inlets.
pub trait Intake: Send + Sync {
    /// Comes back when all of it is durable.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] of the pipeline when it is full (nothing was taken; `retry_after` says
    /// when to come again), of the store when it cannot write.
    fn take(&self, arrivals: Arrivals) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + '_>>;

    /// How far the inlet had read with what is durable.
    fn cursor(&self, key: &str) -> Result<Option<Vec<u8>>, Fault>;
}

/// An inlet. Promise: nothing is acknowledged to the sender before [`Intake::take`] has come back;
/// when that says full, the inlet pushes back and never drops.
pub trait Inlet: Send {
    /// Its name in the config, for logs and meters.
    fn name(&self) -> &str;

    /// Listens until told to stop, or until there is nothing more to come.
    ///
    /// # Errors
    /// Only what no waiting can mend: everything else it waits for, with the room's backoff.
    fn listen(
        self: Box<Self>,
        intake: Arc<dyn Intake>,
        room: Room,
        stop: Stop,
    ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;
}
