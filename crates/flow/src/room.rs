//! What runtime hands in, so that nobody else asks what time it is, waits, counts or stops by himself.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tocsin_model::{ArrivalTime, Reason, SourceId};

/// What time it is, and waiting.
pub trait Clock: Send + Sync {
    /// Now, as an arrival.
    fn now(&self) -> ArrivalTime;
    /// A steady clock for measuring how long something took: only differences mean anything.
    fn steady(&self) -> Duration;
    /// Comes back after `span`.
    fn wait(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// How long to wait between tries.
pub trait Backoff: Send + Sync {
    /// The delays, one after the other, without end.
    fn delays(&self) -> Box<dyn Iterator<Item = Duration> + Send>;
}

/// What carriers, inlets and outlets can be seen doing. Every label is from a closed set.
pub trait Meters: Send + Sync {
    /// Posts were taken in and are durable.
    fn posts_received(&self, inlet: &str, source: &SourceId, posts: u64);
    /// A record was rejected.
    fn record_rejected(&self, inlet: &str, reason: &Reason);
    /// A sender was told to come again later.
    fn pushed_back(&self, inlet: &str);
    /// A sync of the store, of so many waiting senders.
    fn synced(&self, took: Duration, waiting: usize);
    /// A try at delivering: `delivered`, `retry`, `given_up` or `misconfigured`.
    fn delivery_tried(&self, outlet: &str, outcome: &'static str, took: Duration);
    /// Somebody is away (1) or back (0).
    fn peer_away(&self, peer: &str, away: bool);
}

/// What runtime hands in.
#[derive(Clone)]
pub struct Room {
    /// The only clock.
    pub clock: Arc<dyn Clock>,
    /// The only curve of retries.
    pub backoff: Arc<dyn Backoff>,
    /// The only meters.
    pub meters: Arc<dyn Meters>,
}

/// Told once that it is time to stop. Cheap to clone.
#[derive(Clone)]
pub struct Stop(Arc<dyn StopSource>);

/// Behind a [`Stop`].
pub trait StopSource: Send + Sync {
    /// Whether it is time.
    fn is_set(&self) -> bool;
    /// Comes back when it is time.
    fn wait(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

impl Stop {
    /// From what sets it.
    pub fn new(source: Arc<dyn StopSource>) -> Stop {
        Stop(source)
    }
    /// Whether it is time.
    pub fn is_set(&self) -> bool {
        self.0.is_set()
    }
    /// Comes back when it is time.
    pub async fn wait(&self) {
        self.0.wait().await;
    }
}
