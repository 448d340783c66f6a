//! How often to commit: quick when the brokers are quick, less often when they are not.

use std::time::Duration;

use crate::brokers::Limits;

/// So many quick commits, one after the other, halve the interval.
const QUICK_ENOUGH: u32 = 20;

/// The interval between commits. It doubles when a commit takes longer than half of it, and halves after
/// twenty that took less than a quarter: a fixed interval of 20 ms went to seconds of delay once the machine
/// was busy, because the commits themselves were most of the work. Only the call counts that commits: what comes before
/// it (deliveries, positions) takes some 12 ms on the quickest of brokers, and would double the interval for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    limits: Limits,
    interval: Duration,
    quick: u32,
}

impl Pace {
    pub(crate) fn new(limits: Limits) -> Pace {
        Pace { limits, interval: limits.commit, quick: 0 }
    }

    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    /// A commit took so long.
    pub(crate) fn took(&mut self, took: Duration) {
        if took > self.interval / 2 {
            self.interval = (self.interval * 2).min(self.limits.commit_max);
            self.quick = 0;
        } else if took < self.interval / 4 {
            self.quick += 1;
            if self.quick >= QUICK_ENOUGH {
                self.interval = (self.interval / 2).max(self.limits.commit);
                self.quick = 0;
            }
        } else {
            self.quick = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(took_millis: impl IntoIterator<Item = u64>) -> u64 {
        let mut pace = Pace::new(Limits::default());
        for took in took_millis {
            pace.took(Duration::from_millis(took));
        }
        pace.interval().as_millis() as u64
    }

    #[test]
    fn quick_commits_keep_the_interval_short() {
        assert_eq!(after([1; 100]), 20);
    }

    #[test]
    fn slow_commits_double_it_up_to_half_a_second() {
        assert_eq!(after([11]), 40);
        assert_eq!(after([11, 21]), 80);
        assert_eq!(after([600; 9]), 500);
    }

    #[test]
    fn it_halves_after_twenty_quick_ones_in_a_row() {
        let slow_then = |quick: usize| [11].into_iter().chain(std::iter::repeat_n(1, quick));
        assert_eq!(after(slow_then(19)), 40);
        assert_eq!(after(slow_then(20)), 20);
        assert_eq!(after(slow_then(19).chain([15]).chain([1; 19])), 40, "the row was broken");
    }
}
