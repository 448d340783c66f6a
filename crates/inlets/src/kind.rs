//! What the config and its docs need to know of an inlet.

/// One way for posts to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InletKind {
    /// Its `kind` in the config.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// An `[[inlet]]` of the config that works.
    pub example: &'static str,
}
