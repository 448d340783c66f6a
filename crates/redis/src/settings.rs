//! Where Redis is, and who we are there.

use std::fmt;
use std::path::PathBuf;

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// Name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl Address {
    /// From `host:port`.
    pub fn parse(text: &str) -> Option<Address> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some(Address { host: host.to_owned(), port: port.parse().ok()? }).filter(|a| !a.host.is_empty())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// How Redis is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// One server.
    One(Address),
    /// A Cluster; any of its servers, better several.
    Cluster(Vec<Address>),
    /// Sentinels that know the primary of this name.
    Sentinel {
        /// Where the sentinels are.
        sentinels: Vec<Address>,
        /// What they call the primary.
        name: String,
    },
}

/// TLS; certificates and keys as PEM files, read again with each connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Who signs the servers' certificates; without it those whom this machine trusts.
    pub ca: Option<PathBuf>,
    /// Our certificate and its key, where the server asks for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Where Redis is, and who we are there.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// How it is set up.
    pub place: Place,
    /// The ACL user; without one the password is that of the default user.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// TLS, or plain.
    pub tls: Option<Tls>,
    /// What all keys begin with, so that others may use the same Redis.
    pub prefix: String,
}

impl Settings {
    /// Plain, without a password, keys beginning with `tocsin:`.
    pub fn new(place: Place) -> Settings {
        Settings { place, user: None, password: None, tls: None, prefix: "tocsin:".into() }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { place, user, password: _, tls, prefix } = self;
        f.debug_struct("Settings")
            .field("place", place)
            .field("user", user)
            .field("tls", tls)
            .field("prefix", prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown() {
        let shown = |text: &str| Address::parse(text).map(|a| format!("{} {}", a.host, a.port));
        assert_eq!(shown("redis.example:6379").as_deref(), Some("redis.example 6379"));
        assert_eq!(shown("[::1]:6380").as_deref(), Some("::1 6380"));
        assert_eq!([shown("redis"), shown(":1"), shown("a:b")], [None, None, None]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let place = Place::One(Address { host: "h".into(), port: 1 });
        let settings = Settings { password: Some("geheim".into()), ..Settings::new(place) };
        assert!(!format!("{settings:?}").contains("geheim"));
    }
}
