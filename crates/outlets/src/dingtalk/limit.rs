//! At most 20 messages in any minute, as DingTalk counts them.

use std::collections::VecDeque;
use std::time::Duration;

/// Messages that DingTalk takes from a robot in a minute; one that sends more is locked out for ten.
pub(super) const MESSAGES_MAX: usize = 20;
/// A minute, and what the way may take off it: of two messages sent a minute apart the first may dawdle.
const WINDOW: Duration = Duration::from_secs(62);

/// When the last messages were sent, by the steady clock.
#[derive(Debug, Default)]
pub(super) struct Limit {
    sent: VecDeque<Duration>,
    held_until: Duration,
}

impl Limit {
    /// Nothing was sent yet.
    pub(super) fn new() -> Limit {
        Limit::default()
    }

    /// Takes a turn now, or says how long to wait for one.
    pub(super) fn take(&mut self, now: Duration) -> Result<(), Duration> {
        while self.sent.front().is_some_and(|&oldest| oldest + WINDOW <= now) {
            self.sent.pop_front();
        }
        let free_at = match self.sent.front() {
            Some(&oldest) if self.sent.len() >= MESSAGES_MAX => oldest + WINDOW,
            _ => Duration::ZERO,
        };
        let turn = free_at.max(self.held_until);
        if turn > now {
            return Err(turn - now);
        }
        self.sent.push_back(now);
        Ok(())
    }

    /// No turn before `until`.
    pub(super) fn hold(&mut self, until: Duration) {
        self.held_until = self.held_until.max(until);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_pause_that_was_asked_for_is_kept() {
        let mut limit = Limit::new();
        limit.hold(MINUTE);
        limit.hold(Duration::from_secs(5));
        assert_eq!(limit.take(Duration::from_secs(20)), Err(Duration::from_secs(40)));
        assert_eq!(limit.take(MINUTE), Ok(()));
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_twenty_and_the_wait_is_exact(steps in prop::collection::vec(0u64..9_000, 0..200)) {
            let mut limit = Limit::new();
            let (mut now, mut sent) = (Duration::ZERO, Vec::new());
            for step in steps {
                now += Duration::from_millis(step);
                if let Err(after) = limit.take(now) {
                    now += after;
                    prop_assert_eq!(limit.take(now), Ok(()));
                }
                sent.push(now);
            }
            for from in &sent {
                let within = sent.iter().filter(|at| *at >= from && **at < *from + MINUTE).count();
                prop_assert!(within <= MESSAGES_MAX);
            }
            prop_assert!(limit.sent.len() <= MESSAGES_MAX);
        }
    }
}
