//! Who and what: names that were checked once.

use std::fmt;
use std::sync::Arc;

use crate::limits;

/// Why a name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadId {
    /// Nothing in it.
    Empty,
    /// More bytes than this.
    TooLong(usize),
    /// A control character, or white space where none may be.
    Character,
}

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadId::Empty => write!(f, "is empty"),
            BadId::TooLong(max) => write!(f, "is longer than {max} bytes"),
            BadId::Character => write!(f, "has a control character or white space in it"),
        }
    }
}

impl std::error::Error for BadId {}

fn checked(text: &str, max: usize, spaces: bool) -> Result<Arc<str>, BadId> {
    if text.is_empty() {
        Err(BadId::Empty)
    } else if text.len() > max {
        Err(BadId::TooLong(max))
    } else if text.chars().any(|c| c.is_control() || (!spaces && c.is_whitespace())) {
        Err(BadId::Character)
    } else {
        Ok(Arc::from(text))
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:expr, $spaces:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the name: not empty, not too long, no control characters.
            pub fn new(text: &str) -> Result<Self, BadId> {
                checked(text, $max, $spaces).map(Self)
            }
            /// As it came in.
            pub fn as_str(&self) -> &str {
                &self.0
            }
            /// As it came in, shared.
            pub fn shared(&self) -> &Arc<str> {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// Where posts come from: `weibo`, `xiaohongshu`, a feed.
    SourceId, limits::SOURCE_BYTES_MAX, false
);
name!(
    /// What is watched, by its name in the config.
    BrandId, limits::BRAND_BYTES_MAX, true
);
name!(
    /// An author, by the id that the source gave.
    AuthorId, limits::ID_BYTES_MAX, true
);
name!(
    /// A signal; made from subject, kind, severity and minute, or from the mark that it clears.
    SignalId, 1024, true
);
name!(
    /// An incident; made from the signal that opened it.
    IncidentId, 1024, true
);
name!(
    /// A notice; made from incident, ring and outlet.
    NoticeId, 1024, true
);
name!(
    /// An outlet, by its name in the config.
    OutletId, 64, false
);

/// A post: an id that is unique within its source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostId {
    /// Where it comes from.
    pub source: SourceId,
    id: Arc<str>,
}

impl PostId {
    /// Checks the id: not empty, at most [`limits::ID_BYTES_MAX`] bytes, no control characters.
    pub fn new(source: SourceId, id: &str) -> Result<Self, BadId> {
        Ok(PostId { source, id: checked(id, limits::ID_BYTES_MAX, true)? })
    }
    /// The id within its source.
    pub fn as_str(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.source, self.id)
    }
}

/// An author in what is stored: a keyed hash of source and author id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthorKey(pub u64);

impl fmt::Display for AuthorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Whom an incident is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A brand that is watched.
    Brand(BrandId),
    /// A source that has gone silent.
    Source(SourceId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Brand(brand) => write!(f, "brand:{brand}"),
            Subject::Source(source) => write!(f, "source:{source}"),
        }
    }
}

/// One partition number through all `posts.*` topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lane(pub u32);

/// A record's place in its lane, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(pub u64);

impl Position {
    /// The place after this one.
    pub const fn next(self) -> Position {
        Position(self.0 + 1)
    }
}
