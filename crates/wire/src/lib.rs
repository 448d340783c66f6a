//! What crosses the wire and lies in stores: the one way from bytes to the model's nouns and back.
//!
//! In: bytes from anybody ([`read_post`]), or from ourselves (`read_…`). Out: nouns of the model, or why not;
//! and the bytes of nouns (`write_…`). Each shape has a version, a JSON Schema where others read it, and a
//! file under `tests/golden/` that must decode for ever.
//! Never: I/O, clocks, opinions on what a text says.

mod check; // one field at a time: type, form, limit
mod depth; // how deep it is nested, before anything parses it
mod packed; // what only a store reads: bytes
mod post; // a post from JSON, and back
mod raw; // JSON as it comes, nothing believed yet
mod schema; // JSON Schemas, from the shapes
mod time; // RFC 3339
mod unreadable; // our own bytes that are not what they should be
mod v1; // what others read too: JSON

pub use crate::packed::{
    HourRow, Kinsman, read_claim, read_claims, read_counts, read_day, read_delta, read_detail, read_hour,
    read_kinfolk, read_mark, read_took, read_waiting, write_claim, write_claims, write_counts, write_day,
    write_delta, write_detail, write_hour, write_kinfolk, write_mark, write_took, write_waiting,
};
pub use crate::post::{Refused, read_post, read_recorded, write_post};
pub use crate::schema::schemas;
pub use crate::time::{parse_rfc3339, rfc3339};
pub use crate::unreadable::Unreadable;
pub use crate::v1::{
    KNOWN_FIELDS, KNOWN_TESTS, KinRecord, StateRow, read_incident, read_kin, read_matched, read_notice,
    read_rejected, read_scored, read_signal, read_state_row, read_tokenized, write_ask, write_incident,
    write_matched, write_notice, write_rejected, write_scored, write_signal, write_state_row, write_tells,
    write_tokenized,
};
