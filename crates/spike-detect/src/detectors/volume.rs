//! More posts than there should be: the upper tail of a negative binomial count.
//!
//! A Poisson count whose rate is not quite known: the rate is the baseline's times a gamma factor of mean 1
//! and variance phi. With phi at 0 it is the plain Poisson tail.

use tocsin_model::{Counts, Kind};

use super::{Detector, Finding, Look, Verdict};
use crate::surprise::negative_binomial_tail;

pub(super) const DETECTOR: Detector =
    Detector { kind: Kind::Volume, finds: "more posts than at other times", judge };

/// Fewer posts than this are no crowd, whatever was expected.
const POSTS_MIN: u64 = 3;

fn judge(look: &Look<'_>) -> Verdict {
    look.worst(|minutes, counts| test(look, minutes, counts))
}

fn test(look: &Look<'_>, minutes: u32, counts: &Counts) -> Option<Finding> {
    let expected = look.baseline.expected(minutes);
    let observed = counts.heard as f64;
    if counts.heard < POSTS_MIN || observed <= expected {
        return None;
    }
    let size = 1.0 / look.baseline.phi(minutes, look.rule);
    Some(Finding {
        severity: look.rule.severity_of(observed - expected, expected),
        window_minutes: minutes,
        counts: *counts,
        expected,
        negative_expected: expected * look.baseline.share,
        test: "negative binomial tail of the posts heard",
        log10_p: negative_binomial_tail(observed, expected, size),
        log10_threshold: look.rule.log10_threshold(minutes),
    })
}
