//! What is known of an id, as bytes.

use tocsin_model::{ArrivalTime, Claim, Engagement, Hour, Position};

use super::bytes::{Packer, Unpacker};
use crate::Unreadable;

/// A claim as bytes: 25 to 80 of them.
pub fn write_claim(claim: &Claim) -> Vec<u8> {
    let mut p = Packer::new(48);
    p.unsigned(claim.first.0);
    p.signed(claim.first_arrived.millis());
    p.signed(claim.last_arrived.millis());
    let Engagement { likes, reposts, comments, views } = claim.engagement;
    [likes, reposts, comments, views].into_iter().for_each(|n| p.unsigned(n));
    p.hash(claim.text_hash);
    p.byte(u8::from(claim.deleted));
    p.signed(claim.gain_hour.0);
    p.unsigned(claim.gained);
    p.done()
}

/// The contrary of [`write_claim`].
///
/// # Errors
/// Bytes that it did not write, or a newer version did.
pub fn read_claim(bytes: &[u8]) -> Result<Claim, Unreadable> {
    let mut r = Unpacker::new("claim", bytes)?;
    let claim = Claim {
        first: Position(r.unsigned()?),
        first_arrived: ArrivalTime::from_millis(r.signed()?),
        last_arrived: ArrivalTime::from_millis(r.signed()?),
        engagement: Engagement {
            likes: r.unsigned()?,
            reposts: r.unsigned()?,
            comments: r.unsigned()?,
            views: r.unsigned()?,
        },
        text_hash: r.hash()?,
        deleted: r.flag()?,
        gain_hour: Hour(r.signed()?),
        gained: r.unsigned()?,
    };
    r.end()?;
    Ok(claim)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_claim_comes_back(
            (first, gained, text_hash) in any::<(u64, u64, u64)>(),
            (first_arrived, last_arrived, hour) in any::<(i64, i64, i64)>(),
            (likes, reposts, comments, views) in any::<(u64, u64, u64, u64)>(),
            deleted in any::<bool>(),
        ) {
            let claim = Claim {
                first: Position(first),
                first_arrived: ArrivalTime::from_millis(first_arrived),
                last_arrived: ArrivalTime::from_millis(last_arrived),
                engagement: Engagement { likes, reposts, comments, views },
                text_hash,
                deleted,
                gain_hour: Hour(hour),
                gained,
            };
            let bytes = write_claim(&claim);
            prop_assert_eq!(read_claim(&bytes).unwrap(), claim);
            prop_assert!(read_claim(&bytes[..bytes.len() - 1]).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..90)) {
            let _ = read_claim(&bytes);
        }
    }
}
