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

use tocsin_model::{Evidence, Kind, Severity};

use super::{Detector, Finding, Look, SHORT_MINUTES, Test, Window};
use crate::baseline::Reading;
use crate::evidence::number;
use crate::severity::Excess;
use crate::surprise::{binomial_tail, negative_binomial_tail};

pub(super) const DETECTOR: Detector =
    Detector { kind: Kind::Negative, finds: "more negative posts than the brand's own share explains", test };

/// Fewer negative posts than this are no crowd, in probabilities added up.
const NEGATIVE_MIN: f64 = 2.4;
/// The share in the window must be so many times the brand's own.
const SHARE_TIMES: f64 = 1.3;
/// And so unlikely by itself, as log10 p: a busy hour alone is not enough. At -1 benign peaks were called
/// crises, at -2.2 small crises were lost (measured on synthetic streams).
const SHARE_LOG10_P: f64 = -1.5;
/// And so many hours' complaints of this brand must be in the excess, in a short window and in a long one. Where
/// hundreds complain every hour, somebody's friends who pass on what he says are no crisis, however seldom so
/// many come: everyday bursts have tails that no gamma mixture has, and they grow with the brand.
const HOURS_OF_COMPLAINTS: (f64, f64) = (2.0, 3.0);
/// What is added to a count before its tail is asked for: half of the probability of exactly so many is left
/// out (the mid-p value, Lancaster 1961). The whole of it makes tests of small counts err seldomer than they may.
const MID: f64 = 0.5;
/// The own share is held possible this many standard errors above what was found.
const DOUBT_DEVIATIONS: f64 = 0.5;

fn test(look: &Look<'_>, window: &Window) -> Option<Finding> {
    let given = Given {
        heard: window.counts.heard as f64,
        sum: window.counts.negative as f64 / 1000.0,
        expected: window.expected,
        phi: window.phi,
        reading: look.baseline.reading,
        share: look.level.share,
        share_posts: look.level.share_posts,
        share_doubt: look.level.share_doubt,
        clump: look.baseline.clump,
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
        negative_expected: given.reading.sum(usual, usual + given.heard - negative),
        log10_p: given.log10_p(),
        log10_threshold: look.rule.log10_threshold(window.minutes),
        test: Test::Negative(given),
    })
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
    reading: Reading,
    /// The brand's own share of surely negative posts, ...
    share: f64,
    /// ... how many posts it is known by, ...
    share_posts: f64,
    /// ... and its variance relative to its square.
    share_doubt: f64,
    /// In clumps of how many they come.
    clump: f64,
    /// The brand's, over a day.
    posts_an_hour: f64,
    /// So many hours' complaints must be in the excess.
    excess_hours: f64,
}

impl Given {
    pub(crate) const NAME: &str = "negative binomial tail of the negatives, given the other posts";

    /// Surely negative posts in the window.
    fn negative(&self) -> f64 {
        self.reading.sure(self.sum, self.heard)
    }

    /// How many surely negative posts are usual beside the others.
    fn usual(&self) -> f64 {
        let (others, prior) = (self.heard - self.negative(), 1.0 / self.phi);
        self.share * self.expected * (prior + others) / (prior + self.expected * (1.0 - self.share))
    }

    /// Whether they are so many, and so much more than usual, that it is worth asking how unlikely that is.
    pub(crate) fn is_crowd(&self) -> bool {
        let negative = self.negative();
        let deviation = (self.share * (1.0 - self.share) / self.share_posts).sqrt();
        let possible = (self.share + DOUBT_DEVIATIONS * deviation).min(0.95);
        self.sum >= NEGATIVE_MIN
            && negative > SHARE_TIMES * self.share * self.heard
            && negative - self.usual() >= self.excess_hours * self.share * self.posts_an_hour
            && binomial_tail((negative + MID).min(self.heard), self.heard, possible) <= SHARE_LOG10_P
    }

    /// log10 of the probability of so many or more.
    pub(crate) fn log10_p(&self) -> f64 {
        let (others, prior) = (self.heard - self.negative(), 1.0 / self.phi);
        let size = 1.0 / (1.0 / (prior + others / self.clump) + self.share_doubt);
        negative_binomial_tail(self.negative() / self.clump + MID, self.usual() / self.clump, size)
    }

    /// What evidence must say beside the counts.
    pub(crate) fn numbers(&self) -> [(&'static str, f64); 7] {
        [
            ("volume_phi", self.phi),
            ("doubtful_probability", self.reading.doubtful),
            ("own_share", self.share),
            ("own_share_posts", self.share_posts),
            ("own_share_variance", self.share_doubt),
            ("clump_posts", self.clump),
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
            reading: Reading { doubtful: number(evidence, "doubtful_probability")? },
            share: number(evidence, "own_share")?,
            share_posts: number(evidence, "own_share_posts")?,
            share_doubt: number(evidence, "own_share_variance")?,
            clump: number(evidence, "clump_posts")?,
            posts_an_hour: number(evidence, "posts_an_hour")?,
            excess_hours: excess_hours(evidence.window_minutes),
        })
    }
}
