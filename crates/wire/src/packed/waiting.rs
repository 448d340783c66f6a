//! A child that waits for its parent's brands, as bytes: when its first record arrived, its position, the child whole.

use tocsin_model::{ArrivalTime, Ask, Position};

use crate::Unreadable;

/// A waiting child as bytes. Its parent is the child's own word.
pub fn write_waiting(ask: &Ask) -> Vec<u8> {
    let mut row = ask.arrived.millis().to_be_bytes().to_vec();
    row.extend_from_slice(&ask.child.position.0.to_be_bytes());
    row.extend_from_slice(&crate::write_matched(&ask.child));
    row
}

/// The contrary of [`write_waiting`].
///
/// # Errors
/// Bytes that it did not write, or a newer version did.
pub fn read_waiting(bytes: &[u8]) -> Result<Ask, Unreadable> {
    let wrong = |why: &str| Unreadable::new("waiting child", why);
    let (arrived, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| wrong("it is cut short"))?;
    let (position, child) = rest.split_first_chunk::<8>().ok_or_else(|| wrong("it is cut short"))?;
    let mut child = crate::read_matched(child)?;
    child.position = Position(u64::from_be_bytes(*position));
    let parent = child.post.parent_id().cloned().ok_or_else(|| wrong("it has no parent"))?;
    Ok(Ask { parent, arrived: ArrivalTime::from_millis(i64::from_be_bytes(*arrived)), child })
}
