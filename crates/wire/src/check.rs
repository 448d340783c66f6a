//! One field at a time: is it of the right type and form, and within its limit? An empty text in an optional
//! field is the same as none: that is how tables and many exports say it.

use std::borrow::Cow;

use tocsin_model::limits::{COUNT_MAX, ID_BYTES_MAX};
use tocsin_model::{AuthorId, BadId, EventTime, PostId, Reason, SourceId};

use crate::raw::{Listed, Scalar, Shaped};
use crate::time::parse_rfc3339;

/// A text of at most `max` bytes; empty is absent.
pub(crate) fn text<'a>(
    field: &'static str,
    value: Scalar<'a>,
    max: usize,
) -> Result<Option<Cow<'a, str>>, Reason> {
    match value {
        Scalar::Absent => Ok(None),
        Scalar::Text(text) if text.is_empty() => Ok(None),
        Scalar::Text(text) if text.len() > max => Err(Reason::Limit(field, max as u64)),
        Scalar::Text(text) => Ok(Some(text)),
        other => Err(should_be(field, "a string", &other)),
    }
}

/// An id as text; an integer is taken as its decimal digits. Empty is absent.
pub(crate) fn id<'a>(field: &'static str, value: Scalar<'a>) -> Result<Option<Cow<'a, str>>, Reason> {
    match value {
        Scalar::Count(number) => Ok(Some(Cow::Owned(number.to_string()))),
        Scalar::Negative(number) => Ok(Some(Cow::Owned(number.to_string()))),
        Scalar::Fraction(_) => {
            Err(Reason::Field(field, "should be a string, or an integer of at most 64 bits".to_owned()))
        }
        Scalar::Absent | Scalar::Text(_) => text(field, value, ID_BYTES_MAX),
        other => Err(should_be(field, "a string or an integer", &other)),
    }
}

/// The id of a post within `source`; empty is absent.
pub(crate) fn post_id(
    field: &'static str,
    value: Scalar<'_>,
    source: &SourceId,
) -> Result<Option<PostId>, Reason> {
    let Some(id) = id(field, value)? else { return Ok(None) };
    PostId::new(source.clone(), &id).map(Some).map_err(|bad| bad_id(field, bad))
}

/// The id of an author; it must be there.
pub(crate) fn author_id(field: &'static str, value: Scalar<'_>) -> Result<AuthorId, Reason> {
    let id = id(field, value)?.ok_or(Reason::Missing(field))?;
    AuthorId::new(&id).map_err(|bad| bad_id(field, bad))
}

/// Where a post comes from; it must be there.
pub(crate) fn source(value: &Scalar<'_>) -> Result<SourceId, Reason> {
    match value {
        Scalar::Absent => Err(Reason::Missing("source")),
        Scalar::Text(name) if name.is_empty() => Err(Reason::Missing("source")),
        Scalar::Text(name) => SourceId::new(name).map_err(|bad| bad_id("source", bad)),
        other => Err(should_be("source", "a string", other)),
    }
}

/// A whole number from 0 to [`COUNT_MAX`]. `12.0` is whole: spreadsheets write it so.
pub(crate) fn count(field: &'static str, value: Scalar<'_>) -> Result<Option<u64>, Reason> {
    let number = match value {
        Scalar::Absent => return Ok(None),
        Scalar::Count(number) => number,
        Scalar::Fraction(number) if number >= 0.0 && number.fract() == 0.0 => number as u64,
        other => return Err(should_be(field, "a whole number from 0 on", &other)),
    };
    if number > COUNT_MAX { Err(Reason::Limit(field, COUNT_MAX)) } else { Ok(Some(number)) }
}

/// `true` or `false`.
pub(crate) fn flag(field: &'static str, value: Scalar<'_>) -> Result<Option<bool>, Reason> {
    match value {
        Scalar::Absent => Ok(None),
        Scalar::Flag(flag) => Ok(Some(flag)),
        other => Err(should_be(field, "true or false", &other)),
    }
}

/// A time; empty is absent.
pub(crate) fn time(field: &'static str, value: Scalar<'_>) -> Result<Option<EventTime>, Reason> {
    const FORM: &str = "a time such as 2026-01-05T08:00:04+08:00 (RFC 3339)";
    match value {
        Scalar::Absent => Ok(None),
        Scalar::Text(text) if text.is_empty() => Ok(None),
        Scalar::Text(text) => match parse_rfc3339(&text) {
            Some(millis) => Ok(Some(EventTime::from_millis(millis))),
            None => Err(Reason::Field(field, format!("should be {FORM}"))),
        },
        other => Err(should_be(field, FORM, &other)),
    }
}

/// An object.
pub(crate) fn object<T>(field: &'static str, value: Shaped<T>) -> Result<Option<T>, Reason> {
    match value {
        Shaped::Absent => Ok(None),
        Shaped::Is(object) => Ok(Some(object)),
        Shaped::Wrong => Err(Reason::Field(field, "should be an object".to_owned())),
    }
}

/// An array of at most `max` entries.
pub(crate) fn list<T>(field: &'static str, value: Listed<T>, max: usize) -> Result<Vec<T>, Reason> {
    match value {
        Listed::Absent => Ok(Vec::new()),
        Listed::Is(entries) => Ok(entries),
        Listed::TooMany => Err(Reason::Limit(field, max as u64)),
        Listed::Wrong => Err(Reason::Field(field, "should be an array".to_owned())),
    }
}

fn bad_id(field: &'static str, bad: BadId) -> Reason {
    match bad {
        BadId::TooLong(max) => Reason::Limit(field, max as u64),
        BadId::Empty => Reason::Missing(field),
        BadId::Character if field == "source" => {
            Reason::Field(field, "should have no white space and no control characters in it".to_owned())
        }
        BadId::Character => Reason::Field(field, "should have no control characters in it".to_owned()),
    }
}

#[cold]
fn should_be(field: &'static str, expected: &str, found: &Scalar<'_>) -> Reason {
    let found = match found {
        Scalar::Absent => "null",
        Scalar::Flag(_) => "true or false",
        Scalar::Count(_) => "a number",
        Scalar::Negative(_) => "a negative number",
        Scalar::Fraction(_) => "a number with a fraction, or too great a one",
        Scalar::Text(_) => "a string",
        Scalar::Wrong => "an array or an object",
    };
    Reason::Field(field, format!("should be {expected}, not {found}"))
}
