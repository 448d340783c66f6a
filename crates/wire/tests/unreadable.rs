//! What we wrote ourselves and cannot read back is named; what may be missing or new is not an error.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;
use tocsin_wire::Unreadable;

/// The first object of a golden file, with one of its members (by JSON pointer) replaced.
fn with(golden: &str, member: &str, value: Value) -> Vec<u8> {
    let mut object: Value = serde_json::from_str(golden).expect("a golden file is JSON");
    if let Value::Array(objects) = object {
        object = objects.into_iter().next().expect("a golden file has an object");
    }
    *object.pointer_mut(member).expect("the golden file has this member") = value;
    serde_json::to_vec(&object).expect("a value can be written")
}

#[track_caller]
fn check<T: std::fmt::Debug>(read: Result<T, Unreadable>, expect: Expect) {
    expect.assert_eq(&read.expect_err("bad bytes were read").to_string());
}

const MATCHED: &str = include_str!("golden/matched-v1.json");
const SIGNAL: &str = include_str!("golden/signal-v1.json");
const INCIDENT: &str = include_str!("golden/incident-v1.json");
const REJECTED: &str = include_str!("golden/rejected-v1.json");

#[test]
fn a_newer_version_is_called_that() {
    check(
        tocsin_wire::read_signal(&with(SIGNAL, "/v", 2.into())),
        expect!["a stored signal cannot be read: it has version 2; this program knows version 1"],
    );
    check(
        tocsin_wire::read_incident(br#"{"v":7,"shape":"another"}"#),
        expect!["a stored incident cannot be read: it has version 7; this program knows version 1"],
    );
    check(
        tocsin_wire::read_notice(b"{}"),
        expect!["a stored notice cannot be read: missing field `v` at line 1 column 2"],
    );
    check(
        tocsin_wire::read_matched(b"\xff"),
        expect!["a stored matched post cannot be read: Invalid UTF-8 characters in json at line 1 column 1"],
    );
}

#[test]
fn what_the_model_does_not_allow_is_not_let_in() {
    check(
        tocsin_wire::read_matched(&with(MATCHED, "/own", 1.into())),
        expect![
            "a stored matched post cannot be read: its own words end inside a character or past the text"
        ],
    );
    check(
        tocsin_wire::read_matched(&with(MATCHED, "/own", 99.into())),
        expect![
            "a stored matched post cannot be read: its own words end inside a character or past the text"
        ],
    );
    check(
        tocsin_wire::read_matched(&with(MATCHED, "/mentions/0/places/0/1", 11.into())),
        expect!["a stored matched post cannot be read: a brand's place is outside the text"],
    );
    check(
        tocsin_wire::read_matched(&with(MATCHED, "/mentions/0/brand", "".into())),
        expect!["a stored matched post cannot be read: a brand is empty"],
    );
    check(
        tocsin_wire::read_matched(&with(MATCHED, "/post/author", Value::Null)),
        expect!["a stored matched post cannot be read: its post: author is missing"],
    );
    check(
        tocsin_wire::read_matched(&with(MATCHED, "/post", 7.into())),
        expect!["a stored matched post cannot be read: its post is not an object"],
    );
    check(
        tocsin_wire::read_incident(&with(INCIDENT, "/kinds", Value::Array(vec![]))),
        expect![
            "a stored incident cannot be read: it has no kind; there should be at least the one that opened it"
        ],
    );
    check(
        tocsin_wire::read_signal(&with(SIGNAL, "/evidence", Value::Null)),
        expect!["a stored signal cannot be read: it has no evidence"],
    );
    check(
        tocsin_wire::read_signal(&with(SIGNAL, "/kind", "sorrow".into())),
        expect![
            "a stored signal cannot be read: unknown variant `sorrow`, expected one of `volume`, `negative`, `engagement`, `flood`, `keyword`, `author`, `silence`, `report`, `forecast` at line 1 column 799"
        ],
    );
    check(
        tocsin_wire::read_signal(&with(SIGNAL, "/at", "now".into())),
        expect!["a stored signal cannot be read: a time should be RFC 3339 at line 1 column 12"],
    );
    check(
        tocsin_wire::read_rejected(&with(REJECTED, "/bytes", "!".into())),
        expect!["a stored rejected record cannot be read: its bytes are not base64"],
    );
}

#[test]
fn names_of_a_newer_program_read_as_unknown() {
    let signal = tocsin_wire::read_signal(&with(SIGNAL, "/evidence/test", "oracle".into())).unwrap();
    let tocsin_model::State::Abnormal { evidence, .. } = signal.state else { panic!() };
    assert_eq!(evidence.test, "unknown");
    let third = serde_json::from_str::<Vec<Value>>(REJECTED).unwrap()[2].to_string();
    let rejected = tocsin_wire::read_rejected(&with(&third, "/field", "mood".into())).unwrap();
    assert_eq!(rejected.reason, tocsin_model::Reason::Missing("unknown"));
}

#[test]
fn every_public_shape_has_a_schema_that_its_golden_file_keeps_to() {
    let goldens = [
        ("post", include_str!("golden/post-v1.json")),
        ("matched", include_str!("golden/matched-v1.json")),
        ("tokenized", include_str!("golden/tokenized-v1.json")),
        ("scored", include_str!("golden/scored-v1.json")),
        ("kin", include_str!("golden/kin-v1.json")),
        ("signal", SIGNAL),
        ("incident", INCIDENT),
        ("notice", include_str!("golden/notice-v1.json")),
        ("rejected", REJECTED),
    ];
    let schemas = tocsin_wire::schemas();
    assert_eq!(schemas.iter().map(|s| s.0).collect::<Vec<_>>(), goldens.map(|g| g.0));
    for ((name, schema), (_, golden)) in schemas.iter().zip(goldens) {
        let golden: Value = serde_json::from_str(golden).unwrap();
        let object = golden.get(0).unwrap_or(&golden);
        let properties = schema["properties"].as_object().expect("an object's schema");
        for member in object.as_object().unwrap().keys() {
            let described =
                properties.get(member).unwrap_or_else(|| panic!("{name}: {member} has no schema"));
            assert!(
                member == "v" || described.get("description").is_some(),
                "{name}: {member} is not described"
            );
        }
        for required in schema["required"].as_array().unwrap() {
            assert!(
                object.get(required.as_str().unwrap()).is_some(),
                "{name}: {required} is not in the file"
            );
        }
    }
}

#[test]
fn the_schema_of_a_post_asks_for_no_more_than_the_reader_does() {
    let schemas = tocsin_wire::schemas();
    let (_, post) = &schemas[0];
    expect![[r#"["id","source","created_at","author"]"#]].assert_eq(&post["required"].to_string());
    expect![[r#"{"description":"Unique within its source; at most 256 bytes, no control characters. A record with a known id is an\nupdate of that post.","maxLength":256,"type":["string","integer"]}"#]].assert_eq(&post["properties"]["id"].to_string());
    expect![[r##"{"description":"Pictures, videos, files; at most 64.","items":{"$ref":"#/$defs/Media"},"maxItems":64,"type":["array","null"]}"##]].assert_eq(&post["properties"]["media"].to_string());
}

proptest! {
    #[test]
    fn every_number_of_evidence_comes_back_exactly(
        p in prop_oneof![any::<f64>(), -400.0..0.0, Just(f64::NEG_INFINITY)],
        expected in 0.0..1e9,
    ) {
        let mut signal = tocsin_wire::read_signal(&with(SIGNAL, "/v", 1.into())).unwrap();
        let tocsin_model::State::Abnormal { evidence, .. } = &mut signal.state else { panic!() };
        evidence.log10_p = p;
        evidence.expected = expected;
        let back = tocsin_wire::read_signal(&tocsin_wire::write_signal(&signal)).unwrap();
        let tocsin_model::State::Abnormal { evidence, .. } = back.state else { panic!() };
        prop_assert!(evidence.log10_p == p || p.is_nan() && evidence.log10_p.is_nan());
        prop_assert_eq!(evidence.expected, expected);
    }

    #[test]
    fn damaged_bytes_never_make_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for golden in [MATCHED, SIGNAL, INCIDENT, REJECTED] {
            let mut bytes = with(golden, "/v", 1.into());
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = tocsin_wire::read_matched(&bytes);
            let _ = tocsin_wire::read_signal(&bytes);
            let _ = tocsin_wire::read_incident(&bytes);
            let _ = tocsin_wire::read_rejected(&bytes);
        }
    }
}
