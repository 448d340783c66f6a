//! What a judge remembers of a subject and kind, as bytes.

use tocsin_model::{Mark, Minute};

use super::bytes::{Packer, Unpacker};
use crate::Unreadable;

/// A mark as bytes: at most 41 of them.
pub fn write_mark(mark: &Mark) -> Vec<u8> {
    let mut p = Packer::new(16);
    [mark.since, mark.signalled, mark.cleared, mark.burst].into_iter().for_each(|minute| p.signed(minute.0));
    p.done()
}

/// The contrary of [`write_mark`].
///
/// # Errors
/// Bytes that it did not write, or a newer version did.
pub fn read_mark(bytes: &[u8]) -> Result<Mark, Unreadable> {
    let mut r = Unpacker::new("mark", bytes)?;
    let mut minute = || r.signed().map(Minute);
    let mark = Mark { since: minute()?, signalled: minute()?, cleared: minute()?, burst: minute()? };
    r.end()?;
    Ok(mark)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_mark_comes_back((since, signalled, cleared, burst) in any::<(i64, i64, i64, i64)>()) {
            let [since, signalled, cleared, burst] = [since, signalled, cleared, burst].map(Minute);
            let mark = Mark { since, signalled, cleared, burst };
            let bytes = write_mark(&mark);
            prop_assert_eq!(read_mark(&bytes).unwrap(), mark);
            prop_assert!(read_mark(&bytes[..bytes.len() - 1]).is_err());
        }
    }
}
