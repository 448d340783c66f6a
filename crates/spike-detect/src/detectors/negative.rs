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
//! own negatives away, and a shift at the same volume is still seen. The share itself is not quite known and not
//! quite constant: its relative variance is added to that of the factor. Posts come in clumps, by reposts of
//! reposts: they are counted in those.
//!
//! Whoever passes on a complaint is no second witness: the everyday burst is one complaint and its author's friends.
//! What part of the posts beyond the usual are reposts (with words of their own), that part of the negative ones beyond
//! the usual are echoes; the others are voices. More echoes than the voices explain are counted less, and the less
//! the more there are. In a crisis people speak for themselves as well.
//!
//! No gamma of a brand's own phi foresees a holiday, a campaign or a source that was not heard before. So the prior is
//! a mixture of two gammas (a contaminated prior; Berger and Berliner, Annals of Statistics 1986): the brand's own, and
//! with a small probability that of an [`OCCASION`], whose factor may be nearly anything. An occasion lasts for hours:
//! how probable it is say the posts that were not negative in the two hours before the window, so a burst that has
//! only begun is judged as ever. The tail is the mean of the two, each with its weight.

use std::f64::consts::LN_10;

use tocsin_model::{Evidence, Kind, Severity};

use super::{Detector, Finding, Look, SHORT_MINUTES, Test, Window};
use crate::Rule;
use crate::baseline::{Reading, reposts_heard};
use crate::evidence::number;
use crate::rule::seldomer;
use crate::severity::Excess;
use crate::surprise::{binomial_tail, ln_negative_binomial, negative_binomial_tail};

pub(super) const DETECTOR: Detector =
    Detector { kind: Kind::Negative, finds: "more negative posts than the brand's own share explains", test };

/// Fewer negative posts than this are no crowd, in probabilities added up: two can never be so many.
const NEGATIVE_MIN: f64 = 2.1;
/// The share in the window must be so many times the brand's own.
const SHARE_TIMES: f64 = 1.3;
/// And so unlikely by itself, as log10 p: a busy hour alone is not enough. At -1 benign peaks were called
/// crises, at -2.2 small crises were lost (measured on synthetic streams).
const SHARE_LOG10_P: f64 = -1.5;
/// Of a brand of fewer posts an hour it need not be so unlikely: the fewer, the less.
const SHARE_FEW_AN_HOUR: f64 = 2.0;
/// And so many hours' complaints of this brand must be in the excess, in a short window and in a long one. Where
/// hundreds complain every hour, somebody's friends who pass on what he says are no crisis, however seldom so
/// many come: everyday bursts have tails that no gamma mixture has, and they grow with the brand.
const HOURS_OF_COMPLAINTS: (f64, f64) = (2.0, 3.0);
/// What is added to a count before its tail is asked for: half of the probability of exactly so many is left
/// out (the mid-p value, Lancaster 1961). The whole of it makes tests of small counts err seldomer than they may.
const MID: f64 = 0.5;
/// So many echoes are believed for each voice, ...
const ECHOES_A_VOICE: f64 = 1.5;
/// ... and of those beyond hardly more than so many: it takes e times as many for as many again.
const ECHOES_FREE: f64 = 3.0;
/// How probable it is, before anything was seen, that something goes on which makes more people talk, and what volume
/// varies then, as variance over mean squared.
const OCCASION: (f64, f64) = (0.001, 4.0);
/// By how many hours before the window an occasion is known.
const OCCASION_HOURS: i64 = 2;
/// The own share is held possible this many standard errors above what was found.
const DOUBT_DEVIATIONS: f64 = 0.5;

fn test(look: &Look<'_>, window: &Window) -> Option<Finding> {
    let given = Given {
        heard: window.counts.heard as f64,
        sum: window.counts.negative as f64 / 1000.0,
        expected: window.expected,
        phi: window.phi,
        reposts: reposts_heard(&window.counts),
        repost_share: look.baseline.repost_share,
        reading: look.baseline.reading,
        share: look.level.share,
        share_posts: look.level.share_posts,
        share_doubt: look.level.share_doubt,
        clump: look.baseline.clump,
        occasion: occasion(look, window),
        posts_an_hour: look.baseline.rate(),
        excess_hours: excess_hours(window.minutes),
    };
    if !given.is_crowd() {
        return None;
    }
    let (negative, usual) = (given.negative(), given.usual());
    Some(Finding {
        excess: Excess { posts: negative - usual, usual },
        least: Severity::Blue,
        window_minutes: window.minutes,
        counts: window.counts,
        expected: window.expected,
        negative_expected: given.reading.sum(usual, usual + given.others()),
        log10_p: given.log10_p(),
        log10_threshold: given.log10_threshold(look.rule, window.minutes),
        test: Test::Negative(given),
    })
}

/// How probable it is that an occasion has gone on since before a window. No more posts than expected make none.
fn occasion(look: &Look<'_>, window: &Window) -> f64 {
    let (counts, expected) = look.hours_before(window, OCCASION_HOURS);
    let (heard, sum) = (counts.heard as f64, counts.negative as f64 / 1000.0);
    let others = heard - look.baseline.reading.sure(sum, heard);
    let (expected, own_phi) = (expected * (1.0 - look.level.share), look.phi(60.0 * OCCASION_HOURS as f64));
    if others <= expected || expected <= 0.0 || own_phi >= OCCASION.1 {
        return 0.0;
    }
    let clump = look.baseline.clump;
    let ln_of = |phi: f64| ln_negative_binomial(others / clump, expected / clump, 1.0 / phi);
    let odds = OCCASION.0 / (1.0 - OCCASION.0) * (ln_of(OCCASION.1) - ln_of(own_phi)).exp();
    1.0 - 1.0 / (1.0 + odds)
}

/// How many hours' complaints the excess must hold in a window.
fn excess_hours(window_minutes: u32) -> f64 {
    let (short, long) = HOURS_OF_COMPLAINTS;
    if window_minutes <= SHORT_MINUTES { short } else { long }
}

/// All that the test is given, in posts unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Given {
    /// Heard in the window.
    heard: f64,
    /// Probabilities of negative among them, added up.
    sum: f64,
    /// To be heard in it.
    expected: f64,
    /// What the volume varies beyond Poisson, as variance over mean squared.
    phi: f64,
    /// Those of the heard that pass on another post, ...
    reposts: f64,
    /// ... and the brand's own part of them.
    repost_share: f64,
    reading: Reading,
    /// The brand's own share of surely negative posts, ...
    share: f64,
    /// ... how many posts it is known by, ...
    share_posts: f64,
    /// ... and its variance relative to its square.
    share_doubt: f64,
    /// In clumps of how many they come.
    clump: f64,
    /// How probable it is that an occasion has gone on since before the window.
    occasion: f64,
    /// The brand's, over a day.
    posts_an_hour: f64,
    /// So many hours' complaints must be in the excess.
    excess_hours: f64,
}

impl Given {
    pub(crate) const NAME: &str = "negative binomial tail of the negatives, given the other posts";

    /// Surely negative posts in the window, as many of them as tell of something.
    fn negative(&self) -> f64 {
        self.sure() - self.echoed()
    }

    /// Surely negative posts in the window.
    fn sure(&self) -> f64 {
        self.reading.sure(self.sum, self.heard)
    }

    /// So many of them only echo what others said.
    fn echoed(&self) -> f64 {
        let more = (self.heard - self.expected).max(0.0);
        let more_reposts = (self.reposts - self.repost_share * self.expected).clamp(0.0, more);
        let more_negative = (self.sure() - self.share * self.expected).max(0.0);
        if more_reposts == 0.0 {
            return 0.0;
        }
        let echoes = (more_negative * more_reposts / more).min(more_reposts);
        let own = self.repost_share.min(0.95);
        let each = ECHOES_A_VOICE.max(2.0 * own / (1.0 - own));
        let beyond = (echoes - each * (more_negative - echoes)).max(0.0);
        beyond - ECHOES_FREE * (beyond / ECHOES_FREE).ln_1p()
    }

    /// How many surely negative posts are usual beside the others.
    fn usual(&self) -> f64 {
        (1.0 - self.occasion) * self.usual_at(self.phi) + self.occasion * self.usual_at(OCCASION.1)
    }

    /// The same, were that what the volume varies.
    fn usual_at(&self, phi: f64) -> f64 {
        let prior = 1.0 / phi;
        self.share * self.expected * (prior + self.others()) / (prior + self.expected * (1.0 - self.share))
    }

    /// Heard, and not negative.
    fn others(&self) -> f64 {
        self.heard - self.sure()
    }

    /// Whether they are so many, and so much more than usual, that it is worth asking how unlikely that is.
    pub(crate) fn is_crowd(&self) -> bool {
        let (negative, heard) = (self.negative(), self.heard - self.echoed());
        let deviation = (self.share * (1.0 - self.share) / self.share_posts).sqrt();
        let possible = (self.share + DOUBT_DEVIATIONS * deviation).min(0.95);
        self.sum >= NEGATIVE_MIN
            && negative > SHARE_TIMES * self.share * heard
            && negative - self.usual() >= self.excess_hours * self.share * self.posts_an_hour
            && binomial_tail((negative + MID).min(heard), heard, possible) <= self.share_log10_p()
    }

    /// The log10 p at or below which the share by itself is unlikely.
    fn share_log10_p(&self) -> f64 {
        SHARE_LOG10_P + seldomer(self.posts_an_hour, SHARE_FEW_AN_HOUR)
    }

    /// The log10 p at or below which they are abnormal in a window of so many minutes. A brand that is hardly known may be
    /// a great one: E(x²)/E(x) of what the volume may be stands for it.
    pub(crate) fn log10_threshold(&self, rule: &Rule, window_minutes: u32) -> f64 {
        rule.log10_threshold_at(window_minutes, self.posts_an_hour * (1.0 + self.phi))
    }

    /// log10 of the probability of so many or more.
    pub(crate) fn log10_p(&self) -> f64 {
        let part = |weight: f64, phi: f64| weight.log10() + self.log10_p_at(phi);
        let (a, b) = (part(1.0 - self.occasion, self.phi), part(self.occasion, OCCASION.1));
        // Added up from the greater one down: both may be too small to be told from nothing.
        let (more, less) = (a.max(b), a.min(b));
        if more == f64::NEG_INFINITY { more } else { more + 10f64.powf(less - more).ln_1p() / LN_10 }
    }

    /// The same, were that what the volume varies.
    fn log10_p_at(&self, phi: f64) -> f64 {
        let size = 1.0 / (1.0 / (1.0 / phi + self.others() / self.clump) + self.share_doubt);
        negative_binomial_tail(self.negative() / self.clump + MID, self.usual_at(phi) / self.clump, size)
    }

    /// What evidence must say beside the counts.
    pub(crate) fn numbers(&self) -> [(&'static str, f64); 11] {
        [
            ("volume_phi", self.phi),
            ("reposts_heard", self.reposts),
            ("own_repost_share", self.repost_share),
            ("echoes_left_out", self.echoed()),
            ("doubtful_probability", self.reading.doubtful),
            ("own_share", self.share),
            ("own_share_posts", self.share_posts),
            ("own_share_variance", self.share_doubt),
            ("clump_posts", self.clump),
            ("occasion_probability", self.occasion),
            ("posts_an_hour", self.posts_an_hour),
        ]
    }

    /// The contrary; none if a number is missing.
    pub(crate) fn of(evidence: &Evidence) -> Option<Given> {
        Some(Given {
            heard: evidence.observed as f64,
            sum: evidence.negative as f64 / 1000.0,
            expected: evidence.expected,
            phi: number(evidence, "volume_phi")?,
            // Evidence of an older program says nothing of reposts.
            reposts: number(evidence, "reposts_heard").unwrap_or_default(),
            repost_share: number(evidence, "own_repost_share").unwrap_or_default(),
            reading: Reading { doubtful: number(evidence, "doubtful_probability")? },
            share: number(evidence, "own_share")?,
            share_posts: number(evidence, "own_share_posts")?,
            share_doubt: number(evidence, "own_share_variance")?,
            clump: number(evidence, "clump_posts")?,
            occasion: number(evidence, "occasion_probability")?,
            posts_an_hour: number(evidence, "posts_an_hour")?,
            excess_hours: excess_hours(evidence.window_minutes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour of a brand of which one post in ten complains: so many heard, and so many of them surely negative.
    fn hour(expected: f64, heard: f64, negative: f64, occasion: f64) -> Given {
        Given {
            heard,
            sum: negative,
            expected,
            phi: 0.08,
            reposts: 0.0,
            repost_share: 0.2,
            reading: Reading::default(),
            share: 0.1,
            share_posts: 4_000.0,
            share_doubt: 0.01,
            clump: 1.0,
            occasion,
            posts_an_hour: 20.0,
            excess_hours: 2.0,
        }
    }

    #[test]
    fn on_an_occasion_the_share_alone_tells() {
        // A night of a holiday: sixteen times as many posts, and twice as many in a hundred are negative.
        let (ordinary, holiday) = (hour(2.4, 40.0, 8.0, 0.0), hour(2.4, 40.0, 8.0, 0.999_999));
        assert!(ordinary.log10_p() < -5.0, "{}", ordinary.log10_p());
        assert!(holiday.log10_p() > -3.0, "{}", holiday.log10_p());
        assert!(holiday.usual() > 0.85 * 32.0 / 9.0, "{}", holiday.usual());
        // A crisis in it is unlikely all the same.
        assert!(hour(2.4, 40.0, 24.0, 0.999_999).log10_p() < -6.0);
    }

    #[test]
    fn near_the_threshold_a_small_doubt_of_an_occasion_changes_hardly_anything() {
        for (expected, others, negative) in [(0.2, 0.0, 3.0), (2.4, 3.0, 6.0), (20.0, 30.0, 14.0)] {
            let p = |occasion| hour(expected, others + negative, negative, occasion).log10_p();
            let (plain, mixed) = (p(0.0), p(0.001));
            assert!((-8.0..-4.0).contains(&plain) && mixed - plain < 0.3, "{expected}: {plain} {mixed}");
        }
    }

    /// An hour with so many complaints more than usual, of which so many pass on another post.
    fn complained(more: f64, reposts: f64) -> Given {
        Given { reposts: 4.0 + reposts, ..hour(20.0, 20.0 + more, 2.0 + more, 0.0) }
    }

    #[test]
    fn one_complaint_that_many_pass_on_is_not_as_many_complaints() {
        let (voices, burst) = (complained(20.0, 0.0), complained(20.0, 20.0));
        assert!(voices.log10_p() < -8.0, "{}", voices.log10_p());
        assert!(burst.log10_p() > -5.0, "{}", burst.log10_p());
        // Where thousands do it, it is no everyday burst any more.
        assert!(complained(4_000.0, 4_000.0).log10_p() < -8.0);
    }

    #[test]
    fn echoes_of_many_voices_are_believed() {
        let crisis = complained(20.0, 12.0);
        assert_eq!((crisis.echoed(), crisis.negative()), (0.0, 22.0));
    }

    #[test]
    fn more_complaints_are_never_fewer() {
        let negative = |all: u32, reposts: u32| complained(f64::from(all), f64::from(reposts)).negative();
        for (all, reposts) in (0..60).flat_map(|all| (0..=all).map(move |reposts| (all, reposts))) {
            let one_less = negative(all, reposts);
            assert!(negative(all + 1, reposts + 1) >= one_less, "passed on: {reposts} of {all}");
            assert!(negative(all + 1, reposts) >= one_less, "said: {reposts} of {all}");
        }
    }

    #[test]
    fn what_cannot_be_expected_at_all_is_no_riddle() {
        assert_eq!(hour(0.0, 5.0, 5.0, 0.5).log10_p(), f64::NEG_INFINITY);
    }
}
