//! What a window should hold, from the brand's own last 24 hours.
//!
//! It learns only from what is older than an hour, so no window is judged by itself, and from hours
//! clipped at what is usual, so a crisis does not hide its own second half. One day cannot know
//! weekdays or holidays: that is admitted as [`Rule::restlessness`] in [`Baseline::phi`]. Everything here is of
//! the view, a few hundred nanoseconds.

use tocsin_model::{Minute, VIEW_HOURS, View};

use crate::Rule;

/// A brand is not judged before it has been counted for so long, in minutes.
pub(crate) const WARM_UP_MINUTES: i64 = 60;
/// The last minutes, from which nothing is learned: the longest window that is judged.
const UNLEARNED_MINUTES: usize = 60;
/// The share of negative posts to start from, and how many posts that belief is worth.
const SHARE_AT_FIRST: (f64, f64) = (0.2, 10.0);
/// The posts an hour to start from, and how many hours that belief is worth: next to nothing.
const RATE_AT_FIRST: (f64, f64) = (2.0, 0.1);
/// The own share is held possible this many standard errors above what was found.
const DOUBT_DEVIATIONS: f64 = 0.5;
/// An hour is clipped where it lies so many standard deviations above the usual.
const CLIP_DEVIATIONS: f64 = 3.0;
/// What an hour varies beyond Poisson, as variance over mean squared (the clipping of volumes).
const HOURLY_PHI: f64 = 0.15;
/// So many posts of yesterday's hour count as much as the day's mean does.
const YESTERDAY_SHRUNK_BY: f64 = 6.0;
/// The square weighting may make at most so much of a sum of probabilities; see [`Baseline::scale`].
const SCALE_MAX: f64 = 2.0;

/// What a brand's windows should hold at `now`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Baseline {
    /// Hours learned from, 0 to 24.
    pub(crate) hours: f64,
    /// Posts heard in an hour, the mean of those hours.
    pub(crate) rate: f64,
    /// Posts heard in an hour at this time yesterday, as a multiple of `rate`; none without a whole day.
    yesterday: Option<f64>,
    /// The share of negative posts.
    pub(crate) share: f64,
    /// That share half a standard error up: what a fair judge must hold possible.
    pub(crate) share_possible: f64,
    /// Mean over mean square of the probabilities: times this, a sum of them varies as a Poisson count
    /// does. Kept to 1 to [`SCALE_MAX`]: the variance is then right, but the far tail of a few sure ones
    /// among many doubtful ones is heavier than Poisson's.
    pub(crate) scale: f64,
    /// How far into its hour `now` is, in minutes.
    into_hour: f64,
}

impl Baseline {
    /// From a view of at least [`WARM_UP_MINUTES`] of history.
    pub(crate) fn of(view: &View) -> Baseline {
        let past = Past::of(view);
        let usual = past.usual_volume();
        let cap = usual + CLIP_DEVIATIONS * (usual + HOURLY_PHI * usual * usual).sqrt();
        let hours: f64 = past.hours().map(|h| h.covered).sum();
        let heard: f64 = past.hours().map(|h| h.heard.min(cap * h.covered.max(0.1))).sum();
        let rate = (heard + RATE_AT_FIRST.0 * RATE_AT_FIRST.1) / (hours + RATE_AT_FIRST.1);
        let (share, deviation) = past.share(usual, cap);
        Baseline {
            hours,
            rate,
            yesterday: past.yesterday(cap, rate, into_hour(view)),
            share,
            share_possible: (share + DOUBT_DEVIATIONS * deviation).min(0.95),
            scale: past.scale(),
            into_hour: into_hour(view),
        }
    }

    /// How many minutes of a window have passed: its last minute has only begun.
    fn elapsed(&self, window_minutes: u32) -> f64 {
        f64::from(window_minutes) - 1.0 + self.into_hour.fract().max(1.0 / 60.0)
    }

    /// Posts that should be heard in a window that ends now: the greater of the day's mean and what there
    /// was at this time yesterday. Too much by night, on purpose: few posts prove little.
    pub(crate) fn expected(&self, window_minutes: u32) -> f64 {
        self.rate * self.yesterday.unwrap_or(1.0).max(1.0) * self.elapsed(window_minutes) / 60.0
    }

    /// What the volume of a window varies beyond Poisson, as variance over mean squared: what is left
    /// when all is known (measured: 0.15 in 5 minutes, 0.12 in 15, 0.08 in 60, at any volume), what one
    /// day cannot know, and what fewer hours cannot know either.
    pub(crate) fn phi(&self, window_minutes: u32, rule: &Rule) -> f64 {
        let own = match window_minutes {
            0..=5 => 0.15,
            6..=15 => 0.12,
            _ => 0.08,
        };
        own + rule.restlessness + 1.0 / (self.hours + 0.25)
    }
}

fn into_hour(view: &View) -> f64 {
    view.now.millis().rem_euclid(3_600_000) as f64 / 60_000.0
}

/// One hour that may be learned from.
#[derive(Clone, Copy, Debug, Default)]
struct PastHour {
    /// The part of it that lies in the history and is not too fresh, 0 to 1.
    covered: f64,
    /// In posts.
    heard: f64,
    /// In posts.
    negative: f64,
    /// In posts.
    negative_squares: f64,
}

/// The complete hours before this one, oldest first, without the last 60 minutes.
struct Past([PastHour; VIEW_HOURS - 1]);

impl Past {
    fn of(view: &View) -> Past {
        let mut past = [PastHour::default(); VIEW_HOURS - 1];
        let fresh_from = view.now.minute().0 - UNLEARNED_MINUTES as i64 + 1;
        let known_from = view.first.unwrap_or(Minute(i64::MAX)).0;
        for (i, (hour, counts)) in past.iter_mut().zip(&view.hours).enumerate() {
            let starts = (view.first_hour().0 + i as i64) * 60;
            let (from, to) = (starts.max(known_from), (starts + 60).min(fresh_from));
            if to <= from {
                continue;
            }
            hour.covered = (to - from) as f64 / 60.0;
            hour.heard = counts.heard as f64;
            hour.negative = counts.negative as f64 / 1000.0;
            hour.negative_squares = counts.negative_squares as f64 / 1000.0;
            // Only the last of them reaches into the last 60 minutes; the view has those by the minute.
            for minute in to.max(view.first_minute().0)..starts + 60 {
                let fresh = &view.minutes[(minute - view.first_minute().0) as usize];
                hour.heard -= fresh.heard as f64;
                hour.negative -= fresh.negative as f64 / 1000.0;
                hour.negative_squares -= fresh.negative_squares as f64 / 1000.0;
            }
        }
        Past(past)
    }

    /// Those that hold anything of the history.
    fn hours(&self) -> impl Iterator<Item = &PastHour> {
        self.0.iter().filter(|h| h.covered > 0.0)
    }

    /// The median of the whole hours; at least one post, so that a brand of three posts a day may have them together.
    fn usual_volume(&self) -> f64 {
        let mut whole = [0.0; VIEW_HOURS - 1];
        let mut n = 0;
        for hour in self.0.iter().filter(|h| h.covered >= 1.0) {
            whole[n] = hour.heard;
            n += 1;
        }
        whole[..n].sort_unstable_by(f64::total_cmp);
        if n == 0 {
            // Less than a whole hour: what there is of it, as if it had been one.
            return self.hours().map(|h| h.heard / h.covered.max(0.1)).fold(1.0, f64::max);
        }
        whole[n / 2].max(1.0)
    }

    /// The share of negative posts, and its standard error.
    ///
    /// The usual share is the median over the hours, each with the weight of its posts but no more than a
    /// usual hour's; then all are added up, with share and weight of an hour far above the usual ones
    /// clipped. So up to half a day of crisis does not pass for the brand's own way.
    fn share(&self, usual_volume: f64, volume_max: f64) -> (f64, f64) {
        let mut shares = [(0.0, 0.0); VIEW_HOURS - 1];
        let mut n = 0;
        for hour in self.hours().filter(|h| h.heard > 0.0) {
            shares[n] = (hour.negative / hour.heard, hour.heard.min(usual_volume));
            n += 1;
        }
        let usual = weighted_median(&mut shares[..n]).unwrap_or(SHARE_AT_FIRST.0).max(0.05);
        let (mut negative, mut heard) = (SHARE_AT_FIRST.0 * SHARE_AT_FIRST.1, SHARE_AT_FIRST.1);
        for hour in self.hours().filter(|h| h.heard > 0.0) {
            let mean = usual * hour.heard;
            let share = hour.negative.min(mean + CLIP_DEVIATIONS * mean.sqrt() + 1.0) / hour.heard;
            let weight = hour.heard.min(volume_max);
            negative += share * weight;
            heard += weight;
        }
        let share = (negative / heard).clamp(0.01, 0.95);
        (share, (share * (1.0 - share) / heard).sqrt())
    }

    /// Two sure ones are added, so that a few probabilities do not decide it.
    fn scale(&self) -> f64 {
        let sum: f64 = self.hours().map(|h| h.negative).sum::<f64>() + 2.0;
        let squares: f64 = self.hours().map(|h| h.negative_squares).sum::<f64>() + 2.0;
        (sum / squares).clamp(1.0, SCALE_MAX)
    }

    /// The rate at this time yesterday over the day's mean, shrunk towards 1. Between the centres of two
    /// hours it is interpolated, or eight in the morning would be a cliff; and it is never below
    /// the hour itself, because the hour before it is no longer in the view.
    fn yesterday(&self, cap: f64, rate: f64, into_hour: f64) -> Option<f64> {
        let [this, next] = [self.0[0], self.0[1]];
        if this.covered < 1.0 || next.covered < 1.0 {
            return None;
        }
        let [this, next] = [this, next].map(|h| h.heard.min(cap));
        let past_centre = ((into_hour - 30.0) / 60.0).max(0.0);
        let heard = this.max(this + (next - this) * past_centre);
        Some((heard + YESTERDAY_SHRUNK_BY) / (rate + YESTERDAY_SHRUNK_BY))
    }
}

/// The least value at which half of the weight is reached; none of nothing.
fn weighted_median(pairs: &mut [(f64, f64)]) -> Option<f64> {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let half = pairs.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    pairs
        .iter()
        .find(|(_, weight)| {
            sum += weight;
            sum >= half
        })
        .map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use tocsin_model::{ArrivalTime, BrandId, Counts, Subject};

    use super::*;

    /// A brand with so many posts in each of the last hours (oldest first), a fifth of them negative,
    /// except for what `change` does to it. It is now the end of the last hour.
    fn view(hours: [u64; VIEW_HOURS], change: impl Fn(usize, &mut Counts)) -> View {
        let now = ArrivalTime::from_millis(1_000 * 3_600_000 - 1);
        let mut view = View::empty(Subject::Brand(BrandId::new("b").unwrap()), now);
        for (i, heard) in hours.into_iter().enumerate() {
            view.hours[i] =
                Counts { heard, negative: heard * 200, negative_squares: heard * 200, ..Counts::default() };
            change(i, &mut view.hours[i]);
        }
        view.first = Some(Minute(0));
        view
    }

    fn shown(view: &View) -> String {
        let b = Baseline::of(view);
        format!("{:.1} an hour, {:.1} expected, {:.0} % negative", b.rate, b.expected(60), 100.0 * b.share)
    }

    #[test]
    fn a_steady_brand_is_expected_to_go_on() {
        assert_eq!(shown(&view([20; 25], |_, _| ())), "19.9 an hour, 20.0 expected, 20 % negative");
    }

    #[test]
    fn the_last_hour_is_not_learned_from() {
        let burst = |i, c: &mut Counts| {
            if i == 24 {
                *c = Counts {
                    heard: 9_000,
                    negative: 9_000_000,
                    negative_squares: 9_000_000,
                    ..Counts::default()
                };
            }
        };
        assert_eq!(shown(&view([20; 25], burst)), shown(&view([20; 25], |_, _| ())));
    }

    #[test]
    fn a_past_crisis_hides_the_next_one_only_a_little() {
        let crisis = |i, c: &mut Counts| {
            if (14..22).contains(&i) {
                *c = Counts { heard: 400, negative: 360_000, negative_squares: 360_000, ..Counts::default() };
            }
        };
        assert_eq!(shown(&view([20; 25], crisis)), "28.8 an hour, 28.8 expected, 24 % negative");
    }

    #[test]
    fn what_was_at_this_time_yesterday_is_expected_again() {
        let mut hours = [10; 25];
        (hours[0], hours[1]) = (60, 60);
        assert_eq!(shown(&view(hours, |_, _| ())), "11.2 an hour, 20.2 expected, 20 % negative");
    }

    #[test]
    fn of_nothing_little_is_known() {
        let mut empty = view([0; 25], |_, _| ());
        empty.first = Some(Minute(empty.now.minute().0 - 61));
        let baseline = Baseline::of(&empty);
        assert!(baseline.phi(60, &Rule::default()) > 3.0);
        assert!(baseline.share_possible > 0.25, "{baseline:?}");
    }
}
