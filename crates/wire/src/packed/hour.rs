//! An hour of a subject, as bytes: its minutes that are not empty, then its evidence.

use std::collections::BTreeMap;

use tocsin_model::{Counts, Detail, Hour, Minute};

use super::bytes::{Packer, Unpacker};
use super::counts::{put_counts, take_counts};
use super::detail::{put_detail, put_pulls, take_detail, take_pulls};
use crate::Unreadable;

/// An hour of a subject.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct HourRow {
    /// Minute by minute; one without posts is absent.
    pub minutes: BTreeMap<Minute, Counts>,
    /// What stands in evidence, if anything.
    pub detail: Option<Detail>,
}

/// An hour as bytes: about 20 for each busy minute, up to 5,000 for the evidence.
pub fn write_hour(hour: Hour, row: &HourRow) -> Vec<u8> {
    let mut p = Packer::new(512 + 20 * row.minutes.len());
    p.unsigned(row.minutes.len() as u64);
    for (minute, counts) in &row.minutes {
        p.signed(minute.0.wrapping_sub(hour.0.wrapping_mul(60)));
        put_counts(&mut p, counts);
    }
    p.byte(u8::from(row.detail.is_some()));
    if let Some(detail) = &row.detail {
        put_detail(&mut p, detail);
        put_pulls(&mut p, &detail.pulls);
    }
    p.done()
}

/// The contrary of [`write_hour`].
///
/// # Errors
/// Bytes that it did not write, or a newer version did.
pub fn read_hour(hour: Hour, bytes: &[u8]) -> Result<HourRow, Unreadable> {
    let mut r = Unpacker::new("hour", bytes)?;
    let mut row = HourRow::default();
    for _ in 0..r.entries()? {
        let minute = Minute(hour.0.wrapping_mul(60).wrapping_add(r.signed()?));
        row.minutes.insert(minute, take_counts(&mut r)?);
    }
    if r.flag()? {
        let detail = take_detail(&mut r)?;
        row.detail = Some(Detail { pulls: take_pulls(&mut r)?, ..detail });
    }
    r.end()?;
    Ok(row)
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::prelude::*;
    use tocsin_model::{Kind, Trigger};

    use super::*;

    proptest! {
        #[test]
        fn an_hour_comes_back(
            hour in -9_999_999i64..9_999_999,
            minutes in btree_map(0i64..60, proptest::array::uniform15(any::<u64>()), 0..60),
            authors in proptest::option::of(proptest::collection::vec(any::<u64>(), 0..40)),
        ) {
            let minute = |(m, counters)| (Minute(hour * 60 + m), Counts::from_array(counters));
            let mut row = HourRow { minutes: minutes.into_iter().map(minute).collect(), detail: None };
            row.detail = authors.map(|hashes| {
                let mut detail = Detail::default();
                hashes.iter().for_each(|hash| detail.authors.insert(*hash));
                let fire = Trigger { kind: Kind::Keyword, name: "起火".into() };
                hashes.iter().take(2).for_each(|_| detail.pulls.add(&fire, Minute(7), "weibo/1", "起火了"));
                detail
            });
            let bytes = write_hour(Hour(hour), &row);
            prop_assert_eq!(read_hour(Hour(hour), &bytes).unwrap(), row);
            prop_assert!(read_hour(Hour(hour), &bytes[..bytes.len() - 1]).is_err());
        }
    }
}
