//! A past that is counted anew from some hour on, by another query or another reader.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::{Counts, Day, DayCounts, Hour};

/// So many posts on both sides say how much more, or less, another query finds.
const SHARE_FROM: u64 = 20;
/// And by how many times at most the past is made larger or smaller.
const SCALE: RangeInclusive<f64> = 0.02..=50.0;

/// Puts what was counted anew from an hour on in the place of what was counted before. If both found posts in that time,
/// the hours before are scaled as their numbers are, the posts by theirs and what was read of them by its own: another
/// query or another reader is a change of the instrument, not of opinion. Comes back with how many times as many posts
/// were found anew, if that is known.
pub fn recount(
    old: &mut BTreeMap<Day, DayCounts>,
    anew: BTreeMap<Day, DayCounts>,
    since: Hour,
) -> Option<f64> {
    let (had, has) = (sum_since(old, since), sum_since(&anew, since));
    let times = (had.heard >= SHARE_FROM).then(|| times(had.heard, has.heard));
    for (day, counts) in old.iter_mut() {
        for (hour, place) in counts.hours.iter_mut().zip(day.first_hour().0..) {
            *hour = match times {
                _ if Hour(place) >= since => Counts::default(),
                Some(times) => as_by_another(hour, times, &had, &has),
                None => *hour,
            };
        }
        if day.first_hour() >= since {
            counts.origins = Default::default();
        }
    }
    for (day, counts) in anew {
        let old = old.entry(day).or_default();
        for (hour, added) in counts.by_hour(day).filter(|(hour, _)| *hour >= since) {
            old.hours[(hour.0 - day.first_hour().0) as usize] = added;
        }
        if day.first_hour() >= since {
            old.origins = counts.origins;
        }
    }
    times
}

/// What was counted from an hour on.
fn sum_since(days: &BTreeMap<Day, DayCounts>, since: Hour) -> Counts {
    let mut sum = Counts::default();
    let hours = days.iter().flat_map(|(day, counts)| counts.by_hour(*day));
    hours.filter(|(hour, _)| *hour >= since).for_each(|(_, counts)| sum.add(&counts));
    sum
}

/// How many times as many.
fn times(had: u64, has: u64) -> f64 {
    (has as f64 / had as f64).clamp(*SCALE.start(), *SCALE.end())
}

/// An hour as another query and another reader would have counted it, who found `has` where these found `had`.
fn as_by_another(hour: &Counts, posts: f64, had: &Counts, has: &Counts) -> Counts {
    let scaled = hour.scaled(posts);
    // What is read of a post is at most one whole one, in thousandths.
    let read = |of: fn(&Counts) -> u64| match of(had) < 1_000 * SHARE_FROM {
        true => of(&scaled),
        false => ((of(hour) as f64 * times(of(had), of(has))).round() as u64).min(1_000 * scaled.heard),
    };
    let (negative, angry) = (read(|c| c.negative), read(|c| c.angry));
    let negative_squares = read(|c| c.negative_squares).min(negative);
    Counts { negative, negative_squares, angry, ..scaled }
}
