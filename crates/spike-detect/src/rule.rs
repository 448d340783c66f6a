//! What the operator can set, and what follows from it.

use std::sync::Arc;

use crate::detectors::WINDOWS;
use crate::severity::Severities;
use crate::watch::Watch;

/// So many times more often than once in its length, as log10, a window gets the chance to err.
const LOOKED_AT_ALL_THE_TIME: f64 = 0.133;
/// Below so many posts an hour the negative posts of a brand err more seldom than that, because windows change with each post
/// and not with the time, ...
const FEW_AN_HOUR: f64 = 10.0;
/// ... by so many powers of ten for each power of ten in posts.
const SELDOMER: f64 = 0.8;

/// What decides whether a window is abnormal, and how bad that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// False alarms that a brand may give in a month, all windows of a detector together. (More posts alone
    /// ring nobody, so these are those of `negative`.) A source may go silent as often without reason.
    pub false_alarms_per_brand_month: f64,
    /// For how many minutes there must be no signal before a kind is cleared.
    pub calm_minutes: i64,
    /// From when on it is how bad.
    pub severity: Severities,
    /// What few posts are enough for.
    pub watch: Arc<Watch>,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule {
            false_alarms_per_brand_month: 0.5,
            calm_minutes: 10,
            severity: Severities::default(),
            watch: Arc::default(),
        }
    }
}

impl Rule {
    /// The log10 p at or below which a window of so many minutes is abnormal.
    ///
    /// A month has 43,200 / w windows that do not overlap, and each of the tests may err its part of the
    /// accepted false alarms. That a window is looked at all the time and not only when it is full
    /// makes it err more often; that counts are whole and probabilities are not certain makes it err less often.
    /// On quiet streams from 20 posts an hour on it comes to [`LOOKED_AT_ALL_THE_TIME`] (docs/detection.md, calibration).
    pub(crate) fn log10_threshold(&self, window_minutes: u32) -> f64 {
        self.log10_threshold_at(window_minutes, FEW_AN_HOUR)
    }

    /// The same, for the negative posts of a brand of so many posts an hour.
    pub(crate) fn log10_threshold_at(&self, window_minutes: u32, posts_an_hour: f64) -> f64 {
        const MINUTES_A_MONTH: f64 = 43_200.0;
        let windows = MINUTES_A_MONTH / f64::from(window_minutes);
        let budget = self.false_alarms_per_brand_month.max(1e-12) / WINDOWS.len() as f64;
        let seldomer = seldomer(posts_an_hour, FEW_AN_HOUR);
        // However many false alarms are accepted, a coin that falls once in thirty is no alarm.
        -(windows.log10() - budget.log10() + LOOKED_AT_ALL_THE_TIME - seldomer).max(1.5)
    }
}

/// By how many powers of ten the negative posts of a brand err more seldom than those of one that has `few` posts an hour.
pub(crate) fn seldomer(posts_an_hour: f64, few: f64) -> f64 {
    SELDOMER * (few / posts_an_hour).log10().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_follow_from_the_false_alarms_accepted() {
        let of = |b, window| {
            let rule = Rule { false_alarms_per_brand_month: b, ..Rule::default() };
            (rule.log10_threshold(window) * 100.0).round() / 100.0
        };
        assert_eq!([of(0.5, 5), of(0.5, 60), of(0.5, 720)], [-5.22, -4.14, -3.06]);
        assert_eq!(of(0.05, 60), -5.14, "a tenth of the alarms: one decade");
        let at = |posts_an_hour| Rule::default().log10_threshold_at(60, posts_an_hour);
        assert!((at(1.0) - at(10.0) - SELDOMER).abs() < 1e-9, "a tenth of the posts");
        assert_eq!((at(1_000.0), at(0.0)), (at(10.0), -1.5));
    }
}
