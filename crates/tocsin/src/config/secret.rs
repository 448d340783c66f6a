//! What must never be shown: tokens, keys, and addresses that have a token in them.

use std::fmt;

/// A token or a key. Debug and Display print `***`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Takes it in.
    pub(crate) fn new(secret: String) -> Secret {
        Secret(secret)
    }
    /// Gives it out, to the one who must use it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A checked http or https address. Debug and Display print scheme and host only: the rest of a
/// chat robot's address is its key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address(reqwest::Url);

impl Address {
    /// Checks it.
    ///
    /// # Errors
    /// What is wrong, in words; the address is not repeated.
    pub(crate) fn new(text: &str) -> Result<Address, String> {
        let url = reqwest::Url::parse(text.trim()).map_err(|why| format!("is not an address: {why}"))?;
        match url.scheme() {
            "http" | "https" if url.has_host() => Ok(Address(url)),
            scheme => Err(format!("starts with {scheme}:, which nothing can be sent to here")),
        }
    }
    /// Gives it out whole, to the one who must use it.
    pub(crate) fn reveal(&self) -> &str {
        self.0.as_str()
    }
    /// A part of what stands behind the question mark.
    pub(super) fn query(&self, key: &str) -> Option<String> {
        self.0.query_pairs().find(|(k, _)| k == key).map(|(_, value)| value.into_owned())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host_str().unwrap_or("");
        write!(f, "{}://{host}", self.0.scheme())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str("/***")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_secret_is_shown() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        let address = Address::new("https://user:pw@robot.example:8443/send?access_token=abc").unwrap();
        assert_eq!(
            format!("{address} {address:?}"),
            "https://robot.example:8443/*** https://robot.example:8443/***"
        );
    }
}
