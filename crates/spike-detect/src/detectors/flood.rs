//! A coordinated flood: half of what is said is copied, and what is said is negative.
//!
//! Copies are posts with words of their own that somebody else had put in just the same way (by
//! fingerprint): those heard in the last hours less the different texts among them. In everyday life up to a third
//! of the posts of a busy brand are, so it takes half, and more than chance makes of a third. Many copies alone are
//! a lottery or a fan club; with more negative posts than usual they are somebody's plan.

use tocsin_model::{Evidence, Severity, View};

use super::{Finding, Test, Verdict};
use crate::evidence::number;
use crate::severity::Excess;
use crate::surprise::binomial_tail;

/// Fewer copies are no flood.
const COPIES_MIN: f64 = 10.0;
/// And at least such a part of the posts must be copies.
const SHARE: f64 = 0.5;
/// What part may be copies without meaning anything.
const SHARE_USUAL: f64 = 0.33;
/// As much beyond chance as the rarest window is; with the share above it is reached at some thirty posts.
pub(crate) const LOG10_THRESHOLD: f64 = -2.0;

/// Judges the hours of the evidence, once `negative` was found.
pub(crate) fn judge(view: &View, negative: &Finding) -> Verdict {
    let mut texts = tocsin_model::Sketch::default();
    view.details.iter().for_each(|detail| texts.merge(&detail.texts));
    let worded: u64 = view.last_hours(view.details.len()).heard;
    let given = Given { worded: worded as f64, texts: texts.estimate() as f64 };
    let log10_p = given.log10_p();
    if !given.is_crowd() || log10_p > LOG10_THRESHOLD {
        return Verdict::Ordinary { score: 0.0 };
    }
    let usual = SHARE_USUAL * given.worded;
    Verdict::Abnormal(Box::new(Finding {
        excess: Excess { posts: given.copies() - usual, usual },
        least: Severity::Blue,
        log10_p,
        log10_threshold: LOG10_THRESHOLD,
        test: Test::Flood(given),
        ..negative.clone()
    }))
}

/// All that the test is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Given {
    /// Posts with own words in the hours of the evidence.
    worded: f64,
    /// About how many different texts there are among them.
    texts: f64,
}

impl Given {
    pub(crate) const NAME: &str = "binomial tail of the copies among the posts";

    fn copies(&self) -> f64 {
        (self.worded - self.texts).max(0.0)
    }

    pub(crate) fn is_crowd(&self) -> bool {
        self.copies() >= COPIES_MIN && self.copies() >= SHARE * self.worded
    }

    /// log10 of the probability of so many or more.
    pub(crate) fn log10_p(&self) -> f64 {
        binomial_tail(self.copies(), self.worded, SHARE_USUAL)
    }

    /// What evidence must say beside the different texts.
    pub(crate) fn numbers(&self) -> [(&'static str, f64); 1] {
        [("worded_posts_in_3_hours", self.worded)]
    }

    /// The contrary; none if a number is missing.
    pub(crate) fn of(evidence: &Evidence) -> Option<Given> {
        let worded = number(evidence, "worded_posts_in_3_hours")?;
        Some(Given { worded, texts: evidence.distinct_texts as f64 })
    }
}
