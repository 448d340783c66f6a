//! A record before anybody has read it, and the one way to read it.

use tocsin_flow::Arrival;
use tocsin_model::{ArrivalTime, Post, Reason, Rejected, limits};
use tocsin_wire::{Refused, read_post};

use crate::records::{Columns, Line};

/// One record of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct RawRecord {
    /// The line it begins in, counted from 1.
    pub line: u64,
    /// The line after it.
    pub next_line: u64,
    /// Where it begins in the unpacked stream, in bytes.
    pub offset: u64,
    /// Where the next one begins.
    pub end: u64,
    /// One post as JSON; for a record with a fault, its bytes as they came in.
    pub bytes: Vec<u8>,
    /// As it came in, where `bytes` were made from it: a row of CSV, a line to which defaults were added.
    pub original: Option<Vec<u8>>,
    /// Why it need not even be read.
    pub fault: Option<Reason>,
    /// Its line ended with a newline. The last one of a file that is still written may be torn.
    pub ended: bool,
}

impl RawRecord {
    /// A record that stands alone, such as an element of an array.
    pub(crate) fn of_bytes(bytes: &[u8]) -> RawRecord {
        let max = limits::RECORD_BYTES_MAX;
        let bytes = bytes.trim_ascii();
        RawRecord {
            line: 1,
            next_line: 2,
            offset: 0,
            end: bytes.len() as u64,
            bytes: bytes[..bytes.len().min(max)].to_vec(),
            original: None,
            fault: (bytes.len() > max).then_some(Reason::TooLong(max as u64)),
            ended: true,
        }
    }

    pub(crate) fn of_line(line: Line, columns: &Columns) -> RawRecord {
        let fault = line.too_long.then_some(Reason::TooLong(limits::RECORD_BYTES_MAX as u64));
        let completed = if fault.is_none() { columns.complete_json(&line.bytes) } else { None };
        let (bytes, original) = match completed {
            Some(json) => (json, Some(line.bytes)),
            None => (line.bytes, None),
        };
        RawRecord {
            line: line.number,
            next_line: line.number + 1,
            offset: line.offset,
            end: line.end,
            bytes,
            original,
            fault,
            ended: !line.terminator.is_empty(),
        }
    }

    /// Reads the post.
    ///
    /// # Errors
    /// The record is not a post: why, and the source it claims where that could be read.
    pub fn read(&self, arrived: ArrivalTime) -> Result<Post, Refused> {
        match &self.fault {
            Some(reason) => Err(Refused { reason: reason.clone(), source: None }),
            None => read_post(self.bytes.trim_ascii(), arrived),
        }
    }

    /// What is kept of a record that was refused: its original bytes and where it came from.
    pub fn reject(self, refused: Refused, origin: String, at: ArrivalTime) -> Rejected {
        Rejected {
            bytes: self.original.unwrap_or(self.bytes),
            reason: refused.reason,
            origin,
            source: refused.source,
            at,
        }
    }

    /// Reads the post and makes of it what an inlet hands in.
    ///
    /// # Errors
    /// The record as it goes to `rejected`.
    pub fn arrive(self, arrived: ArrivalTime, origin: impl FnOnce() -> String) -> Result<Arrival, Rejected> {
        match self.read(arrived) {
            Ok(post) => Ok(Arrival { arrived, source: post.id.source, json: trimmed(self.bytes) }),
            Err(refused) => Err(self.reject(refused, origin(), arrived)),
        }
    }
}

fn trimmed(bytes: Vec<u8>) -> Vec<u8> {
    let inner = bytes.trim_ascii();
    if inner.len() == bytes.len() { bytes } else { inner.to_vec() }
}
