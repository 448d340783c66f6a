//! Standard Webhooks 1.0.0: HMAC-SHA256 of `id.timestamp.body` in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tocsin_flow::Fault;

use crate::secret::Secret;

/// Bytes of a key, by the specification.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A key, ready to sign.
pub(super) struct Key(Hmac<Sha256>);

impl Key {
    /// Reads `whsec_` and base64.
    pub(super) fn parse(outlet: &str, secret: &Secret) -> Result<Key, Fault> {
        let fault = |found: &str| Fault::Misconfigured {
            setting: format!("secrets of outlet {outlet}"),
            found: found.to_owned(),
            expected: "whsec_ and base64 of 24 to 64 bytes, as from: echo whsec_$(openssl rand -base64 32)"
                .to_owned(),
        };
        let text = secret.reveal().strip_prefix("whsec_").ok_or_else(|| fault("a secret without whsec_"))?;
        let bytes = STANDARD.decode(text).map_err(|_| fault("a secret that is not base64 after whsec_"))?;
        if !KEY_BYTES.contains(&bytes.len()) {
            return Err(fault(&format!("a secret of {} bytes", bytes.len())));
        }
        Ok(Key(Hmac::new_from_slice(&bytes).expect("HMAC takes a key of any length")))
    }

    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

/// `webhook-signature`: one `v1,…` for each key, with spaces between.
pub(super) fn signatures(keys: &[Key], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signed: Vec<String> =
        keys.iter().map(|key| format!("v1,{}", key.sign(id, timestamp, body))).collect();
    signed.join(" ")
}

/// `webhook-id`: the notice's id, with `%` and two digits for each byte that a header or the specification will
/// not have. Ids hold brands' names, so: no letters past ASCII, no spaces; and no full stop, for it parts id,
/// time and body in what is signed.
pub(super) fn header_id(id: &str) -> String {
    let mut header = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_graphic() && byte != b'.' && byte != b'%' {
            header.push(char::from(byte));
        } else {
            header += &format!("%{byte:02X}");
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn key(secret: &str) -> Result<Key, Fault> {
        Key::parse("duty", &Secret::new(secret))
    }

    #[test]
    fn the_published_example_gets_the_published_signature() {
        // From the reference libraries of Standard Webhooks.
        let signed = key(SECRET).unwrap().sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_that_cannot_be_says_how_to_make_one_and_does_not_show_itself() {
        for bad in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?", "whsec_c2hvcnQ="] {
            let fault = key(bad).err().unwrap().to_string();
            assert!(fault.contains("openssl rand") && !fault.contains(bad), "{fault}");
        }
    }

    #[test]
    fn an_id_goes_into_a_header_as_ascii_without_full_stops() {
        assert_eq!(header_id("brand:tea:ring:2"), "brand:tea:ring:2");
        assert_eq!(header_id("a b.c%d岚"), "a%20b%2Ec%25d%E5%B2%9A");
    }
}
