//! The buckets: `m minute subject`, `h day subject` (a day of hours), `e hour subject` (evidence), `f subject
//! lane` (fence), `k subject kind` (mark), `b subject` (first minute).
//!
//! What is looked at often is kept in memory, a room for each subject, and written with the commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tocsin_flow::{Fault, Windows};
use tocsin_model::{
    ArrivalTime, Counts, Day, DayCounts, Delta, Detail, Fence, History, Hour, Kind, Lane, Mark, Merged,
    Minute, Position, SIGNAL_KINDS, SourceId, Subject, VIEW_HOURS, VIEW_MINUTES, View,
};

use crate::layout::{Key, Space, number_at, signed_at, subject_at};
use crate::store::EmbeddedState;
use crate::tx::{Disk, Tx, after_prefix, broken_row};

/// How many subjects are kept in memory between commits; the others are read again when they are needed.
const ROOMS_MAX: usize = 4_096;
/// Hours of evidence in a view.
const DETAIL_HOURS: i64 = 3;

/// The subjects in memory.
#[derive(Default)]
pub(crate) struct Rooms {
    rooms: FxHashMap<Subject, Room>,
    /// Subjects with a standing mark; read from disk once.
    standing: Option<BTreeSet<Subject>>,
    /// Sources that were ever merged into; read from disk once.
    sources: Option<BTreeSet<SourceId>>,
}

/// One subject in memory. Rows that are absent here and within `from` are absent on disk, too.
struct Room {
    from: (Minute, Day),
    minutes: BTreeMap<Minute, Counts>,
    days: BTreeMap<Day, DayCounts>,
    details: BTreeMap<Hour, Arc<Detail>>,
    fences: FxHashMap<Lane, Fence>,
    marks: Vec<(Kind, Mark)>,
    first: Option<Minute>,
    dirty: Dirty,
}

/// What must be written with the next commit.
#[derive(Default)]
struct Dirty {
    minutes: BTreeSet<Minute>,
    days: BTreeSet<Day>,
    details: BTreeSet<Hour>,
    fences: BTreeSet<Lane>,
    marks: bool,
    first: bool,
}

pub(crate) fn minute_key(minute: Minute, subject: &Subject) -> Vec<u8> {
    Key::of(b'm').signed(minute.0).subject(subject).bytes()
}
pub(crate) fn day_key(day: Day, subject: &Subject) -> Vec<u8> {
    Key::of(b'h').signed(day.0).subject(subject).bytes()
}
pub(crate) fn detail_key(hour: Hour, subject: &Subject) -> Vec<u8> {
    Key::of(b'e').signed(hour.0).subject(subject).bytes()
}
fn fence_key(lane: Lane, subject: &Subject) -> Vec<u8> {
    Key::of(b'f').subject(subject).number(u64::from(lane.0)).bytes()
}
pub(crate) fn mark_key(kind: Kind, subject: &Subject) -> Vec<u8> {
    Key::of(b'k').subject(subject).raw(kind.name().as_bytes()).bytes()
}
pub(crate) fn first_key(subject: &Subject) -> Vec<u8> {
    Key::of(b'b').subject(subject).bytes()
}

fn counts(disk: &Disk, key: &[u8]) -> Result<Option<Counts>, Fault> {
    let row = disk.get(Space::Windows, key)?;
    row.map(|r| tocsin_wire::read_counts(&r).map_err(|e| broken_row(Space::Windows, e))).transpose()
}

fn day_counts(disk: &Disk, day: Day, subject: &Subject) -> Result<Option<DayCounts>, Fault> {
    let row = disk.get(Space::Windows, &day_key(day, subject))?;
    row.map(|r| tocsin_wire::read_day(&r).map_err(|e| broken_row(Space::Windows, e))).transpose()
}

/// The first minute and the first day that a view of `now` shows.
fn shown_from(now: ArrivalTime) -> (Minute, Day) {
    (Minute(now.minute().0 - VIEW_MINUTES as i64 + 1), Hour(now.hour().0 - VIEW_HOURS as i64 + 1).day())
}

impl Room {
    fn load(disk: &Disk, subject: &Subject, now: ArrivalTime) -> Result<Room, Fault> {
        let from = shown_from(now);
        let first = disk.get(Space::Windows, &first_key(subject))?.and_then(|r| signed_at(&r, 0)).map(Minute);
        let mut room = Room {
            from,
            minutes: BTreeMap::new(),
            days: BTreeMap::new(),
            details: BTreeMap::new(),
            fences: FxHashMap::default(),
            marks: Vec::new(),
            first,
            dirty: Dirty::default(),
        };
        for kind in SIGNAL_KINDS {
            if let Some(row) = disk.get(Space::Windows, &mark_key(kind, subject))? {
                let mark = tocsin_wire::read_mark(&row).map_err(|e| broken_row(Space::Windows, e))?;
                room.marks.push((kind, mark));
            }
        }
        if first.is_none() {
            return Ok(room);
        }
        for day in (from.1.0..=now.hour().day().0 + 1).map(Day) {
            if let Some(counts) = day_counts(disk, day, subject)? {
                room.days.insert(day, counts);
            }
        }
        // The upper end is open: what is on disk was counted, and may be dated after `now`. A minute of an empty hour is
        // not asked for: of ten thousand brands most are quiet.
        for minute in (from.0.0..=now.minute().0 + 1).map(Minute) {
            if !room.is_empty(minute.hour())
                && let Some(c) = counts(disk, &minute_key(minute, subject))?
            {
                room.minutes.insert(minute, c);
            }
        }
        for hour in (now.hour().0 - DETAIL_HOURS + 1..=now.hour().0 + 1).map(Hour) {
            room.detail(disk, subject, hour)?;
        }
        Ok(room)
    }

    /// Whether nothing was counted in an hour.
    fn is_empty(&self, hour: Hour) -> bool {
        let place = (hour.0 - hour.day().first_hour().0) as usize;
        self.days.get(&hour.day()).is_none_or(|day| day.hours[place].is_empty())
    }

    /// The evidence of an hour, from disk if it is not here; an empty one is not kept.
    fn detail(&mut self, disk: &Disk, subject: &Subject, hour: Hour) -> Result<(), Fault> {
        if let std::collections::btree_map::Entry::Vacant(place) = self.details.entry(hour)
            && let Some(row) = disk.get(Space::Windows, &detail_key(hour, subject))?
        {
            let detail = tocsin_wire::read_detail(&row).map_err(|e| broken_row(Space::Windows, e))?;
            place.insert(Arc::new(detail));
        }
        Ok(())
    }

    fn add(&mut self, disk: &Disk, delta: &Delta, now: ArrivalTime) -> Result<(), Fault> {
        let subject = &delta.subject;
        for (minute, added) in &delta.minutes {
            if *minute < self.from.0 && !self.minutes.contains_key(minute) {
                let row = counts(disk, &minute_key(*minute, subject))?.unwrap_or_default();
                self.minutes.insert(*minute, row);
            }
            self.minutes.entry(*minute).or_default().add(added);
            self.dirty.minutes.insert(*minute);
        }
        if self.first.is_none_or(|first| now.minute() < first) {
            self.first = Some(now.minute());
            self.dirty.first = true;
        }
        for day in delta.days() {
            if day < self.from.1 && !self.days.contains_key(&day) {
                self.days.insert(day, day_counts(disk, day, subject)?.unwrap_or_default());
            }
            self.days.entry(day).or_default().add(day, delta);
            self.dirty.days.insert(day);
        }
        for (hour, added) in &delta.details {
            self.detail(disk, subject, *hour)?;
            Arc::make_mut(self.details.entry(*hour).or_default()).merge(added);
            self.dirty.details.insert(*hour);
        }
        Ok(())
    }

    /// Days that no view needs are read from disk, and not kept.
    fn history(&self, disk: &Disk, subject: &Subject, now: ArrivalTime) -> Result<History, Fault> {
        let begin = History::begin(now, self.first).day();
        let mut days = Vec::new();
        for day in (begin.0..=now.hour().day().0).map(Day) {
            match self.days.get(&day) {
                Some(counts) => days.push((day, counts.clone())),
                None if day < self.from.1 => {
                    days.extend(day_counts(disk, day, subject)?.map(|counts| (day, counts)));
                }
                None => {}
            }
        }
        Ok(History::of(subject.clone(), now, self.first, days))
    }

    fn fence(&mut self, disk: &Disk, subject: &Subject, lane: Lane) -> Result<Fence, Fault> {
        if let Some(fence) = self.fences.get(&lane) {
            return Ok(*fence);
        }
        let row = disk.get(Space::Windows, &fence_key(lane, subject))?;
        let fence = Fence(Position(row.and_then(|r| number_at(&r, 0)).unwrap_or(0)));
        self.fences.insert(lane, fence);
        Ok(fence)
    }

    fn view(&self, subject: &Subject, now: ArrivalTime) -> View {
        let mut view = View::empty(subject.clone(), now);
        let (minute, hour) = (view.first_minute(), view.first_hour());
        for (m, c) in self.minutes.range(minute..=now.minute()) {
            view.minutes[(m.0 - minute.0) as usize] = *c;
        }
        for (day, counts) in self.days.range(hour.day()..=now.hour().day()) {
            for (h, c) in counts.by_hour(*day).filter(|(h, _)| (hour..=now.hour()).contains(h)) {
                view.hours[(h.0 - hour.0) as usize] = c;
            }
        }
        let evidence = Hour(now.hour().0 - DETAIL_HOURS + 1)..=now.hour();
        view.details = self.details.range(evidence).map(|(_, d)| Arc::clone(d)).collect();
        view.marks.clone_from(&self.marks);
        view.first = self.first;
        view
    }

    fn write(&mut self, subject: &Subject, tx: &mut Tx) {
        let dirty = std::mem::take(&mut self.dirty);
        for minute in dirty.minutes {
            tx.put(
                Space::Windows,
                minute_key(minute, subject),
                tocsin_wire::write_counts(&self.minutes[&minute]),
            );
        }
        for day in dirty.days {
            tx.put(Space::Windows, day_key(day, subject), tocsin_wire::write_day(&self.days[&day]));
        }
        for hour in dirty.details {
            tx.put(
                Space::Windows,
                detail_key(hour, subject),
                tocsin_wire::write_detail(&self.details[&hour]),
            );
        }
        for lane in dirty.fences {
            let next = self.fences[&lane].0.0;
            tx.put(Space::Windows, fence_key(lane, subject), next.to_be_bytes().to_vec());
        }
        if dirty.marks {
            for (kind, mark) in &self.marks {
                tx.put(Space::Windows, mark_key(*kind, subject), tocsin_wire::write_mark(mark));
            }
        }
        if let (true, Some(first)) = (dirty.first, self.first) {
            let row = Key::of(b'b').signed(first.0).bytes().split_off(1);
            tx.put(Space::Windows, first_key(subject), row);
        }
    }

    /// Lets go of rows that no view needs any more.
    fn trim(&mut self, now: ArrivalTime) {
        let (minute, day) = shown_from(now);
        self.from = (self.from.0.max(minute), self.from.1.max(day));
        self.minutes = self.minutes.split_off(&minute);
        self.days = self.days.split_off(&day);
        self.details = self.details.split_off(&Hour(now.hour().0 - DETAIL_HOURS + 1));
    }
}

impl Rooms {
    /// The room of a subject that can show a view of `now`.
    fn room(&mut self, disk: &Disk, subject: &Subject, now: ArrivalTime) -> Result<&mut Room, Fault> {
        let (earliest, _) = shown_from(now);
        let too_young = |room: &Room| earliest < room.from.0 && room.first.is_some();
        if self.rooms.get(subject).is_none_or(too_young) {
            let mut loaded = Room::load(disk, subject, now)?;
            if let Some(known) = self.rooms.remove(subject) {
                loaded.keep_unwritten(known);
            }
            self.rooms.insert(subject.clone(), loaded);
        }
        Ok(self.rooms.get_mut(subject).expect("it was just put there"))
    }

    /// Puts what changed into the transaction.
    pub(crate) fn write(&mut self, tx: &mut Tx) {
        for (subject, room) in &mut self.rooms {
            room.write(subject, tx);
        }
    }

    /// After a commit: memory stays bounded.
    pub(crate) fn committed(&mut self, now: ArrivalTime) {
        self.rooms.values_mut().for_each(|room| room.trim(now));
        if self.rooms.len() > ROOMS_MAX {
            self.rooms.clear();
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Rooms::default();
    }

    fn standing(&mut self, disk: &Disk) -> Result<&mut BTreeSet<Subject>, Fault> {
        if self.standing.is_none() {
            let mut standing = BTreeSet::new();
            for (key, row) in disk.range(Space::Windows, b"k", &after_prefix(b"k"), usize::MAX)? {
                let mark = tocsin_wire::read_mark(&row).map_err(|e| broken_row(Space::Windows, e))?;
                if mark.stands() {
                    standing.extend(subject_at(&key, 1));
                }
            }
            self.standing = Some(standing);
        }
        Ok(self.standing.get_or_insert_default())
    }

    fn sources(&mut self, disk: &Disk) -> Result<&mut BTreeSet<SourceId>, Fault> {
        if self.sources.is_none() {
            let firsts = disk.range(Space::Windows, b"bs", &after_prefix(b"bs"), usize::MAX)?;
            let source = |(key, _): &(Vec<u8>, Vec<u8>)| match subject_at(key, 1) {
                Some(Subject::Source(source)) => Some(source),
                _ => None,
            };
            self.sources = Some(firsts.iter().filter_map(source).collect());
        }
        Ok(self.sources.get_or_insert_default())
    }
}

impl Room {
    /// Takes over what an older room of the same subject has not written yet, or holds from before.
    fn keep_unwritten(&mut self, older: Room) {
        self.minutes.extend(older.minutes);
        self.days.extend(older.days);
        self.details.extend(older.details);
        self.fences.extend(older.fences);
        self.marks = older.marks;
        self.first = older.first;
        self.dirty = older.dirty;
    }
}

impl Windows for EmbeddedState {
    async fn merge(
        &mut self,
        lane: Lane,
        seen: Position,
        first: Position,
        last: Position,
        delta: &Delta,
        now: ArrivalTime,
    ) -> Result<Merged, Fault> {
        let mut guard = self.shared.desk();
        let disk = &self.shared.disk;
        let room = guard.rooms.room(disk, &delta.subject, now)?;
        if let Some(refusal) = room.fence(disk, &delta.subject, lane)?.refuses(seen, first) {
            return Ok(refusal);
        }
        room.add(disk, delta, now)?;
        room.fences.insert(lane, Fence(last.next()));
        room.dirty.fences.insert(lane);
        let view = room.view(&delta.subject, now);
        if let Subject::Source(source) = &delta.subject {
            guard.rooms.sources(disk)?.insert(source.clone());
        }
        Ok(Merged::Added(Box::new(view)))
    }

    async fn view(&mut self, subject: &Subject, now: ArrivalTime) -> Result<View, Fault> {
        let mut guard = self.shared.desk();
        Ok(guard.rooms.room(&self.shared.disk, subject, now)?.view(subject, now))
    }

    async fn history(&mut self, subject: &Subject, now: ArrivalTime) -> Result<History, Fault> {
        let mut guard = self.shared.desk();
        let disk = &self.shared.disk;
        guard.rooms.room(disk, subject, now)?.history(disk, subject, now)
    }

    async fn sources(&mut self) -> Result<Vec<SourceId>, Fault> {
        let mut guard = self.shared.desk();
        Ok(guard.rooms.sources(&self.shared.disk)?.iter().cloned().collect())
    }

    async fn mark(&mut self, subject: &Subject, kind: Kind, mark: Mark) -> Result<(), Fault> {
        let mut guard = self.shared.desk();
        let desk = &mut *guard;
        let disk = &self.shared.disk;
        desk.rooms.standing(disk)?;
        let room = match desk.rooms.rooms.get_mut(subject) {
            Some(room) => room,
            None => desk.rooms.room(disk, subject, desk.now.max(desk.ahead).unwrap_or_default())?,
        };
        room.dirty.marks = true;
        let merged = match room.marks.iter_mut().find(|(k, _)| *k == kind) {
            Some((_, kept)) => {
                *kept = kept.max(mark);
                *kept
            }
            None => {
                room.marks.push((kind, mark));
                room.marks.sort_by_key(|(kind, _)| *kind);
                mark
            }
        };
        let any = merged.stands() || room.marks.iter().any(|(_, m)| m.stands());
        let standing = desk.rooms.standing(disk)?;
        if any {
            standing.insert(subject.clone());
        } else {
            standing.remove(subject);
        }
        Ok(())
    }

    async fn standing(&mut self) -> Result<Vec<Subject>, Fault> {
        let mut guard = self.shared.desk();
        Ok(guard.rooms.standing(&self.shared.disk)?.iter().cloned().collect())
    }
}
