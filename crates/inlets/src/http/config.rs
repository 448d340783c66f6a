//! What the operator decides about the inlet `http`.

use std::fmt;

/// Bytes of a body, as sent and unpacked, by default: 32 MiB.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Bytes of all bodies that are in memory at once, by default: 64 MiB. A packed body counts twice.
const BODIES_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Who may send, and how much.
#[derive(Clone)]
pub struct HttpConfig {
    /// Bearer tokens; any of them opens the door.
    pub tokens: Vec<String>,
    /// Secrets of HMAC-SHA256 signatures; any of them opens the door. With neither tokens nor secrets it
    /// stands open: the binary allows that on a loopback address only.
    pub hmac_secrets: Vec<String>,
    /// Bytes of one body, as it is sent and again when it is unpacked. Beyond: 413.
    pub body_bytes_max: usize,
    /// Bytes of all bodies in memory at once; at least twice `body_bytes_max` in any case. Beyond: 429.
    pub bodies_bytes_max: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        HttpConfig {
            tokens: Vec::new(),
            hmac_secrets: Vec::new(),
            body_bytes_max: BODY_BYTES_MAX,
            bodies_bytes_max: BODIES_BYTES_MAX,
        }
    }
}

impl HttpConfig {
    /// Nobody needs credentials.
    pub fn is_open(&self) -> bool {
        self.tokens.is_empty() && self.hmac_secrets.is_empty()
    }

    /// One body must always fit, as sent and unpacked.
    pub(crate) fn budget_bytes(&self) -> usize {
        self.bodies_bytes_max.max(2 * self.body_bytes_max)
    }
}

/// Without the secrets: a config may end up in a log.
impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConfig")
            .field("tokens", &self.tokens.len())
            .field("hmac_secrets", &self.hmac_secrets.len())
            .field("body_bytes_max", &self.body_bytes_max)
            .field("bodies_bytes_max", &self.bodies_bytes_max)
            .finish()
    }
}
