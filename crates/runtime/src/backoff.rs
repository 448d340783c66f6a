//! How long to wait between tries: the one curve for everybody.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tocsin_flow::Backoff;

/// The first wait. Most faults of a peer on the same machine are over by then.
const FIRST: Duration = Duration::from_millis(100);
/// No wait is longer. A peer that comes back is noticed within this.
const LONGEST: Duration = Duration::from_secs(30);

/// Waits that double from 100 ms and stop growing at 30 s, without end. Half of each is chance, so that
/// many who lost the same peer do not come back to it at the same moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience {
    seed: Option<u64>,
}

impl Patience {
    /// With chance drawn anew for each series of tries.
    pub fn new() -> Patience {
        Patience::default()
    }

    /// With chance drawn from a seed: for simulations, where the same seed must give the same waits.
    pub fn seeded(seed: u64) -> Patience {
        Patience { seed: Some(seed) }
    }
}

impl Backoff for Patience {
    fn delays(&self) -> Box<dyn Iterator<Item = Duration> + Send> {
        // backon adds up to as much again as jitter, so its own curve runs at half of ours.
        let mut curve = ExponentialBuilder::new()
            .with_min_delay(FIRST / 2)
            .with_max_delay(LONGEST / 2)
            .with_factor(2.0)
            .with_jitter()
            .without_max_times();
        if let Some(seed) = self.seed {
            curve = curve.with_jitter_seed(seed);
        }
        Box::new(curve.build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_30_s_and_never_end() {
        let mut ceiling = FIRST;
        for (n, delay) in Patience::new().delays().take(10_000).enumerate() {
            assert!(delay >= ceiling / 2 && delay <= ceiling, "wait {n} of {delay:?}, at most {ceiling:?}");
            ceiling = (ceiling * 2).min(LONGEST);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_waits() {
        let waits = |seed| Patience::seeded(seed).delays().take(20).collect::<Vec<_>>();
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
    }
}
