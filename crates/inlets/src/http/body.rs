//! What is sent: how it is written and packed, received within a bound, unpacked within a bound.

use std::future::poll_fn;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::answer::Refusal;

/// The greatest window of a zstd frame that we unpack, as a power of two: 32 MiB, what a whole body may hold.
const ZSTD_WINDOW_LOG_MAX: u32 = 25;

/// The budget is counted in these.
const UNIT_BYTES: usize = 1024;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// A post a line, whatever the first byte is.
    pub(crate) lines: bool,
    packing: Packing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Form {
    /// By what the headers say; without a content type, by the first byte of the body.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Form, Refusal> {
        let text = |name| headers.get(name).map(|v| v.to_str().unwrap_or("?").to_ascii_lowercase());
        let said = text(CONTENT_TYPE).unwrap_or_default();
        let mut parts = said.split(';').map(str::trim);
        let lines = match parts.next().unwrap_or_default() {
            // What curl -d says where nobody says anything.
            "" | "application/json" | "application/x-www-form-urlencoded" => false,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/jsonlines" => true,
            _ => {
                return Err(Refusal::UnknownForm(format!(
                    "Content-Type {said} is not known here; send application/json (a post, or an array of \
                     posts) or application/x-ndjson (a post a line)"
                )));
            }
        };
        let mut charsets = parts.filter_map(|part| part.strip_prefix("charset="));
        if charsets.any(|name| !matches!(name.trim_matches('"'), "utf-8" | "utf8" | "us-ascii")) {
            return Err(Refusal::UnknownForm("posts are read as UTF-8; send them in UTF-8".to_owned()));
        }
        let packing = match text(CONTENT_ENCODING).unwrap_or_default().trim() {
            "" | "identity" => Packing::Plain,
            "gzip" | "x-gzip" => Packing::Gzip,
            "zstd" => Packing::Zstd,
            said => {
                return Err(Refusal::UnknownForm(format!(
                    "Content-Encoding {said} is not known here; send gzip, zstd, or no Content-Encoding"
                )));
            }
        };
        Ok(Form { lines, packing })
    }

    pub(crate) fn is_packed(self) -> bool {
        self.packing != Packing::Plain
    }
}

/// Bytes that all bodies together may hold in memory.
pub(crate) struct Budget(Arc<Semaphore>);

impl Budget {
    pub(crate) fn new(bytes: usize) -> Budget {
        Budget(Arc::new(Semaphore::new(bytes.div_ceil(UNIT_BYTES).min(Semaphore::MAX_PERMITS))))
    }

    /// Nothing of it yet. What a share has grown to is given back when it is dropped.
    pub(crate) fn share(&self) -> Share {
        Share { of: self.0.clone(), permits: None, bytes: 0 }
    }
}

/// What one request holds of the budget.
pub(crate) struct Share {
    of: Arc<Semaphore>,
    permits: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

impl Share {
    /// So many bytes more, or the sender must come again later.
    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.bytes += bytes;
        let held = self.permits.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = self.bytes.div_ceil(UNIT_BYTES) - held;
        let more = u32::try_from(more).map_err(|_| Refusal::Crowded)?;
        let permits = self.of.clone().try_acquire_many_owned(more).map_err(|_| Refusal::Crowded)?;
        match &mut self.permits {
            Some(held) => held.merge(permits),
            none => *none = Some(permits),
        }
        Ok(())
    }
}

/// The body as it was sent.
pub(crate) async fn receive(
    headers: &HeaderMap,
    mut body: Body,
    bytes_max: usize,
    share: &mut Share,
) -> Result<Vec<u8>, Refusal> {
    let stated = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if stated.is_some_and(|stated| stated > bytes_max as u64) {
        return Err(Refusal::TooLarge { bytes_max });
    }
    let mut sent = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| Refusal::Unreadable("the body broke off; send it again".to_owned()))?;
        if let Ok(data) = frame.into_data() {
            if sent.len() + data.len() > bytes_max {
                return Err(Refusal::TooLarge { bytes_max });
            }
            share.grow(data.len())?;
            sent.extend_from_slice(&data);
        }
    }
    if sent.is_empty() { Err(Refusal::empty()) } else { Ok(sent) }
}

/// The body as it was before it was packed. Never more than `bytes_max`, however small the packed one is.
pub(crate) fn unpack(
    sent: Vec<u8>,
    form: Form,
    bytes_max: usize,
    share: &mut Share,
) -> Result<Vec<u8>, Refusal> {
    let unreadable = |name: &str, why: std::io::Error| {
        Refusal::Unreadable(format!(
            "the body cannot be unpacked as {name} ({why}); pack it again, or leave out Content-Encoding"
        ))
    };
    let (name, mut stream): (_, Box<dyn Read + '_>) = match form.packing {
        Packing::Plain => return Ok(sent),
        Packing::Gzip => ("gzip", Box::new(flate2::bufread::MultiGzDecoder::new(sent.as_slice()))),
        Packing::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(sent.as_slice())
                .map_err(|why| unreadable("zstd", why))?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|why| unreadable("zstd", why))?;
            ("zstd", Box::new(decoder))
        }
    };
    let mut body = Vec::new();
    let mut chunk = vec![0; 64 * UNIT_BYTES];
    loop {
        let read = match stream.read(&mut chunk) {
            Ok(0) if body.is_empty() => return Err(Refusal::empty()),
            Ok(0) => return Ok(body),
            Ok(read) => read,
            Err(why) => return Err(unreadable(name, why)),
        };
        if body.len() + read > bytes_max {
            return Err(Refusal::TooLarge { bytes_max });
        }
        share.grow(read)?;
        body.extend_from_slice(&chunk[..read]);
    }
}
