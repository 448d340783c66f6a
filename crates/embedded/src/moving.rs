//! What is remembered of subjects, as rows: to move it to another carrier, and to put another past in the place of a
//! brand's own. Only while no chain runs: it keeps in memory what is changed here.

use std::collections::BTreeMap;

use fjall::PersistMode;
use tocsin_flow::Fault;
use tocsin_model::{
    ArrivalTime, BrandId, Counts, Day, DayCounts, Hour, KeptDays, MINUTES_KEPT, Minute, SIGNAL_KINDS,
    Subject, recount,
};
use tocsin_wire::StateRow;

use crate::casebook::{incident_key, open_key, read_incident};
use crate::layout::{Key, Space, number_at, signed_at, subject_at};
use crate::log::record_at;
use crate::office::{Office, PAGE};
use crate::store::now_key;
use crate::tx::{Tx, broken_row, store_fault};
use crate::windows::{day_key, detail_key, first_key, mark_key, minute_key};

/// Rows written together.
const TOGETHER: usize = 10_000;

fn unreadable(why: tocsin_wire::Unreadable) -> Fault {
    broken_row(Space::Windows, why)
}

impl Office {
    /// Where data time stands.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn now(&self) -> Result<Option<ArrivalTime>, Fault> {
        let row = self.disk().get(Space::Meta, &now_key())?;
        Ok(row.and_then(|row| number_at(&row, 0)).map(|millis| ArrivalTime::from_millis(millis as i64)))
    }

    /// The days that are kept of a subject.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn days(&self, subject: &Subject) -> Result<KeptDays, Fault> {
        let mut kept = KeptDays { now: self.now()?.unwrap_or_default(), ..KeptDays::default() };
        let first = self.disk().get(Space::Windows, &first_key(subject))?;
        kept.first = first.and_then(|row| signed_at(&row, 0)).map(Minute);
        self.each(Space::Windows, b'h', |key, row| {
            let (day, of) = timed(key)?;
            if &of == subject {
                kept.days.push((Day(day), tocsin_wire::read_day(row).map_err(unreadable)?));
            }
            Ok(())
        })?;
        Ok(kept)
    }

    /// What the minutes of a subject hold from one to another, both included; none once they are forgotten.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn window(&self, subject: &Subject, first: Minute, last: Minute) -> Result<Option<Counts>, Fault> {
        let forgotten = self.now()?.is_none_or(|now| now.minute().0 - first.0 > MINUTES_KEPT);
        if forgotten {
            return Ok(None);
        }
        let mut sum = Counts::default();
        for minute in (first.0..=last.0).map(Minute) {
            if let Some(row) = self.disk().get(Space::Windows, &minute_key(minute, subject))? {
                sum.add(&tocsin_wire::read_counts(&row).map_err(unreadable)?);
            }
        }
        Ok(Some(sum))
    }

    /// Everything that is remembered of subjects, row by row: time, buckets, evidence, marks, incidents. What is
    /// known of single posts is not among it.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read, and those of `each`.
    pub fn state(&self, mut each: impl FnMut(StateRow) -> Result<(), Fault>) -> Result<(), Fault> {
        if let Some(now) = self.now()? {
            each(StateRow::Now(now))?;
        }
        self.each(Space::Windows, b'b', |key, row| match (subject_at(key, 1), signed_at(row, 0)) {
            (Some(subject), Some(minute)) => each(StateRow::First(subject, Minute(minute))),
            _ => Err(broken_row(Space::Windows, "first minute")),
        })?;
        self.each(Space::Windows, b'm', |key, row| {
            let (minute, subject) = timed(key)?;
            each(StateRow::Minute(
                subject,
                Minute(minute),
                tocsin_wire::read_counts(row).map_err(unreadable)?,
            ))
        })?;
        self.each(Space::Windows, b'h', |key, row| {
            let (day, subject) = timed(key)?;
            let counts = tocsin_wire::read_day(row).map_err(unreadable)?;
            each(StateRow::Day(subject, Day(day), Box::new(counts)))
        })?;
        self.each(Space::Windows, b'e', |key, row| {
            let (hour, subject) = timed(key)?;
            let detail = tocsin_wire::read_detail(row).map_err(unreadable)?;
            each(StateRow::Evidence(subject, Hour(hour), Box::new(detail)))
        })?;
        self.each(Space::Windows, b'k', |key, row| {
            let subject = subject_at(key, 1).ok_or_else(|| broken_row(Space::Windows, "mark"))?;
            let kind = SIGNAL_KINDS.into_iter().find(|kind| key == mark_key(*kind, &subject));
            let kind = kind.ok_or_else(|| broken_row(Space::Windows, "mark of an unknown kind"))?;
            each(StateRow::Mark(subject, kind, tocsin_wire::read_mark(row).map_err(unreadable)?))
        })?;
        self.each(Space::Cases, b'i', |_, row| each(StateRow::Incident(Box::new(read_incident(row)?))))
    }

    /// Whether nothing is remembered of any subject.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn remembers_nothing(&self) -> Result<bool, Fault> {
        let mut rows = 0;
        self.each(Space::Windows, b'b', |_, _| {
            rows += 1;
            Ok(())
        })?;
        self.each(Space::Cases, b'i', |_, _| {
            rows += 1;
            Ok(())
        })?;
        Ok(rows == 0)
    }

    /// Remembers these rows, in the place of those with the same keys; how many there were.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be written, and those of the rows.
    pub fn remember(&self, rows: impl IntoIterator<Item = Result<StateRow, Fault>>) -> Result<u64, Fault> {
        let (mut tx, mut count) = (Tx::default(), 0);
        for row in rows {
            put(&mut tx, row?);
            count += 1;
            if count % TOGETHER as u64 == 0 {
                tx.commit(self.disk())?;
            }
        }
        tx.commit(self.disk())?;
        self.disk().db.persist(PersistMode::SyncAll).map_err(store_fault)?;
        Ok(count)
    }

    /// Puts the past that another store has counted for a brand from an hour on in the place of this one's, as
    /// [`recount`] does. It is heard since `first`, or before. How many times as many posts the other one found, if that
    /// is known.
    ///
    /// # Errors
    /// [`Fault`] when a store cannot be read or written.
    pub fn refill(
        &self,
        brand: &BrandId,
        since: Hour,
        first: Minute,
        other: &Office,
    ) -> Result<Option<f64>, Fault> {
        let subject = Subject::Brand(brand.clone());
        let own = self.days(&subject)?;
        let mut days: BTreeMap<Day, DayCounts> = own.days.into_iter().collect();
        let times = recount(&mut days, other.days(&subject)?.days.into_iter().collect(), since);
        let mut tx = Tx::default();
        self.each(Space::Windows, b'm', |key, _| {
            let (minute, of) = timed(key)?;
            if of == subject && Minute(minute).hour() >= since {
                tx.remove(Space::Windows, key.to_vec());
            }
            Ok(())
        })?;
        self.each(Space::Windows, b'e', |key, _| {
            let (hour, of) = timed(key)?;
            if of == subject && Hour(hour) >= since {
                tx.remove(Space::Windows, key.to_vec());
            }
            Ok(())
        })?;
        for (day, counts) in days {
            put(&mut tx, StateRow::Day(subject.clone(), day, Box::new(counts)));
        }
        other.state(|row| {
            match &row {
                StateRow::Minute(of, minute, _) if of == &subject && minute.hour() >= since => {
                    put(&mut tx, row)
                }
                StateRow::Evidence(of, hour, _) if of == &subject && *hour >= since => put(&mut tx, row),
                _ => {}
            }
            Ok(())
        })?;
        let first = own.first.map_or(first, |known| known.min(first));
        put(&mut tx, StateRow::First(subject, first));
        tx.commit(self.disk())?;
        self.disk().db.persist(PersistMode::SyncAll).map_err(store_fault)?;
        // What a chain that is over had in memory is another past.
        self.forget_rooms();
        Ok(times)
    }

    /// The posts that are kept and were counted, from an arrival on, in the order of the log; read a page at a
    /// time.
    pub fn recorded(
        &self,
        since: ArrivalTime,
    ) -> impl Iterator<Item = Result<(ArrivalTime, Vec<u8>), Fault>> + '_ {
        let (mut next, mut ended) = (Vec::new(), false);
        let pages = std::iter::from_fn(move || {
            if ended {
                return None;
            }
            let page = self.disk().range(Space::Log, &next, &self.done().to_be_bytes(), PAGE);
            match page.as_ref().map(|rows| rows.last()) {
                Ok(Some((key, _))) => next = [key.as_slice(), &[0]].concat(),
                _ => ended = true,
            }
            Some(page)
        });
        let rows = pages.flat_map(|page| match page {
            Ok(rows) => rows.into_iter().map(|(_, row)| Ok(row)).collect(),
            Err(fault) => vec![Err(fault)],
        });
        let read = |row: Result<Vec<u8>, Fault>| {
            let row = row?;
            let (arrived, json) = record_at(&row)?;
            Ok((arrived, json.to_vec()))
        };
        rows.map(read).filter(move |read| read.as_ref().map_or(true, |(arrived, _)| *arrived >= since))
    }

    /// The arrival of the first post that is kept.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn first_recorded(&self) -> Result<Option<ArrivalTime>, Fault> {
        let rows = self.disk().range(Space::Log, &[], &self.done().to_be_bytes(), 1)?;
        rows.first().map(|(_, row)| Ok(record_at(row)?.0)).transpose()
    }

    /// A hash of the query and the reader that a brand's past was counted by, if it is known.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn counted_by(&self, brand: &BrandId) -> Result<Option<u64>, Fault> {
        Ok(self.disk().get(Space::Meta, &query_key(brand))?.and_then(|row| number_at(&row, 0)))
    }

    /// Keeps that hash.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be written.
    pub fn set_counted_by(&self, brand: &BrandId, query: u64) -> Result<(), Fault> {
        let mut tx = Tx::default();
        tx.put(Space::Meta, query_key(brand), query.to_be_bytes().to_vec());
        tx.commit(self.disk())
    }
}

fn query_key(brand: &BrandId) -> Vec<u8> {
    Key::of(b'q').name(brand.as_str()).bytes()
}

/// The time and the subject of a row that goes by age.
fn timed(key: &[u8]) -> Result<(i64, Subject), Fault> {
    signed_at(key, 1).zip(subject_at(key, 9)).ok_or_else(|| broken_row(Space::Windows, "a key"))
}

fn put(tx: &mut Tx, row: StateRow) {
    match row {
        StateRow::Now(at) => tx.put(Space::Meta, now_key(), at.millis().to_be_bytes().to_vec()),
        StateRow::First(subject, minute) => {
            let row = Key::of(b'b').signed(minute.0).bytes().split_off(1);
            tx.put(Space::Windows, first_key(&subject), row);
        }
        StateRow::Minute(subject, minute, counts) => {
            tx.put(Space::Windows, minute_key(minute, &subject), tocsin_wire::write_counts(&counts));
        }
        StateRow::Day(subject, day, counts) => {
            tx.put(Space::Windows, day_key(day, &subject), tocsin_wire::write_day(&counts));
        }
        StateRow::Evidence(subject, hour, detail) => {
            tx.put(Space::Windows, detail_key(hour, &subject), tocsin_wire::write_detail(&detail));
        }
        StateRow::Mark(subject, kind, mark) => {
            tx.put(Space::Windows, mark_key(kind, &subject), tocsin_wire::write_mark(&mark));
        }
        StateRow::Incident(incident) => {
            tx.put(Space::Cases, incident_key(&incident), tocsin_wire::write_incident(&incident));
            if !incident.is_over() {
                tx.put(Space::Cases, open_key(&incident), Vec::new());
            }
        }
    }
}
