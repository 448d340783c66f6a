//! What Redis answered, piece by piece.

use redis::Value;
use tocsin_flow::{Fault, Peer};

/// Redis cannot be asked now.
pub(crate) fn away(why: impl std::fmt::Display) -> Fault {
    Fault::Unavailable { peer: Peer::Store, why: format!("Redis: {why}"), retry_after: None }
}

/// A row or an answer that cannot be read is the operator's: another program writes under our keys.
pub(crate) fn broken(what: &str, why: impl std::fmt::Display) -> Fault {
    Fault::Misconfigured {
        setting: "the keys in Redis".into(),
        found: format!("{what} that cannot be read ({why})"),
        expected:
            "keys written by this version of tocsin; give [redis] a prefix of its own, or restore Redis"
                .into(),
    }
}

fn unexpected(what: &str, value: &Value) -> Fault {
    broken(what, format_args!("{value:?}"))
}

pub(crate) fn bytes(value: Value, what: &str) -> Result<Vec<u8>, Fault> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        other => Err(unexpected(what, &other)),
    }
}

/// Nil is nothing.
pub(crate) fn maybe_bytes(value: Value, what: &str) -> Result<Option<Vec<u8>>, Fault> {
    match value {
        Value::Nil => Ok(None),
        other => bytes(other, what).map(Some),
    }
}

pub(crate) fn text(value: Value, what: &str) -> Result<String, Fault> {
    String::from_utf8(bytes(value, what)?).map_err(|e| broken(what, e))
}

pub(crate) fn number(value: Value, what: &str) -> Result<u64, Fault> {
    match value {
        Value::Int(n) if n >= 0 => Ok(n as u64),
        other => Err(unexpected(what, &other)),
    }
}

pub(crate) fn list(value: Value, what: &str) -> Result<Vec<Value>, Fault> {
    match value {
        Value::Array(values) | Value::Set(values) => Ok(values),
        other => Err(unexpected(what, &other)),
    }
}

/// A list of rows or nothing; a row without a byte is none.
pub(crate) fn rows(value: Value, what: &str) -> Result<Vec<Option<Vec<u8>>>, Fault> {
    let row = |value| Ok(maybe_bytes(value, what)?.filter(|row| !row.is_empty()));
    list(value, what)?.into_iter().map(row).collect()
}

/// Fields and values of a hash.
pub(crate) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

pub(crate) fn pairs(value: Value, what: &str) -> Result<Pairs, Fault> {
    let mut pairs = Pairs::new();
    let mut values = list(value, what)?.into_iter();
    while let (Some(field), Some(value)) = (values.next(), values.next()) {
        pairs.push((bytes(field, what)?, bytes(value, what)?));
    }
    Ok(pairs)
}
