//! What a brand's windows should hold, learned from its last eight weeks, hour by hour.
//!
//! Expected volume = level × hour of the day × weekday or day off × trend. Every hour is clipped at what
//! is usual before anything is learned from it, so a campaign or a crisis hides no second one and needs no
//! mask; every factor is shrunk towards 1 by how little there is to know it by, so the first hours of a
//! brand are judged by its prior, its first day by its level, and a month by all of it. What is not known
//! stands in [`Baseline::doubt`], and the judge reckons with it.

use tocsin_model::{ArrivalTime, Counts, Delays, History, Hour};

use crate::Habits;

pub(crate) use peaks::Peaks;

mod fit; // weeks to factors
mod lag; // what is still on its way
mod peaks; // the greatest hour of a day
mod span; // factors to the volume of a window

/// Hours before the one learned for whose windows it knows what to expect, and after it.
const HOURS_BEFORE: i64 = 26;
const HOURS_AFTER: i64 = 2;
const HOURS: usize = (HOURS_BEFORE + 1 + HOURS_AFTER) as usize;

/// Standard deviations to both sides within which nineteen of twenty lie.
const NINETEEN_OF_TWENTY: f64 = 1.96;

/// What an hour should hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    /// Posts to be heard in it.
    pub expected: f64,
    /// Nineteen of twenty such hours hold at least so many ...
    pub low: f64,
    /// ... and at most so many.
    pub high: f64,
}

/// What a brand's windows should hold, as of one hour. A function of the history and the habits alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// The hour of the first of `rates`.
    first_hour: Hour,
    /// Posts to be heard in each hour.
    rates: [f64; HOURS],
    /// The first hour that was not learned from.
    learned_until: Hour,
    /// How late its posts come.
    delays: Delays,
    /// So long may nothing come without meaning anything, in minutes.
    pub(crate) gap_minutes: f64,
    /// Hours learned from.
    pub(crate) hours: f64,
    /// Variance of the whole expectation relative to its square: how little is known of it.
    pub(crate) doubt: f64,
    /// How many times as restless as other brands it is: what its hours vary beyond Poisson.
    pub(crate) unrest: f64,
    /// What turns sums of probabilities into counts.
    pub(crate) reading: Reading,
    /// The share of surely negative posts, see [`Reading`].
    pub(crate) share: f64,
    /// So many posts are as good a reason for that share as what was learned.
    pub(crate) share_posts: f64,
    /// The part of what is heard that passes on another post.
    pub(crate) repost_share: f64,
    /// In clumps of how many posts the negative ones come.
    pub(crate) clump: f64,
    /// Variance of the share from time to time, relative to its square.
    pub(crate) share_unrest: f64,
    /// Likes, reposts and comments gained in a day's greatest hour.
    pub(crate) acts: Peaks,
    /// The same of one post.
    pub(crate) top_gain: Peaks,
}

/// What turns a sum of probabilities into a count.
///
/// Of a post that is negative with probability p, w = (p - c) / (1 - c) is taken, where c is what every post
/// of the brand has of it. With q the mean of p, m its mean square and c = (q - m) / (1 - q), mean and mean
/// square of w are equal, as those of a yes or no are. So a sum of w has the variance of a count, it is
/// uncorrelated with the rest N - sum as the two parts of a Poisson count are, and no post adds more than 1 to
/// it, so its tail is no heavier than a count's. A sure reading has c = 0; for one that says 0.5 of everything
/// there is nothing left to count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Reading {
    /// c, 0 to 1.
    pub(crate) doubtful: f64,
}

impl Reading {
    /// From the mean and the mean square of the probabilities.
    fn of(mean: f64, square: f64) -> Reading {
        Reading { doubtful: ((mean - square) / (1.0 - mean)).clamp(0.0, 0.9) }
    }
    /// How many sure ones a sum of probabilities over so many posts is worth.
    pub(crate) fn sure(self, sum: f64, posts: f64) -> f64 {
        (sum - self.doubtful * posts) / (1.0 - self.doubtful)
    }
    /// The contrary.
    pub(crate) fn sum(self, sure: f64, posts: f64) -> f64 {
        sure * (1.0 - self.doubtful) + self.doubtful * posts
    }
}

impl Baseline {
    /// From a subject's past; what happened in its last hours can wait, but should then be left out of it
    /// ([`History::settled`]).
    pub fn learn(history: &History, habits: &Habits) -> Baseline {
        fit::learn(history, habits)
    }

    /// What an hour near the one learned for should hold, for people to look at.
    pub fn usual(&self, hour: Hour) -> Usual {
        let expected = self.expected(hour.0 as f64 * 60.0, (hour.0 + 1) as f64 * 60.0);
        let phi = window_phi(60.0) * self.unrest + self.doubt;
        let reach = NINETEEN_OF_TWENTY * (expected + phi * expected * expected).sqrt();
        Usual { expected, low: (expected - reach).max(0.0), high: expected + reach }
    }

    /// Posts that should be heard from one moment to another, in minutes since 1970.
    pub(crate) fn expected(&self, from: f64, until: f64) -> f64 {
        span::volume(self.first_hour, &self.rates, from, until)
    }

    /// Of the posts of the last so many minutes this part has come by now, 0 to 1.
    pub(crate) fn come_by_now(&self, minutes: f64) -> f64 {
        1.0 - lag::on_the_way(&self.delays, minutes) / minutes
    }

    /// The same as [`Baseline::expected`], held low: whether an hour's posts come with its first minute is not known, so between a
    /// quiet hour and a busy one the quieter word counts.
    pub(crate) fn expected_at_least(&self, from: f64, until: f64) -> f64 {
        span::volume(self.first_hour, &self.rates, from, until).min(span::steps(
            self.first_hour,
            &self.rates,
            from,
            until,
        ))
    }

    /// Posts in an hour, over a day.
    pub(crate) fn rate(&self) -> f64 {
        self.rates[..24].iter().sum::<f64>() / 24.0
    }

    /// What is known of the brand's level and share once what it did since is added, up to an hour ago.
    pub(crate) fn with_recent(&self, recent: &Recent) -> Level {
        // Gamma-Poisson update of the level, and beta-binomial of the share (Gelman et al., Bayesian Data
        // Analysis, 2.4 and 2.6). Hours vary beyond Poisson, so they tell less than their posts do.
        let tells = 1.0 / (1.0 + HOURLY_PHI * self.unrest * recent.expected);
        let prior = 1.0 / self.doubt;
        let known = prior + recent.expected * tells;
        let share_known = self.share_posts + recent.heard;
        let sure = self.reading.sure(recent.negative, recent.heard).max(0.0);
        let share = (self.share * self.share_posts + sure) / share_known;
        Level {
            times: (prior + recent.heard * tells) / known,
            doubt: 1.0 / known,
            share,
            share_doubt: self.share_unrest + (1.0 - share) / (share * share_known),
            share_posts: share_known,
        }
    }

    /// The first hour that was not learned from.
    pub(crate) fn learned_until(&self) -> Hour {
        self.learned_until
    }
}

/// What was heard between what was learned and the last hour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Recent {
    /// Posts expected.
    pub(crate) expected: f64,
    /// Posts heard.
    pub(crate) heard: f64,
    /// Negative posts among them.
    pub(crate) negative: f64,
}

/// What a brand is like at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level {
    /// Times the baseline's expectation.
    pub(crate) times: f64,
    /// Variance of that, relative to its square.
    pub(crate) doubt: f64,
    /// The share of surely negative posts.
    pub(crate) share: f64,
    /// Variance of that, relative to its square.
    pub(crate) share_doubt: f64,
    /// So many posts it is known by.
    pub(crate) share_posts: f64,
}

/// What an hour varies beyond Poisson, as variance over mean squared, in a brand of the usual kind
/// (measured on synthetic streams, the same from 2 to 120 posts an hour; real ones are learned).
const HOURLY_PHI: f64 = 0.055;

/// What a window of so many minutes varies beyond Poisson, when all is known: measured at 5, 15, 60, 180, 360,
/// 720 and 1440 minutes; between them by the logarithm of the length.
pub(crate) fn window_phi(minutes: f64) -> f64 {
    const TABLE: [(f64, f64); 7] = [
        (5.0, 0.15),
        (15.0, 0.12),
        (60.0, 0.08),
        (180.0, 0.055),
        (360.0, 0.045),
        (720.0, 0.035),
        (1440.0, 0.03),
    ];
    let after = TABLE.iter().position(|(m, _)| *m >= minutes);
    match after {
        Some(0) => TABLE[0].1,
        None => TABLE[TABLE.len() - 1].1,
        Some(i) => {
            let ((m0, p0), (m1, p1)) = (TABLE[i - 1], TABLE[i]);
            p0 + (p1 - p0) * ((minutes / m0).ln() / (m1 / m0).ln())
        }
    }
}

/// Heard posts that pass on another one. Those that add no word are not heard, and nearly all that is not heard is such.
pub(crate) fn reposts_heard(counts: &Counts) -> f64 {
    counts.reposts.saturating_sub(counts.posts.saturating_sub(counts.heard)) as f64
}

/// An hour of history, in posts.
fn posts(counts: &Counts) -> (f64, f64, f64) {
    (counts.heard as f64, counts.negative as f64 / 1000.0, counts.negative_squares as f64 / 1000.0)
}

/// The moment in minutes since 1970.
pub(crate) fn minutes(at: ArrivalTime) -> f64 {
    at.millis() as f64 / 60_000.0
}

#[cfg(test)]
mod tests {}
