//! What some records add to a subject, as bytes: the minute of data time, then minutes, then evidence by
//! hour, then origins by day; then the triggers that were pulled in one hour after the other, if in any.

use tocsin_model::{Day, Delta, Hour, Minute, Subject};

use super::bytes::{Packer, Unpacker};
use super::counts::{put_counts, take_counts};
use super::day::{put_origins, take_origins};
use super::detail::{put_detail, put_pulls, take_detail, take_pulls};
use crate::Unreadable;

/// A delta as bytes; `now` is when it was merged. Whose it is stands elsewhere.
pub fn write_delta(delta: &Delta, now: Minute) -> Vec<u8> {
    let mut p = Packer::new(64 + 32 * delta.minutes.len() + 512 * delta.details.len());
    p.signed(now.0);
    p.unsigned(delta.minutes.len() as u64);
    for (minute, counts) in &delta.minutes {
        p.signed(now.0.wrapping_sub(minute.0));
        put_counts(&mut p, counts);
    }
    p.unsigned(delta.details.len() as u64);
    for (hour, detail) in &delta.details {
        p.signed(now.hour().0.wrapping_sub(hour.0));
        put_detail(&mut p, detail);
    }
    p.unsigned(delta.origins.len() as u64);
    for (day, origins) in &delta.origins {
        p.signed(now.hour().day().0.wrapping_sub(day.0));
        put_origins(&mut p, origins);
    }
    for (hour, detail) in delta.details.iter().filter(|(_, detail)| !detail.pulls.0.is_empty()) {
        p.signed(now.hour().0.wrapping_sub(hour.0));
        put_pulls(&mut p, &detail.pulls);
    }
    p.done()
}

/// The contrary of [`write_delta`].
///
/// # Errors
/// Bytes that it did not write, or a newer version did.
pub fn read_delta(subject: Subject, bytes: &[u8]) -> Result<(Delta, Minute), Unreadable> {
    let mut r = Unpacker::new("delta", bytes)?;
    let now = Minute(r.signed()?);
    let mut delta = Delta::new(subject);
    for _ in 0..r.entries()? {
        let minute = Minute(now.0.wrapping_sub(r.signed()?));
        delta.minutes.insert(minute, take_counts(&mut r)?);
    }
    for _ in 0..r.entries()? {
        let hour = Hour(now.hour().0.wrapping_sub(r.signed()?));
        delta.details.insert(hour, take_detail(&mut r)?);
    }
    for _ in 0..r.entries()? {
        let day = Day(now.hour().day().0.wrapping_sub(r.signed()?));
        delta.origins.insert(day, take_origins(&mut r)?);
    }
    while !r.is_done() {
        let hour = Hour(now.hour().0.wrapping_sub(r.signed()?));
        delta.details.entry(hour).or_default().pulls = take_pulls(&mut r)?;
    }
    Ok((delta, now))
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use tocsin_model::{BrandId, Counts, Detail, Kind, Trigger};

    use super::*;

    proptest! {
        #[test]
        fn a_delta_comes_back(
            now in any::<i64>(),
            minutes in btree_map(any::<i64>(), proptest::array::uniform15(any::<u64>()), 0..5),
            details in btree_map(any::<i64>(), vec(any::<u64>(), 0..40), 0..3),
        ) {
            let mut delta = Delta::new(Subject::Brand(BrandId::new("山岚").unwrap()));
            for (minute, counters) in minutes {
                delta.minutes.insert(Minute(minute), Counts::from_array(counters));
            }
            for (hour, hashes) in details {
                let mut detail = Detail::default();
                hashes.iter().for_each(|hash| detail.authors.insert(*hash));
                hashes.iter().for_each(|hash| detail.terms.add(&hash.to_string(), hash >> 8, None));
                detail.terms.trim();
                let fire = Trigger { kind: Kind::Keyword, name: "起火".into() };
                hashes.iter().take(2).for_each(|_| detail.pulls.add(&fire, Minute(now), "weibo/1", "起火了"));
                delta.details.insert(Hour(hour), detail);
                delta.origins.entry(Day(hour / 24)).or_default().names.add("weibo", 3, None);
            }
            let bytes = write_delta(&delta, Minute(now));
            let back = read_delta(delta.subject.clone(), &bytes).unwrap();
            prop_assert_eq!(back, (delta.clone(), Minute(now)));
            prop_assert!(read_delta(delta.subject, &bytes[..bytes.len() - 1]).is_err());
        }
    }
}
