//! The clocks. This is the only file that may ask what time it is, or wait.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tocsin_flow::Clock;
use tocsin_model::ArrivalTime;
use tokio::sync::watch;

/// The clock on the wall: what runs live.
#[derive(Debug)]
pub struct WallClock {
    started: Instant,
}

impl WallClock {
    /// Its steady time begins at 0 now.
    #[expect(clippy::disallowed_methods, reason = "the one place where time is asked")]
    pub fn new() -> WallClock {
        WallClock { started: Instant::now() }
    }
}

impl Default for WallClock {
    fn default() -> Self {
        WallClock::new()
    }
}

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where time is asked")]
    fn now(&self) -> ArrivalTime {
        // A machine that believes to be before 1970 or after the year 292 million is told 1970.
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        ArrivalTime::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or_default())
    }

    fn steady(&self) -> Duration {
        self.started.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where anybody waits")]
    fn wait(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(span))
    }
}

/// A clock that stands still until somebody moves it on: for replays, simulations and tests. Both of
/// its times move together; whoever waits comes back when they have moved far enough.
#[derive(Debug)]
pub struct HandClock {
    began: ArrivalTime,
    elapsed: watch::Sender<Duration>,
}

impl HandClock {
    /// It shows `began`.
    pub fn new(began: ArrivalTime) -> HandClock {
        HandClock { began, elapsed: watch::Sender::new(Duration::ZERO) }
    }

    /// Moves it on.
    pub fn move_on(&self, span: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed = elapsed.saturating_add(span));
    }

    /// Moves it to `at`; not at all if it shows that or later, for it never goes back.
    pub fn move_to(&self, at: ArrivalTime) {
        let elapsed = millis(at.after(self.began).millis());
        self.elapsed.send_if_modified(|now| {
            let is_later = elapsed > *now;
            *now = elapsed.max(*now);
            is_later
        });
    }
}

/// Whole milliseconds; none where negative.
fn millis(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

impl Clock for HandClock {
    fn now(&self) -> ArrivalTime {
        let elapsed = i64::try_from(self.elapsed.borrow().as_millis()).unwrap_or(i64::MAX);
        self.began.plus(tocsin_model::Span::from_millis(elapsed))
    }

    fn steady(&self) -> Duration {
        *self.elapsed.borrow()
    }

    fn wait(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        // The goal is fixed when the wait is asked for, not when it is first polled.
        let goal = self.steady().saturating_add(span);
        let mut elapsed = self.elapsed.subscribe();
        Box::pin(async move {
            // An error would mean that the clock is gone, but this future borrows it.
            elapsed.wait_for(|elapsed| *elapsed >= goal).await.ok();
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    async fn is_over(wait: &mut Pin<Box<dyn Future<Output = ()> + Send + '_>>) -> bool {
        poll_fn(|context| Poll::Ready(wait.as_mut().poll(context).is_ready())).await
    }

    #[tokio::test]
    async fn a_wait_is_over_when_the_hands_were_moved_far_enough() {
        let clock = HandClock::new(ArrivalTime::from_millis(1_000));
        let mut wait = clock.wait(Duration::from_secs(10));
        assert!(!is_over(&mut wait).await);
        clock.move_on(Duration::from_millis(9_999));
        assert!(!is_over(&mut wait).await);
        clock.move_on(Duration::from_millis(1));
        assert!(is_over(&mut wait).await);
        assert_eq!(clock.now(), ArrivalTime::from_millis(11_000));
        assert_eq!(clock.steady(), Duration::from_secs(10));
    }

    #[test]
    fn the_hands_never_go_back() {
        let clock = HandClock::new(ArrivalTime::from_millis(1_000));
        clock.move_to(ArrivalTime::from_millis(5_000));
        clock.move_to(ArrivalTime::from_millis(2_000));
        clock.move_to(ArrivalTime::from_millis(-7));
        assert_eq!(clock.now(), ArrivalTime::from_millis(5_000));
    }

    #[tokio::test]
    async fn a_wait_of_nothing_is_over_at_once() {
        let clock = HandClock::new(ArrivalTime::default());
        assert!(is_over(&mut clock.wait(Duration::ZERO)).await);
    }

    #[test]
    fn the_wall_shows_a_date_of_our_days_and_the_steady_time_only_grows() {
        let clock = WallClock::new();
        let (first, second) = (clock.steady(), clock.steady());
        assert!(second >= first);
        let year_2024 = ArrivalTime::from_millis(1_704_067_200_000);
        assert!(clock.now() > year_2024, "{:?}", clock.now());
    }
}
