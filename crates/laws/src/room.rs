//! A room in which no time passes and nobody counts.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tocsin_flow::{Backoff, Clock, Meters, Room};
use tocsin_model::{ArrivalTime, Reason, SourceId};

/// How time is in a room: it stands still, and waits end at once.
struct Still;

/// The same, but a wait of [`PATIENCE`] or more has no end.
struct Patient;

/// Whoever waits for a shorter time will try again; whoever waits longer gives another one time to answer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Clock for Patient {
    fn now(&self) -> ArrivalTime {
        Still.now()
    }
    fn steady(&self) -> Duration {
        Still.steady()
    }
    fn wait(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        if span < PATIENCE { Box::pin(std::future::ready(())) } else { Box::pin(std::future::pending()) }
    }
}

impl Clock for Still {
    fn now(&self) -> ArrivalTime {
        ArrivalTime::from_millis(0)
    }
    fn steady(&self) -> Duration {
        Duration::ZERO
    }
    fn wait(&self, _span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

impl Backoff for Still {
    fn delays(&self) -> Box<dyn Iterator<Item = Duration> + Send> {
        Box::new(std::iter::repeat(Duration::ZERO))
    }
}

impl Meters for Still {
    fn posts_received(&self, _inlet: &str, _source: &SourceId, _posts: u64) {}
    fn record_rejected(&self, _inlet: &str, _reason: &Reason) {}
    fn pushed_back(&self, _inlet: &str) {}
    fn synced(&self, _took: Duration, _waiting: usize) {}
    fn delivery_tried(&self, _outlet: &str, _outcome: &'static str, _took: Duration) {}
    fn peer_away(&self, _peer: &str, _away: bool) {}
}

/// Waits come back at once; it is always 1970.
pub fn still_room() -> Room {
    Room { clock: Arc::new(Still), backoff: Arc::new(Still), meters: Arc::new(Still) }
}

/// Short waits come back at once, long ones never: what is tried again is tried at once, and who was given
/// time to answer has all he needs.
pub fn patient_room() -> Room {
    Room { clock: Arc::new(Patient), ..still_room() }
}
