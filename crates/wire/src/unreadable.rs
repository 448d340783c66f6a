//! Bytes that we should have written ourselves and that are not what they should be.

use std::fmt;

/// What could not be read, and why. Not a sender's fault but the store's, or a newer program's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Which noun: `claim`, `incident`, …
    pub what: &'static str,
    /// Where and why.
    pub why: String,
}

impl Unreadable {
    pub(crate) fn new(what: &'static str, why: impl Into<String>) -> Unreadable {
        Unreadable { what, why: why.into() }
    }
    pub(crate) fn version(what: &'static str, found: u64) -> Unreadable {
        Unreadable::new(what, format!("it has version {found}; this program knows version 1"))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a stored {} cannot be read: {}", self.what, self.why)
    }
}

impl std::error::Error for Unreadable {}
