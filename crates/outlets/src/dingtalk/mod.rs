//! Outlet `dingtalk`: a custom robot in a DingTalk group.
//!
//! DingTalk answers 200 to everything and says in `errcode` what it meant; it takes 20 messages a minute from a
//! robot and locks out one that sends more. It also refuses messages whose words it finds unfit, and a crisis is
//! full of such words: then the notice goes out once more without the words of strangers.

mod answer; // what an errcode means
mod config; // what the operator may say, checked
mod limit; // 20 a minute
mod message; // a story in DingTalk's markdown
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use sha2::Sha256;
use tocsin_flow::{Clock, Fault, Outlet, Room, Undelivered};
use tocsin_model::{ArrivalTime, Notice, OutletId, Receipt};

use self::answer::Meaning;
use self::limit::Limit;
use crate::http::Caller;
use crate::kind::OutletKind;
use crate::secret::Secret;
use crate::story::Story;
use crate::zones::Zones;

pub use self::config::DingtalkConfig;

/// The kind's line in the list.
pub(crate) const KIND: OutletKind = OutletKind {
    name: "dingtalk",
    help: "tells a DingTalk group through a custom robot, in Chinese, at most 20 notices a minute",
    example: r#"[[outlet]]
kind = "dingtalk"
name = "crisis-group"
url = { env = "DINGTALK_URL" }       # https://oapi.dingtalk.com/robot/send?access_token=…
secret = { env = "DINGTALK_SECRET" } # SEC…, where the robot is secured by signature (加签)
at_mobiles = ["13800000000"]         # optional: whom to call by name when the bell rings
"#,
};

/// Tells one DingTalk group.
pub struct Dingtalk {
    name: OutletId,
    zones: Zones,
    caller: Caller,
    clock: Arc<dyn Clock>,
    secret: Option<Secret>,
    at_mobiles: Vec<String>,
    limit: Mutex<Limit>,
}

impl Dingtalk {
    /// Checks the settings; nothing is sent.
    ///
    /// # Errors
    /// [`Fault::Misconfigured`] for the first setting that cannot be.
    pub fn new(config: DingtalkConfig, room: Room) -> Result<Dingtalk, Fault> {
        let checked = config.check()?;
        let caller = Caller::new(checked.name.as_str(), checked.url, checked.timeout, checked.hidden, &room)?;
        Ok(Dingtalk {
            name: checked.name,
            zones: checked.zones,
            caller,
            clock: room.clock,
            secret: checked.secret,
            at_mobiles: checked.at_mobiles,
            limit: Mutex::new(Limit::new()),
        })
    }

    async fn tell(&self, notice: &Notice) -> Result<Receipt, Undelivered> {
        let story = Story::of(notice, &self.zones.of(&notice.incident.subject));
        let whole = message::whole(&story, &self.at_mobiles);
        let unfit = match self.send(whole).await? {
            Meaning::Taken => return Ok(Receipt { reference: None }),
            Meaning::Undelivered(undelivered) => return Err(undelivered),
            Meaning::Unfit { why } => why,
        };
        tracing::warn!(outlet = %self.name, incident = %notice.incident.id, why = unfit,
            "DingTalk finds words in the notice unfit; sending it without the words of strangers");
        match self.send(message::without_strangers(&story, &self.at_mobiles)).await? {
            Meaning::Taken => Ok(Receipt { reference: None }),
            Meaning::Undelivered(undelivered) => Err(undelivered),
            Meaning::Unfit { why } => Err(Undelivered::GiveUp { why }),
        }
    }

    /// One message, if the limit lets it through.
    async fn send(&self, body: Vec<u8>) -> Result<Meaning, Undelivered> {
        self.take_turn()?;
        let url = signed(self.caller.url(), self.secret.as_ref(), self.clock.now());
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        let answer = self.caller.post(url, headers, body).await?;
        if let Some(refusal) = self.caller.refusal(&answer) {
            return Err(refusal);
        }
        let meaning = answer::meaning(&answer.body, |words| self.caller.words(words.as_bytes()));
        if let Meaning::Undelivered(Undelivered::Retry { after: Some(after), .. }) = &meaning {
            self.hold(*after);
        }
        Ok(meaning)
    }

    fn take_turn(&self) -> Result<(), Undelivered> {
        // Steady time: a clock that is set back must not open the limit.
        let now = self.clock.steady();
        let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        limit.take(now).map_err(|after| Undelivered::Retry {
            why: format!("{} messages a minute is what DingTalk takes from a robot", limit::MESSAGES_MAX),
            after: Some(after),
        })
    }

    /// DingTalk asked for a pause: the notices behind this one keep to it as well.
    fn hold(&self, after: Duration) {
        let until = self.clock.steady() + after;
        self.limit.lock().unwrap_or_else(PoisonError::into_inner).hold(until);
    }
}

/// The robot's address with the time and its signature: HMAC-SHA256 of `timestamp`, line break, `secret` under the
/// key `secret`, in base64 (DingTalk, 自定义机器人安全设置). The timestamp is in milliseconds; DingTalk takes it for
/// an hour.
fn signed(url: &Url, secret: Option<&Secret>, now: ArrivalTime) -> Url {
    let mut url = url.clone();
    if let Some(secret) = secret {
        let timestamp = now.millis().to_string();
        let sign = sign(&timestamp, secret.reveal());
        url.query_pairs_mut().append_pair("timestamp", &timestamp).append_pair("sign", &sign);
    }
    url
}

fn sign(timestamp: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{timestamp}\n{secret}").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

impl Outlet for Dingtalk {
    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn deliver<'a>(
        &'a self,
        notice: &'a Notice,
    ) -> Pin<Box<dyn Future<Output = Result<Receipt, Undelivered>> + Send + 'a>> {
        Box::pin(self.tell(notice))
    }
}
