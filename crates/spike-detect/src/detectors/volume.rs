//! More posts than there should be: the upper tail of a negative binomial count.
//!
//! A Poisson count whose rate is not quite known: the rate is the baseline's times a gamma factor of mean 1
//! and variance phi. With phi at 0 it is the plain Poisson tail.

use tocsin_model::{Evidence, Kind, Severity};

use super::{Detector, Finding, Look, Test, Window};
use crate::evidence::number;
use crate::severity::Excess;
use crate::surprise::negative_binomial_tail;

pub(super) const DETECTOR: Detector =
    Detector { kind: Kind::Volume, finds: "more posts than at this hour of other days", test };

/// Fewer posts than this are no crowd, whatever was expected.
const POSTS_MIN: f64 = 3.0;

fn test(look: &Look<'_>, window: &Window) -> Option<Finding> {
    let given = Given { heard: window.counts.heard as f64, expected: window.expected, phi: window.phi };
    if !given.is_crowd() {
        return None;
    }
    Some(Finding {
        excess: Excess { posts: given.heard - given.expected, usual: given.expected },
        least: Severity::Blue,
        window_minutes: window.minutes,
        counts: window.counts,
        expected: window.expected,
        negative_expected: look.baseline.reading.sum(window.expected * look.level.share, window.expected),
        log10_p: given.log10_p(),
        log10_threshold: look.rule.log10_threshold(window.minutes),
        test: Test::Volume(given),
    })
}

/// All that the test is given, in posts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Given {
    heard: f64,
    expected: f64,
    /// What the volume varies beyond Poisson, as variance over mean squared.
    phi: f64,
}

impl Given {
    pub(crate) const NAME: &str = "negative binomial tail of the posts heard";

    pub(crate) fn is_crowd(&self) -> bool {
        self.heard >= POSTS_MIN && self.heard > self.expected
    }

    /// log10 of the probability of so many or more.
    pub(crate) fn log10_p(&self) -> f64 {
        negative_binomial_tail(self.heard, self.expected, 1.0 / self.phi)
    }

    /// What evidence must say beside the counts.
    pub(crate) fn numbers(&self) -> [(&'static str, f64); 1] {
        [("volume_phi", self.phi)]
    }

    /// The contrary; none if a number is missing.
    pub(crate) fn of(evidence: &Evidence) -> Option<Given> {
        let phi = number(evidence, "volume_phi")?;
        Some(Given { heard: evidence.observed as f64, expected: evidence.expected, phi })
    }
}
