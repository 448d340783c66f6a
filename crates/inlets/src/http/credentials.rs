//! Who may send: bearer tokens, or an HMAC-SHA256 signature of the body. All comparing is constant in time.
//!
//! A signature can be sent again with the same body within its five minutes; that changes nothing, because
//! a post that is known counts no second time.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use tocsin_model::{ArrivalTime, Span};

use crate::http::HttpConfig;
use crate::http::answer::Refusal;

/// When the body was signed, in seconds since 1970.
pub(crate) const TIMESTAMP_HEADER: &str = "x-tocsin-timestamp";
/// `v1=` and the signature in hexadecimal.
pub(crate) const SIGNATURE_HEADER: &str = "x-tocsin-signature";

/// How far the clocks of sender and receiver may be apart.
const TOLERANCE: Span = Span::from_minutes(5);

/// What a request says about its sender, before its body is read.
#[derive(Debug, PartialEq)]
pub(crate) enum Claim {
    /// Good as it is.
    Trusted,
    /// To be held against the body.
    Signed { timestamp: String, signature: [u8; 32] },
}

impl Claim {
    /// A bearer token is judged at once, so that a stranger's body is not even read.
    pub(crate) fn of(headers: &HeaderMap, config: &HttpConfig, now: ArrivalTime) -> Result<Claim, Refusal> {
        if config.is_open() {
            return Ok(Claim::Trusted);
        }
        if let Some(token) = bearer(headers) {
            return if is_one_of(token, &config.tokens) {
                Ok(Claim::Trusted)
            } else {
                Err(stranger("the bearer token is not one of this inlet's; check it against its tokens"))
            };
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match (text(TIMESTAMP_HEADER), text(SIGNATURE_HEADER)) {
            (Some(timestamp), Some(signature)) if !config.hmac_secrets.is_empty() => {
                is_recent(timestamp, now)?;
                let signature = signature
                    .strip_prefix("v1=")
                    .and_then(from_hex)
                    .ok_or_else(|| stranger("X-Tocsin-Signature should be v1= and 64 hexadecimal digits"))?;
                Ok(Claim::Signed { timestamp: timestamp.to_owned(), signature })
            }
            _ => Err(stranger(match (config.tokens.is_empty(), config.hmac_secrets.is_empty()) {
                (false, true) => "send Authorization: Bearer and one of this inlet's tokens",
                (true, _) => "sign the body: send X-Tocsin-Timestamp and X-Tocsin-Signature",
                (false, false) => {
                    "send Authorization: Bearer and one of this inlet's tokens, or sign the body with \
                     X-Tocsin-Timestamp and X-Tocsin-Signature"
                }
            })),
        }
    }

    /// Holds the signature against the body as it was sent. Every secret is tried, whether or not one fits.
    pub(crate) fn verify(&self, body: &[u8], config: &HttpConfig) -> Result<(), Refusal> {
        let Claim::Signed { timestamp, signature } = self else { return Ok(()) };
        let fits = config.hmac_secrets.iter().fold(Choice::from(0), |fits, secret| {
            fits | sign(secret, timestamp, body).as_slice().ct_eq(signature)
        });
        if fits.into() {
            Ok(())
        } else {
            Err(stranger(
                "the signature does not fit; it should be HMAC-SHA256 of the timestamp, a dot and the body as \
                 sent (packed, if it is packed), with one of this inlet's secrets",
            ))
        }
    }
}

/// HMAC-SHA256 of `{timestamp}.{body}`.
fn sign(secret: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// Digests are compared, so that neither the length of a token nor where it differs can be measured; and
/// with all of them, so that neither can which one fits.
fn is_one_of(token: &str, tokens: &[String]) -> bool {
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    let sent = digest(token);
    let fits = |fits: Choice, known: &String| fits | digest(known).as_slice().ct_eq(sent.as_slice());
    tokens.iter().fold(Choice::from(0), fits).into()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn is_recent(timestamp: &str, now: ArrivalTime) -> Result<(), Refusal> {
    let seconds: i64 = timestamp
        .parse()
        .map_err(|_| stranger("X-Tocsin-Timestamp should be whole seconds since 1970-01-01T00:00:00Z"))?;
    let apart = now.millis().saturating_sub(seconds.saturating_mul(1_000));
    if apart.saturating_abs() <= TOLERANCE.millis() {
        Ok(())
    } else {
        let (off, limit) = (apart / 1_000, TOLERANCE.millis() / 1_000);
        let which = if off > 0 { "old" } else { "ahead" };
        Err(Refusal::Stranger(format!(
            "the timestamp is {} s {which}, more than {limit} s; sign again, and check the clock of the sender",
            off.saturating_abs()
        )))
    }
}

fn from_hex(digits: &str) -> Option<[u8; 32]> {
    let nibble = |digit: u8| (digit as char).to_digit(16).map(|n| n as u8);
    let mut bytes = [0; 32];
    let digits = digits.as_bytes();
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

fn stranger(why: &str) -> Refusal {
    Refusal::Stranger(why.to_owned())
}
