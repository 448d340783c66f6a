//! What a subject was told, entry by entry.
//!
//! A merge does not add anything up in Redis: it adds its delta as an entry to the subject's journal, and gets back
//! what others have added since. Whoever shows a view keeps the subject in memory ([`Room`](crate::room::Room))
//! and adds up what comes, with the model's own addition. When a journal has grown long, its head is folded into
//! hours and days. So a merge costs Redis the same few steps whatever is in it, rows may have any shape, and
//! nothing is added up in two ways. (Tried: a field for each counter, and packed counters that a script adds up.
//! For the counters of three buckets alone either took Redis longer than an entry with everything in it.)
//!
//! A place in a journal is how many entries came before it since the subject began, and the stamp of the last of
//! them: eight bytes that no other entry has. Redis that has lost its last seconds may come to the same number
//! again, never to the same stamp.

use std::collections::BTreeMap;

use tocsin_flow::Fault;
use tocsin_model::{ArrivalTime, Delta, Kind, Mark, Minute, Subject};

use crate::layout::Half;
use crate::reply::broken;

/// Bytes of a stamp.
pub(crate) const STAMP: usize = 8;
const MERGED: u8 = b'd';
const MARKED: u8 = b'k';
/// Stands where it is not known when a part came.
const NEVER: i64 = i64::MIN;

/// An entry.
#[derive(Debug, PartialEq)]
pub(crate) enum Entry {
    /// Records were merged, at a minute of data time: in one part, or in two where some of them came before a past was
    /// counted anew and others later.
    Merged(Vec<Part>, Minute),
    /// A judge remembers.
    Marked(Kind, Mark),
}

/// What some records add.
#[derive(Debug, PartialEq)]
pub(crate) struct Part {
    /// When the first of them came; nothing where nobody needs to know.
    pub(crate) came: Option<ArrivalTime>,
    pub(crate) delta: Delta,
}

impl Entry {
    /// What it adds, each to which half; what is in a past that was counted anew is left out.
    pub(crate) fn deltas(&self, anew: Anew) -> impl Iterator<Item = (Half, &Delta)> {
        let parts = match self {
            Entry::Merged(parts, _) => parts.as_slice(),
            Entry::Marked(..) => &[],
        };
        parts.iter().filter_map(move |part| Some((anew.half(part.came)?, &part.delta)))
    }
}

/// Up to when a past was counted anew, and up to when it is being counted anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Anew {
    pub(crate) until: Option<ArrivalTime>,
    pub(crate) held: Option<ArrivalTime>,
}

impl Anew {
    /// Into which half goes what came then; none where it is in what was counted anew.
    pub(crate) fn half(self, came: Option<ArrivalTime>) -> Option<Half> {
        let Some(came) = came else { return Some(Half::Past) };
        if self.until.is_some_and(|until| came < until) {
            return None;
        }
        Some(if self.held.is_some_and(|held| came >= held) { Half::Since } else { Half::Past })
    }
}

/// Stamps: a number from chance, then each time another one (SplitMix64; Steele, Lea, Flood 2014).
pub(crate) struct Stamps(u64);

impl Default for Stamps {
    fn default() -> Stamps {
        let mut seed = [0; STAMP];
        // Without chance from the system, the address of a local serves: it need not be secret.
        if getrandom::fill(&mut seed).is_err() {
            seed = (std::ptr::from_ref(&seed) as usize as u64).to_le_bytes();
        }
        Stamps(u64::from_le_bytes(seed))
    }
}

impl Stamps {
    pub(crate) fn next(&mut self) -> [u8; STAMP] {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).to_le_bytes()
    }
}

/// Each part: when it came, how long it is, itself.
pub(crate) fn write_merged<'a>(
    parts: impl IntoIterator<Item = &'a Delta>,
    now: Minute,
    stamp: [u8; STAMP],
) -> Vec<u8> {
    let mut body = Vec::new();
    for delta in parts {
        let part = tocsin_wire::write_delta(delta, now);
        let came = delta.came.map_or(NEVER, |(first, _)| first.millis());
        body.extend_from_slice(&came.to_le_bytes());
        body.extend_from_slice(&(part.len() as u32).to_le_bytes());
        body.extend_from_slice(&part);
    }
    write(MERGED, &body, stamp)
}

pub(crate) fn write_marked(kind: Kind, mark: &Mark, stamp: [u8; STAMP]) -> Vec<u8> {
    let mut body = tocsin_wire::write_mark(mark);
    body.extend_from_slice(kind.name().as_bytes());
    body.push((body.len() - kind.name().len()) as u8);
    write(MARKED, &body, stamp)
}

/// What it is, itself, stamp.
fn write(what: u8, body: &[u8], stamp: [u8; STAMP]) -> Vec<u8> {
    [&[what], body, stamp.as_slice()].concat()
}

pub(crate) fn read(subject: &Subject, entry: &[u8]) -> Result<Entry, Fault> {
    let (what, body) = entry.split_first().unwrap_or((&0, &[]));
    let body = &body[..body.len().saturating_sub(STAMP)];
    match *what {
        MERGED => read_merged(subject, body),
        MARKED => read_marked(body).ok_or_else(|| broken("an entry", "an unknown mark")),
        other => Err(broken("an entry", format_args!("of the unknown kind {other}"))),
    }
}

fn read_merged(subject: &Subject, mut body: &[u8]) -> Result<Entry, Fault> {
    let (mut parts, mut now) = (Vec::with_capacity(1), Minute::default());
    while let Some((head, rest)) = body.split_first_chunk::<12>() {
        let (came, length) = head.split_at(8);
        let came = came.first_chunk().map(|bytes| i64::from_le_bytes(*bytes)).filter(|came| *came != NEVER);
        let length = length.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let cut = rest.split_at_checked(length as usize);
        let (part, rest) = cut.ok_or_else(|| broken("an entry", "it is cut short"))?;
        let read = tocsin_wire::read_delta(subject.clone(), part);
        let (delta, then) = read.map_err(|e| broken("an entry", e))?;
        parts.push(Part { came: came.map(ArrivalTime::from_millis), delta });
        (now, body) = (then, rest);
    }
    if !body.is_empty() || parts.is_empty() {
        return Err(broken("an entry", "it is cut short"));
    }
    Ok(Entry::Merged(parts, now))
}

fn read_marked(body: &[u8]) -> Option<Entry> {
    let (length, body) = body.split_last()?;
    let (mark, kind) = body.split_at_checked(usize::from(*length))?;
    let kind = Kind::from_name(std::str::from_utf8(kind).ok()?)?;
    Some(Entry::Marked(kind, tocsin_wire::read_mark(mark).ok()?))
}

/// Marks one after the other, each with its length before it.
pub(crate) fn write_marks(marks: &BTreeMap<Kind, Mark>) -> Vec<u8> {
    let mut row = Vec::new();
    for (kind, mark) in marks {
        let mark = write_marked(*kind, mark, [0; STAMP]);
        row.push(mark.len() as u8);
        row.extend_from_slice(&mark);
    }
    row
}

pub(crate) fn read_marks(subject: &Subject, mut row: &[u8]) -> Result<BTreeMap<Kind, Mark>, Fault> {
    let mut marks = BTreeMap::new();
    while let Some((length, rest)) = row.split_first() {
        let cut = rest.split_at_checked(usize::from(*length));
        let (mark, rest) = cut.ok_or_else(|| broken("marks", "they are cut short"))?;
        if let Entry::Marked(kind, mark) = read(subject, mark)? {
            marks.insert(kind, mark);
        }
        row = rest;
    }
    Ok(marks)
}

/// The stamp at the end of an entry.
pub(crate) fn stamp_of(entry: &[u8]) -> Vec<u8> {
    entry[entry.len().saturating_sub(STAMP)..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tocsin_model::{BrandId, Counts};

    #[test]
    fn entries_come_back() {
        let subject = Subject::Brand(BrandId::new("山岚").unwrap());
        let mut delta = Delta::new(subject.clone());
        delta.minutes.insert(Minute(7), Counts { posts: 3, ..Counts::default() });
        let mark = Mark { since: Minute(5), ..Mark::default() };
        let mut stamps = Stamps::default();
        let (a, b) = (stamps.next(), stamps.next());
        assert_ne!(a, b);
        let part = |came| Part { came, delta: delta.clone() };
        let then = ArrivalTime::from_millis(70_000);
        let timed = Delta { came: Some((then, then)), ..delta.clone() };
        let entry = write_merged([&delta, &timed], Minute(9), a);
        let expected = Entry::Merged(vec![part(None), part(Some(then))], Minute(9));
        assert_eq!(read(&subject, &entry).unwrap(), expected);
        assert_eq!(stamp_of(&entry), a);
        assert!(read(&subject, &entry[..entry.len() - 1]).is_err());
        let entry = write_marked(Kind::Volume, &mark, b);
        assert_eq!(read(&subject, &entry).unwrap(), Entry::Marked(Kind::Volume, mark));
        assert!(read(&subject, &entry[..4]).is_err());
    }
}
