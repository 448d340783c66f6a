//! The files under `golden/` must decode for ever, and to the same values: they are never changed, only joined
//! by those of a next version.

use serde_json::Value;
use tocsin_model::ArrivalTime;

/// Each object of a golden file is read and written again; the value must be the same.
#[track_caller]
fn check<T>(golden: &str, read: impl Fn(&[u8]) -> T, write: impl Fn(&T) -> Vec<u8>) -> Vec<T> {
    let objects = match serde_json::from_str(golden).expect("a golden file is JSON") {
        Value::Array(objects) => objects,
        one => vec![one],
    };
    let decode = |object: Value| {
        let noun = read(object.to_string().as_bytes());
        let again: Value = serde_json::from_slice(&write(&noun)).expect("what is written is JSON");
        assert_eq!(again, object);
        noun
    };
    objects.into_iter().map(decode).collect()
}

#[test]
fn a_post_of_version_1() {
    let read = |json: &[u8]| tocsin_wire::read_post(json, ArrivalTime::from_millis(7)).unwrap();
    let posts = check(include_str!("golden/post-v1.json"), read, tocsin_wire::write_post);
    assert_eq!(posts[0].created.millis(), 1_767_571_204_250);
    assert_eq!(posts[0].parent.as_ref().unwrap().media[0].text.as_deref(), Some("门店招牌"));
    assert_eq!(posts[0].engagement.views, 1_000_000_000_000);
}

#[test]
fn matched_posts_of_version_1() {
    let read = |json: &[u8]| tocsin_wire::read_matched(json).unwrap();
    let matched = check(include_str!("golden/matched-v1.json"), read, tocsin_wire::write_matched);
    assert_eq!(matched[0].own_words(), "山岚茶饮 难喝");
    assert_eq!(matched[1].position.0, u64::MAX);
}

#[test]
fn signals_of_version_1() {
    let read = |json: &[u8]| tocsin_wire::read_signal(json).unwrap();
    let signals = check(include_str!("golden/signal-v1.json"), read, tocsin_wire::write_signal);
    let tocsin_model::State::Abnormal { since, evidence, .. } = &signals[0].state else { panic!() };
    assert_eq!((since.0, evidence.test), (29_460_000, "share_binomial"));
}

#[test]
fn incidents_of_version_1() {
    let read = |json: &[u8]| tocsin_wire::read_incident(json).unwrap();
    let incidents = check(include_str!("golden/incident-v1.json"), read, tocsin_wire::write_incident);
    let kinds: Vec<_> = incidents[0].kinds.iter().map(|k| k.kind).collect();
    assert_eq!(kinds, tocsin_model::SIGNAL_KINDS);
    assert_eq!(incidents[0].kinds[1].before_log10_p, f64::NEG_INFINITY);
}

#[test]
fn notices_of_version_1() {
    let read = |json: &[u8]| tocsin_wire::read_notice(json).unwrap();
    let notices = check(include_str!("golden/notice-v1.json"), read, tocsin_wire::write_notice);
    assert_eq!(notices[0].news, tocsin_model::News::Rings(2));
}

#[test]
fn rejected_records_of_version_1() {
    let read = |json: &[u8]| tocsin_wire::read_rejected(json).unwrap();
    let rejected = check(include_str!("golden/rejected-v1.json"), read, tocsin_wire::write_rejected);
    assert_eq!(rejected[0].bytes, b"{\"id\":\xff\x00");
}

#[test]
fn tokenized_posts_of_version_1() {
    let read = |json: &[u8]| tocsin_wire::read_tokenized(json).unwrap();
    let tokenized = check(include_str!("golden/tokenized-v1.json"), read, tocsin_wire::write_tokenized);
    let words: Vec<_> = tokenized[0].tokens.iter().map(|t| t.of(&tokenized[0].matched.clean)).collect();
    assert_eq!(words, ["山岚", "茶饮", "难喝"]);
    assert_eq!(tokenized[0].fingerprint, 0x00c0_ffee_00c0_ffee);
}

#[test]
fn scored_posts_of_version_1() {
    let read = |json: &[u8]| tocsin_wire::read_scored(json).unwrap();
    let scored = check(include_str!("golden/scored-v1.json"), read, tocsin_wire::write_scored);
    assert_eq!(scored[0].emotions.label(), tocsin_model::Emotion::Anger);
    assert_eq!(scored[0].by_brand[1].1.negative.thousandths(), 900);
}

#[test]
fn records_of_kin_of_version_1() {
    let read = |json: &[u8]| tocsin_wire::read_kin(json, tocsin_model::Position(7)).unwrap();
    let write = |kin: &tocsin_wire::KinRecord| match kin {
        tocsin_wire::KinRecord::Tells(tells) => tocsin_wire::write_tells(tells),
        tocsin_wire::KinRecord::Asks(ask) => tocsin_wire::write_ask(ask),
    };
    let kin = check(include_str!("golden/kin-v1.json"), read, write);
    assert!(matches!(&kin[0], tocsin_wire::KinRecord::Asks(ask) if ask.parent.as_str() == "w0"));
    let told = |kin: &tocsin_wire::KinRecord| match kin {
        tocsin_wire::KinRecord::Tells(tells) => {
            tells.iter().map(|t| (t.id.to_string(), t.position.0)).collect()
        }
        tocsin_wire::KinRecord::Asks(_) => Vec::new(),
    };
    assert_eq!(told(&kin[1]), [("weibo/w0".to_owned(), 7), ("weibo/w2".to_owned(), 7)]);
    // As an older program told, of one post.
    let older = br#"{"v":1,"source":"weibo","id":"w0","tells":[{"brand":"\u5c71\u5c9a","at":"2026-01-05T00:00:09Z"}]}"#;
    assert_eq!(told(&read(older)), [("weibo/w0".to_owned(), 7)]);
}
