//! Likes, reposts and comments running away: of the brand in the last hour, or of one post alone.
//!
//! How many posts gain is nothing like a Poisson count: one of a thousand gains more than all others together. So
//! an hour is held against the greatest hours of the brand's past days. The logarithm of a day's greatest hour
//! lies about a median u, and above that falls off as an exponential with scale s (the peaks over a threshold
//! of Pickands 1975, in logarithms):
//!
//! ```text
//! P(a day has an hour of x or more) = exp(-(ln(1 + x) - u) / s) / 2
//! ```
//!
//! Where the one post leans against the brand it is a complaint that everybody reads, and rings, though nobody else
//! may have said a word yet.

use tocsin_model::{CROWD_ACTS, Evidence, Kind, Severity};

use super::{Detector, Finding, Look, SHORT_MINUTES, Test, Window};
use crate::Rule;
use crate::baseline::Peaks;
use crate::evidence::number;
use crate::severity::Excess;

pub(super) const DETECTOR: Detector =
    Detector { kind: Kind::Engagement, finds: "likes, reposts and comments running away", test };

/// The brand's and the greatest post's.
const TESTS: f64 = 2.0;
const DAYS_A_MONTH: f64 = 30.0;

fn test(look: &Look<'_>, window: &Window) -> Option<Finding> {
    if window.minutes != SHORT_MINUTES {
        return None;
    }
    let counts = &window.counts;
    let acts = counts.likes_gained + counts.reposts_gained + counts.comments_gained;
    let of_all = Given { acts: acts as f64, peaks: look.baseline.acts };
    let of_one = Given { acts: counts.top_gain as f64, peaks: look.baseline.top_gain };
    let against = Given { acts: counts.top_gain_against as f64, peaks: look.baseline.top_gain };
    let log10_threshold = Given::log10_threshold(look.rule);
    let complaint = against.is_crowd() && against.log10_p() <= log10_threshold;
    let given = match of_one.log10_p() < of_all.log10_p() {
        _ if complaint => against,
        true => of_one,
        false => of_all,
    };
    if !given.is_crowd() {
        return None;
    }
    let usual = given.peaks.median();
    Some(Finding {
        excess: Excess { posts: given.acts - usual, usual },
        least: if complaint { Severity::Yellow } else { Severity::Blue },
        window_minutes: window.minutes,
        counts: window.counts,
        expected: window.expected,
        negative_expected: look.baseline.reading.sum(window.expected * look.level.share, window.expected),
        log10_p: given.log10_p(),
        log10_threshold,
        test: Test::Engagement(given),
    })
}

/// All that the test is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Given {
    /// Likes, reposts and comments gained in an hour.
    acts: f64,
    /// What is usual.
    peaks: Peaks,
}

impl Given {
    pub(crate) const NAME: &str = "exponential tail of the logarithm of what a day's greatest hour gains";

    pub(crate) fn is_crowd(&self) -> bool {
        self.acts >= CROWD_ACTS as f64 && self.acts > self.peaks.median()
    }

    /// log10 of the probability that a day has an hour of so many or more.
    pub(crate) fn log10_p(&self) -> f64 {
        self.peaks.log10_p(self.acts)
    }

    /// The log10 p at or below which it is abnormal.
    pub(crate) fn log10_threshold(rule: &Rule) -> f64 {
        -(DAYS_A_MONTH * TESTS / rule.false_alarms_per_brand_month.max(1e-12)).log10().max(1.0)
    }

    /// What evidence must say beside the counts.
    pub(crate) fn numbers(&self) -> [(&'static str, f64); 3] {
        [
            ("acts_gained", self.acts),
            ("usual_peak_log", self.peaks.location),
            ("usual_peak_log_scale", self.peaks.scale),
        ]
    }

    /// The contrary; none if a number is missing.
    pub(crate) fn of(evidence: &Evidence) -> Option<Given> {
        let peaks = Peaks {
            location: number(evidence, "usual_peak_log")?,
            scale: number(evidence, "usual_peak_log_scale")?,
        };
        Some(Given { acts: number(evidence, "acts_gained")?, peaks })
    }
}
