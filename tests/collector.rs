//! Somebody who collects traces: takes OTLP over HTTP, and reads of its protocol buffers what a test looks at
//! (opentelemetry-proto, `trace.proto` and `common.proto`, by the wire format that protobuf.dev describes).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::routing::post;

/// A collector.
pub struct Collector {
    /// Where it listens.
    pub url: String,
    spans: Arc<Mutex<Vec<Span>>>,
    _runtime: tokio::runtime::Runtime,
}

/// A span as it came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Which trace it is part of: 16 bytes.
    pub trace: Vec<u8>,
    /// Its own id: 8 bytes.
    pub id: Vec<u8>,
    /// The id of the span that it is part of; empty for the first of a trace.
    pub parent: Vec<u8>,
    /// What it is called.
    pub name: String,
    /// What is said of it: texts and numbers.
    pub attributes: BTreeMap<String, String>,
}

impl Collector {
    /// Listens at a port that nobody has.
    pub fn open() -> Collector {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&spans));
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Collector { url, spans, _runtime: runtime }
    }

    /// All that has come so far.
    pub fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap().clone()
    }
}

async fn take(State(spans): State<Arc<Mutex<Vec<Span>>>>, headers: HeaderMap, body: Bytes) {
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-protobuf");
    // ExportTraceServiceRequest.resource_spans → ResourceSpans.scope_spans → ScopeSpans.spans.
    for resource in members(&body, 1) {
        for scope in members(resource, 2) {
            spans.lock().unwrap().extend(members(scope, 2).map(span));
        }
    }
}

fn span(bytes: &[u8]) -> Span {
    let one = |number| members(bytes, number).next().unwrap_or_default().to_vec();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let attribute = |pair: &[u8]| {
        let value = members(pair, 2).next().unwrap_or_default();
        let shown = fields(value).map(|field| match field {
            (1, Field::Bytes(words)) => text(words),
            (3, Field::Number(number)) => number.to_string(),
            (number, _) => format!("value of kind {number}"),
        });
        (text(members(pair, 1).next().unwrap()), shown.collect())
    };
    Span {
        trace: one(1),
        id: one(2),
        parent: one(4),
        name: text(&one(5)),
        attributes: members(bytes, 9).map(attribute).collect(),
    }
}

/// The value of a field.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message with their numbers.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = (u64, Field<'_>)> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let tag = varint(&mut rest);
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut rest)),
            1 => Field::Bytes(rest.split_off(..8).unwrap()),
            2 => {
                let length = varint(&mut rest) as usize;
                Field::Bytes(rest.split_off(..length).unwrap())
            }
            5 => Field::Bytes(rest.split_off(..4).unwrap()),
            other => panic!("no wire type {other}"),
        };
        Some((tag >> 3, field))
    })
}

/// All values of a field that holds bytes, a text or a message.
fn members(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    fields(message).filter_map(move |(found, field)| match field {
        Field::Bytes(bytes) if found == number => Some(bytes),
        _ => None,
    })
}

/// Seven bits a byte, the least first; the eighth says that more follow.
fn varint(rest: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first().unwrap();
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}
