//! Which brands a post took and when, as bytes.

use tocsin_model::{ArrivalTime, BrandId, Took};

use super::bytes::{Packer, Unpacker};
use crate::Unreadable;

/// Takings as bytes, in their order.
pub fn write_took(took: &[Took]) -> Vec<u8> {
    let mut p = Packer::new(2 + took.len() * 24);
    p.unsigned(took.len() as u64);
    for Took { brand, at } in took {
        p.text(brand.as_str());
        p.signed(at.millis());
    }
    p.done()
}

/// The contrary of [`write_took`].
///
/// # Errors
/// Bytes that it did not write, or a newer version did.
pub fn read_took(bytes: &[u8]) -> Result<Vec<Took>, Unreadable> {
    let mut r = Unpacker::new("list of takings", bytes)?;
    let entries = r.entries()?;
    let mut took = Vec::with_capacity(entries.min(64));
    for _ in 0..entries {
        let brand = BrandId::new(r.text()?).map_err(|bad| r.wrong(&format!("a brand {bad}")))?;
        took.push(Took { brand, at: ArrivalTime::from_millis(r.signed()?) });
    }
    r.end()?;
    Ok(took)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn takings_come_back(took in proptest::collection::vec(("[a-z山岚 ]{1,20}", any::<i64>()), 0..9)) {
            let took: Vec<Took> = took
                .into_iter()
                .map(|(b, at)| Took { brand: BrandId::new(&b).unwrap(), at: ArrivalTime::from_millis(at) })
                .collect();
            prop_assert_eq!(read_took(&write_took(&took)).unwrap(), took);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = read_took(&bytes);
        }
    }
}
