//! CloudEvents 1.0 in the binary mode of its Kafka binding, and W3C `traceparent`.

use rdkafka::message::{BorrowedHeaders, Header, Headers, OwnedHeaders};
use tocsin_flow::Trace;
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
