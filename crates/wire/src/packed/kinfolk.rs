//! What some posts took and who waits for them, as bytes: about 15 a post. An id is a tag of seven bytes; brands
//! stand once, before the rows; times are written as their distance from the smallest among them.

use tocsin_model::{ArrivalTime, BrandId, Hour, Span, Took};

use super::bytes::{Packer, Unpacker};
use crate::Unreadable;

/// A post in the kin: what it took, and when its children asked.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Kinsman {
    /// The hour of arrival in which what it took was last looked at.
    pub hour: Option<Hour>,
    /// What it took.
    pub took: Vec<Took>,
    /// The hours in which children asked that may still be answered, in order, and in how many parts they are
    /// kept.
    pub waiting: Vec<(Hour, u64)>,
}

/// Posts by tag as bytes.
pub fn write_kinfolk(kinfolk: &[(u64, Kinsman)]) -> Vec<u8> {
    let mut brands: Vec<&BrandId> =
        kinfolk.iter().flat_map(|(_, k)| k.took.iter().map(|t| &t.brand)).collect();
    brands.sort();
    brands.dedup();
    let times = kinfolk.iter().flat_map(|(_, k)| k.took.iter().map(|t| t.at));
    let time = times.min().unwrap_or_default();
    let mut p = Packer::new(16 + 16 * (kinfolk.len() + brands.len()));
    p.unsigned(brands.len() as u64);
    brands.iter().for_each(|brand| p.text(brand.as_str()));
    p.signed(time.millis());
    p.unsigned(kinfolk.len() as u64);
    for (tag, Kinsman { hour, took, waiting }) in kinfolk {
        p.tag(*tag);
        // None is 0, and the hour of the smallest time 1.
        match hour {
            Some(hour) => p.unsigned(folded(hour.0.wrapping_sub(time.hour().0)) + 1),
            None => p.unsigned(0),
        }
        p.unsigned(took.len() as u64);
        for Took { brand, at } in took {
            p.unsigned(brands.binary_search(&brand).unwrap_or_default() as u64);
            p.unsigned(at.after(time).millis() as u64);
        }
        p.unsigned(waiting.len() as u64);
        for (hour, parts) in waiting {
            p.signed(hour.0);
            p.unsigned(*parts);
        }
    }
    p.done()
}

/// The contrary of [`write_kinfolk`].
///
/// # Errors
/// Bytes that it did not write, or a newer version did.
pub fn read_kinfolk(bytes: &[u8]) -> Result<Vec<(u64, Kinsman)>, Unreadable> {
    let mut r = Unpacker::new("bucket of kin", bytes)?;
    let mut brands = Vec::new();
    for _ in 0..r.entries()? {
        brands.push(BrandId::new(r.text()?).map_err(|bad| r.wrong(&format!("a brand {bad}")))?);
    }
    let time = ArrivalTime::from_millis(r.signed()?);
    let entries = r.entries()?;
    let mut kinfolk = Vec::with_capacity(entries);
    for _ in 0..entries {
        let mut kinsman = Kinsman::default();
        let tag = r.tag()?;
        kinsman.hour = r.unsigned()?.checked_sub(1).map(|n| Hour(time.hour().0.wrapping_add(unfolded(n))));
        for _ in 0..r.entries()? {
            let brand = usize::try_from(r.unsigned()?).ok().and_then(|place| brands.get(place));
            let brand = brand.ok_or_else(|| r.wrong("a brand is not in its list"))?.clone();
            kinsman.took.push(Took { brand, at: time.plus(Span::from_millis(r.unsigned()? as i64)) });
        }
        for _ in 0..r.entries()? {
            kinsman.waiting.push((Hour(r.signed()?), r.unsigned()?));
        }
        kinfolk.push((tag, kinsman));
    }
    r.end()?;
    Ok(kinfolk)
}

/// Small numbers of either sign as small numbers.
fn folded(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

fn unfolded(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    const MOMENT: i64 = 1 << 45;

    fn kinsman() -> impl Strategy<Value = Kinsman> {
        let took = vec(("[a-z山岚]{1,9}", -MOMENT..MOMENT), 0..4);
        (option::of(-99_999i64..99_999), took, vec(any::<(i64, u64)>(), 0..3)).prop_map(
            |(hour, took, waiting)| {
                let one = |(brand, at): (String, i64)| Took {
                    brand: BrandId::new(&brand).unwrap(),
                    at: ArrivalTime::from_millis(at),
                };
                Kinsman {
                    hour: hour.map(Hour),
                    took: took.into_iter().map(one).collect(),
                    waiting: waiting.into_iter().map(|(hour, parts)| (Hour(hour), parts)).collect(),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn kin_come_back(rows in vec((0u64..1 << 56, kinsman()), 0..9)) {
            let bytes = write_kinfolk(&rows);
            prop_assert_eq!(read_kinfolk(&bytes).unwrap(), rows);
            prop_assert!(read_kinfolk(&bytes[..bytes.len() - 1]).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..90)) {
            let _ = read_kinfolk(&bytes);
        }
    }
}
