//! A made-up stream, read once: what counting takes from each of its posts, kept in a file beside it.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::sync::Arc;

use tocsin_ingest::{BrandSet, Matcher, Query, gained, ingest, record};
use tocsin_model::{
    ArrivalTime, BrandId, Claim, Emotion, Matched, Minute, Position, Post, PostId, Sighting, Took, took_from,
};
use tocsin_score::Scorer;
use tocsin_score::linear::Model;
use tocsin_tokenize::{Scratch, Tokenizer};
use tocsin_wire::{parse_rfc3339, read_recorded};

use crate::Fault;
use crate::stream::Stream;

/// A post of the brand, as far as counting looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// When the brand was counted for it.
    pub(crate) arrived: ArrivalTime,
    /// In which minute.
    pub(crate) minute: Minute,
    pub(crate) heard: bool,
    pub(crate) bare: bool,
    /// It passes on another post.
    pub(crate) repost: bool,
    /// Thousandths.
    pub(crate) negative: u16,
    pub(crate) angry: u16,
    /// The fingerprint.
    pub(crate) text: u64,
    /// Its place in [`SOURCES`].
    pub(crate) source: u16,
}

/// Where made-up posts come from.
pub(crate) const SOURCES: [&str; 7] = ["weibo", "xiaohongshu", "douyin", "zhihu", "news", "x", "other"];
/// Of a row in the file.
const BYTES: usize = 32;

impl Row {
    fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&self.arrived.millis().to_le_bytes());
        bytes[8..16].copy_from_slice(&self.minute.0.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.text.to_le_bytes());
        bytes[24..26].copy_from_slice(&self.negative.to_le_bytes());
        bytes[26..28].copy_from_slice(&self.angry.to_le_bytes());
        bytes[28..30].copy_from_slice(&self.source.to_le_bytes());
        bytes[30] = u8::from(self.heard) | u8::from(self.bare) << 1 | u8::from(self.repost) << 2;
        bytes
    }
    fn from_bytes(bytes: &[u8]) -> Row {
        let long = |at: usize| i64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let short = |at: usize| u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"));
        Row {
            arrived: ArrivalTime::from_millis(long(0)),
            minute: Minute(long(8)),
            text: long(16) as u64,
            negative: short(24),
            angry: short(26),
            source: short(28),
            heard: bytes[30] & 1 != 0,
            bare: bytes[30] & 2 != 0,
            repost: bytes[30] & 4 != 0,
        }
    }
}

/// Reads with the model that is shipped.
pub(crate) struct Reader {
    scorer: Scorer,
    version: String,
}

impl Reader {
    pub(crate) fn new() -> Reader {
        let scorer = Scorer::new(Vec::new()).with_model(Model::shipped().clone());
        Reader { scorer, version: Model::shipped().version().to_string() }
    }

    /// The rows of a stream by arrival, from the file beside it if this model made it.
    pub(crate) fn rows(&self, stream: &Stream) -> Result<Vec<Row>, Fault> {
        let path = stream.folder.join(format!("rows-{}", self.version));
        if let Ok(bytes) = fs::read(&path) {
            return Ok(bytes.chunks_exact(BYTES).map(Row::from_bytes).collect());
        }
        let rows = self.read(stream)?;
        let mut out = BufWriter::new(fs::File::create(path.with_extension("half"))?);
        for row in &rows {
            out.write_all(&row.to_bytes())?;
        }
        out.flush()?;
        fs::rename(path.with_extension("half"), &path)?;
        Ok(rows)
    }

    fn read(&self, stream: &Stream) -> Result<Vec<Row>, Fault> {
        let names = stream.names();
        let query = Query::parse(&names.iter().map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(" OR "))
            .map_err(|faults| format!("{faults:?}"))?;
        let brand = BrandId::new(stream.text("brand"))?;
        let mut matcher = Matcher::new(Arc::new(BrandSet::compile(vec![(brand.clone(), query)], 1)?));
        let tokenizer = Tokenizer::new(names.iter().cloned());
        let (mut scratch, mut reading) = (Scratch::default(), tocsin_score::Scratch::default());
        let arrivals = stream.arrivals()?;
        let mut posts: Vec<Post> = Vec::new();
        for line in BufReader::new(fs::File::open(stream.folder.join("posts.jsonl"))?).lines() {
            let mut post = read_recorded(line?.as_bytes()).map_err(|refused| format!("{refused:?}"))?;
            if let Some(at) = arrivals.get(post.id.as_str()) {
                post.arrived = ArrivalTime::from_millis(parse_rfc3339(at).ok_or("no time")?);
            }
            posts.push(post);
        }
        posts.sort_by_key(|post| post.arrived);
        // The rule of Kin for one brand: when each post took it, and who waits for a parent.
        let mut took: HashMap<PostId, ArrivalTime> = HashMap::new();
        let mut waiting: HashMap<PostId, Vec<Matched>> = HashMap::new();
        let mut rows = Vec::with_capacity(posts.len());
        for (position, post) in (0..).map(Position).zip(posts) {
            let (sighting, _) = Claim::meet(None, &record(&post, position));
            let (id, arrived) = (post.id.clone(), post.arrived);
            let Sighting::First(_) = sighting else { continue };
            let found = ingest(&mut matcher, [(position, Box::new(post), sighting)]);
            let mut taken: Vec<(Matched, ArrivalTime)> =
                found.matched.into_iter().map(|m| (m, arrived)).collect();
            if taken.is_empty() {
                for ask in found.asks {
                    match took.get(&ask.parent).and_then(|at| took_from(*at, arrived)) {
                        Some(at) => taken.push((inherited(ask.child, &brand, at), at)),
                        None => waiting.entry(ask.parent).or_default().push(ask.child),
                    }
                }
            }
            if let Some((_, at)) = taken.first() {
                took.insert(id, *at);
            }
            let mut next = 0;
            while next < taken.len() {
                let (id, at) = (taken[next].0.post.id.clone(), taken[next].1);
                for child in waiting.remove(&id).unwrap_or_default() {
                    if let Some(at) = took_from(at, child.post.arrived) {
                        took.insert(child.post.id.clone(), at);
                        taken.push((inherited(child, &brand, at), at));
                    }
                }
                next += 1;
            }
            for (matched, at) in taken {
                let scored = self.scorer.score(tokenizer.tokenize(matched, &mut scratch), &mut reading);
                let matched = &scored.tokenized.matched;
                let mood = scored.by_brand.first().map_or(scored.sentiment, |(_, mood)| *mood);
                rows.push(Row {
                    arrived: at,
                    minute: matched.minute(),
                    heard: matched.is_heard(),
                    bare: matched.is_bare(),
                    repost: matched.post.repost_of.is_some(),
                    negative: mood.negative.thousandths() as u16,
                    angry: scored.emotions.of(Emotion::Anger).thousandths() as u16,
                    text: scored.tokenized.fingerprint,
                    source: place_of(matched.post.id.source.as_str()),
                });
            }
        }
        rows.sort_by_key(|row| row.arrived);
        Ok(rows)
    }
}

fn place_of(source: &str) -> u16 {
    SOURCES.iter().position(|known| *known == source).unwrap_or(SOURCES.len() - 1) as u16
}

/// A child that took the brand from its parent.
fn inherited(child: Matched, brand: &BrandId, at: ArrivalTime) -> Matched {
    gained(tocsin_model::Gained { child, took: vec![Took { brand: brand.clone(), at }] })
}
