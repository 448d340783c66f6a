//! Outlet `webhook`: the notice's JSON by POST, signed as Standard Webhooks 1.0.0 has it.

mod config; // what the operator may say, checked
mod sign; // the three headers
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tocsin_flow::{Clock, Fault, Outlet, Room, Undelivered};
use tocsin_model::{Notice, OutletId, Receipt};

use self::sign::{Key, header_id, signatures};
use crate::http::Caller;
use crate::kind::OutletKind;

pub use self::config::WebhookConfig;

/// The kind's line in the list.
pub(crate) const KIND: OutletKind = OutletKind {
    name: "webhook",
    help: "sends each notice as JSON by POST, signed as Standard Webhooks do",
    example: r#"[[outlet]]
kind = "webhook"
name = "duty-desk"
url = "https://example.com/tocsin"
secrets = [{ env = "DUTY_DESK_SECRET" }] # whsec_ and base64 of 24 to 64 bytes; two while you change it
headers = { "x-team" = "crisis" }        # optional
timeout_seconds = 10                     # optional
"#,
};

/// Sends notices to one address.
pub struct Webhook {
    name: OutletId,
    caller: Caller,
    clock: Arc<dyn Clock>,
    keys: Vec<Key>,
    headers: HeaderMap,
}

impl Webhook {
    /// Checks the settings; nothing is sent.
    ///
    /// # Errors
    /// [`Fault::Misconfigured`] for the first setting that cannot be.
    pub fn new(config: WebhookConfig, room: Room) -> Result<Webhook, Fault> {
        let checked = config.check()?;
        let caller = Caller::new(checked.name.as_str(), checked.url, checked.timeout, checked.hidden, &room)?;
        Ok(Webhook {
            name: checked.name,
            caller,
            clock: room.clock,
            keys: checked.keys,
            headers: checked.headers,
        })
    }

    async fn send(&self, notice: &Notice) -> Result<Receipt, Undelivered> {
        let body = tocsin_wire::write_notice(notice);
        let headers = self.headers_of(notice, &body);
        let answer = self.caller.post(self.caller.url().clone(), headers, body).await?;
        match self.caller.refusal(&answer) {
            None => Ok(Receipt { reference: None }),
            Some(refusal) => Err(refusal),
        }
    }

    /// Ours last: an extra header cannot stand in for one of them.
    fn headers_of(&self, notice: &Notice, body: &[u8]) -> HeaderMap {
        let id = header_id(notice.id.as_str());
        // The time of this attempt, so that a receiver may refuse an old recording of it.
        let timestamp = self.clock.now().millis().div_euclid(1000);
        let signatures = signatures(&self.keys, &id, timestamp, body);
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            ("webhook-id", id),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signatures),
        ] {
            let value =
                HeaderValue::try_from(value).expect("percent-encoding, digits and base64 are plain ASCII");
            headers.insert(name, value);
        }
        headers
    }
}

impl Outlet for Webhook {
    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn deliver<'a>(
        &'a self,
        notice: &'a Notice,
    ) -> Pin<Box<dyn Future<Output = Result<Receipt, Undelivered>> + Send + 'a>> {
        Box::pin(self.send(notice))
    }
}
