//! The stage: posts with what their claims said in, matched posts and kin out.

use tocsin_model::{
    Ask, Gained, Matched, Mention, MentionedBy, Position, Post, Record, Sighting, Tell, Took,
};

use crate::clean::{Cleaned, clean_into};
use crate::matcher::Matcher;

/// What a step gives out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ingested {
    /// Posts and updates that name brands, in order.
    pub matched: Vec<Matched>,
    /// The brands that first sightings took by name.
    pub tells: Vec<Tell>,
    /// Posts that descend from one that they do not carry whole, in order.
    pub asks: Vec<Ask>,
    /// Posts that name nothing and descend from nothing: they stop here.
    pub unmatched: u64,
}

/// What a claim needs to know of a post.
pub fn record(post: &Post, position: Position) -> Record {
    Record {
        id: post.id.clone(),
        position,
        arrived: post.arrived,
        created: post.created,
        engagement: post.engagement,
        text_hash: text_hash(post),
        deleted: post.deleted,
    }
}

/// Takes posts in the order of their positions, each with what its claim said.
pub fn ingest(
    matcher: &mut Matcher,
    posts: impl IntoIterator<Item = (Position, Box<Post>, Sighting)>,
) -> Ingested {
    let posts = posts.into_iter();
    let mut out = Ingested::default();
    // Most posts that come in were searched for, so most match.
    out.matched.reserve(posts.size_hint().0);
    out.tells.reserve(posts.size_hint().0);
    let mut cleaned = std::mem::take(&mut matcher.cleaned);
    for (position, post, sighting) in posts {
        clean_into(&post, &mut cleaned);
        let mentions = matcher.mentions(&post, &cleaned);
        let parent = parent_to_ask(&post);
        if mentions.is_empty() && !parent {
            out.unmatched += 1;
            continue;
        }
        let matched = matched(matcher, &cleaned, position, post, sighting, mentions);
        out.tells.extend(tell(&matched));
        match (parent, matched.mentions.is_empty()) {
            (true, true) => out.asks.extend(ask(matched)),
            (true, false) => {
                out.asks.extend(ask(matched.clone()));
                out.matched.push(matched);
            }
            (false, _) => out.matched.push(matched),
        }
    }
    matcher.cleaned = cleaned;
    out
}

/// A child that gained brands by descent, ready for the next stage.
pub fn gained(gained: Gained) -> Matched {
    let by_descent = |took: Took| Mention { brand: took.brand, by: MentionedBy::Descent, places: Vec::new() };
    let took_at = gained.took.iter().map(|took| took.at).max();
    let mut mentions: Vec<Mention> = gained.took.into_iter().map(by_descent).collect();
    mentions.sort();
    let took_at = took_at.filter(|at| *at > gained.child.post.arrived);
    Matched { mentions, took_at, ..gained.child }
}

fn matched(
    matcher: &Matcher,
    cleaned: &Cleaned,
    position: Position,
    post: Box<Post>,
    sighting: Sighting,
    mentions: Vec<Mention>,
) -> Matched {
    let at = match &sighting {
        Sighting::First(timing) => timing.at(post.created, post.arrived),
        // An update counts by its arrival; its date is only bounded by it.
        Sighting::Update(_) => post.created.min(post.arrived.as_event()),
    };
    let brands_version = matcher.set().version();
    let (clean, own) = (cleaned.text.clone(), cleaned.own);
    Matched { position, post, clean, own, at, took_at: None, sighting, mentions, brands_version }
}

/// What a first sighting that names brands says to its kin.
fn tell(matched: &Matched) -> Option<Tell> {
    let is_first = matches!(matched.sighting, Sighting::First(_));
    let at = matched.post.arrived;
    let took: Vec<Took> = matched.mentions.iter().map(|m| Took { brand: m.brand.clone(), at }).collect();
    (is_first && !took.is_empty()).then(|| Tell {
        id: matched.post.id.clone(),
        position: matched.position,
        took,
    })
}

/// Whether it descends from a post other than itself that it does not carry whole.
fn parent_to_ask(post: &Post) -> bool {
    let carried = post.parent.as_ref().and_then(|parent| parent.id.as_ref());
    post.parent_id().is_some_and(|parent| *parent != post.id && carried != Some(parent))
}

fn ask(child: Matched) -> Option<Ask> {
    let arrived = match &child.sighting {
        Sighting::First(_) => child.post.arrived,
        Sighting::Update(update) => update.first_arrived,
    };
    let parent = child.post.parent_id()?.clone();
    Some(Ask { parent, arrived, child })
}

/// A hash of title and text that is the same on every machine and in every version: claims keep it.
/// Eight bytes at a time, multiplied and rotated (FxHash), finished as SplitMix64 is.
pub(crate) fn text_hash(post: &Post) -> u64 {
    let title = post.title.as_deref().unwrap_or("");
    finish(add(add(SEED, title.as_bytes()), post.text.as_bytes()))
}

/// The golden ratio's bits: not 0, so that leading zeros count.
const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

fn add(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut step = |word: u64| hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().for_each(|word| step(u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    step(u64::from_le_bytes(last));
    // The length tells apart what was filled up with zeros, and where a title ends.
    step(bytes.len() as u64);
    hash
}

fn finish(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests;
