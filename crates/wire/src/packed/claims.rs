//! What is known of some ids, as bytes: about 24 an id. An id is a tag of seven bytes; numbers and times are
//! written as their distance from the smallest among them.

use tocsin_model::{ArrivalTime, Claim, Engagement, Hour, Position, Span};

use super::bytes::{Packer, Unpacker};
use crate::Unreadable;

/// Flags before a claim: which fields of its engagement are written; that it was taken down; that there was
/// more than its first record.
const LIKES: u8 = 1;
const REPOSTS: u8 = 2;
const COMMENTS: u8 = 4;
const VIEWS: u8 = 8;
const DELETED: u8 = 16;
const LATER: u8 = 32;

/// Claims by tag as bytes. Of a hash of the text the lower half is kept: one edited text in four billion
/// passes for unchanged.
pub fn write_claims(claims: &[(u64, Claim)]) -> Vec<u8> {
    let mut p = Packer::new(16 + 28 * claims.len());
    let position = claims.iter().map(|(_, c)| c.first).min().unwrap_or_default();
    let time = claims.iter().map(|(_, c)| c.first_arrived).min().unwrap_or_default();
    p.unsigned(position.0);
    p.signed(time.millis());
    p.unsigned(claims.len() as u64);
    for (tag, claim) in claims {
        p.tag(*tag);
        let Engagement { likes, reposts, comments, views } = claim.engagement;
        let fields = [(LIKES, likes), (REPOSTS, reposts), (COMMENTS, comments), (VIEWS, views)];
        let later = claim.last_arrived != claim.first_arrived
            || claim.gain_hour != claim.first_arrived.hour()
            || claim.gained > 0;
        let mut flags = if claim.deleted { DELETED } else { 0 } | if later { LATER } else { 0 };
        fields.iter().filter(|(_, n)| *n > 0).for_each(|(flag, _)| flags |= flag);
        p.byte(flags);
        p.unsigned(claim.first.0 - position.0);
        p.unsigned(claim.first_arrived.after(time).millis() as u64);
        p.raw(&(claim.text_hash as u32).to_le_bytes());
        fields.iter().filter(|(_, n)| *n > 0).for_each(|(_, n)| p.unsigned(*n));
        if later {
            p.signed(claim.last_arrived.after(claim.first_arrived).millis());
            p.signed(claim.gain_hour.0.wrapping_sub(claim.first_arrived.hour().0));
            p.unsigned(claim.gained);
        }
    }
    p.done()
}

/// The contrary of [`write_claims`].
///
/// # Errors
/// Bytes that it did not write, or a newer version did.
pub fn read_claims(bytes: &[u8]) -> Result<Vec<(u64, Claim)>, Unreadable> {
    let mut r = Unpacker::new("bucket of claims", bytes)?;
    let position = r.unsigned()?;
    let time = ArrivalTime::from_millis(r.signed()?);
    let entries = r.entries()?;
    let mut claims = Vec::with_capacity(entries);
    for _ in 0..entries {
        let (tag, flags) = (r.tag()?, r.byte()?);
        let first = Position(position.saturating_add(r.unsigned()?));
        let first_arrived = time.plus(Span::from_millis(r.unsigned()? as i64));
        let mut text_hash = [0; 4];
        text_hash.copy_from_slice(r.raw(4)?);
        let mut field = |flag| if flags & flag == 0 { Ok(0) } else { r.unsigned() };
        let engagement = Engagement {
            likes: field(LIKES)?,
            reposts: field(REPOSTS)?,
            comments: field(COMMENTS)?,
            views: field(VIEWS)?,
        };
        let mut claim = Claim {
            first,
            first_arrived,
            last_arrived: first_arrived,
            engagement,
            text_hash: u64::from(u32::from_le_bytes(text_hash)),
            deleted: flags & DELETED != 0,
            gain_hour: first_arrived.hour(),
            gained: 0,
        };
        if flags & LATER != 0 {
            claim.last_arrived = first_arrived.plus(Span::from_millis(r.signed()?));
            claim.gain_hour = Hour(claim.gain_hour.0.wrapping_add(r.signed()?));
            claim.gained = r.unsigned()?;
        }
        claims.push((tag, claim));
    }
    r.end()?;
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const MOMENT: i64 = 1 << 45;

    proptest! {
        #[test]
        fn claims_come_back(
            rows in vec(
                (0u64..1 << 56, any::<(u32, u32, bool)>(), -MOMENT..MOMENT, -MOMENT..MOMENT, any::<u16>(),
                 proptest::array::uniform5(prop_oneof![Just(0), 0u64..999, any::<u64>()])),
                0..9,
            ),
        ) {
            let claim = |(tag, (first, text_hash, deleted), at, last, hour, n): (_, _, _, _, u16, [u64; 5])| {
                let (first_arrived, last_arrived) = (ArrivalTime::from_millis(at), ArrivalTime::from_millis(last));
                let engagement = Engagement { likes: n[0], reposts: n[1], comments: n[2], views: n[3] };
                let (first, text_hash) = (Position(u64::from(first)), u64::from(text_hash));
                let gain_hour = Hour(i64::from(hour));
                (tag, Claim {
                    first, first_arrived, last_arrived, engagement, text_hash, deleted, gain_hour, gained: n[4],
                })
            };
            let rows: Vec<_> = rows.into_iter().map(claim).collect();
            let bytes = write_claims(&rows);
            prop_assert_eq!(read_claims(&bytes).unwrap(), rows);
            prop_assert!(read_claims(&bytes[..bytes.len() - 1]).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..90)) {
            let _ = read_claims(&bytes);
        }
    }
}
