//! What a server must be.

use redis::Value;
use tocsin_flow::Fault;

use crate::layout::LAYOUT_VERSION;
use crate::reply::{away, text};
use crate::settings::Address;

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// Another one after each start.
    pub(crate) run_id: String,
    pub(crate) is_primary: bool,
    version: String,
    policy: String,
    loading: bool,
}

impl Server {
    /// From the answer to `INFO`.
    pub(crate) fn read(info: Value) -> Result<Server, Fault> {
        let info = text(info, "the answer to INFO")?;
        let field = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.unwrap_or_default().trim().to_owned()
        };
        Ok(Server {
            run_id: field("run_id"),
            is_primary: field("role") == "master",
            version: field("redis_version"),
            policy: field("maxmemory_policy"),
            loading: field("loading") == "1",
        })
    }

    /// It is a primary of a good version, and will not throw away what it was given.
    pub(crate) fn check(&self, address: &Address) -> Result<(), Fault> {
        let major: u32 = self.version.split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        if major < 7 {
            return Err(Fault::Misconfigured {
                setting: format!("Redis {address}"),
                found: format!("version {}", self.version),
                expected: "Redis 7 or later".into(),
            });
        }
        if self.policy != "noeviction" {
            return Err(Fault::Misconfigured {
                setting: format!("maxmemory-policy of Redis {address}"),
                found: self.policy.clone(),
                expected:
                    "noeviction: with any other one Redis forgets counts when it is full. In redis.conf: \
                           maxmemory-policy noeviction"
                        .into(),
            });
        }
        if self.loading {
            return Err(away(format_args!("{address} is still reading its data")));
        }
        if !self.is_primary {
            return Err(away(format_args!("{address} is a replica")));
        }
        Ok(())
    }
}

/// The layout that lies there already, if any, is ours.
pub(crate) fn check_layout(found: Option<Vec<u8>>) -> Result<(), Fault> {
    match found.map(|version| String::from_utf8_lossy(&version).into_owned()) {
        Some(version) if version != LAYOUT_VERSION.to_string() => Err(Fault::Misconfigured {
            setting: "the keys in Redis".into(),
            found: format!("layout {version}"),
            expected: format!(
                "layout {LAYOUT_VERSION}: run the version of tocsin that wrote them, or give [redis] another prefix"
            ),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version: &str, policy: &str, role: &str, expected: &str) {
        let info = format!(
            "# Server\r\nredis_version:{version}\r\nrun_id:abc\r\nloading:0\r\nmaxmemory_policy:{policy}\r\nrole:{role}\r\n"
        );
        let server = Server::read(Value::BulkString(info.into_bytes())).unwrap();
        assert_eq!(server.run_id, "abc");
        let said = server.check(&Address::parse("r:1").unwrap()).err().map(|f| f.to_string());
        assert!(said.clone().unwrap_or("well".into()).contains(expected), "{said:?}");
    }

    #[test]
    fn only_a_primary_that_forgets_nothing_is_good() {
        check("7.0.15", "noeviction", "master", "well");
        check("6.2.1", "noeviction", "master", "expected Redis 7 or later");
        check("7.4.0", "allkeys-lru", "master", "is allkeys-lru; expected noeviction");
        check("8.0.0", "noeviction", "slave", "r:1 is a replica");
    }
}
