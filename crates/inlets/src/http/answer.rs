//! What goes back to a sender: how many posts were taken, or why none was and what to do.

use std::fmt;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tocsin_flow::{Fault, Peer};
use tocsin_model::Reason;
use utoipa::ToSchema;

/// Bad posts listed one by one in an answer; the rest is counted.
const REJECTS_LISTED_MAX: usize = 100;

/// When to come again, if the intake does not say: in seconds.
const RETRY_FULL_SECONDS: u64 = 1;
const RETRY_AWAY_SECONDS: u64 = 5;

/// What became of the posts of one request.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// Posts that are kept for good.
    accepted: u64,
    /// Records that are no posts; they can be seen with `tocsin rejected list`.
    rejected: u64,
    /// The first 100 of them.
    rejects: Vec<Reject>,
}

/// One record that is no post.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reject {
    /// Its place in the array, or among the lines that are not blank, counted from 0.
    index: u64,
    /// What is wrong with it.
    reason: String,
}

impl Accepted {
    pub(crate) fn accept(&mut self) {
        self.accepted += 1;
    }

    pub(crate) fn reject(&mut self, index: usize, reason: &Reason) {
        self.rejected += 1;
        if self.rejects.len() < REJECTS_LISTED_MAX {
            self.rejects.push(Reject { index: index as u64, reason: reason.to_string() });
        }
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let all_bad = self.accepted == 0 && self.rejected > 0;
        let status = if all_bad { StatusCode::BAD_REQUEST } else { StatusCode::ACCEPTED };
        (status, Json(self)).into_response()
    }
}

/// Why nothing of a request was taken.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    /// 401: no credentials, or wrong ones.
    Stranger(String),
    /// 400: the body is empty, breaks off or cannot be unpacked.
    Unreadable(String),
    /// 408: the body took too long.
    Slow { seconds_max: u64 },
    /// 413: the body is too large, as sent or unpacked.
    TooLarge { bytes_max: usize },
    /// 413: too many records in it.
    TooMany { records_max: usize },
    /// 415: a content type or encoding that is not known.
    UnknownForm(String),
    /// 429: other senders' bodies fill the memory that is meant for them.
    Crowded,
    /// 429: the pipeline is full.
    Full { retry_after: Option<Duration> },
    /// 503: the process stops.
    Stopping,
    /// 503: somebody is away; the log says who.
    Away { retry_after: Option<Duration> },
    /// 500: our own mistake.
    Broken,
}

impl Refusal {
    pub(crate) fn empty() -> Refusal {
        Refusal::Unreadable("the body is empty; send a post, an array of posts or a post a line".to_owned())
    }

    /// What a sender is told of a fault of the intake. The fault itself goes to the log, once.
    pub(crate) fn of(fault: Fault) -> Refusal {
        match fault {
            Fault::Unavailable { peer: Peer::Pipeline, retry_after, .. } => Refusal::Full { retry_after },
            Fault::Unavailable { retry_after, .. } => {
                tracing::warn!(inlet = "http", %fault, "posts not taken, the sender is to come again");
                Refusal::Away { retry_after }
            }
            Fault::Misconfigured { .. } => {
                tracing::error!(inlet = "http", %fault, "posts not taken");
                Refusal::Away { retry_after: None }
            }
        }
    }

    pub(crate) fn is_pushing_back(&self) -> bool {
        matches!(self, Refusal::Crowded | Refusal::Full { .. } | Refusal::Stopping | Refusal::Away { .. })
    }

    fn status(&self) -> StatusCode {
        match self {
            Refusal::Stranger(_) => StatusCode::UNAUTHORIZED,
            Refusal::Unreadable(_) => StatusCode::BAD_REQUEST,
            Refusal::Slow { .. } => StatusCode::REQUEST_TIMEOUT,
            Refusal::TooLarge { .. } | Refusal::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::UnknownForm(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::Crowded | Refusal::Full { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Stopping | Refusal::Away { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whole seconds, at least one, until it is worth coming again.
    fn retry_after_seconds(&self) -> Option<u64> {
        let at_least_one = |asked: &Duration| asked.as_millis().div_ceil(1_000).max(1) as u64;
        match self {
            Refusal::Crowded => Some(RETRY_FULL_SECONDS),
            Refusal::Full { retry_after } => {
                Some(retry_after.as_ref().map_or(RETRY_FULL_SECONDS, at_least_one))
            }
            Refusal::Stopping => Some(RETRY_AWAY_SECONDS),
            Refusal::Away { retry_after } => {
                Some(retry_after.as_ref().map_or(RETRY_AWAY_SECONDS, at_least_one))
            }
            _ => None,
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        match self {
            Refusal::Stranger(_) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tocsin\""));
            }
            Refusal::UnknownForm(_) => {
                headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"));
            }
            _ => {}
        }
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        headers
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Stranger(why) | Refusal::Unreadable(why) | Refusal::UnknownForm(why) => f.write_str(why),
            Refusal::Slow { seconds_max } => {
                write!(f, "the body took longer than {seconds_max} s; send fewer posts at a time")
            }
            Refusal::TooLarge { bytes_max } => {
                write!(
                    f,
                    "the body is larger than {bytes_max} bytes, packed or unpacked; send fewer posts at a time"
                )
            }
            Refusal::TooMany { records_max } => {
                write!(f, "more than {records_max} posts in one request; send fewer at a time")
            }
            Refusal::Crowded => write!(f, "too many posts are being sent at once; send these again later"),
            Refusal::Full { .. } => {
                write!(f, "the pipeline is full; nothing was taken, send the same again later")
            }
            Refusal::Stopping => {
                write!(f, "the process is stopping; nothing was taken, send the same again later")
            }
            Refusal::Away { .. } => {
                write!(f, "posts cannot be kept now; nothing was acknowledged, send the same again later")
            }
            Refusal::Broken => write!(f, "a mistake of ours; send the same again, and report it if it stays"),
        }
    }
}

/// The body of every refusal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Error {
    /// What is wrong, and what to do.
    error: String,
}

/// What 400 may hold. For the document only: an answer is made of either of them.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "a shape for the OpenAPI document, which is never made")]
pub(crate) enum Refused {
    /// No record was a post.
    Counts(Accepted),
    /// The body could not be read.
    Error(Error),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = Error { error: self.to_string() };
        (self.status(), self.headers(), Json(error)).into_response()
    }
}
