//! What the operator may say of a DingTalk robot, and what it means.

use std::time::Duration;

use reqwest::Url;
use tocsin_flow::Fault;
use tocsin_model::OutletId;

use crate::http::{TIMEOUT, check_timeout, parse_url};
use crate::secret::Secret;
use crate::zones::Zones;

/// People called by name at most.
const MOBILES_MAX: usize = 50;
/// Characters of a phone number at most.
const MOBILE_CHARS_MAX: usize = 20;

/// Settings of a robot as they were written, secrets already read from where they are kept.
#[derive(Clone, Debug)]
pub struct DingtalkConfig {
    /// Its name in the config.
    pub name: OutletId,
    /// The robot's address with its `access_token`: whoever has it can write to the group.
    pub url: Secret,
    /// `SEC…`, where the robot is secured by signature. One secured by keywords gets `tocsin` with every message.
    pub secret: Option<Secret>,
    /// Phone numbers of those to call by name when the bell rings.
    pub at_mobiles: Vec<String>,
    /// How long DingTalk may take, 1 to 60 s.
    pub timeout: Duration,
    /// In whose time it tells.
    pub zones: Zones,
}

impl DingtalkConfig {
    /// With nothing but what is needed; the time limit is 10 s.
    pub fn new(name: OutletId, url: Secret, secret: Option<Secret>, zones: Zones) -> DingtalkConfig {
        DingtalkConfig { name, url, secret, at_mobiles: Vec::new(), timeout: TIMEOUT, zones }
    }

    pub(super) fn check(self) -> Result<Checked, Fault> {
        let name = self.name.as_str();
        let fault = |setting: &str, found: String, expected: &str| Fault::Misconfigured {
            setting: format!("{setting} of outlet {name}"),
            found,
            expected: expected.to_owned(),
        };
        let url = parse_url(name, self.url.reveal())?;
        let token =
            url.query_pairs().find(|(key, _)| key == "access_token").map(|(_, token)| token.into_owned());
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(fault(
                "url",
                "an address without access_token".to_owned(),
                "the whole address that DingTalk shows for the robot (Webhook)",
            ));
        };
        if self.secret.as_ref().is_some_and(|secret| secret.reveal().is_empty()) {
            return Err(fault(
                "secret",
                "empty".to_owned(),
                "the SEC… that DingTalk shows under 加签, or no `secret`",
            ));
        }
        if self.at_mobiles.len() > MOBILES_MAX {
            return Err(fault(
                "at_mobiles",
                format!("a list of {}", self.at_mobiles.len()),
                &format!("at most {MOBILES_MAX} numbers"),
            ));
        }
        if let Some(bad) = self.at_mobiles.iter().find(|mobile| !is_mobile(mobile)) {
            return Err(fault("at_mobiles", format!("{bad:?}"), "phone numbers such as \"13800000000\""));
        }
        let timeout = check_timeout(name, self.timeout)?;
        let mut hidden = vec![self.url, Secret::new(&token)];
        hidden.extend(self.secret.clone());
        Ok(Checked {
            name: self.name,
            url,
            secret: self.secret,
            at_mobiles: self.at_mobiles,
            timeout,
            zones: self.zones,
            hidden,
        })
    }
}

/// Settings that can be used as they are.
pub(super) struct Checked {
    pub(super) name: OutletId,
    pub(super) url: Url,
    pub(super) secret: Option<Secret>,
    pub(super) at_mobiles: Vec<String>,
    pub(super) timeout: Duration,
    pub(super) zones: Zones,
    /// What must not show in a reason.
    pub(super) hidden: Vec<Secret>,
}

fn is_mobile(text: &str) -> bool {
    text.chars().any(|c| c.is_ascii_digit())
        && text.len() <= MOBILE_CHARS_MAX
        && text.chars().all(|c| c.is_ascii_digit() || c == '+' || c == '-')
}
