//! What is not a post, as JSON: the original bytes, why, and where it came from.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tocsin_model::{ArrivalTime, Reason, Rejected, SourceId};

use super::One;
use crate::Unreadable;
use crate::time::Time;

const WHAT: &str = "rejected record";

/// The fields that a reason may name. A name that is not here (a newer program's) reads as `unknown`.
pub const KNOWN_FIELDS: &[&str] = &[
    "unknown",
    "depth",
    "id",
    "source",
    "text",
    "title",
    "created_at",
    "arrives_at",
    "author",
    "author.id",
    "author.name",
    "author.followers",
    "author.verified",
    "author.since",
    "url",
    "lang",
    "repost_of",
    "reply_to",
    "parent",
    "parent.id",
    "parent.text",
    "parent.title",
    "parent.author",
    "parent.author.id",
    "parent.author.name",
    "parent.author.followers",
    "parent.author.verified",
    "parent.author.since",
    "parent.media",
    "parent.media.type",
    "parent.media.url",
    "parent.media.text",
    "engagement",
    "engagement.likes",
    "engagement.reposts",
    "engagement.comments",
    "engagement.views",
    "media",
    "media.type",
    "media.url",
    "media.text",
    "location",
    "deleted",
];

/// A record that is not a post: its bytes, why, and where it came from.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Rejected")]
pub(crate) struct RejectedV1 {
    v: One,
    /// When.
    at: Time,
    /// Why, in a word.
    reason: ReasonV1,
    /// Why, in a sentence.
    text: String,
    /// What the reader said, or what the field should be.
    detail: Option<String>,
    /// Which field.
    field: Option<String>,
    /// The limit, or the byte at which it is not UTF-8.
    number: Option<u64>,
    /// Where it came from.
    origin: String,
    /// The source it claims, where that could be read.
    source: Option<String>,
    /// As they came in, in base64.
    #[schemars(extend("contentEncoding" = "base64"))]
    bytes: String,
}

/// Why, in a word.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum ReasonV1 {
    Syntax,
    Encoding,
    Missing,
    Field,
    Limit,
    TooLong,
}

/// A rejected record as JSON.
pub fn write_rejected(rejected: &Rejected) -> Vec<u8> {
    let (reason, detail, field, number) = match &rejected.reason {
        Reason::Syntax(said) => (ReasonV1::Syntax, Some(said.clone()), None, None),
        Reason::Encoding(at) => (ReasonV1::Encoding, None, None, Some(*at as u64)),
        Reason::Missing(field) => (ReasonV1::Missing, None, Some(*field), None),
        Reason::Field(field, expected) => (ReasonV1::Field, Some(expected.clone()), Some(*field), None),
        Reason::Limit(field, max) => (ReasonV1::Limit, None, Some(*field), Some(*max)),
        Reason::TooLong(max) => (ReasonV1::TooLong, None, None, Some(*max)),
    };
    super::json(&RejectedV1 {
        v: One,
        at: Time(rejected.at.millis()),
        reason,
        text: rejected.reason.to_string(),
        detail,
        field: field.map(str::to_owned),
        number,
        origin: rejected.origin.clone(),
        source: rejected.source.as_ref().map(|source| source.as_str().to_owned()),
        bytes: STANDARD.encode(&rejected.bytes),
    })
}

/// The contrary of [`write_rejected`].
///
/// # Errors
/// JSON that it did not write, or a newer version did.
pub fn read_rejected(json: &[u8]) -> Result<Rejected, Unreadable> {
    let shape: RejectedV1 = super::shape(WHAT, json)?;
    Rejected::try_from(shape).map_err(|why| Unreadable::new(WHAT, why))
}

impl TryFrom<RejectedV1> for Rejected {
    type Error = String;

    fn try_from(r: RejectedV1) -> Result<Rejected, String> {
        let source = match r.source {
            Some(source) => Some(SourceId::new(&source).map_err(|bad| format!("its source {bad}"))?),
            None => None,
        };
        let detail = r.detail.unwrap_or_default();
        let field = known_field(r.field.as_deref().unwrap_or_default());
        let number = r.number.unwrap_or_default();
        Ok(Rejected {
            bytes: STANDARD.decode(&r.bytes).map_err(|_| "its bytes are not base64".to_owned())?,
            reason: match r.reason {
                ReasonV1::Syntax => Reason::Syntax(detail),
                ReasonV1::Encoding => Reason::Encoding(usize::try_from(number).unwrap_or(usize::MAX)),
                ReasonV1::Missing => Reason::Missing(field),
                ReasonV1::Field => Reason::Field(field, detail),
                ReasonV1::Limit => Reason::Limit(field, number),
                ReasonV1::TooLong => Reason::TooLong(number),
            },
            origin: r.origin,
            source,
            at: ArrivalTime::from_millis(r.at.0),
        })
    }
}

fn known_field(name: &str) -> &'static str {
    KNOWN_FIELDS.iter().find(|known| **known == name).copied().unwrap_or("unknown")
}
