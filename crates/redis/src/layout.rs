//! Keys, their sizes, the version.
//!
//! All keys begin with the prefix (`tocsin:`). What stands in braces decides the slot of a Cluster, so what a
//! script changes together lies together. Sizes are held by
//! `tests/memory.rs`.
//!
//! | key | what | size |
//! | --- | --- | --- |
//! | `layout` | the version of this layout | |
//! | `{b:BRAND}`, `{s:SOURCE}` | a subject, a hash | at most 200 KiB |
//! | … `lCHAIN:LANE` | fence of a lane | 35 bytes a lane |
//! | … `eN`, `next`, `base`, `stamp` | journal: entry N, the number after the last one, the first that is not folded and the stamp before it | 64 entries, or 16 KiB |
//! | … `anew`, `held` | up to when the past was counted anew, and up to when it is being counted anew (milliseconds) | 40 bytes |
//! | … `HN`, `DN` | while it is: what of hour and day N came at that time or later | as hour and day |
//! | … `thin` | up to this hour there are no minutes and little evidence: of a subject with more than 150 KiB | |
//! | … `first`, `marks` | the first minute, what judges remember, both as of `base` | 200 bytes |
//! | … `hN` | hour N: its minutes and evidence, for 48 h | 1 to 3 KiB |
//! | … `dN` | day N: its hours and where posts came from, for 8 weeks | up to 700 bytes |
//! | `{CHAIN:LANE}` | a lane, a hash | |
//! | … `f` | fence: the first position that is not in | 20 bytes |
//! | … `cN` | page N of claims: 32 of them | 26 bytes a claim |
//! | … `kN` | page N of kin | 18 bytes a post that took a brand |
//! | … `a` id, hour, N | children that wait for a post: part N of those that asked in an hour | what they are, for up to 3 h |
//! | `{b:BRAND}i` | incidents, a hash: id → version, and the incident while it is not over | 3 KiB an incident |
//! | `{standing}`, `{open}` | hash: subject with a standing mark, or an open incident → how often it was put there | |
//! | `{instruments}` | hash: brand → a hash of the query and the reader that its past was counted by | 30 bytes a brand |
//! | `{recount}` | who counts a past anew, for as long as he says so every 10 seconds | |
//! | `{authors}` | the secret that authors are hashed with | 16 bytes |
//! | `{sources}` | set: sources that were ever merged into | |
//!
//! Numbers of pages, ids and hours within a lane are bytes. No hash of ours stays a list that Redis scans: the
//! first value of more than 64 bytes makes it a table.
//!
//! Ages are by data time: what is old goes when what it lies with is written. Beside this each key has a lease,
//! renewed by use, so that what nobody uses any more goes; a subject's incidents have none while one is open.

use tocsin_model::{Day, Hour, Subject};

/// The version of this layout. Another one in Redis is refused.
pub(crate) const LAYOUT_VERSION: u32 = 3;
/// The lease of what is kept for weeks: ten weeks, in seconds.
pub(crate) const LONG_LEASE: u64 = 70 * 86_400;
/// The lease of what is kept for 48 h of data time: as long as posts are kept, twice, so that a chain that
/// stood still finds what it knew. In seconds.
pub(crate) const SHORT_LEASE: u64 = 14 * 86_400;

/// A key.
pub(crate) type Key = Vec<u8>;
/// A field of a hash.
pub(crate) type Field = Vec<u8>;

/// Makes keys.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    prefix: String,
}

impl Keys {
    pub(crate) fn new(prefix: &str) -> Keys {
        Keys { prefix: prefix.to_owned() }
    }
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }
    pub(crate) fn layout(&self) -> Key {
        format!("{}layout", self.prefix).into_bytes()
    }
    pub(crate) fn subject(&self, subject: &Subject) -> Key {
        format!("{}{{{}}}", self.prefix, member(subject)).into_bytes()
    }
    pub(crate) fn incidents(&self, subject: &Subject) -> Key {
        [self.subject(subject).as_slice(), b"i"].concat()
    }
    /// A list of its own slot.
    pub(crate) fn list(&self, name: &str) -> Key {
        format!("{}{{{name}}}", self.prefix).into_bytes()
    }
    /// What a lane remembers, by its whole name.
    pub(crate) fn lane(&self, name: &str) -> Key {
        format!("{}{{{name}}}", self.prefix).into_bytes()
    }
}

/// A page of a lane, by the letter of its shelf.
pub(crate) fn page(shelf: u8, number: u32) -> Field {
    let bytes = number.to_le_bytes();
    let used = bytes.iter().rposition(|b| *b != 0).map_or(1, |last| last + 1);
    [&[shelf], &bytes[..used]].concat()
}

/// The contrary of [`page`]; of other fields of a lane the letter is another one.
pub(crate) fn page_of(field: &[u8]) -> Option<(u8, u32)> {
    let (shelf, number) = field.split_first()?;
    let mut bytes = [0; 4];
    bytes.get_mut(..number.len())?.copy_from_slice(number);
    Some((*shelf, u32::from_le_bytes(bytes)))
}

/// A part of those who asked for a post's brands in an hour.
pub(crate) fn asks(parent: u64, hour: Hour, part: u64) -> Field {
    let numbers = [parent.to_be_bytes(), hour.0.to_be_bytes()].concat();
    [b"a", numbers.as_slice(), part.to_string().as_bytes()].concat()
}

/// Hours and days of a subject whose past is counted anew up to some time are in two halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// What came before that time, and everything where nothing is counted anew.
    Past,
    /// What came at that time or later.
    Since,
}

/// An hour of a subject.
pub(crate) fn hour(half: Half, hour: Hour) -> Field {
    format!("{}{}", if half == Half::Past { 'h' } else { 'H' }, hour.0).into_bytes()
}

/// A day of a subject.
pub(crate) fn day(half: Half, day: Day) -> Field {
    format!("{}{}", if half == Half::Past { 'd' } else { 'D' }, day.0).into_bytes()
}

/// The number behind the letter of an hour, a day or an entry.
pub(crate) fn number_in(field: &[u8]) -> Option<i64> {
    std::str::from_utf8(field.get(1..)?).ok()?.parse().ok()
}

/// A subject within a list: its kind, then its name.
pub(crate) fn member(subject: &Subject) -> String {
    match subject {
        Subject::Brand(brand) => format!("b:{brand}"),
        Subject::Source(source) => format!("s:{source}"),
    }
}

/// The contrary of [`member`].
pub(crate) fn subject_of(member: &[u8]) -> Option<Subject> {
    use tocsin_model::{BrandId, SourceId};
    let text = std::str::from_utf8(member).ok()?;
    match text.split_once(':')? {
        ("b", name) => BrandId::new(name).ok().map(Subject::Brand),
        ("s", name) => SourceId::new(name).ok().map(Subject::Source),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tocsin_model::BrandId;

    #[test]
    fn subjects_come_back_from_lists() {
        let subject = Subject::Brand(BrandId::new("山岚 tea").unwrap());
        assert_eq!(subject_of(member(&subject).as_bytes()), Some(subject.clone()));
        assert_eq!(String::from_utf8(Keys::new("t:").subject(&subject)).unwrap(), "t:{b:山岚 tea}");
    }

    #[test]
    fn fields_of_a_lane_differ() {
        let fields = [
            b"f".to_vec(),
            page(b'c', 0),
            page(b'c', 1),
            page(b'c', 256),
            page(b'k', 256),
            asks(1, Hour(2), 0),
            asks(1, Hour(3), 0),
            asks(1, Hour(3), 1),
        ];
        let different: std::collections::BTreeSet<_> = fields.iter().collect();
        assert_eq!(different.len(), fields.len());
        for number in [0, 1, 255, 256, u32::MAX] {
            assert_eq!(page_of(&page(b'k', number)), Some((b'k', number)));
        }
        assert_eq!(page_of(&asks(1, Hour(2), 0)), None);
    }
}
