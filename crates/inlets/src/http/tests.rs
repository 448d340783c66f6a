//! Requests in, answers and arrivals out.

use std::borrow::Borrow;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use expect_test::{Expect, expect};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use tocsin_flow::Peer;
use tocsin_model::limits::RECORD_BYTES_MAX;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use super::*;
use crate::rig::{Rig, START_MILLIS, post as one};

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

async fn ask(rig: &Rig, config: &HttpConfig, request: Request<Body>) -> Answer {
    let router = router(config.clone(), rig.kept.clone(), rig.room(), rig.stop());
    let response = router.oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status: head.status, headers: head.headers, json }
}

fn request(headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post("/v1/posts");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let peer: SocketAddr = "127.0.0.1:5012".parse().unwrap();
    request.extension(ConnectInfo(peer)).body(body.into()).unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");
const LINES: (&str, &str) = ("content-type", "application/x-ndjson");
const GZIP: (&str, &str) = ("content-encoding", "gzip");
const ZSTD: (&str, &str) = ("content-encoding", "zstd");

/// What is answered, kept, rejected and measured.
async fn transcript(
    rig: &Rig,
    config: &HttpConfig,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> String {
    let answer = ask(rig, config, request(headers, body)).await;
    let shorten = |line: String| if line.len() > 300 { format!("{} bytes", line.len()) } else { line };
    let mut out = format!("{} {}\n", answer.status.as_u16(), answer.json);
    for name in ["www-authenticate", "retry-after", "accept-encoding"] {
        if let Some(value) = answer.headers.get(name) {
            out.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
        }
    }
    let ids = rig.kept.ids();
    out.push_str(&if ids.len() > 10 { format!("{} kept\n", ids.len()) } else { format!("kept {ids:?}\n") });
    rig.kept.rejected().into_iter().for_each(|line| out.push_str(&format!("{}\n", shorten(line))));
    out.push_str(&shorten(rig.notes.text()));
    out
}

#[track_caller]
fn check(headers: &[(&str, &str)], body: impl Into<Body>, expect: impl Borrow<Expect>) {
    check_with(&HttpConfig::default(), |_| {}, headers, body, expect);
}

#[track_caller]
fn check_with(
    config: &HttpConfig,
    prepare: impl FnOnce(&Rig),
    headers: &[(&str, &str)],
    body: impl Into<Body>,
    expect: impl Borrow<Expect>,
) {
    let rig = Rig::new();
    prepare(&rig);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    expect.borrow().assert_eq(&runtime.block_on(transcript(&rig, config, headers, body)));
}

#[test]
fn one_post_is_kept_with_its_own_bytes() {
    let rig = Rig::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = one("1").replace("\"id\":\"1\"", "\"unknown\" : 7 , \"id\":\"1\"");
    let config = HttpConfig::default();
    let answer = runtime.block_on(ask(&rig, &config, request(&[JSON], format!("\n {body}\n"))));
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let kept = rig.kept.all();
    assert_eq!(String::from_utf8_lossy(&kept[0].posts[0].json), body);
    assert_eq!(kept[0].posts[0].arrived.millis(), START_MILLIS);
    assert_eq!(kept[0].cursor, None);
}

#[test]
fn the_good_ones_of_an_array_go_in_and_the_bad_ones_are_named() {
    let body = format!("[{}, {{\"id\":\"2\",}}, {}, 7]", one("1"), one("3"));
    check(
        &[JSON],
        body,
        expect![[r#"
            202 {"accepted":2,"rejected":2,"rejects":[{"index":1,"reason":"cannot be read: not JSON at byte 10"},{"index":3,"reason":"cannot be read: a post should be a JSON object"}]}
            kept ["1", "3"]
            http 127.0.0.1:5012 record 2: cannot be read: not JSON at byte 10: {"id":"2",}
            http 127.0.0.1:5012 record 4: cannot be read: a post should be a JSON object: 7
            http received 2 of weibo, http rejected syntax, http rejected syntax"#]],
    );
}

#[test]
fn lines_are_posts() {
    let body = format!("{}\r\n\n{}\n{{\"id\":", one("1"), one("2"));
    let expect = expect![[r#"
        202 {"accepted":2,"rejected":1,"rejects":[{"index":2,"reason":"cannot be read: the JSON ends too early"}]}
        kept ["1", "2"]
        http 127.0.0.1:5012 record 3: cannot be read: the JSON ends too early: {"id":
        http received 2 of weibo, http rejected syntax"#]];
    check(&[LINES], body.clone(), &expect);
    check(&[], body, expect);
}

#[test]
fn invalid_utf8_spoils_one_record() {
    let mut body = format!("[{},", one("1")).into_bytes();
    body.extend_from_slice(b"{\"id\":\"\xff\"},");
    body.extend_from_slice(format!("{}]", one("3")).as_bytes());
    check(
        &[JSON],
        body,
        expect![[r#"
            202 {"accepted":2,"rejected":1,"rejects":[{"index":1,"reason":"not UTF-8 at byte 7"}]}
            kept ["1", "3"]
            http 127.0.0.1:5012 record 2: not UTF-8 at byte 7: {"id":"�"}
            http received 2 of weibo, http rejected encoding"#]],
    );
}

#[test]
fn when_all_are_bad_it_is_400_and_they_are_still_kept_as_rejected() {
    check(
        &[JSON],
        "[1,2]",
        expect![[r#"
            400 {"accepted":0,"rejected":2,"rejects":[{"index":0,"reason":"cannot be read: a post should be a JSON object"},{"index":1,"reason":"cannot be read: a post should be a JSON object"}]}
            kept []
            http 127.0.0.1:5012 record 1: cannot be read: a post should be a JSON object: 1
            http 127.0.0.1:5012 record 2: cannot be read: a post should be a JSON object: 2
            http rejected syntax, http rejected syntax"#]],
    );
}

#[test]
fn a_cut_array_is_one_rejected_record() {
    check(
        &[JSON],
        "[{\"id\":\"1\"},{\"id",
        expect![[r#"
            400 {"accepted":0,"rejected":1,"rejects":[{"index":0,"reason":"cannot be read: the array is cut off or badly closed"}]}
            kept []
            http 127.0.0.1:5012 record 1: cannot be read: the array is cut off or badly closed: [{"id":"1"},{"id
            http rejected syntax"#]],
    );
}

#[test]
fn a_mebibyte_of_brackets_is_one_rejected_record() {
    check(
        &[JSON],
        vec![b'['; RECORD_BYTES_MAX],
        expect![[r#"
            400 {"accepted":0,"rejected":1,"rejects":[{"index":0,"reason":"cannot be read: the array is cut off or badly closed"}]}
            kept []
            1048660 bytes
            http rejected syntax"#]],
    );
    let half = RECORD_BYTES_MAX / 2;
    check(
        &[JSON],
        [vec![b'['; half], vec![b']'; half]].concat(),
        expect![[r#"
            400 {"accepted":0,"rejected":1,"rejects":[{"index":0,"reason":"depth is past its limit of 32"}]}
            kept []
            1048635 bytes
            http rejected limit"#]],
    );
}

#[test]
fn a_record_past_the_limit_keeps_its_beginning_and_spoils_no_other() {
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(2 * RECORD_BYTES_MAX));
    let expect = expect![[r#"
        202 {"accepted":2,"rejected":1,"rejects":[{"index":1,"reason":"the record is longer than 1048576 bytes"}]}
        kept ["1", "3"]
        1048647 bytes
        http received 2 of weibo, http rejected too_long"#]];
    check(&[JSON], format!("[{},{long},{}]", one("1"), one("3")), &expect);
    check(&[LINES], format!("{}\n{long}\n{}", one("1"), one("3")), expect);
}

#[test]
fn no_more_than_a_hundred_rejects_are_listed() {
    let rig = Rig::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = format!("[{}{}]", "0,".repeat(250), one("1"));
    let answer = runtime.block_on(ask(&rig, &HttpConfig::default(), request(&[JSON], body)));
    assert_eq!(answer.json["rejected"], 250);
    assert_eq!(answer.json["rejects"].as_array().unwrap().len(), 100);
    assert_eq!(rig.kept.all()[0].rejected.len(), 250);
}

#[test]
fn an_empty_array_is_nothing_to_do() {
    check(
        &[JSON],
        "[]",
        expect![[r#"
            202 {"accepted":0,"rejected":0,"rejects":[]}
            kept []
        "#]],
    );
}

#[test]
fn an_empty_body_is_400() {
    let expect = expect![[r#"
        400 {"error":"the body is empty; send a post, an array of posts or a post a line"}
        kept []
    "#]];
    check(&[JSON], "", &expect);
    check(&[LINES], " \n \n", &expect);
    check(&[GZIP], gzip(b""), expect);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

#[test]
fn packed_bodies_are_unpacked() {
    let body = (0..20).map(|i| one(&i.to_string())).collect::<Vec<_>>().join("\n");
    let expect = expect![[r#"
        202 {"accepted":20,"rejected":0,"rejects":[]}
        20 kept
        http received 20 of weibo"#]];
    check(&[LINES, GZIP], gzip(body.as_bytes()), &expect);
    check(&[LINES, ZSTD], zstd::encode_all(body.as_bytes(), 19).unwrap(), expect);
}

#[test]
fn what_cannot_be_unpacked_is_400() {
    check(
        &[GZIP],
        "{}",
        expect![[r#"
            400 {"error":"the body cannot be unpacked as gzip (unexpected end of file); pack it again, or leave out Content-Encoding"}
            kept []
        "#]],
    );
    let cut = gzip(one("1").as_bytes());
    check(
        &[GZIP],
        cut[..cut.len() - 5].to_vec(),
        expect![[r#"
            400 {"error":"the body cannot be unpacked as gzip (unexpected end of file); pack it again, or leave out Content-Encoding"}
            kept []
        "#]],
    );
    check(
        &[ZSTD],
        "{\"id\":\"no zstd at all\"}",
        expect![[r#"
            400 {"error":"the body cannot be unpacked as zstd (Unknown frame descriptor); pack it again, or leave out Content-Encoding"}
            kept []
        "#]],
    );
}

#[test]
fn a_bomb_is_413_before_it_goes_off() {
    let zeros = vec![b' '; 64 << 20];
    let expect = expect![[r#"
        413 {"error":"the body is larger than 33554432 bytes, packed or unpacked; send fewer posts at a time"}
        kept []
    "#]];
    check(&[GZIP], gzip(&zeros), &expect);
    check(&[ZSTD], zstd::encode_all(zeros.as_slice(), 3).unwrap(), &expect);
    check(&[JSON], zeros, &expect);
    check(&[JSON, ("content-length", "99999999999")], "", expect);
}

#[test]
fn a_zstd_window_greater_than_a_body_is_refused() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(one("1").as_bytes()).unwrap();
    check(
        &[ZSTD],
        encoder.finish().unwrap(),
        expect![[r#"
            400 {"error":"the body cannot be unpacked as zstd (Frame requires too much memory for decoding); pack it again, or leave out Content-Encoding"}
            kept []
        "#]],
    );
}

#[test]
fn an_unknown_form_is_415() {
    check(
        &[("content-type", "application/xml")],
        "<post/>",
        expect![[r#"
            415 {"error":"Content-Type application/xml is not known here; send application/json (a post, or an array of posts) or application/x-ndjson (a post a line)"}
            accept-encoding: gzip, zstd
            kept []
        "#]],
    );
    check(
        &[JSON, ("content-encoding", "br")],
        "x",
        expect![[r#"
            415 {"error":"Content-Encoding br is not known here; send gzip, zstd, or no Content-Encoding"}
            accept-encoding: gzip, zstd
            kept []
        "#]],
    );
    check(
        &[("content-type", "application/json; charset=GBK")],
        "{}",
        expect![[r#"
            415 {"error":"posts are read as UTF-8; send them in UTF-8"}
            accept-encoding: gzip, zstd
            kept []
        "#]],
    );
}

#[test]
fn a_full_pipeline_is_429_and_what_is_away_is_503() {
    let full = expect![[r#"
        429 {"error":"the pipeline is full; nothing was taken, send the same again later"}
        retry-after: 3
        kept []
        http pushed back"#]];
    let config = HttpConfig::default();
    let refuse = |peer, seconds: Option<f64>| {
        move |rig: &Rig| rig.kept.refuse(peer, seconds.map(Duration::from_secs_f64))
    };
    check_with(&config, refuse(Peer::Pipeline, Some(2.1)), &[JSON], one("1"), full);
    let full = expect![[r#"
        429 {"error":"the pipeline is full; nothing was taken, send the same again later"}
        retry-after: 1
        kept []
        http pushed back"#]];
    check_with(&config, refuse(Peer::Pipeline, None), &[JSON], one("1"), &full);
    check_with(&config, refuse(Peer::Pipeline, Some(0.0)), &[JSON], one("1"), full);
    let away = expect![[r#"
        503 {"error":"posts cannot be kept now; nothing was acknowledged, send the same again later"}
        retry-after: 5
        kept []
        http pushed back"#]];
    check_with(&config, refuse(Peer::Store, None), &[JSON], one("1"), away);
    let stopping = expect![[r#"
        503 {"error":"the process is stopping; nothing was taken, send the same again later"}
        retry-after: 5
        kept []
        http pushed back"#]];
    check_with(&config, |rig| rig.halt.now(), &[JSON], one("1"), stopping);
}

#[test]
fn bodies_share_a_bounded_memory() {
    let config = HttpConfig { body_bytes_max: 4096, bodies_bytes_max: 0, ..HttpConfig::default() };
    let budget = Budget::new(config.budget_bytes());
    let headers = HeaderMap::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let receive = async |share: &mut body::Share| {
            body::receive(&headers, Body::from(vec![b'x'; 4096]), 4096, share).await.map(|sent| sent.len())
        };
        let (mut first, mut second, mut third) = (budget.share(), budget.share(), budget.share());
        assert_eq!(receive(&mut first).await, Ok(4096));
        assert_eq!(receive(&mut second).await, Ok(4096));
        assert_eq!(receive(&mut third).await, Err(answer::Refusal::Crowded));
        drop((first, third));
        assert_eq!(receive(&mut budget.share()).await, Ok(4096));
    });
}

#[tokio::test]
async fn a_body_that_never_ends_is_408() {
    let rig = Rig::new();
    let router = router(HttpConfig::default(), rig.kept.clone(), rig.room(), rig.stop());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    let mut sender = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = "POST /v1/posts HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\nconnection: close\r\n\r\n{";
    sender.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    rig.clock.pass(60).await;
    sender.read_to_string(&mut answer).await.unwrap();
    serving.abort();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("the body took longer than 60 s; send fewer posts at a time"), "{answer}");
}

fn guarded() -> HttpConfig {
    HttpConfig {
        tokens: vec!["first-token".to_owned(), "second-token".to_owned()],
        hmac_secrets: vec!["old-secret".to_owned(), "new-secret".to_owned()],
        ..HttpConfig::default()
    }
}

fn status(config: &HttpConfig, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let rig = Rig::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(ask(&rig, config, request(headers, body.to_owned())));
    assert_eq!(answer.status == StatusCode::UNAUTHORIZED, answer.headers.contains_key("www-authenticate"));
    (answer.status.as_u16(), answer.json["error"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn any_of_the_tokens_opens_the_door_and_nothing_else() {
    let with = |value: &str| status(&guarded(), &[JSON, ("authorization", value)], &one("1")).0;
    assert_eq!(with("Bearer first-token"), 202);
    assert_eq!(with("bearer second-token"), 202);
    for wrong in [
        "Bearer first",
        "Bearer first-tokens",
        "Bearer ",
        "Bearer",
        "Basic first-token",
        "first-token",
        "Bearer FIRST-TOKEN",
    ] {
        assert_eq!(with(wrong), 401, "{wrong}");
    }
    let (code, error) = status(&guarded(), &[JSON], &one("1"));
    assert_eq!(code, 401);
    expect!["send Authorization: Bearer and one of this inlet's tokens, or sign the body with X-Tocsin-Timestamp and X-Tocsin-Signature"].assert_eq(&error);
}

fn signed(secret: &str, seconds: i64, body: &str) -> (String, String) {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    (seconds.to_string(), format!("v1={hex}"))
}

#[test]
fn a_signature_opens_the_door_for_five_minutes() {
    let body = one("1");
    let now = START_MILLIS / 1000;
    let with = |(timestamp, signature): &(String, String), body: &str| {
        let headers = [JSON, ("x-tocsin-timestamp", timestamp), ("x-tocsin-signature", signature)];
        status(&guarded(), &headers, body)
    };
    assert_eq!(with(&signed("old-secret", now, &body), &body).0, 202);
    assert_eq!(with(&signed("new-secret", now - 300, &body), &body).0, 202);
    assert_eq!(with(&signed("new-secret", now + 300, &body), &body).0, 202);
    let upper = |(t, s): (String, String)| (t, s.to_uppercase().replace("V1=", "v1="));
    assert_eq!(with(&upper(signed("old-secret", now, &body)), &body).0, 202);

    let refused = |signed: (String, String)| with(&signed, &body).1;
    expect!["the timestamp is 301 s old, more than 300 s; sign again, and check the clock of the sender"]
        .assert_eq(&refused(signed("old-secret", now - 301, &body)));
    expect!["the timestamp is 301 s ahead, more than 300 s; sign again, and check the clock of the sender"]
        .assert_eq(&refused(signed("old-secret", now + 301, &body)));
    let unfit = expect![
        "the signature does not fit; it should be HMAC-SHA256 of the timestamp, a dot and the body as sent (packed, if it is packed), with one of this inlet's secrets"
    ];
    unfit.assert_eq(&refused(signed("wrong", now, &body)));
    unfit.assert_eq(&refused(signed("old-secret", now, "another body")));
    expect!["X-Tocsin-Signature should be v1= and 64 hexadecimal digits"]
        .assert_eq(&refused((now.to_string(), "v1=00".to_owned())));
    expect!["X-Tocsin-Timestamp should be whole seconds since 1970-01-01T00:00:00Z"]
        .assert_eq(&refused(("now".to_owned(), signed("old-secret", now, &body).1)));
    let (timestamp, signature) = signed("old-secret", now, &body);
    let moved = ((timestamp.parse::<i64>().unwrap() + 1).to_string(), signature);
    unfit.assert_eq(&refused(moved));
    let extreme = (i64::MIN.to_string(), signed("old-secret", i64::MIN, &body).1);
    assert_eq!(with(&extreme, &body).0, 401);
}

#[test]
fn a_signature_is_of_the_body_as_sent() {
    let packed = gzip(one("1").as_bytes());
    let now = START_MILLIS / 1000;
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"old-secret").unwrap();
    mac.update(format!("{now}.").as_bytes());
    mac.update(&packed);
    let hex: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let (now, signature) = (now.to_string(), format!("v1={hex}"));
    check_with(
        &guarded(),
        |_| {},
        &[JSON, GZIP, ("x-tocsin-timestamp", &now), ("x-tocsin-signature", &signature)],
        packed,
        expect![[r#"
            202 {"accepted":1,"rejected":0,"rejects":[]}
            kept ["1"]
            http received 1 of weibo"#]],
    );
}

#[test]
fn a_config_in_a_log_shows_no_secret() {
    expect![
        "HttpConfig { tokens: 2, hmac_secrets: 2, body_bytes_max: 33554432, bodies_bytes_max: 67108864 }"
    ]
    .assert_eq(&format!("{:?}", guarded()));
}

#[test]
fn the_document_describes_a_post_as_wire_reads_it() {
    let document = openapi::document_json();
    let schemas = &document["components"]["schemas"];
    let names: Vec<&String> = schemas.as_object().unwrap().keys().collect();
    expect![[
        r#"["Accepted", "Author", "Engagement", "Error", "Media", "Parent", "Post", "Posts", "Refused", "Reject"]"#
    ]]
    .assert_eq(&format!("{names:?}"));
    assert_eq!(schemas["Post"]["properties"]["author"]["$ref"], "#/components/schemas/Author");
    let operation = &document["paths"]["/v1/posts"]["post"];
    let statuses: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
    expect![[r#"["202", "400", "401", "408", "413", "415", "429", "503"]"#]]
        .assert_eq(&format!("{statuses:?}"));
    let forms: Vec<&String> = operation["requestBody"]["content"].as_object().unwrap().keys().collect();
    expect![[r#"["application/json", "application/x-ndjson"]"#]].assert_eq(&format!("{forms:?}"));
    let said = schemas["Posts"]["oneOf"].to_string();
    assert_eq!(said.matches("#/components/schemas/Post").count(), 2, "{said}");
    every_reference_leads_somewhere(&document, &document);
}

fn every_reference_leads_somewhere(part: &Value, document: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(Value::String(to)) = fields.get("$ref") {
                assert!(document.pointer(to.trim_start_matches('#')).is_some(), "{to}");
            }
            fields.values().for_each(|field| every_reference_leads_somewhere(field, document));
        }
        Value::Array(items) => items.iter().for_each(|item| every_reference_leads_somewhere(item, document)),
        _ => {}
    }
}

#[test]
fn the_document_is_served_to_everybody() {
    let rig = Rig::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let request = Request::get("/v1/openapi.json").body(Body::empty()).unwrap();
    let answer = runtime.block_on(ask(&rig, &guarded(), request));
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json["openapi"], "3.1.0");
}
