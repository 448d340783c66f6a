//! How great the greatest hour of a day is: for what is too uneven to have a mean.

use tocsin_model::{Counts, History};

/// The median of the logarithm of a day's greatest hour, and how it falls off above that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Peaks {
    /// The median of ln(1 + x).
    pub(crate) location: f64,
    /// The mean of what lies above it.
    pub(crate) scale: f64,
}

/// Days from which they are learned.
const DAYS_MAX: usize = 28;
/// What is believed at first: a hundred acts, give or take a factor of two, as if so many days had said so.
const AT_FIRST: Peaks = Peaks { location: 4.6, scale: 0.7 };
const DAYS_AT_FIRST: f64 = 3.0;
/// Days are never held more alike than this.
const SCALE_MIN: f64 = 0.35;

impl Peaks {
    /// From the last days of a history; `of` is what an hour had.
    pub(super) fn learn(history: &History, of: impl Fn(&Counts) -> u64) -> Peaks {
        let days = history.hours.rchunks(24).take(DAYS_MAX).filter(|day| day.len() == 24);
        let mut logs: Vec<f64> =
            days.map(|day| day.iter().map(&of).max().unwrap_or(0)).map(|x| (x as f64).ln_1p()).collect();
        logs.sort_unstable_by(f64::total_cmp);
        let n = logs.len() as f64;
        let median = logs.get(logs.len() / 2).copied().unwrap_or(AT_FIRST.location);
        let location = (AT_FIRST.location * DAYS_AT_FIRST + median * n) / (DAYS_AT_FIRST + n);
        // The greatest day was perhaps the last crisis.
        let above = &logs[logs.len() / 2..logs.len().saturating_sub(1).max(logs.len() / 2)];
        let sum: f64 = above.iter().map(|x| (x - median).max(0.0)).sum();
        let weight = DAYS_AT_FIRST + above.len() as f64;
        let scale = (AT_FIRST.scale * DAYS_AT_FIRST + sum) / weight;
        Peaks { location, scale: scale.max(SCALE_MIN) }
    }

    /// The usual greatest hour of a day.
    pub(crate) fn median(&self) -> f64 {
        self.location.exp_m1()
    }

    /// log10 of the probability that a day has an hour of so much or more.
    pub(crate) fn log10_p(&self, x: f64) -> f64 {
        let above = (x.ln_1p() - self.location) / self.scale;
        (0.5f64.ln() - above.max(0.0)) / std::f64::consts::LN_10
    }
}
