//! What people look up and change beside the chain: counts, incidents, signals, rejected records, deliveries.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fjall::PersistMode;
use tocsin_flow::Fault;
use tocsin_model::{Counts, Day, Hour, Incident, NoticeId, Rejected, Signal, Subject};

use crate::casebook::read_incident;
use crate::layout::{Key, Space, number_at, signed_at, subject_at};
use crate::store::Shared;
use crate::tx::{Disk, after_prefix, broken_row, store_fault};

/// How many rows are read at once.
pub(crate) const PAGE: usize = 1_024;

/// Reads what is committed; never waits for the chain.
pub struct Office {
    shared: Arc<Shared>,
}

/// One hour of one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct HourRow {
    /// Which hour.
    pub hour: Hour,
    /// Whose.
    pub subject: Subject,
    /// What was counted.
    pub counts: Counts,
}

/// How a notice stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It waits for its outlet.
    Waiting,
    /// It is done: delivered, or given up; in words.
    Closed(String),
    /// There is no such notice.
    Unknown,
}

impl Office {
    pub(crate) fn new(shared: Arc<Shared>) -> Office {
        Office { shared }
    }

    /// What a chain had in memory of windows; it must be over.
    pub(crate) fn forget_rooms(&self) {
        self.shared.desk().rooms.clear();
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.shared.disk
    }

    /// The first position that the chain has not done.
    pub(crate) fn done(&self) -> u64 {
        self.shared.done.load(Ordering::Acquire)
    }

    /// Calls `each` for every row of a table in the order of its keys, a page at a time.
    pub(crate) fn each(
        &self,
        space: Space,
        table: u8,
        each: impl FnMut(&[u8], &[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.each_from(space, vec![table], after_prefix(&[table]), each)
    }

    /// The same from one key up to another, which is left out.
    pub(crate) fn each_from(
        &self,
        space: Space,
        mut from: Vec<u8>,
        end: Vec<u8>,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        loop {
            let rows = self.shared.disk.range(space, &from, &end, PAGE)?;
            for (key, row) in &rows {
                each(key, row)?;
            }
            match rows.last() {
                Some((key, _)) if rows.len() == PAGE => from = [key.as_slice(), &[0]].concat(),
                _ => return Ok(()),
            }
        }
    }

    /// Every hour that is not empty, by day, then subject, then hour.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn hours(&self, mut each: impl FnMut(HourRow)) -> Result<(), Fault> {
        self.each(Space::Windows, b'h', |key, row| {
            let day = tocsin_wire::read_day(row).map_err(|e| broken_row(Space::Windows, e))?;
            if let (Some(number), Some(subject)) = (signed_at(key, 1), subject_at(key, 9)) {
                for (hour, counts) in day.by_hour(Day(number)) {
                    each(HourRow { hour, subject: subject.clone(), counts });
                }
            }
            Ok(())
        })
    }

    /// Every incident, the oldest first.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn incidents(&self) -> Result<Vec<Incident>, Fault> {
        let mut incidents = Vec::new();
        self.each(Space::Cases, b'i', |_, row| {
            incidents.push(read_incident(row)?);
            Ok(())
        })?;
        Ok(incidents)
    }

    /// Every signal, the oldest first.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn signals(&self, mut each: impl FnMut(Signal)) -> Result<(), Fault> {
        self.each(Space::Cases, b's', |_, row| {
            each(tocsin_wire::read_signal(row).map_err(|e| broken_row(Space::Cases, e))?);
            Ok(())
        })
    }

    /// Every rejected record with its number, the oldest first.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn rejected(&self, mut each: impl FnMut(u64, Rejected)) -> Result<(), Fault> {
        self.each(Space::Rejected, b'r', |key, row| {
            each(number_at(key, 1).unwrap_or(0), read_rejected(row)?);
            Ok(())
        })
    }

    /// One rejected record by its number.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn rejected_one(&self, number: u64) -> Result<Option<Rejected>, Fault> {
        let row = self.shared.disk.get(Space::Rejected, &Key::of(b'r').number(number).bytes())?;
        row.map(|row| read_rejected(&row)).transpose()
    }

    /// Takes a rejected record out: it was sent again, and that is durable.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be written.
    pub fn forget_rejected(&self, number: u64) -> Result<(), Fault> {
        let disk = &self.shared.disk;
        let mut batch = disk.db.batch().durability(Some(PersistMode::SyncData));
        batch.remove(disk.space(Space::Rejected), Key::of(b'r').number(number).bytes());
        batch.commit().map_err(store_fault)
    }

    /// How many notices wait for their delivery.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn waiting(&self) -> Result<usize, Fault> {
        let mut waiting = 0;
        self.each(Space::Cases, b'n', |_, _| {
            waiting += 1;
            Ok(())
        })?;
        Ok(waiting)
    }

    /// How a notice stands.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn delivery(&self, id: &NoticeId) -> Result<Delivery, Fault> {
        let done = self.shared.disk.get(Space::Cases, &Key::of(b'd').name(id.as_str()).bytes())?;
        if let Some(outcome) = done {
            return Ok(Delivery::Closed(String::from_utf8_lossy(&outcome).into_owned()));
        }
        let mut delivery = Delivery::Unknown;
        let suffix = Key::of(b'n').name(id.as_str()).bytes().split_off(1);
        self.each(Space::Cases, b'n', |key, _| {
            if key.ends_with(&suffix) {
                delivery = Delivery::Waiting;
            }
            Ok(())
        })?;
        Ok(delivery)
    }
}

fn read_rejected(row: &[u8]) -> Result<Rejected, Fault> {
    let json = row.get(8..).unwrap_or_default();
    tocsin_wire::read_rejected(json).map_err(|e| broken_row(Space::Rejected, e))
}
