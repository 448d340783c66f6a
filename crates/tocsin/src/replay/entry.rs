//! One record of a recording, and its bytes on the way through a sort that does not fit into memory.

use std::io::{self, Read, Write};

use tocsin_flow::Arrival;
use tocsin_inlets::records::RawRecord;
use tocsin_model::{ArrivalTime, Post, Reason, Rejected, SourceId};
use tocsin_wire::{Refused, read_recorded};

/// A record with its recorded time. One that is no post has the time of the one before it.
pub(crate) struct Entry {
    pub(crate) at: ArrivalTime,
    pub(crate) arrival: Result<Arrival, Box<Rejected>>,
}

impl Entry {
    /// Reads a record; `before` is the time of the last one, and none can be later than `latest`.
    pub(crate) fn of(raw: RawRecord, file: &str, before: ArrivalTime, latest: ArrivalTime) -> Entry {
        let read = match &raw.fault {
            Some(reason) => Err(Refused { reason: reason.clone(), source: None }),
            None => read_recorded(raw.bytes.trim_ascii()).and_then(|post| has_happened(post, latest)),
        };
        match read {
            Ok(post) => Entry {
                at: post.arrived,
                arrival: Ok(Arrival { arrived: post.arrived, source: post.id.source, json: raw.bytes }),
            },
            Err(refused) => {
                let origin = format!("file {file} line {}", raw.line);
                Entry { at: before, arrival: Err(Box::new(raw.reject(refused, origin, before))) }
            }
        }
    }

    /// Bytes in memory, about.
    pub(crate) fn weight(&self) -> usize {
        64 + match &self.arrival {
            Ok(arrival) => arrival.json.len(),
            Err(rejected) => rejected.bytes.len(),
        }
    }

    /// Writes it to a run on disk.
    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (tag, source, bytes) = match &self.arrival {
            Ok(arrival) => (0u8, arrival.source.as_str(), arrival.json.clone()),
            Err(rejected) => (1, "", tocsin_wire::write_rejected(rejected)),
        };
        to.write_all(&self.at.millis().to_le_bytes())?;
        to.write_all(&[tag])?;
        to.write_all(&(source.len() as u32).to_le_bytes())?;
        to.write_all(source.as_bytes())?;
        to.write_all(&(bytes.len() as u32).to_le_bytes())?;
        to.write_all(&bytes)
    }

    /// Reads the next one from a run; none at its end.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<Entry>> {
        let mut millis = [0; 8];
        match from.read_exact(&mut millis) {
            Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let at = ArrivalTime::from_millis(i64::from_le_bytes(millis));
        let mut tag = [0];
        from.read_exact(&mut tag)?;
        let source = field(from)?;
        let bytes = field(from)?;
        let broken =
            |why: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::InvalidData, why.to_string());
        let arrival = if tag[0] == 0 {
            let source = std::str::from_utf8(&source).map_err(|e| broken(&e))?;
            let source = SourceId::new(source).map_err(|e| broken(&e))?;
            Ok(Arrival { arrived: at, source, json: bytes })
        } else {
            Err(Box::new(tocsin_wire::read_rejected(&bytes).map_err(|e| broken(&e))?))
        };
        Ok(Some(Entry { at, arrival }))
    }
}

/// Recorded time is all the time that a replay has: one record of the year 9999 would carry it there, and the folder
/// with it, where all that came before is long forgotten.
fn has_happened(post: Post, latest: ArrivalTime) -> Result<Post, Refused> {
    if post.arrived <= latest {
        return Ok(post);
    }
    let field = if post.arrived.millis() == post.created.millis() { "created_at" } else { "arrives_at" };
    let why = "should not be more than a year after today: what is recorded has happened";
    Err(Refused { reason: Reason::Field(field, why.to_owned()), source: Some(post.id.source) })
}

fn field(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
