//! Is it still there, and still the same?

use std::time::Duration;

use tocsin_flow::{Fault, Stop};

use crate::server::Redis;

/// How often Redis is asked.
const EVERY: Duration = Duration::from_secs(1);

impl Redis {
    /// Asks once a second whether the servers are as they must be and who they are, until it is time to stop. Shows
    /// whether Redis is away; [`Redis::incarnation`] tells when it is another one.
    pub async fn watch(&self, stop: Stop) {
        let room = self.room().clone();
        let mut delays = None;
        while !stop.is_set() {
            let checked = self.check().await;
            room.meters.peer_away("redis", checked.is_err());
            let wait = match checked {
                Ok(()) => {
                    delays = None;
                    EVERY
                }
                Err(fault) => {
                    if delays.is_none() {
                        say(&fault);
                    }
                    delays.get_or_insert_with(|| room.backoff.delays()).next().unwrap_or(EVERY)
                }
            };
            tokio::select! {
                () = stop.wait() => return,
                () = room.clock.wait(wait) => {}
            }
        }
    }
}

fn say(fault: &Fault) {
    tracing::warn!(%fault, "Redis is away, or not as it must be; trying again");
}
