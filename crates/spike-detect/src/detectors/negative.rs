//! More negative posts than there should be, given the volume expected and the other posts seen.
//!
//! The volume of a window is the baseline's M times a gamma factor of mean 1 and variance phi. The posts that
//! are not negative tell of that factor: nn of them where M(1 - q) were expected make it a gamma of
//! size 1/phi + nn. So the negatives, with the brand's own share q, are a negative binomial count
//!
//! ```text
//! K ~ NB(mean = q M (1/phi + nn) / (1/phi + M (1 - q)), size = 1/phi + nn)
//! ```
//!
//! (the gamma-Poisson update, Gelman et al., Bayesian Data Analysis, 2.6). With phi at 0 this is a test of
//! volume, without end in phi a test of the share; between them a campaign or a backlog explains its
//! own negatives away, and a shift at the same volume is still seen.

use tocsin_model::{Counts, Kind};

use super::{Detector, Finding, Look, Verdict};
use crate::surprise::{binomial_tail, negative_binomial_tail};

pub(super) const DETECTOR: Detector = Detector {
    kind: Kind::Negative,
    finds: "more negative posts than the brand's own share explains",
    judge,
};

/// Fewer negative posts than this are no crowd.
const NEGATIVE_MIN: f64 = 4.0;
/// The share in the window must be so many times the brand's own.
const SHARE_TIMES: f64 = 1.3;
/// And so unlikely by itself, as log10 p: a busy hour alone is not enough. At -1 benign peaks were called
/// crises, at -2.2 small crises were lost (measured on synthetic streams).
const SHARE_LOG10_P: f64 = -1.5;

fn judge(look: &Look<'_>) -> Verdict {
    look.worst(|minutes, counts| test(look, minutes, counts))
}

fn test(look: &Look<'_>, minutes: u32, counts: &Counts) -> Option<Finding> {
    let baseline = &look.baseline;
    let heard = counts.heard as f64;
    let negative = counts.negative as f64 / 1000.0;
    if negative < NEGATIVE_MIN
        || negative <= SHARE_TIMES * baseline.share * heard
        || binomial_tail(negative, heard, baseline.share_possible) > SHARE_LOG10_P
    {
        return None;
    }
    let expected = baseline.expected(minutes);
    let share = baseline.share_possible;
    let size = 1.0 / baseline.phi(minutes, look.rule) + heard - negative;
    let prior = 1.0 / baseline.phi(minutes, look.rule);
    let negative_expected = share * expected * size / (prior + expected * (1.0 - share));
    // A sum of probabilities varies less than a count; scaled, it varies as one.
    let scale = baseline.scale;
    Some(Finding {
        severity: look.rule.severity_of(negative - negative_expected, negative_expected),
        window_minutes: minutes,
        counts: *counts,
        expected,
        negative_expected,
        test: "negative binomial tail of the negatives, given the other posts",
        log10_p: negative_binomial_tail(scale * negative, scale * negative_expected, size),
        log10_threshold: look.rule.log10_threshold(minutes),
    })
}
