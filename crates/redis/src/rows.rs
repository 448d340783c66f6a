//! Hours and days of a subject, in memory.

use std::collections::BTreeMap;

use redis::Cmd;
use tocsin_flow::Fault;
use tocsin_model::{Day, DayCounts, Delta, Hour};
use tocsin_wire::{HourRow, StateRow};

use crate::layout::{Field, Half, day, hour};
use crate::reply::broken;

/// Rows smaller than this are not worth compressing, in bytes.
const COMPRESSED_MIN: usize = 256;
/// No row is larger than this, in bytes.
const ROW_MAX: usize = 1 << 20;

/// Some hours and days.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    pub(crate) hours: BTreeMap<Hour, HourRow>,
    pub(crate) days: BTreeMap<Day, DayCounts>,
}

impl Rows {
    /// Makes an empty row of each hour and day from these on that a delta changes.
    pub(crate) fn make_room(&mut self, delta: &Delta, (hour, day): (Hour, Day)) {
        let hours = delta.minutes.keys().map(|minute| minute.hour()).chain(delta.details.keys().copied());
        self.hours.extend(hours.filter(|h| *h >= hour).map(|hour| (hour, HourRow::default())));
        let days = delta.days().into_iter().filter(|d| *d >= day);
        self.days.extend(days.map(|day| (day, DayCounts::default())));
    }

    /// Adds what a delta says of these hours and days.
    pub(crate) fn add_known(&mut self, delta: &Delta) {
        for (minute, counts) in &delta.minutes {
            if let Some(row) = self.hours.get_mut(&minute.hour()) {
                row.minutes.entry(*minute).or_default().add(counts);
            }
        }
        for (hour, detail) in &delta.details {
            if let Some(row) = self.hours.get_mut(hour) {
                row.detail.get_or_insert_default().merge(detail);
            }
        }
        for (day, row) in &mut self.days {
            row.add(*day, delta);
        }
    }

    /// Adds all that a delta says.
    pub(crate) fn add(&mut self, delta: &Delta) {
        for hour in delta.minutes.keys().map(|minute| minute.hour()).chain(delta.details.keys().copied()) {
            self.hours.entry(hour).or_default();
        }
        for day in delta.days() {
            self.days.entry(day).or_default();
        }
        self.add_known(delta);
    }

    /// Puts a row that stands for a minute, for evidence or for a day in its place; others are nothing to it.
    pub(crate) fn put(&mut self, row: StateRow) {
        match row {
            StateRow::Minute(_, minute, counts) => {
                self.hours.entry(minute.hour()).or_default().minutes.insert(minute, counts);
            }
            StateRow::Evidence(_, hour, detail) => {
                self.hours.entry(hour).or_default().detail = Some(*detail);
            }
            StateRow::Day(_, day, counts) => drop(self.days.insert(day, *counts)),
            _ => {}
        }
    }

    /// Adds others.
    pub(crate) fn merge(&mut self, others: Rows) {
        for (hour, added) in others.hours {
            let row = self.hours.entry(hour).or_default();
            for (minute, counts) in added.minutes {
                row.minutes.entry(minute).or_default().add(&counts);
            }
            if let Some(detail) = added.detail {
                row.detail.get_or_insert_default().merge(&detail);
            }
        }
        for (day, added) in others.days {
            self.days.entry(day).or_default().merge(&added);
        }
    }

    /// The names of their fields, hours first.
    pub(crate) fn names(&self, half: Half) -> impl Iterator<Item = Field> {
        let hours = self.hours.keys().map(move |h| hour(half, *h));
        hours.chain(self.days.keys().map(move |d| day(half, *d)))
    }

    /// Names and values as arguments.
    pub(crate) fn write(&self, half: Half, call: &mut Cmd) {
        for (h, row) in &self.hours {
            call.arg(hour(half, *h)).arg(pack(tocsin_wire::write_hour(*h, row)));
        }
        for (d, row) in &self.days {
            call.arg(day(half, *d)).arg(pack(tocsin_wire::write_day(row)));
        }
    }
}

pub(crate) fn pack(row: Vec<u8>) -> Vec<u8> {
    let squeezed = if row.len() < COMPRESSED_MIN { None } else { zstd::bulk::compress(&row, 1).ok() };
    let (how, body) = squeezed.filter(|s| s.len() < row.len()).map_or((0, row), |s| (1, s));
    [&[how], body.as_slice()].concat()
}

pub(crate) fn unpack(row: &[u8]) -> Result<Vec<u8>, Fault> {
    match row.split_first() {
        Some((0, body)) => Ok(body.to_vec()),
        Some((1, body)) => zstd::bulk::decompress(body, ROW_MAX).map_err(|e| broken("a row", e)),
        _ => Err(broken("a row", "it is of an unknown form")),
    }
}

pub(crate) fn unpack_hour(hour: Hour, row: &[u8]) -> Result<HourRow, Fault> {
    tocsin_wire::read_hour(hour, &unpack(row)?).map_err(|e| broken("an hour", e))
}

pub(crate) fn unpack_day(row: &[u8]) -> Result<DayCounts, Fault> {
    tocsin_wire::read_day(&unpack(row)?).map_err(|e| broken("a day", e))
}
