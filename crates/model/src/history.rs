//! A subject's past weeks by the hour, and the days that they are stored by.

use std::collections::BTreeMap;

use crate::{ArrivalTime, Counts, Day, Delta, Hour, Minute, Origins, Subject};

/// Hours in a history: eight weeks.
pub const HISTORY_HOURS: usize = 8 * 7 * 24;
/// Minutes are kept for two days.
pub const MINUTES_KEPT: i64 = 48 * 60;
/// Complete hours before the one of `now` that may still change in what judging uses: a post is heard when it
/// comes at most 60 min late, and a brand may descend to it 30 min after that.
const UNSETTLED_HOURS: i64 = 2;

/// A day (UTC) of a subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DayCounts {
    /// Hour by hour, by event time.
    pub hours: [Counts; 24],
    /// Where posts came from that arrived on this day.
    pub origins: Origins,
}

impl DayCounts {
    /// Adds what records add to this day.
    pub fn add(&mut self, day: Day, delta: &Delta) {
        let first = day.first_hour();
        for (minute, counts) in delta.minutes.iter().filter(|(minute, _)| minute.hour().day() == day) {
            self.hours[(minute.hour().0 - first.0) as usize].add(counts);
        }
        if let Some(origins) = delta.origins.get(&day) {
            self.origins.merge(origins);
        }
    }
    /// Adds what another row of the same day holds.
    pub fn merge(&mut self, other: &DayCounts) {
        self.hours.iter_mut().zip(&other.hours).for_each(|(hour, added)| hour.add(added));
        self.origins.merge(&other.origins);
    }
    /// The hours that are not empty, with their places.
    pub fn by_hour(&self, day: Day) -> impl Iterator<Item = (Hour, Counts)> {
        let hours = self.hours.into_iter().zip(day.first_hour().0..);
        hours.filter(|(counts, _)| !counts.is_empty()).map(|(counts, hour)| (Hour(hour), counts))
    }
}

/// A subject's past as it is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptDays {
    /// Where data time stands.
    pub now: ArrivalTime,
    /// When it was first counted.
    pub first: Option<Minute>,
    /// The days, oldest first.
    pub days: Vec<(Day, DayCounts)>,
}

/// A subject's past as of `now`: the complete hours before the one of `now`, at most [`HISTORY_HOURS`].
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Whose.
    pub subject: Subject,
    /// As of when.
    pub now: ArrivalTime,
    /// The minute of data time in which this subject was first counted, if ever.
    pub first: Option<Minute>,
    /// The hour of the first of `hours`: that of `first`, unless this is more than [`HISTORY_HOURS`] ago.
    pub first_hour: Hour,
    /// The hours, oldest first; one without posts is empty.
    pub hours: Vec<Counts>,
    /// Where posts came from, by the day of their arrival, for every day of which any of these hours is a part.
    pub origins: BTreeMap<Day, Origins>,
}

impl History {
    /// From the days that are kept of a subject; what lies outside of the history is left out.
    pub fn of(
        subject: Subject,
        now: ArrivalTime,
        first: Option<Minute>,
        days: impl IntoIterator<Item = (Day, DayCounts)>,
    ) -> History {
        let first_hour = History::begin(now, first);
        let end = now.hour();
        let mut hours = vec![Counts::default(); (end.0 - first_hour.0) as usize];
        let mut origins = BTreeMap::new();
        for (day, counts) in days {
            for (hour, counts) in counts.by_hour(day).filter(|(hour, _)| (first_hour..end).contains(hour)) {
                hours[(hour.0 - first_hour.0) as usize] = counts;
            }
            if first_hour < end && (first_hour.day()..=Hour(end.0 - 1).day()).contains(&day) {
                origins.insert(day, counts.origins);
            }
        }
        History { subject, now, first, first_hour, hours, origins }
    }

    /// The first hour in the history of a subject that was first counted at `first`.
    pub fn begin(now: ArrivalTime, first: Option<Minute>) -> Hour {
        let earliest = now.hour().0 - HISTORY_HOURS as i64;
        Hour(first.map_or(now.hour().0, |first| first.hour().0.clamp(earliest, now.hour().0)))
    }

    /// Without the last two hours, in which late posts may still be heard, and the origins of this day. So what judging uses of it is the
    /// same at any time within the hour of `now`, whoever asks: a baseline can be learned again after a
    /// crash.
    pub fn settled(mut self) -> History {
        let end = self.now.hour().0 - UNSETTLED_HOURS;
        self.hours.truncate(usize::try_from(end - self.first_hour.0).unwrap_or(0));
        self.origins.split_off(&Hour(end).day());
        self
    }

    /// The hours with their places, oldest first.
    pub fn by_hour(&self) -> impl ExactSizeIterator<Item = (Hour, &Counts)> {
        let first = self.first_hour.0;
        self.hours.iter().enumerate().map(move |(place, counts)| (Hour(first + place as i64), counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BrandId, HOUR};

    /// Now it is the first hour of day 84.
    fn history(first: Option<Minute>, posts: &[(i64, u64)]) -> History {
        let subject = Subject::Brand(BrandId::new("b").unwrap());
        let mut delta = Delta::new(subject.clone());
        for &(hour, posts) in posts {
            let counts = Counts { posts, ..Counts::default() };
            delta.minutes.insert(Minute(hour * 60 + 7), counts);
            delta.origins.entry(Hour(hour).day()).or_default().names.add("weibo", posts, None);
        }
        let mut days: BTreeMap<Day, DayCounts> = BTreeMap::new();
        for &(hour, _) in posts {
            days.insert(Hour(hour).day(), DayCounts::default());
        }
        days.iter_mut().for_each(|(day, counts)| counts.add(*day, &delta));
        let now = ArrivalTime::from_millis(84 * 24 * HOUR.millis() + 1);
        History::of(subject, now, first, days)
    }

    fn shown(history: &History) -> (i64, Vec<u64>) {
        (history.first_hour.0 - 84 * 24, history.hours.iter().map(|c| c.posts).collect())
    }

    #[test]
    fn a_history_begins_with_the_first_hour_and_ends_before_this_one() {
        let now = 84 * 24;
        let young =
            history(Some(Minute((now - 4) * 60 + 59)), &[(now - 9, 9), (now - 3, 3), (now - 1, 4), (now, 7)]);
        assert_eq!(shown(&young), (-4, vec![0, 3, 0, 4]));
        assert_eq!(young.origins[&Day(83)].names.entries()[0].weight, 16);
        let settled = young.settled();
        assert_eq!(shown(&settled), (-4, vec![0, 3]));
        assert!(settled.origins.is_empty(), "two hours ago it was still that day");
    }

    #[test]
    fn of_nothing_there_is_no_history() {
        assert_eq!(shown(&history(None, &[(84 * 24 - 1, 4)])), (0, vec![]));
        let an_hour = history(Some(Minute((84 * 24 - 1) * 60)), &[(84 * 24 - 1, 4)]);
        assert_eq!(shown(&an_hour.settled()), (-1, vec![]));
    }

    #[test]
    fn eight_weeks_are_remembered() {
        let begin = 84 * 24 - HISTORY_HOURS as i64;
        let old = history(Some(Minute(0)), &[(begin - 1, 1), (begin, 2)]);
        assert_eq!((old.first_hour, old.hours.len(), old.hours[0].posts), (Hour(begin), HISTORY_HOURS, 2));
    }
}
