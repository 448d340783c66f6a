//! A day of a subject, as bytes: its hours up to the last that is not empty, where posts came from, how late.

use tocsin_model::{Counts, DayCounts, Delays, Origins};

use super::bytes::{Packer, Unpacker};
use super::counts::{put_counts, take_counts};
use super::detail::{put_list, take_list};
use crate::Unreadable;

/// A day as bytes: about 20 for each hour of a busy one.
pub fn write_day(day: &DayCounts) -> Vec<u8> {
    let used = day.hours.iter().rposition(|hour| !hour.is_empty()).map_or(0, |last| last + 1);
    let mut p = Packer::new(64 + 20 * used);
    p.unsigned(used as u64);
    day.hours[..used].iter().for_each(|hour| put_counts(&mut p, hour));
    put_origins(&mut p, &day.origins);
    p.done()
}

pub(super) fn put_origins(p: &mut Packer, origins: &Origins) {
    put_list(p, &origins.names);
    let delays = origins.delays.0;
    p.unsigned(delays.len() as u64);
    delays.iter().for_each(|&posts| p.unsigned(posts));
}

/// The contrary of [`write_day`].
///
/// # Errors
/// Bytes that it did not write, or a newer version did.
pub fn read_day(bytes: &[u8]) -> Result<DayCounts, Unreadable> {
    let mut r = Unpacker::new("day of counts", bytes)?;
    let mut hours = [Counts::default(); 24];
    for place in 0..r.entries()? {
        match hours.get_mut(place) {
            Some(hour) => *hour = take_counts(&mut r)?,
            None => return Err(r.wrong("a day has more than 24 hours")),
        }
    }
    let origins = take_origins(&mut r)?;
    r.end()?;
    Ok(DayCounts { hours, origins })
}

pub(super) fn take_origins(r: &mut Unpacker<'_>) -> Result<Origins, Unreadable> {
    let names = take_list(r)?;
    let mut delays = Delays::default();
    if r.entries()? != delays.0.len() {
        return Err(r.wrong("the classes of delay are others"));
    }
    for posts in &mut delays.0 {
        *posts = r.unsigned()?;
    }
    Ok(Origins { names, delays })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_day_comes_back(
            hours in vec(proptest::array::uniform15(prop_oneof![Just(0), 0u64..9_999, any::<u64>()]), 24),
            names in vec(("[a-z]{1,9}", 1u64..9_999), 0..40),
            delays in proptest::array::uniform12(any::<u64>()),
        ) {
            let mut day = DayCounts::default();
            for (hour, counters) in day.hours.iter_mut().zip(hours) {
                *hour = Counts::from_array(counters);
            }
            names.iter().for_each(|(name, posts)| day.origins.names.add(name, *posts, None));
            day.origins.names.trim();
            day.origins.delays.0 = delays;
            prop_assert_eq!(read_day(&write_day(&day)).unwrap(), day);
        }

        #[test]
        fn no_bytes_make_it_panic(mut bytes in vec(any::<u8>(), 0..200)) {
            if let Some(version) = bytes.first_mut() {
                *version = 1;
            }
            let _ = read_day(&bytes);
        }
    }

    #[test]
    fn an_empty_day_takes_seventeen_bytes() {
        assert_eq!(write_day(&DayCounts::default()).len(), 17);
    }
}
