//! A config to start from.

/// Every section with its defaults and what they mean. What needs something of yours first (a folder, a
/// secret) stands behind a `#` without a space after it.
pub(crate) fn example() -> &'static str {
    include_str!("example.toml")
}
