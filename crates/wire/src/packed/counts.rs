//! What a bucket holds, as bytes: how many counters, then each. Zeros at the end are left out; counters that a
//! newer program has added are passed over, those that an older one did not have are 0.

use tocsin_model::Counts;

use super::bytes::{Packer, Unpacker};
use crate::Unreadable;

/// Counts as bytes: 2 for none, about 20 for a busy minute.
pub fn write_counts(counts: &Counts) -> Vec<u8> {
    let mut p = Packer::new(32);
    put_counts(&mut p, counts);
    p.done()
}

pub(super) fn put_counts(p: &mut Packer, counts: &Counts) {
    let counters = counts.to_array();
    let used = counters.iter().rposition(|&n| n != 0).map_or(0, |last| last + 1);
    p.unsigned(used as u64);
    counters[..used].iter().for_each(|&n| p.unsigned(n));
}

/// The contrary of [`write_counts`].
///
/// # Errors
/// Bytes that it did not write.
pub fn read_counts(bytes: &[u8]) -> Result<Counts, Unreadable> {
    let mut r = Unpacker::new("bucket of counts", bytes)?;
    let counts = take_counts(&mut r)?;
    r.end()?;
    Ok(counts)
}

pub(super) fn take_counts(r: &mut Unpacker<'_>) -> Result<Counts, Unreadable> {
    let mut counters = Counts::default().to_array();
    for i in 0..r.entries()? {
        let number = r.unsigned()?;
        if let Some(counter) = counters.get_mut(i) {
            *counter = number;
        }
    }
    Ok(Counts::from_array(counters))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_come_back(a in proptest::array::uniform15(prop_oneof![Just(0), 0u64..9_999, any::<u64>()])) {
            let counts = Counts::from_array(a);
            prop_assert_eq!(read_counts(&write_counts(&counts)).unwrap(), counts);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = read_counts(&bytes);
        }
    }

    #[test]
    fn counters_of_a_newer_program_are_passed_over() {
        let newer = [1, 17, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 200, 1, 5];
        assert_eq!(read_counts(&newer).unwrap(), Counts { posts: 7, top_gain: 9, ..Counts::default() });
    }

    #[test]
    fn nothing_counted_takes_two_bytes() {
        assert_eq!(write_counts(&Counts::default()), [1, 0]);
    }
}
