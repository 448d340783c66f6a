//! A subject in memory: what a view shows, as of a place in its journal.

use std::collections::BTreeMap;
use std::sync::Arc;

use tocsin_flow::{Fault, Offer};
use tocsin_model::{
    ArrivalTime, Counts, Day, DayCounts, Delta, Detail, Hour, Kind, Mark, Minute, Subject, VIEW_HOURS, View,
};

use crate::answer::Whole;
use crate::journal::{Anew, Entry, read, stamp_of};
use crate::layout::{Field, Half, day, hour};
use crate::rows::{Rows, unpack_day, unpack_hour};

/// Hours of evidence in a view.
pub(crate) const SHOWN_HOURS: i64 = 3;
/// A room can show views of this many hours after the one that it was made for.
const AHEAD_HOURS: i64 = 6;
/// A journal is folded when it has so many entries, or so many bytes.
const FOLDED_ENTRIES: u64 = 64;
const FOLDED_BYTES: usize = 16 * 1024;

/// A place in a journal.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// How many entries came before it.
    pub(crate) count: u64,
    /// That of the last of them.
    pub(crate) stamp: Vec<u8>,
}

/// What Redis holds of a subject beside its journal.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Root {
    /// Where the journal begins.
    pub(crate) base: Place,
    pub(crate) first: Option<Minute>,
    pub(crate) marks: BTreeMap<Kind, Mark>,
    /// Whether the past is counted anew, or was.
    pub(crate) anew: Anew,
}

/// The hours and days that a room for `now` is made of.
pub(crate) struct Wanted {
    now: Hour,
    pub(crate) hours: Vec<Hour>,
    pub(crate) days: Vec<Day>,
}

impl Wanted {
    /// First of the one half, then of the other.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let of = |half| {
            let hours = self.hours.iter().map(move |h| hour(half, *h));
            hours.chain(self.days.iter().map(move |d| day(half, *d)))
        };
        of(Half::Past).chain(of(Half::Since)).collect()
    }

    /// What these fields hold, both halves together.
    fn read(&self, fields: &[Option<Vec<u8>>]) -> Result<Rows, Fault> {
        let mut all = Rows::default();
        for half in fields.chunks(self.hours.len() + self.days.len()) {
            let (hours, days) = half.split_at(self.hours.len().min(half.len()));
            let mut rows = Rows::default();
            for (hour, row) in self.hours.iter().zip(hours) {
                if let Some(row) = row {
                    rows.hours.insert(*hour, unpack_hour(*hour, row)?);
                }
            }
            for (day, row) in self.days.iter().zip(days) {
                if let Some(row) = row {
                    rows.days.insert(*day, unpack_day(row)?);
                }
            }
            all.merge(rows);
        }
        Ok(all)
    }

    pub(crate) fn at(now: ArrivalTime) -> Wanted {
        let now = now.hour();
        let end = now.0 + AHEAD_HOURS;
        let first_day = Hour(now.0 - VIEW_HOURS as i64 + 1).day().0;
        Wanted {
            now,
            hours: (now.0 - SHOWN_HOURS + 1..=end).map(Hour).collect(),
            days: (first_day..=Hour(end).day().0).map(Day).collect(),
        }
    }
}

/// A subject in memory.
#[derive(Debug)]
pub(crate) struct Room {
    subject: Subject,
    now: Hour,
    first_day: Day,
    /// Up to where it knows the journal.
    place: Place,
    /// How many entries are not folded, and how many bytes they are.
    unfolded: (u64, usize),
    minutes: BTreeMap<Minute, Counts>,
    days: BTreeMap<Day, DayCounts>,
    details: BTreeMap<Hour, Arc<Detail>>,
    marks: BTreeMap<Kind, Mark>,
    anew: Anew,
    pub(crate) first: Option<Minute>,
}

impl Root {
    /// What an entry says beside counts.
    pub(crate) fn hear(&mut self, entry: &Entry) {
        match entry {
            Entry::Merged(_, now) => self.first = Some(self.first.map_or(*now, |first| first.min(*now))),
            Entry::Marked(kind, mark) => {
                let kept = self.marks.entry(*kind).or_default();
                *kept = kept.max(*mark);
            }
        }
    }
}

impl Room {
    pub(crate) fn new(subject: Subject, wanted: &Wanted, whole: Whole) -> Result<Room, Fault> {
        let Whole { root, others, rows } = whole;
        let mut room = Room {
            now: wanted.now,
            first_day: wanted.days[0],
            unfolded: (0, 0),
            place: root.base,
            minutes: BTreeMap::new(),
            days: BTreeMap::new(),
            details: BTreeMap::new(),
            marks: root.marks,
            anew: root.anew,
            first: root.first,
            subject,
        };
        let Rows { hours, days } = wanted.read(&rows)?;
        for (hour, row) in hours {
            room.minutes.extend(row.minutes);
            room.details.extend(row.detail.map(|detail| (hour, Arc::new(detail))));
        }
        room.days = days;
        others.iter().try_for_each(|entry| room.hear(entry))?;
        Ok(room)
    }

    /// Whether it has all that a view of `now` shows.
    pub(crate) fn shows(&self, now: ArrivalTime) -> bool {
        (self.now.0..=self.now.0 + AHEAD_HOURS).contains(&now.hour().0)
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether the journal should be folded.
    pub(crate) fn is_long(&self) -> bool {
        let (entries, bytes) = self.unfolded;
        entries >= FOLDED_ENTRIES || bytes >= FOLDED_BYTES
    }

    /// The journal begins here now.
    pub(crate) fn begins(&mut self, base: u64) {
        let entries = self.place.count.saturating_sub(base);
        if entries < self.unfolded.0 {
            // About: nobody tells how long the others are.
            self.unfolded.1 = self.unfolded.1 * entries as usize / self.unfolded.0 as usize;
        }
        self.unfolded.0 = entries;
    }

    /// Hears what was added behind a place that it knew; maybe it has heard some of it since.
    pub(crate) fn hear_from(&mut self, place: &Place, others: &[Vec<u8>]) -> Result<(), Fault> {
        let heard = self.place.count.saturating_sub(place.count) as usize;
        others.iter().skip(heard).try_for_each(|entry| self.hear(entry))
    }

    /// Hears the next entry of the journal.
    pub(crate) fn hear(&mut self, entry: &[u8]) -> Result<(), Fault> {
        match read(&self.subject, entry)? {
            Entry::Merged(parts, now) => {
                for part in parts {
                    self.add(&part.delta, part.came);
                }
                self.first = Some(self.first.map_or(now, |first| first.min(now)));
            }
            Entry::Marked(kind, mark) => {
                let kept = self.marks.entry(kind).or_default();
                *kept = kept.max(mark);
            }
        }
        self.went(entry);
        Ok(())
    }

    /// Hears a merge of its own, which it need not read.
    pub(crate) fn hear_own(&mut self, entry: &[u8], offer: &Offer, now: Minute) {
        for delta in parts(offer) {
            self.add(delta, delta.came.map(|(first, _)| first));
        }
        self.first = Some(self.first.map_or(now, |first| first.min(now)));
        self.went(entry);
    }

    fn went(&mut self, entry: &[u8]) {
        self.place = Place { count: self.place.count + 1, stamp: stamp_of(entry) };
        self.unfolded = (self.unfolded.0 + 1, self.unfolded.1 + entry.len());
    }

    fn add(&mut self, delta: &Delta, came: Option<ArrivalTime>) {
        if self.anew.half(came).is_none() {
            return;
        }
        let first_hour = Hour(self.now.0 - SHOWN_HOURS + 1);
        for (minute, counts) in delta.minutes.iter().filter(|(minute, _)| minute.hour() >= first_hour) {
            self.minutes.entry(*minute).or_default().add(counts);
        }
        for (hour, detail) in delta.details.iter().filter(|(hour, _)| **hour >= first_hour) {
            Arc::make_mut(self.details.entry(*hour).or_default()).merge(detail);
        }
        for day in delta.days().range(self.first_day..) {
            self.days.entry(*day).or_default().add(*day, delta);
        }
    }

    /// `marks`: those that are not in Redis yet.
    pub(crate) fn view(&self, now: ArrivalTime, marks: impl Iterator<Item = (Kind, Mark)>) -> View {
        let mut view = View::empty(self.subject.clone(), now);
        let (minute, hour) = (view.first_minute(), view.first_hour());
        for (m, counts) in self.minutes.range(minute..=now.minute()) {
            view.minutes[(m.0 - minute.0) as usize] = *counts;
        }
        for (day, counts) in self.days.range(hour.day()..=now.hour().day()) {
            for (h, counts) in counts.by_hour(*day).filter(|(h, _)| (hour..=now.hour()).contains(h)) {
                view.hours[(h.0 - hour.0) as usize] = counts;
            }
        }
        let evidence = Hour(now.hour().0 - SHOWN_HOURS + 1)..=now.hour();
        view.details = self.details.range(evidence).map(|(_, detail)| Arc::clone(detail)).collect();
        let mut all = self.marks.clone();
        for (kind, mark) in marks {
            let kept = all.entry(kind).or_default();
            *kept = kept.max(mark);
        }
        view.marks = all.into_iter().collect();
        view.first = self.first;
        (view.recounted, view.recounting) = (self.anew.until, self.anew.held);
        view
    }

    /// Whether any mark stands.
    pub(crate) fn stands(&self) -> bool {
        self.marks.values().any(|mark| mark.stands())
    }
}

/// What an offer adds: in one part, or in two.
pub(crate) fn parts(offer: &Offer) -> impl Iterator<Item = &Delta> {
    [&offer.delta].into_iter().chain(offer.later.iter().map(|(_, later)| later))
}
