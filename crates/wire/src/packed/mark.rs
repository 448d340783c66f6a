//! What a judge remembers of a subject and kind, as bytes.

use tocsin_model::{Mark, Minute};

use super::bytes::{Packer, Unpacker};
use crate::Unreadable;

/// A mark as bytes: at most 31 of them.
pub fn write_mark(mark: &Mark) -> Vec<u8> {
    let mut p = Packer::new(16);
    [mark.since, mark.signalled, mark.cleared].into_iter().for_each(|minute| p.signed(minute.0));
    p.done()
}

/// The contrary of [`write_mark`].
///
/// # Errors
/// Bytes that it did not write, or a newer version did.
pub fn read_mark(bytes: &[u8]) -> Result<Mark, Unreadable> {
    let mut r = Unpacker::new("mark", bytes)?;
    let mark =
        Mark { since: Minute(r.signed()?), signalled: Minute(r.signed()?), cleared: Minute(r.signed()?) };
    r.end()?;
    Ok(mark)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_mark_comes_back((since, signalled, cleared) in any::<(i64, i64, i64)>()) {
            let mark = Mark { since: Minute(since), signalled: Minute(signalled), cleared: Minute(cleared) };
            let bytes = write_mark(&mark);
            prop_assert_eq!(read_mark(&bytes).unwrap(), mark);
            prop_assert!(read_mark(&bytes[..bytes.len() - 1]).is_err());
        }
    }
}
