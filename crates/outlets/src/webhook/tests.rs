//! What a receiver gets, and what its answers mean.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tocsin_model::News;

use super::*;
use crate::rig::{self, Receiver, Reply};
use crate::secret::Secret;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn status(status: u16) -> Reply {
    Reply::With(status, vec![], "a word from the receiver".into())
}

fn config(receiver: &Receiver) -> WebhookConfig {
    let url = format!("http://{}/hook?token=t0ken", receiver.address);
    WebhookConfig::new(OutletId::new("duty").unwrap(), Secret::new(&url), vec![Secret::new(SECRET)])
}

fn webhook(config: WebhookConfig) -> Webhook {
    Webhook::new(config, rig::room().0).unwrap()
}

async fn outcome(reply: Reply) -> Result<Receipt, Undelivered> {
    let receiver = Receiver::answering(vec![reply]).await;
    webhook(config(&receiver)).deliver(&rig::notice()).await
}

/// HMAC-SHA256 from its definition (RFC 2104), apart from the crate that signs.
fn hmac_by_hand(key: &[u8], message: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64);
    let pad = |byte: u8| -> Vec<u8> { (0..64).map(|i| key.get(i).copied().unwrap_or(0) ^ byte).collect() };
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
}

/// As a receiver checks it.
fn verifies(got: &rig::Got, secret: &str, nth: usize) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let head = format!("{}.{}.", got.header("webhook-id"), got.header("webhook-timestamp"));
    let expected = STANDARD.encode(hmac_by_hand(&key, &[head.into_bytes(), got.body.clone()].concat()));
    got.header("webhook-signature").split(' ').nth(nth) == Some(&format!("v1,{expected}"))
}

#[tokio::test]
async fn the_receiver_gets_the_notice_signed() {
    let receiver = Receiver::answering(vec![status(204)]).await;
    let notice = rig::notice();
    assert_eq!(webhook(config(&receiver)).deliver(&notice).await, Ok(Receipt { reference: None }));
    let got = receiver.got().remove(0);
    assert_eq!(got.uri, "/hook?token=t0ken");
    assert_eq!(got.header("content-type"), "application/json");
    assert_eq!(got.header("webhook-timestamp"), "1762177320");
    assert_eq!(
        got.header("webhook-id"),
        "brand:%E5%B1%B1%E5%B2%9A%E8%8C%B6%E9%A5%AE:volume:yellow:29369592:ring:2:duty"
    );
    assert_eq!(got.body, tocsin_wire::write_notice(&notice));
    assert!(verifies(&got, SECRET, 0));
}

#[tokio::test]
async fn while_secrets_change_each_one_signs() {
    let receiver = Receiver::answering(vec![status(200)]).await;
    let mut config = config(&receiver);
    config.secrets.push(Secret::new(NEXT_SECRET));
    webhook(config).deliver(&rig::notice()).await.unwrap();
    let got = receiver.got().remove(0);
    assert!(verifies(&got, SECRET, 0) && verifies(&got, NEXT_SECRET, 1));
    assert_eq!(got.header("webhook-signature").split(' ').count(), 2);
}

#[tokio::test]
async fn a_second_attempt_has_the_same_id_and_body_and_its_own_time() {
    let receiver = Receiver::answering(vec![status(503), status(200)]).await;
    let (room, clock) = rig::room();
    let webhook = Webhook::new(config(&receiver), room).unwrap();
    let notice = rig::with_news(News::Over);
    assert!(webhook.deliver(&notice).await.is_err());
    clock.advance(Duration::from_secs(30));
    assert!(webhook.deliver(&notice).await.is_ok());
    let got = receiver.got();
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    assert_eq!(got[0].body, got[1].body);
    assert_eq!([&got[0], &got[1]].map(|g| g.header("webhook-timestamp")), ["1762177320", "1762177350"]);
    assert!(verifies(&got[1], SECRET, 0));
}

#[tokio::test]
async fn extra_headers_are_sent_and_cannot_be_ours() {
    let receiver = Receiver::answering(vec![status(200)]).await;
    let with = |name: &str, value: &str| {
        let mut config = config(&receiver);
        config.headers = vec![(name.to_owned(), Secret::new(value))];
        Webhook::new(config, rig::room().0)
    };
    with("X-Team", "crisis").unwrap().deliver(&rig::notice()).await.unwrap();
    assert_eq!(receiver.got()[0].header("x-team"), "crisis");
    for (name, value) in [("Webhook-Id", "1"), ("content-type", "x"), ("a b", "c"), ("x", "a\nb")] {
        let fault = with(name, value).err().unwrap().to_string();
        assert!(fault.starts_with("headers of outlet duty is "), "{fault}");
    }
}

#[tokio::test]
async fn two_hundreds_are_receipts() {
    for code in [200, 201, 202, 204] {
        assert!(outcome(status(code)).await.is_ok(), "{code}");
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for code in [408, 425, 429, 500, 502, 503, 504] {
        let undelivered = outcome(status(code)).await.unwrap_err();
        assert!(matches!(undelivered, Undelivered::Retry { after: None, .. }), "{code}: {undelivered:?}");
    }
}

#[tokio::test]
async fn the_receiver_may_say_when() {
    for (value, seconds) in [("120", 120), ("Mon, 03 Nov 2025 13:43:30 GMT", 90)] {
        let reply = Reply::With(429, vec![("retry-after", value)], String::new());
        let Err(Undelivered::Retry { after, .. }) = outcome(reply).await else { panic!("{value}") };
        assert_eq!(after, Some(Duration::from_secs(seconds)), "{value}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_given_up() {
    assert!(matches!(outcome(status(410)).await, Err(Undelivered::GiveUp { .. })));
}

#[tokio::test]
async fn other_refusals_are_the_operators_and_say_what_to_check() {
    for (code, hint) in [(400, "`url`"), (401, "secrets"), (403, "secrets"), (404, "path"), (413, "larger")] {
        let Err(Undelivered::Misconfigured { why }) = outcome(status(code)).await else { panic!("{code}") };
        assert!(why.contains(hint) && why.contains("a word from the receiver"), "{why}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::answering(vec![status(200)]).await;
    let to: &'static str = format!("http://{}/there?key=k", elsewhere.address).leak();
    let reply = Reply::With(307, vec![("location", to)], String::new());
    let Err(Undelivered::Misconfigured { why }) = outcome(reply).await else { panic!() };
    assert!(why.contains(&elsewhere.address.to_string()) && !why.contains("key=k"), "{why}");
    assert!(elsewhere.got().is_empty());
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    let url = Secret::new(&format!("http://{}/hook?token=t0ken", rig::nobody().await));
    let config = WebhookConfig::new(OutletId::new("duty").unwrap(), url, vec![Secret::new(SECRET)]);
    let Err(Undelivered::Retry { why, .. }) = webhook(config).deliver(&rig::notice()).await else { panic!() };
    assert!(why.contains("refused") && !why.contains("t0ken"), "{why}");
}

#[tokio::test]
async fn no_answer_in_time_is_tried_again() {
    let receiver = Receiver::answering(vec![Reply::Silence]).await;
    let (room, clock) = rig::room();
    let webhook = Webhook::new(config(&receiver), room).unwrap();
    let notice = rig::notice();
    let (outcome, ()) = tokio::join!(webhook.deliver(&notice), async {
        receiver.arrived().await;
        clock.advance(Duration::from_secs(10));
    });
    let Err(Undelivered::Retry { why, .. }) = outcome else { panic!() };
    assert_eq!(why, format!("http://{} gave no answer within 10 s", receiver.address));
}

#[tokio::test]
async fn a_receiver_that_repeats_a_token_of_the_address_does_not_make_it_known() {
    let receiver = Receiver::answering(vec![Reply::With(
        404,
        vec![],
        "Cannot POST /services/T0PS3CRET?k=s3cret-too".into(),
    )])
    .await;
    let mut config = config(&receiver);
    config.url = Secret::new(&format!("http://{}/services/T0PS3CRET?k=s3cret-too", receiver.address));
    let why = webhook(config).deliver(&rig::notice()).await.unwrap_err().to_string();
    assert!(why.contains("Cannot POST /…/…?k=…") && why.contains("Check the path"), "{why}");
}

#[tokio::test]
async fn secrets_show_nowhere_even_if_the_receiver_repeats_them() {
    let receiver =
        Receiver::answering(vec![Reply::With(400, vec![], format!("bad key {SECRET}, hdr v4lue"))]).await;
    let mut config = config(&receiver);
    config.headers = vec![("x-key".into(), Secret::new("v4lue"))];
    let debug = format!("{config:?}");
    let why = webhook(config).deliver(&rig::notice()).await.unwrap_err().to_string();
    for secret in [SECRET, "v4lue", "t0ken"] {
        assert!(!why.contains(secret) && !debug.contains(secret), "{why} {debug}");
    }
}
