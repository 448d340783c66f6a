//! More posts to come than there should be: the next hour, by the low end of its forecast.
//!
//! Early, and never worse than blue by itself: where nine times in ten the next hour will hold more than it should, it
//! is said before it does. How the forecast is made: [`crate::forecast`].

use tocsin_model::{Evidence, Kind, Severity};

use super::{Detector, Finding, Look, SHORT_MINUTES, Test, Window};
use crate::baseline::{minutes, window_phi};
use crate::evidence::number;
use crate::forecast::forecast;
use crate::severity::Excess;
use crate::surprise::negative_binomial_tail;

pub(super) const DETECTOR: Detector =
    Detector { kind: Kind::Forecast, finds: "more posts to come in the next hour than it should hold", test };

const HOUR_MINUTES: f64 = 60.0;

fn test(look: &Look<'_>, window: &Window) -> Option<Finding> {
    if window.minutes != SHORT_MINUTES || window.counts.heard == 0 {
        return None;
    }
    let given = Given::at(look);
    if !given.is_crowd() {
        return None;
    }
    Some(Finding {
        excess: Excess { posts: given.at_least - given.usual, usual: given.usual },
        least: Severity::Blue,
        window_minutes: window.minutes,
        counts: window.counts,
        expected: window.expected,
        negative_expected: look.baseline.reading.sum(window.expected * look.level.share, window.expected),
        log10_p: given.log10_p(),
        log10_threshold: look.rule.log10_threshold(window.minutes),
        test: Test::Forecast(given),
    })
}

/// All that the test is given, in posts of the hour from now on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Given {
    /// Nine times in ten there will be at least so many.
    at_least: f64,
    /// So many should be in it.
    usual: f64,
    /// What the volume varies beyond Poisson, as variance over mean squared.
    phi: f64,
}

impl Given {
    pub(crate) const NAME: &str = "negative binomial tail of the fewest posts to come in the next hour";

    fn at(look: &Look<'_>) -> Given {
        let now = minutes(look.view.now);
        let usual = look.level.times * look.baseline.expected(now, now + HOUR_MINUTES);
        // Only the hour from now on is asked for.
        let to_come = forecast(look.by_minute().as_minutes(), [usual, usual]).plus_1h;
        let phi = window_phi(HOUR_MINUTES) * look.baseline.unrest + look.level.doubt;
        Given { at_least: usual + to_come.low, usual, phi }
    }

    pub(crate) fn is_crowd(&self) -> bool {
        self.at_least > self.usual
    }

    /// log10 of the probability of so many or more, were all ordinary.
    pub(crate) fn log10_p(&self) -> f64 {
        negative_binomial_tail(self.at_least, self.usual, 1.0 / self.phi)
    }

    /// What evidence must say beside the counts.
    pub(crate) fn numbers(&self) -> [(&'static str, f64); 3] {
        [("next_hour_at_least", self.at_least), ("next_hour_usual", self.usual), ("volume_phi", self.phi)]
    }

    /// The contrary; none if a number is missing.
    pub(crate) fn of(evidence: &Evidence) -> Option<Given> {
        Some(Given {
            at_least: number(evidence, "next_hour_at_least")?,
            usual: number(evidence, "next_hour_usual")?,
            phi: number(evidence, "volume_phi")?,
        })
    }
}
