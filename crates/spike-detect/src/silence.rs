//! Whether a source has gone silent: nothing came for so long that its own hours do not explain it.
//!
//! The posts that should have come in a gap are e, by the source's own hours of the day: newsrooms sleep at
//! night. Its level at this moment varies as a gamma factor of variance phi, so nothing comes with probability
//!
//! ```text
//! P(none) = (1 + phi e)^(-1/phi)
//! ```
//!
//! (the zero of a negative binomial). Every post begins a gap, so the threshold grows with their number. A
//! source that is asked now and then gives nothing in between: that is read from how late its posts come.

use tocsin_model::{Counts, Evidence, Minute, Severity, View};

use crate::baseline::{Baseline, minutes, window_phi};
use crate::detectors::{Finding, Test, Verdict};
use crate::evidence::number;
use crate::rule::Rule;
use crate::severity::Excess;

/// A shorter gap is none, whatever was expected: restarts, a network that is slow.
const GAP_MINUTES: i64 = 30;
/// A source is not judged before it has been heard for a day: newsrooms sleep at night.
const WARM_UP_MINUTES: i64 = 24 * 60;
/// What the level of one source varies within an hour, at least, as variance over mean squared.
const PHI: f64 = 0.1;
const HOURS_A_MONTH: f64 = 720.0;

pub(crate) fn judge(view: &View, baseline: &Baseline, rule: &Rule) -> Verdict {
    let minutes_left = (WARM_UP_MINUTES - view.age().minutes()).max(0);
    if minutes_left > 0 {
        return Verdict::WarmingUp { minutes_left };
    }
    let from = silent_from(view);
    let gap = view.now.minute().0 - from.0;
    if gap < GAP_MINUTES || (gap as f64) < baseline.gap_minutes {
        return Verdict::Ordinary { score: 0.0 };
    }
    let expected = baseline.expected_at_least(from.0 as f64, minutes(view.now));
    let phi = PHI.max(window_phi(gap as f64) * baseline.unrest) + baseline.doubt;
    let given = Given { expected, phi, posts_an_hour: baseline.rate() };
    let (log10_p, log10_threshold) = (given.log10_p(), given.log10_threshold(rule));
    if log10_p > log10_threshold {
        return Verdict::Ordinary { score: log10_p / log10_threshold };
    }
    Verdict::Abnormal(Box::new(Finding {
        // A brand that is not heard is in danger, but not yet in a crisis.
        excess: Excess::NONE,
        least: Severity::Yellow,
        window_minutes: gap as u32,
        counts: Counts::default(),
        expected,
        negative_expected: 0.0,
        log10_p,
        log10_threshold,
        test: Test::Silence(given),
    }))
}

/// All that the test is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Given {
    /// Posts to come in the gap.
    expected: f64,
    /// What their number varies beyond Poisson, as variance over mean squared.
    phi: f64,
    /// The source's, over a day.
    posts_an_hour: f64,
}

impl Given {
    pub(crate) const NAME: &str = "negative binomial probability of no post from the source";

    /// log10 of the probability that none comes.
    pub(crate) fn log10_p(&self) -> f64 {
        -(self.phi * self.expected).ln_1p() / self.phi / std::f64::consts::LN_10
    }

    /// The log10 p at or below which it is silent.
    pub(crate) fn log10_threshold(&self, rule: &Rule) -> f64 {
        let gaps = (self.posts_an_hour * HOURS_A_MONTH).max(1.0);
        -(gaps / rule.false_alarms_per_brand_month.max(1e-12)).log10().max(2.0)
    }

    /// What evidence must say beside what was expected.
    pub(crate) fn numbers(&self) -> [(&'static str, f64); 2] {
        [("volume_phi", self.phi), ("posts_an_hour", self.posts_an_hour)]
    }

    /// The contrary; none if a number is missing.
    pub(crate) fn of(evidence: &Evidence) -> Option<Given> {
        let (phi, posts_an_hour) = (number(evidence, "volume_phi")?, number(evidence, "posts_an_hour")?);
        Some(Given { expected: evidence.expected, phi, posts_an_hour })
    }
}

/// The first minute after the last post, as far as the view can tell: beyond its minutes it knows hours only,
/// and takes the end of the hour.
fn silent_from(view: &View) -> Minute {
    let first = view.first_minute().0;
    if let Some(place) = view.minutes.iter().rposition(|c| c.posts > 0) {
        return Minute(first + place as i64 + 1);
    }
    let hour = view.hours.iter().rposition(|c| c.posts > 0).map_or(0, |place| place as i64 + 1);
    Minute(((view.first_hour().0 + hour) * 60).min(first))
}

#[cfg(test)]
mod tests {
    use tocsin_model::{ArrivalTime, History, Hour, Kind, MINUTE, Origins, SourceId, Span, State, Subject};

    use super::*;
    use crate::{Habits, Judgement, judge, recompute};

    const DAYS: usize = 21;

    /// A source that gives so many posts in each hour of a day, for three weeks up to midnight; then it is
    /// `after` minutes later, and it gave none.
    fn silent(by_hour: impl Fn(usize) -> u64, late: Span, after: i64) -> Judgement {
        let posts = |n| Counts { posts: n, heard: n, ..Counts::default() };
        let subject = Subject::Source(SourceId::new("weibo").unwrap());
        let end = Hour(480_000);
        let first = Hour(end.0 - 24 * DAYS as i64);
        let now = ArrivalTime::from_millis((end.0 * 60 + after) * 60_000);
        let hours: Vec<Counts> = (0..24 * DAYS).map(|i| posts(by_hour(i % 24))).collect();
        let mut view = View::empty(subject.clone(), now);
        view.first = Some(Minute(first.0 * 60));
        let begin = view.first_hour().0;
        for (place, counts) in view.hours.iter_mut().enumerate() {
            let hour = begin + place as i64;
            if hour < end.0 {
                *counts = hours[(hour - first.0) as usize];
            }
        }
        // Of its last hour, the last minute was the last one with a post.
        let last = end.0 * 60 - 1 - (now.minute().0 - 74);
        if let Ok(place) = usize::try_from(last) {
            view.minutes[place] = posts(1);
        }
        let hours = [hours, vec![Counts::default(); (now.hour().0 - end.0) as usize]].concat();
        let mut origins = Origins::default();
        origins.delays.insert(late);
        let origins = [(first.day(), origins)].into();
        let history = History { subject, now, first: view.first, first_hour: first, hours, origins };
        judge(&view, &Baseline::learn(&history.settled(), &Habits::default()), &Rule::default())
    }

    /// After how many minutes it is told, within ten hours.
    fn told_after(by_hour: impl Fn(usize) -> u64, late: Span) -> Option<i64> {
        (1..600).find(|after| !silent(&by_hour, late, *after).signals.is_empty())
    }

    #[test]
    fn a_busy_source_is_missed_soon_and_a_small_one_late() {
        assert_eq!(told_after(|_| 600, MINUTE), Some(30));
        let minutes = told_after(|_| 20, MINUTE).unwrap();
        assert!((40..90).contains(&minutes), "{minutes}");
        let hours = told_after(|_| 3, MINUTE).unwrap() / 60;
        assert!((4..9).contains(&hours), "{hours}");
    }

    #[test]
    fn a_newsroom_that_sleeps_is_not_silent() {
        let newsroom = |hour| if (8..20).contains(&hour) { 60 } else { 0 };
        assert!(
            told_after(newsroom, MINUTE).is_none_or(|minutes| minutes > 8 * 60),
            "{:?}",
            told_after(newsroom, MINUTE)
        );
    }

    #[test]
    fn a_feed_that_is_asked_twice_a_day_is_not_silent_in_between() {
        assert_eq!(told_after(|hour| if hour % 12 == 11 { 200 } else { 0 }, Span::from_hours(6)), None);
    }

    #[test]
    fn a_feed_that_is_asked_every_half_hour_has_an_hour() {
        assert_eq!(told_after(|_| 600, Span::from_minutes(29)), Some(60));
    }

    #[test]
    fn it_is_of_its_own_kind_and_says_what_was_missed() {
        let judgement = silent(|_| 600, MINUTE, 45);
        let signal = &judgement.signals[0];
        let State::Abnormal { severity, evidence, .. } = &signal.state else { panic!("it is silent") };
        assert_eq!(
            (signal.kind, *severity, evidence.window_minutes, evidence.observed),
            (Kind::Silence, Severity::Yellow, 45, 0)
        );
        assert!((400.0..500.0).contains(&evidence.expected), "{}", evidence.expected);
        let again = recompute(evidence).unwrap();
        assert_eq!((again.log10_p, again.log10_threshold), (evidence.log10_p, evidence.log10_threshold));
        assert!(again.is_abnormal);
    }
}
