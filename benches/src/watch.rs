//! Seconds that this thread computed, seconds on the wall, and what becomes of several takes.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tocsin_flow::Clock as _;
use tocsin_runtime::WallClock;

/// Seconds that this thread has computed since it began. (What Linux tells of it under `/proc` is only as
/// new as the last tick of the scheduler, some milliseconds ago.)
pub(crate) fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// CPU seconds that `work` took.
pub(crate) fn cpu_seconds_of(work: impl FnOnce()) -> f64 {
    let before = cpu_seconds();
    work();
    cpu_seconds() - before
}

/// A stop watch on the wall.
pub(crate) struct Wall(WallClock);

impl Wall {
    /// It begins now.
    pub(crate) fn start() -> Wall {
        Wall(WallClock::new())
    }

    /// Since it began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.steady()
    }

    /// Now, in milliseconds since 1970.
    pub(crate) fn now_millis(&self) -> i64 {
        self.0.now().millis()
    }

    /// Comes back when so much has passed since it began; at once if it has.
    pub(crate) async fn reach(&self, since_start: Duration) {
        let rest = since_start.saturating_sub(self.elapsed());
        if !rest.is_zero() {
            self.0.wait(rest).await;
        }
    }
}

/// The takes of one figure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Takes {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Takes {
    /// Of at least one take.
    pub(crate) fn of(mut takes: Vec<f64>) -> Takes {
        takes.sort_by(f64::total_cmp);
        let at = |place: usize| takes.get(place).copied().unwrap_or(f64::NAN);
        Takes { median: at(takes.len() / 2), least: at(0), most: at(takes.len().saturating_sub(1)) }
    }
}
