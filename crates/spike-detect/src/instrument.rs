//! A change of the instrument is not a change of opinion: days on which a brand was heard from other sources than now
//! are scaled to what today's sources would have given.
//!
//! A source gives a brand so many posts a day, on the days on which it gives any. A day's volume is then worth
//! the sum of that over the sources of now, divided by the sum over its own. A query that changes is no matter of this
//! place: its past is counted anew.

use std::collections::BTreeMap;

use tocsin_model::{Day, History};

/// A source with fewer posts a day may be there and give none.
const POSTS_A_DAY: f64 = 20.0;
/// A source belongs to now if it gave anything on one of so many last days: a long outage is no farewell.
const LAST_DAYS: i64 = 2;
/// Sources that make less of a difference than this leave a day as it is.
const DIFFERENCE: f64 = 0.1;

/// The history as if all of it had been heard from the sources of its last days.
pub fn by_the_sources_of_now(mut history: History) -> History {
    let times = day_factors(&history);
    let first = history.first_hour;
    for (place, counts) in history.hours.iter_mut().enumerate() {
        let day = tocsin_model::Hour(first.0 + place as i64).day();
        if let Some(times) = times.get(&day) {
            *counts = counts.scaled(*times);
        }
    }
    history
}

/// The days that must be scaled, and by what.
fn day_factors(history: &History) -> BTreeMap<Day, f64> {
    let Some((last, _)) = history.origins.last_key_value() else { return BTreeMap::new() };
    let last = last.0;
    // Posts, days with any, and whether it belongs to now.
    let mut sources: BTreeMap<&str, (u64, u64, bool)> = BTreeMap::new();
    for (day, origins) in &history.origins {
        for entry in origins.names.entries() {
            let (posts, days, is_now) = sources.entry(&entry.key).or_default();
            *posts += entry.weight;
            *days += 1;
            *is_now |= last - day.0 < LAST_DAYS;
        }
    }
    let gives = |(posts, days, _): &(u64, u64, bool)| *posts as f64 / *days as f64;
    let steady: BTreeMap<&str, (f64, bool)> = sources
        .iter()
        .map(|(name, source)| (*name, (gives(source), source.2)))
        .filter(|(_, (a_day, _))| *a_day >= POSTS_A_DAY)
        .collect();
    let now: f64 = steady.values().filter(|(_, is_now)| *is_now).map(|(a_day, _)| a_day).sum();
    let factor = |(day, origins): (&Day, &tocsin_model::Origins)| {
        let entries = origins.names.entries().iter();
        let own: f64 = entries.filter_map(|e| steady.get(&*e.key)).map(|(a_day, _)| a_day).sum();
        let times = now / own;
        (times.is_finite() && times > 0.0 && (times - 1.0).abs() >= DIFFERENCE).then_some((*day, times))
    };
    history.origins.iter().filter_map(factor).collect()
}

#[cfg(test)]
mod tests {
    use tocsin_model::{ArrivalTime, BrandId, Counts, DayCounts, Subject};

    use super::*;

    /// Ten days; each with the posts of some sources, spread over its hours. What its hours hold in the end.
    fn heard(day: impl Fn(i64) -> Vec<(&'static str, u64)>) -> Vec<u64> {
        let days = (0..10).map(|n| {
            let mut counts = DayCounts::default();
            for (source, posts) in day(n) {
                counts.origins.names.add(source, posts, None);
                for hour in &mut counts.hours {
                    hour.add(&Counts { heard: posts / 24, ..Counts::default() });
                }
            }
            (Day(n), counts)
        });
        let now = ArrivalTime::from_millis(10 * 86_400_000);
        let subject = Subject::Brand(BrandId::new("b").unwrap());
        let history = History::of(subject, now, Some(tocsin_model::Minute(0)), days);
        by_the_sources_of_now(history).hours.iter().step_by(24).map(|counts| counts.heard).collect()
    }

    #[test]
    fn a_new_source_makes_the_days_before_it_larger() {
        let day = |n| if n < 6 { vec![("weibo", 240)] } else { vec![("weibo", 240), ("douyin", 480)] };
        assert_eq!(heard(day), [30; 10]);
    }

    #[test]
    fn a_source_that_went_makes_them_smaller_and_one_that_came_back_fills_its_gap() {
        let went = |n| if n < 6 { vec![("weibo", 240), ("douyin", 480)] } else { vec![("weibo", 240)] };
        assert_eq!(heard(went), [10; 10]);
        let back = |n| if n == 4 { vec![("weibo", 240)] } else { vec![("weibo", 240), ("douyin", 480)] };
        assert_eq!(heard(back), [30; 10]);
    }

    #[test]
    fn what_comes_now_and_then_and_what_was_busier_changes_nothing() {
        let odd = |n: i64| if n % 3 == 0 { vec![("weibo", 240), ("blog", 3)] } else { vec![("weibo", 240)] };
        assert_eq!(heard(odd), [10; 10]);
        let burst = |n| if n == 5 { vec![("weibo", 2_400)] } else { vec![("weibo", 240)] };
        assert_eq!(heard(burst), [10, 10, 10, 10, 10, 100, 10, 10, 10, 10]);
        let one_day_without =
            |n| if n == 9 { vec![("weibo", 240)] } else { vec![("weibo", 240), ("x", 240)] };
        assert_eq!(heard(one_day_without), [20; 10], "an outage of a day is no farewell");
    }
}
