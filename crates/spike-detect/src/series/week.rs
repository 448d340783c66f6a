//! What an hour of the week usually holds: level × hour of the day × weekday or weekend.
//!
//! Each factor is shrunk towards 1 by a few counts, so that one day of history is enough to begin with and a
//! rare brand is not taken to sleep whenever nobody happened to speak. What is older weighs less: half after a week.

use std::collections::VecDeque;

/// Hours that are remembered: eight weeks.
const HOURS_MAX: usize = 8 * 7 * 24;
/// The weight of an hour halves in so many hours.
const HALF_LIFE_HOURS: f64 = 7.0 * 24.0;
/// So many counts weigh as much as the belief that all hours of the day are alike.
const DAY_SHRUNK_BY: f64 = 6.0;
/// So many counts weigh as much as the belief that all days are alike.
const WEEKEND_SHRUNK_BY: f64 = 10.0;
/// An hour is clipped so many standard deviations above what was to be expected …
const CLIP_DEVIATIONS: f64 = 3.0;
/// … where it varies so much beyond Poisson, as variance over mean squared.
const CLIP_PHI: f64 = 0.15;

/// An hour that was learned from.
#[derive(Clone, Copy, Debug)]
struct Learned {
    /// Since 1970.
    hour: i64,
    /// The part of it that was counted, 0 to 1.
    covered: f64,
    /// What was counted, as it was.
    counted: f64,
    /// The same, clipped.
    usual: f64,
}

/// What was learned of the hours of a week. Hours are counted from 1970 by the clock of the series.
#[derive(Clone, Debug)]
pub(super) struct Week {
    past: VecDeque<Learned>,
    /// In an hour of each hour of the day, and of weekdays and weekends the factor.
    rates: [f64; 24],
    days: [f64; 2],
    /// The hour that is being counted.
    current: Option<Learned>,
}

impl Week {
    pub(super) fn new() -> Week {
        Week { past: VecDeque::new(), rates: [0.0; 24], days: [1.0; 2], current: None }
    }

    /// Whether there is anything to expect by.
    pub(super) fn knows_anything(&self) -> bool {
        !self.past.is_empty()
    }

    /// Counts per hour that are to be expected at a moment, in hours since 1970: interpolated between the
    /// centres of two hours, or eight in the morning would be a cliff.
    pub(super) fn rate(&self, at_hours: f64) -> f64 {
        let centre = at_hours - 0.5;
        let before = centre.floor();
        let (this, next) = (self.of_hour(before as i64), self.of_hour(before as i64 + 1));
        this + (next - this) * (centre - before)
    }

    fn of_hour(&self, hour: i64) -> f64 {
        self.rates[hour_of_day(hour)] * self.days[weekend(hour)]
    }

    /// Learns what was counted in a part of an hour. Hours come in order; an hour is learned when the next begins.
    pub(super) fn count(&mut self, hour: i64, covered: f64, counted: f64) {
        match &mut self.current {
            Some(current) if current.hour == hour => {
                current.covered += covered;
                current.counted += counted;
            }
            _ => {
                self.close();
                self.current = Some(Learned { hour, covered, counted, usual: counted });
            }
        }
    }

    fn close(&mut self) {
        let Some(mut hour) = self.current.take() else { return };
        if let Some(cap) = self.cap(&hour) {
            hour.usual = hour.counted.min(cap);
        }
        if self.past.len() == HOURS_MAX {
            self.past.pop_front();
        }
        self.past.push_back(hour);
        self.fit(hour.hour + 1);
    }

    /// Up to how much an hour is learned from: a few deviations above what was expected, or above the median
    /// of the last day where that is more. So a crisis does not pass for the brand's own way,
    /// and what has lasted for half a day does.
    fn cap(&self, hour: &Learned) -> Option<f64> {
        const FEW: usize = 3;
        if self.past.len() < FEW {
            return None;
        }
        let mut day: Vec<f64> =
            self.past.iter().rev().take(24).map(|h| h.counted / h.covered.max(1e-3)).collect();
        let middle = day.len() / 2;
        let median = *day.select_nth_unstable_by(middle, f64::total_cmp).1;
        let expected = self.of_hour(hour.hour).max(median) * hour.covered;
        let deviation = (expected + CLIP_PHI * expected * expected).sqrt();
        Some((expected + CLIP_DEVIATIONS * deviation).max(1.0))
    }

    /// All factors anew, as of the hour `now`.
    fn fit(&mut self, now: i64) {
        let weight = |h: &Learned| 0.5_f64.powf((now - h.hour) as f64 / HALF_LIFE_HOURS);
        let (mut covered, mut counted) = ([0.0; 24], [0.0; 24]);
        for hour in &self.past {
            let of_day = hour_of_day(hour.hour);
            covered[of_day] += weight(hour) * hour.covered;
            counted[of_day] += weight(hour) * hour.usual;
        }
        let level = counted.iter().sum::<f64>() / covered.iter().sum::<f64>().max(1e-9);
        let own: [f64; 24] =
            std::array::from_fn(|h| (counted[h] + DAY_SHRUNK_BY) / (covered[h] * level + DAY_SHRUNK_BY));
        let smooth: [f64; 24] =
            std::array::from_fn(|h| 0.25 * own[(h + 23) % 24] + 0.5 * own[h] + 0.25 * own[(h + 1) % 24]);
        let mean = smooth.iter().sum::<f64>() / 24.0;
        self.rates = smooth.map(|factor| level * factor / mean);
        let (mut expected, mut counted) = ([WEEKEND_SHRUNK_BY; 2], [WEEKEND_SHRUNK_BY; 2]);
        for hour in &self.past {
            let day = weekend(hour.hour);
            expected[day] += weight(hour) * hour.covered * self.rates[hour_of_day(hour.hour)];
            counted[day] += weight(hour) * hour.usual;
        }
        self.days = std::array::from_fn(|day| counted[day] / expected[day]);
    }
}

fn hour_of_day(hour: i64) -> usize {
    hour.rem_euclid(24) as usize
}

/// 1 on Saturdays and Sundays: day 0 of 1970 was a Thursday.
fn weekend(hour: i64) -> usize {
    usize::from((hour.div_euclid(24) + 3).rem_euclid(7) >= 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A week of so many counts in each hour, from Monday on.
    fn after(hours: i64, counts: impl Fn(i64) -> f64) -> Week {
        const MONDAY: i64 = 4 * 24;
        let mut week = Week::new();
        for hour in 0..=hours {
            week.count(MONDAY + hour, 1.0, counts(hour));
        }
        week
    }

    #[track_caller]
    fn check(week: &Week, at: f64, expected: f64) {
        let found = week.rate(at);
        assert!((found - expected).abs() <= 0.01 * expected.max(1.0), "found {found}, expected {expected}");
    }

    #[test]
    fn what_is_always_the_same_is_expected_again() {
        check(&after(200, |_| 40.0), 900.0, 40.0);
        check(&after(200, |_| 0.0), 900.0, 0.0);
    }

    #[test]
    fn the_day_has_its_hours_and_the_week_its_days() {
        assert_eq!([weekend(0), weekend(2 * 24), weekend(3 * 24 + 23), weekend(4 * 24)], [0, 1, 1, 0]);
        let week = after(21 * 24, |h| {
            let (day, hour) = (h / 24 % 7, h % 24);
            let of_day = if (8..20).contains(&hour) { 100.0 } else { 20.0 };
            if day >= 5 { of_day / 2.0 } else { of_day }
        });
        let (tuesday, saturday) = (5.0 * 24.0, 2.0 * 24.0);
        assert!((90.0..105.0).contains(&week.rate(tuesday + 12.5)), "{}", week.rate(tuesday + 12.5));
        assert!((17.0..25.0).contains(&week.rate(tuesday + 2.5)));
        assert!((43.0..55.0).contains(&week.rate(saturday + 12.5)));
        assert!(week.rate(tuesday + 8.0) < week.rate(tuesday + 8.5), "no cliff in the morning");
    }

    #[test]
    fn a_crisis_of_an_evening_is_hardly_learned_and_a_new_level_is() {
        let evening = after(200, |h| if (150..154).contains(&h) { 4_000.0 } else { 40.0 });
        assert!(evening.rate(900.0) < 48.0, "{}", evening.rate(900.0));
        let awake = after(28 * 24, |h| if h < 14 * 24 { 0.0 } else { 1_000.0 });
        assert!(awake.rate(900.0) > 700.0, "{}", awake.rate(900.0));
    }
}
