//! Ids made from causes, so that what is done again has the same.
//!
//! In letters that any header, URL and shell takes: a brand's name may be Chinese, and an id is typed.

use tocsin_model::{ArrivalTime, Incident, IncidentId, NoticeId, OutletId, Signal, SignalId};

/// An incident by the signal that opened it: its minute, so that ids sort by time, and 48 bits of a hash
/// of the signal's id, so that two of the same minute differ.
pub(crate) fn incident(opening: &Signal) -> IncidentId {
    let hash = fnv1a(opening.id.as_str()) >> 16;
    let id = format!("{}-{hash:012x}", opening.at.minute().0);
    IncidentId::new(&id).expect("figures, a hyphen and letters")
}

/// A tick as a cause.
pub(crate) fn tick(now: ArrivalTime) -> SignalId {
    SignalId::new(&format!("tick:{}", now.millis())).expect("letters and figures")
}

/// A notice: `news` is `ring-1`, `shown`, `over`.
pub(crate) fn notice(incident: &Incident, news: &str, outlet: &OutletId) -> NoticeId {
    NoticeId::new(&format!("{}:{news}:{outlet}", incident.id)).expect("checked parts, far below the limit")
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo).
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8);
    }
}
