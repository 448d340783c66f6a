//! `[[outlet]]`: how notices go out.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tocsin_model::{BrandId, OutletId, Severity};

use super::super::at::At;
use super::super::checked::{Brand, Outlet, Scope, Way};
use super::super::defaults;
use super::super::nearest::nearest;
use super::super::raw::{RawOutlet, RawSecret, RawSeverity};
use super::super::secret::Secret;
use super::Checker;

/// Bytes of a key, as Standard Webhooks 1.0 asks.
const WEBHOOK_KEY_BYTES: RangeInclusive<usize> = 24..=64;

/// What every outlet has, whatever its kind.
struct Shared {
    name: Option<String>,
    brands: Option<Vec<Option<String>>>,
    min_severity: Option<RawSeverity>,
    shown: bool,
}

impl Checker<'_> {
    /// The outlets, if all of them are right; without any: the console.
    pub(super) fn outlets(
        &mut self,
        raw: Option<Vec<Option<RawOutlet>>>,
        brands: &[Brand],
    ) -> Option<Vec<Outlet>> {
        let all = At::top().key("outlet");
        let mut raw = raw.unwrap_or_default();
        if raw.is_empty() && !self.is_written(&all) {
            raw.push(Some(RawOutlet::Console { name: None, brands: None, min_severity: None, shown: None }));
        }
        let count = raw.len();
        let mut taken = Vec::new();
        let mut outlets = Vec::new();
        for (n, raw) in raw.into_iter().enumerate() {
            let at = all.index(n);
            outlets.extend(raw.and_then(|raw| self.outlet(&at, raw, brands, &mut taken)));
        }
        (outlets.len() == count).then_some(outlets)
    }

    fn outlet(
        &mut self,
        at: &At,
        raw: RawOutlet,
        brands: &[Brand],
        taken: &mut Vec<String>,
    ) -> Option<Outlet> {
        let (shared, way, kind) = match raw {
            RawOutlet::Console { name, brands, min_severity, shown } => {
                let shared = Shared { name, brands, min_severity, shown: shown.unwrap_or(true) };
                (shared, Some(Way::Console), "console")
            }
            RawOutlet::Webhook {
                name,
                url,
                secrets,
                headers,
                timeout_seconds,
                brands,
                min_severity,
                shown,
            } => {
                let shared = Shared { name, brands, min_severity, shown: shown.unwrap_or(false) };
                let timeout = self.timeout(at, timeout_seconds);
                (shared, self.webhook(at, url, secrets, headers, timeout), "webhook")
            }
            RawOutlet::Dingtalk {
                name,
                url,
                secret,
                at_mobiles,
                timeout_seconds,
                brands,
                min_severity,
                shown,
            } => {
                let shared = Shared { name, brands, min_severity, shown: shown.unwrap_or(false) };
                let timeout = self.timeout(at, timeout_seconds);
                (shared, self.dingtalk(at, url, secret, at_mobiles, timeout), "dingtalk")
            }
        };
        let name = self.name(at, shared.name, kind, taken).and_then(|name| OutletId::new(&name).ok());
        let min_severity = shared.min_severity.map_or(defaults::MIN_SEVERITY, severity);
        let brands = self.some_brands(&at.key("brands"), shared.brands, brands);
        let scope = Scope { brands, min_severity, shown: shared.shown };
        Some(Outlet { name: name?, scope, way: way? })
    }

    fn webhook(
        &mut self,
        at: &At,
        url: Option<RawSecret>,
        secrets: Option<Vec<Option<RawSecret>>>,
        headers: Option<BTreeMap<String, Option<RawSecret>>>,
        timeout: Option<Duration>,
    ) -> Option<Way> {
        let url = url.and_then(|url| self.address(&at.key("url"), url));
        let secrets = secrets.and_then(|secrets| self.webhook_keys(&at.key("secrets"), secrets));
        let at = at.key("headers");
        let mut all = Vec::new();
        for (name, value) in headers.into_iter().flatten() {
            let at = at.key(&name);
            all.push((name, value.and_then(|value| self.secret(&at, value))?));
        }
        Some(Way::Webhook { url: url?, secrets: secrets?, headers: all, timeout: timeout? })
    }

    /// Keys as Standard Webhooks have them.
    fn webhook_keys(&mut self, at: &At, raw: Vec<Option<RawSecret>>) -> Option<Vec<Secret>> {
        if raw.is_empty() {
            let help =
                "write secrets = [{ env = \"WEBHOOK_SECRET\" }]: a receiver must be able to tell who sends";
            self.fault(at, "there is none to sign with", help);
            return None;
        }
        let count = raw.len();
        let mut keys = Vec::new();
        for (n, raw) in raw.into_iter().enumerate() {
            let at = at.index(n);
            let Some(key) = raw.and_then(|raw| self.secret(&at, raw)) else { continue };
            let bytes = key.reveal().strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
            if bytes.is_some_and(|bytes| WEBHOOK_KEY_BYTES.contains(&bytes.len())) {
                keys.push(key);
            } else {
                let help = "write whsec_ and base64 of 24 to 64 bytes: echo whsec_$(head -c 32 /dev/urandom | base64)";
                self.fault(&at, "is no key of Standard Webhooks", help);
            }
        }
        (keys.len() == count).then_some(keys)
    }

    fn dingtalk(
        &mut self,
        at: &At,
        url: Option<RawSecret>,
        secret: Option<RawSecret>,
        at_mobiles: Option<Vec<Option<String>>>,
        timeout: Option<Duration>,
    ) -> Option<Way> {
        let url = url.and_then(|url| self.address(&at.key("url"), url)).filter(|url| {
            let has_token = url.query("access_token").is_some_and(|token| !token.is_empty());
            if !has_token {
                let help = "write the whole address that DingTalk shows for the robot (Webhook)";
                self.fault(&at.key("url"), "has no access_token", help);
            }
            has_token
        });
        let secret = match secret {
            Some(secret) => Some(self.secret(&at.key("secret"), secret)?),
            None => None,
        };
        let at_mobiles: Vec<String> = at_mobiles.into_iter().flatten().flatten().collect();
        let is_number = |text: &str| {
            text.len() <= 20
                && text.contains(|c: char| c.is_ascii_digit())
                && text.chars().all(|c| c.is_ascii_digit() || c == '+' || c == '-')
        };
        for (n, mobile) in at_mobiles.iter().enumerate() {
            if !is_number(mobile) {
                let at = at.key("at_mobiles").index(n);
                self.fault(&at, &format!("{mobile:?} is no phone number"), "write it as \"13800000000\"");
            }
        }
        Some(Way::Dingtalk { url: url?, secret, at_mobiles, timeout: timeout? })
    }

    fn timeout(&mut self, at: &At, seconds: Option<f64>) -> Option<Duration> {
        let Some(seconds) = seconds else { return Some(defaults::TIMEOUT) };
        if (1.0..=60.0).contains(&seconds) {
            return Some(Duration::from_secs_f64(seconds));
        }
        let what = format!("is {seconds} and must lie between 1 and 60");
        self.fault(&at.key("timeout_seconds"), &what, "write timeout_seconds = 10");
        None
    }

    /// Names of brands that there are.
    pub(super) fn some_brands(
        &mut self,
        at: &At,
        raw: Option<Vec<Option<String>>>,
        brands: &[Brand],
    ) -> Vec<BrandId> {
        let mut found = Vec::new();
        for (n, name) in raw.into_iter().flatten().enumerate() {
            let Some(name) = name else { continue };
            match brands.iter().find(|brand| brand.name.as_str() == name.trim()) {
                Some(brand) => found.push(brand.name.clone()),
                None if self.is_a_faulty_brand(&name) => {}
                None => {
                    let help = match nearest(&name, brands.iter().map(|b| b.name.as_str())) {
                        Some(near) => format!("did you mean {near:?}?"),
                        None => "write the name of a [[brand]] that stands in this config".to_owned(),
                    };
                    self.fault(&at.index(n), &format!("there is no brand {name:?}"), &help);
                }
            }
        }
        found
    }

    /// A brand of this name is written, with faults of its own.
    fn is_a_faulty_brand(&self, name: &str) -> bool {
        use super::super::document::Value;
        let Some(Value::List(list)) = self.around.document.find(&At::top().key("brand")).map(|b| &b.value)
        else {
            return false;
        };
        list.iter().any(|brand| match &brand.value {
            Value::Table(table) => match table.get("name").map(|name| &name.value) {
                Some(Value::Text(written)) => written.trim() == name.trim(),
                _ => false,
            },
            _ => false,
        })
    }
}

/// The severity of this word.
pub(super) fn severity(raw: RawSeverity) -> Severity {
    match raw {
        RawSeverity::Blue => Severity::Blue,
        RawSeverity::Yellow => Severity::Yellow,
        RawSeverity::Orange => Severity::Orange,
        RawSeverity::Red => Severity::Red,
    }
}
