//! Spaces, keys, the version of the folder.
//!
//! Keys sort as their fields do: integers big endian, signed ones with the sign bit flipped, names with
//! their length before them. Rows that go by age have their time first, so that forgetting is one range.

use tocsin_model::{PostId, Subject};

/// The version of this layout. Another one in a folder is refused, or migrated by code that knows both.
pub(crate) const LAYOUT_VERSION: u32 = 2;

/// A part of the store with keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Space {
    /// Versions, positions, cursors.
    Meta,
    /// Posts in order of arrival: position → arrival and JSON.
    Log,
    /// What could not be read: number → record.
    Rejected,
    /// What is known of ids.
    Claims,
    /// Who took which brands, and who waits for an answer.
    Kin,
    /// Buckets, evidence, fences, marks.
    Windows,
    /// Signals, incidents, notices.
    Cases,
}

impl Space {
    pub(crate) const ALL: [Space; 7] =
        [Space::Meta, Space::Log, Space::Rejected, Space::Claims, Space::Kin, Space::Windows, Space::Cases];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Space::Meta => "meta",
            Space::Log => "log",
            Space::Rejected => "rejected",
            Space::Claims => "claims",
            Space::Kin => "kin",
            Space::Windows => "windows",
            Space::Cases => "cases",
        }
    }
}

/// A key that is put together field by field.
#[derive(Clone, Debug)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// Begins with the letter of a table within a space.
    pub(crate) fn of(table: u8) -> Key {
        let mut bytes = Vec::with_capacity(48);
        bytes.push(table);
        Key(bytes)
    }
    /// An unsigned integer.
    pub(crate) fn number(mut self, n: u64) -> Key {
        self.0.extend_from_slice(&n.to_be_bytes());
        self
    }
    /// A signed integer, such as a minute.
    pub(crate) fn signed(self, n: i64) -> Key {
        self.number((n as u64) ^ (1 << 63))
    }
    /// A name, with its length before it.
    pub(crate) fn name(mut self, name: &str) -> Key {
        self.0.extend_from_slice(&(name.len() as u16).to_be_bytes());
        self.0.extend_from_slice(name.as_bytes());
        self
    }
    /// A post's id.
    pub(crate) fn post(self, id: &PostId) -> Key {
        self.name(id.source.as_str()).name(id.as_str())
    }
    /// A subject.
    pub(crate) fn subject(mut self, subject: &Subject) -> Key {
        let (letter, name) = match subject {
            Subject::Brand(brand) => (b'b', brand.as_str()),
            Subject::Source(source) => (b's', source.as_str()),
        };
        self.0.push(letter);
        self.name(name)
    }
    /// Bytes as they are, at the end.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Key {
        self.0.extend_from_slice(bytes);
        self
    }
    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The unsigned integer at the start of `bytes`.
pub(crate) fn number_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_be_bytes)
}

/// The signed integer that [`Key::signed`] wrote.
pub(crate) fn signed_at(bytes: &[u8], at: usize) -> Option<i64> {
    number_at(bytes, at).map(|n| (n ^ (1 << 63)) as i64)
}

/// The subject that [`Key::subject`] wrote at the end of a key.
pub(crate) fn subject_at(bytes: &[u8], at: usize) -> Option<Subject> {
    use tocsin_model::{BrandId, SourceId};
    let letter = *bytes.get(at)?;
    let length = u16::from_be_bytes(bytes.get(at + 1..at + 3)?.try_into().ok()?) as usize;
    let name = std::str::from_utf8(bytes.get(at + 3..at + 3 + length)?).ok()?;
    match letter {
        b'b' => BrandId::new(name).ok().map(Subject::Brand),
        b's' => SourceId::new(name).ok().map(Subject::Source),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_their_fields_do() {
        let key = |n: i64| Key::of(b'm').signed(n).bytes();
        assert!(key(-5) < key(-1) && key(-1) < key(0) && key(0) < key(7) && key(7) < key(1 << 40));
        assert_eq!(signed_at(&key(-5), 1), Some(-5));
    }

    #[test]
    fn a_subject_comes_back_from_its_key() {
        let subject = Subject::Brand(tocsin_model::BrandId::new("山岚茶饮").unwrap());
        let key = Key::of(b'm').signed(3).subject(&subject).bytes();
        assert_eq!(subject_at(&key, 9), Some(subject));
    }
}
