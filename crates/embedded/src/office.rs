//! What people look up and change beside the chain: counts, incidents, signals, rejected records, deliveries.

use std::sync::Arc;

use fjall::PersistMode;
use tocsin_flow::Fault;
use tocsin_model::{Counts, Hour, Incident, NoticeId, Rejected, Signal, Subject};

use crate::casebook::read_incident;
use crate::layout::{Key, Space, signed_at, subject_at};
use crate::store::Shared;
use crate::tx::{after_prefix, broken_row, store_fault};

/// How many rows are read at once.
const PAGE: usize = 1_024;

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

    /// Calls `each` for every row of a table in the order of its keys, a page at a time.
    fn each(
        &self,
        space: Space,
        table: u8,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut from = vec![table];
        let end = after_prefix(&[table]);
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

    /// Every hour that is not empty, by hour, then subject.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be read.
    pub fn hours(&self, mut each: impl FnMut(HourRow)) -> Result<(), Fault> {
        self.each(Space::Windows, b'h', |key, row| {
            let counts = tocsin_wire::read_counts(row).map_err(|e| broken_row(Space::Windows, e))?;
            if let (Some(hour), Some(subject)) = (signed_at(key, 1), subject_at(key, 9)) {
                each(HourRow { hour: Hour(hour), subject, counts });
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
    pub fn rejected(&self, mut each: impl FnMut(String, Rejected)) -> Result<(), Fault> {
        self.each(Space::Rejected, b'r', |key, row| {
            let record = tocsin_wire::read_rejected(row).map_err(|e| broken_row(Space::Rejected, e))?;
            each(name_of(key), record);
            Ok(())
        })
    }

    /// Takes a rejected record out, by the name that [`Office::rejected`] gave: it was sent again.
    ///
    /// # Errors
    /// [`Fault`] when the store cannot be written.
    pub fn forget_rejected(&self, name: &str) -> Result<bool, Fault> {
        let mut found = None;
        self.each(Space::Rejected, b'r', |key, _| {
            if name_of(key) == name {
                found = Some(key.to_vec());
            }
            Ok(())
        })?;
        let Some(key) = found else { return Ok(false) };
        let disk = &self.shared.disk;
        let mut batch = disk.db.batch().durability(Some(PersistMode::SyncData));
        batch.remove(disk.space(Space::Rejected), key);
        batch.commit().map_err(store_fault)?;
        Ok(true)
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

/// A rejected record's name: its key in figures, short and unique.
fn name_of(key: &[u8]) -> String {
    let field = |at| crate::layout::number_at(key, at).unwrap_or(0);
    let millis = signed_at(key, 1).unwrap_or(0);
    format!("{millis}-{}-{}", field(9), field(17))
}
