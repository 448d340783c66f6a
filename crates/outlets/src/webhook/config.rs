//! What the operator may say of a webhook, and what it means.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tocsin_flow::Fault;
use tocsin_model::OutletId;

use super::sign::Key;
use crate::http::{TIMEOUT, check_timeout, parse_url};
use crate::secret::Secret;

/// Extra headers at most.
const HEADERS_MAX: usize = 32;
/// Keys at most: one in use, one to come, and some patience.
const SECRETS_MAX: usize = 4;

/// Settings of a webhook as they were written, secrets already read from where they are kept.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// Its name in the config.
    pub name: OutletId,
    /// Where to: `http` or `https`. It may hold a token, so it is treated as a secret.
    pub url: Secret,
    /// `whsec_` and base64 of 24 to 64 bytes, at least one. With several, each signs: a receiver may change
    /// from one to the next without missing a notice.
    pub secrets: Vec<Secret>,
    /// Headers to send besides.
    pub headers: Vec<(String, Secret)>,
    /// How long the receiver may take, 1 to 60 s.
    pub timeout: Duration,
}

impl WebhookConfig {
    /// With nothing but what is needed; the time limit is 10 s.
    pub fn new(name: OutletId, url: Secret, secrets: Vec<Secret>) -> WebhookConfig {
        WebhookConfig { name, url, secrets, headers: Vec::new(), timeout: TIMEOUT }
    }

    pub(super) fn check(self) -> Result<Checked, Fault> {
        let name = self.name.as_str();
        let url = parse_url(name, self.url.reveal())?;
        if self.secrets.is_empty() || self.secrets.len() > SECRETS_MAX {
            return Err(Fault::Misconfigured {
                setting: format!("secrets of outlet {name}"),
                found: format!("a list of {}", self.secrets.len()),
                expected: format!("1 to {SECRETS_MAX} secrets"),
            });
        }
        let keys = self.secrets.iter().map(|secret| Key::parse(name, secret)).collect::<Result<_, _>>()?;
        let headers = check_headers(name, &self.headers)?;
        let timeout = check_timeout(name, self.timeout)?;
        let mut hidden = self.secrets;
        hidden.push(self.url);
        hidden.extend(self.headers.into_iter().map(|(_, value)| value));
        Ok(Checked { name: self.name, url, keys, headers, timeout, hidden })
    }
}

/// Settings that can be used as they are.
pub(super) struct Checked {
    pub(super) name: OutletId,
    pub(super) url: Url,
    pub(super) keys: Vec<Key>,
    pub(super) headers: HeaderMap,
    pub(super) timeout: Duration,
    /// What must not show in a reason.
    pub(super) hidden: Vec<Secret>,
}

fn check_headers(outlet: &str, headers: &[(String, Secret)]) -> Result<HeaderMap, Fault> {
    let fault = |found: String, expected: &str| Fault::Misconfigured {
        setting: format!("headers of outlet {outlet}"),
        found,
        expected: expected.to_owned(),
    };
    if headers.len() > HEADERS_MAX {
        return Err(fault(format!("a list of {}", headers.len()), &format!("at most {HEADERS_MAX} headers")));
    }
    let mut checked = HeaderMap::new();
    for (name, value) in headers {
        let parsed = HeaderName::try_from(name.as_str())
            .map_err(|_| fault(format!("{name:?}"), "a header's name: letters, digits and -"))?;
        if is_ours(&parsed) {
            return Err(fault(format!("{name:?}"), "a header that tocsin does not set itself"));
        }
        let mut value = HeaderValue::try_from(value.reveal())
            .map_err(|_| fault(format!("a value of {name:?} with a line break in it"), "one line of text"))?;
        value.set_sensitive(true);
        checked.append(parsed, value);
    }
    Ok(checked)
}

fn is_ours(name: &HeaderName) -> bool {
    name.as_str().starts_with("webhook-")
        || ["content-type", "content-length", "host", "transfer-encoding", "connection"]
            .contains(&name.as_str())
}
