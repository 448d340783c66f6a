//! What must never be printed: keys, tokens, and addresses that have a token in them.

use std::fmt;
use std::sync::Arc;

/// A secret. It has no `Display`, and its `Debug` says nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Around what was read from a file or the environment; white space at the ends is not part of it.
    pub fn new(text: &str) -> Secret {
        Secret(text.trim().into())
    }

    /// The secret itself: for signing and sending alone.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Somebody else's words without the secret, should they repeat it.
    pub(crate) fn hide_in(&self, words: &str) -> String {
        if self.0.is_empty() { words.to_owned() } else { words.replace(&*self.0, "…") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_itself_nowhere() {
        let secret = Secret::new(" SEC123\n");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.reveal(), "SEC123");
        assert_eq!(secret.hide_in("bad key SEC123!"), "bad key …!");
        assert_eq!(Secret::new("").hide_in("as it is"), "as it is");
    }
}
