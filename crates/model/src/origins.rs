//! Where the posts of a day came from, and how late.

use crate::{Span, TopList};

/// Sources of a brand (or brands of a source) that are told apart within a day.
const NAMES_MAX: usize = 24;

/// The upper ends of the classes of [`Delays`], in seconds. What comes later still is in a last class of its own.
pub const DELAY_SECONDS: [i64; 11] = [10, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 2_700, 3_600];

/// How many posts came how late after they were made, by class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Delays(pub [u64; DELAY_SECONDS.len() + 1]);

impl Delays {
    /// One post more.
    pub fn insert(&mut self, delay: Span) {
        let class = DELAY_SECONDS.partition_point(|&end| end * 1_000 < delay.millis());
        self.0[class] = self.0[class].saturating_add(1);
    }
    /// Adds others. Associative and commutative.
    pub fn merge(&mut self, other: &Delays) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine = mine.saturating_add(theirs));
    }
    /// How many posts there are.
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, &posts| sum.saturating_add(posts))
    }
    /// The part of the posts that had come so soon, 0 to 1, as if those of a class were spread evenly over it;
    /// 1 of no posts. Of those in the last class nothing is known but that they come after an hour.
    pub fn within(&self, span: Span) -> f64 {
        let total = self.total();
        if total == 0 {
            return 1.0;
        }
        let seconds = span.millis() as f64 / 1_000.0;
        let (mut come, mut start) = (0.0, 0.0);
        for (&posts, &end) in self.0.iter().zip(&DELAY_SECONDS) {
            let end = end as f64;
            come += posts as f64 * ((seconds - start) / (end - start)).clamp(0.0, 1.0);
            start = end;
        }
        come / total as f64
    }
}

/// Where posts came from, and how late, on a day of their arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct Origins {
    /// Of a brand its sources, of a source the brands that it spoke of; weight: posts. Exact up to 24 of them.
    pub names: TopList,
    /// How late posts came that say when they were made.
    pub delays: Delays,
}

impl Default for Origins {
    fn default() -> Origins {
        Origins { names: TopList::new(NAMES_MAX), delays: Delays::default() }
    }
}

impl Origins {
    /// Adds others.
    pub fn merge(&mut self, other: &Origins) {
        self.names.merge(&other.names);
        self.delays.merge(&other.delays);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(seconds: &[i64]) -> Delays {
        let mut delays = Delays::default();
        seconds.iter().for_each(|&s| delays.insert(Span::from_seconds(s)));
        delays
    }

    #[test]
    fn what_has_usually_come_by_now() {
        let polled = delays(&[0, 10, 100, 120, 9_999, 3_000, 700, 800]);
        let within = |seconds| polled.within(Span::from_seconds(seconds));
        assert_eq!(
            [0, 5, 10, 60, 90, 120, 3_600, 90_000].map(within),
            [0.0, 0.125, 0.25, 0.25, 0.375, 0.5, 0.875, 0.875]
        );
        assert_eq!(Delays::default().within(Span::from_seconds(0)), 1.0, "of nothing nothing is missing");
    }

    #[test]
    fn a_post_before_its_time_came_at_once() {
        assert_eq!(delays(&[-50]), delays(&[3]));
    }
}
