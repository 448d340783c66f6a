//! CloudEvents 1.0 in the binary mode of its Kafka binding, and W3C `traceparent`.

use rdkafka::message::{BorrowedHeaders, Header, Headers, OwnedHeaders};
use tocsin_model::ArrivalTime;
use tocsin_wire::{parse_rfc3339, rfc3339};

use crate::topics::Topic;

const TIME: &str = "ce_time";
const TRACEPARENT: &str = "traceparent";

/// What a record's headers say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Unique among the records of its kind.
    pub id: String,
    /// When it came about: for a post its arrival.
    pub time: ArrivalTime,
    /// Whom it is about, where it is about one.
    pub subject: Option<String>,
    /// The trace that it is part of.
    pub trace: Option<Trace>,
}

/// A `traceparent` of version 00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace([u8; 55]);

impl Trace {
    /// Checks the form: `00-` trace id `-` parent id `-` flags, in lower-case hexadecimal, the ids not all 0.
    pub fn new(text: &[u8]) -> Option<Trace> {
        let bytes: [u8; 55] = text.try_into().ok()?;
        let is_hex = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
        let parts = [&bytes[0..2], &bytes[3..35], &bytes[36..52], &bytes[53..55]];
        let is_formed = bytes[2] == b'-' && bytes[35] == b'-' && bytes[52] == b'-' && &bytes[..2] == b"00";
        let is_some = |part: &[u8]| part.iter().any(|b| *b != b'0');
        let is_valid = is_formed && parts.iter().all(|p| p.iter().all(is_hex));
        (is_valid && is_some(parts[1]) && is_some(parts[2])).then_some(Trace(bytes))
    }

    /// From its two ids; sampled.
    pub fn from_ids(trace: u128, parent: u64) -> Trace {
        let text = format!("00-{:032x}-{:016x}-01", trace.max(1), parent.max(1));
        Trace(text.into_bytes().try_into().expect("2 + 32 + 16 + 2 digits and three dashes"))
    }

    /// As it is written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The headers of a record. `source` is who made it: `/tocsin/score`.
pub(crate) fn write(topic: Topic, source: &str, about: &About) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new_with_capacity(8)
        .insert(Header { key: TIME, value: Some(&rfc3339(about.time.millis())) })
        .insert(Header { key: "ce_specversion", value: Some("1.0") })
        .insert(Header { key: "ce_type", value: Some(topic.kind()) })
        .insert(Header { key: "ce_source", value: Some(source) })
        .insert(Header { key: "ce_id", value: Some(&about.id) })
        .insert(Header { key: "content-type", value: Some("application/json") });
    if let Some(subject) = &about.subject {
        headers = headers.insert(Header { key: "ce_subject", value: Some(subject) });
    }
    if let Some(trace) = &about.trace {
        headers = headers.insert(Header { key: TRACEPARENT, value: Some(trace.as_bytes()) });
    }
    headers
}

/// When a record came about and which trace it is part of, where its headers say so.
pub(crate) fn read(headers: &BorrowedHeaders) -> (Option<ArrivalTime>, Option<Trace>) {
    let (mut time, mut trace) = (None, None);
    for header in headers.iter() {
        match (header.key, header.value) {
            (TIME, Some(value)) => {
                let text = std::str::from_utf8(value).ok();
                time = text.and_then(parse_rfc3339).map(ArrivalTime::from_millis);
            }
            (TRACEPARENT, Some(value)) => trace = Trace::new(value),
            _ => {}
        }
    }
    (time, trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_has_one_form() {
        let good = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(Trace::new(good).map(|t| t.as_bytes().to_vec()), Some(good.to_vec()));
        for bad in [
            &b"00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"[..],
            b"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            b"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
            b"",
        ] {
            assert_eq!(Trace::new(bad), None);
        }
        assert!(Trace::new(Trace::from_ids(0, 0).as_bytes()).is_some());
    }

    #[test]
    fn headers_are_those_of_cloudevents() {
        let about = About {
            id: "s1".into(),
            time: ArrivalTime::from_millis(1_767_571_204_250),
            subject: Some("brand:山岚".into()),
            trace: Some(Trace::from_ids(7, 9)),
        };
        let headers = write(Topic::Signals, "/tocsin/spike-detect", &about);
        let shown: Vec<String> = headers
            .iter()
            .map(|h| format!("{}: {}", h.key, String::from_utf8_lossy(h.value.unwrap_or_default())))
            .collect();
        expect_test::expect![[r#"
            ce_time: 2026-01-05T00:00:04.250Z
            ce_specversion: 1.0
            ce_type: tocsin.signal.v1
            ce_source: /tocsin/spike-detect
            ce_id: s1
            content-type: application/json
            ce_subject: brand:山岚
            traceparent: 00-00000000000000000000000000000007-0000000000000009-01"#]]
        .assert_eq(&shown.join("\n"));
    }
}
