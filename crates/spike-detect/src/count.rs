//! Adds a batch up into one small delta a brand: what is counted, and what stands in evidence.
//!
//! A function of the records alone, so a batch that is done again gives the same, and the order of
//! posts within it changes no counter.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tocsin_model::{
    AuthorKey, BrandId, Counts, Delta, Detail, Hour, Mention, Minute, PostId, Scored, Sentiment, Sighting,
    Sketch, SourceId, Subject, TopEntry, TopList, Update,
};

use crate::AuthorSecret;
use crate::words::telling;

/// From how many thousandths on a post's words are taken for words of complaint.
const NEGATIVE_ENOUGH: u64 = 500;
/// Characters of a post shown as an excerpt.
const EXCERPT_CHARS: usize = 80;

/// One delta for each brand that the posts mention, sorted by brand.
///
/// A first sighting counts as a post in the minute in which it was said. An update counts no post:
/// only what engagement it gained, in the minute of its arrival.
pub fn count(scored: &[Scored], secret: &AuthorSecret) -> Vec<Delta> {
    let mut tallies: FxHashMap<&BrandId, Tally<'_>> = FxHashMap::default();
    for (index, record) in scored.iter().enumerate() {
        let matched = &record.tokenized.matched;
        match &matched.sighting {
            Sighting::First(_) => {
                let author = secret.key(&matched.post.id.source, &matched.post.author.id);
                for (place, mention) in matched.mentions.iter().enumerate() {
                    let first = First { record, index, author, mention, mood: mood(record, place) };
                    tallies.entry(&mention.brand).or_default().count_first(&first);
                }
            }
            Sighting::Update(update) => {
                for mention in &matched.mentions {
                    tallies.entry(&mention.brand).or_default().count_update(record, update);
                }
            }
        }
    }
    let mut deltas: Vec<Delta> = tallies.into_iter().map(|(brand, tally)| tally.into_delta(brand)).collect();
    deltas.sort_by(|a, b| a.subject.cmp(&b.subject));
    deltas
}

/// The mood towards the brand of the mention at `place`: `by_brand` has the order of the mentions.
fn mood(record: &Scored, place: usize) -> Sentiment {
    record.by_brand.get(place).map_or(record.sentiment, |(_, sentiment)| *sentiment)
}

/// A first sighting, as one of the brands that it mentions sees it.
struct First<'a> {
    record: &'a Scored,
    /// Its place in the batch.
    index: usize,
    author: AuthorKey,
    mention: &'a Mention,
    mood: Sentiment,
}

/// What a batch adds to one brand.
#[derive(Default)]
struct Tally<'a> {
    minutes: BTreeMap<Minute, Counts>,
    /// As they came: a batch is of few hours, mostly of the last one.
    hours: Vec<(Hour, HourTally<'a>)>,
}

impl<'a> Tally<'a> {
    fn count_first(&mut self, first: &First<'a>) {
        let record = first.record;
        let matched = &record.tokenized.matched;
        let heard = matched.is_heard();
        let mut counts = Counts {
            posts: 1,
            reposts: u64::from(matched.post.repost_of.is_some()),
            reach: record.reach,
            ..Counts::default()
        };
        if heard {
            let negative = first.mood.negative.thousandths();
            counts.heard = 1;
            counts.negative = negative;
            counts.negative_squares = negative * negative / 1000;
            counts.angry = record.emotions.of(tocsin_model::Emotion::Anger).thousandths();
        }
        self.minutes.entry(matched.minute()).or_default().add(&counts);
        self.hour(matched.hour()).count_first(first, counts.negative);
    }

    fn hour(&mut self, hour: Hour) -> &mut HourTally<'a> {
        let place = self.hours.iter().rposition(|(h, _)| *h == hour).unwrap_or_else(|| {
            self.hours.push((hour, HourTally::default()));
            self.hours.len() - 1
        });
        &mut self.hours[place].1
    }

    fn count_update(&mut self, record: &'a Scored, update: &Update) {
        let matched = &record.tokenized.matched;
        let counts = Counts {
            likes_gained: update.gain.likes,
            reposts_gained: update.gain.reposts,
            comments_gained: update.gain.comments,
            views_gained: update.gain.views,
            top_gain: if update.gain.is_zero() { 0 } else { update.gained_this_hour },
            ..Counts::default()
        };
        if counts.is_empty() {
            return;
        }
        self.minutes.entry(matched.minute()).or_default().add(&counts);
        if update.gain.acts() > 0 {
            self.hour(matched.hour()).add_post(record, update.gain.acts());
        }
    }

    fn into_delta(self, brand: &BrandId) -> Delta {
        let details = self.hours.into_iter().map(|(hour, tally)| (hour, tally.into_detail())).collect();
        Delta { subject: Subject::Brand(brand.clone()), minutes: self.minutes, details }
    }
}

/// What a batch adds to the evidence of one hour. Kept whole until the batch is through, so that within
/// a batch the lists do not depend on order either.
#[derive(Default)]
struct HourTally<'a> {
    authors: Sketch,
    texts: Sketch,
    /// Weight, and the last post (one past its place in the batch) that had the word: a word counts once a post.
    terms: FxHashMap<Cow<'a, str>, (u64, usize)>,
    /// A post may have been seen more than once: its weights add up.
    posts: FxHashMap<&'a PostId, (u64, &'a Scored)>,
    top_authors: FxHashMap<AuthorKey, (u64, &'a Scored)>,
    sources: FxHashMap<&'a SourceId, u64>,
}

impl<'a> HourTally<'a> {
    /// `negative`: thousandths, 0 unless the post is heard.
    fn count_first(&mut self, first: &First<'a>, negative: u64) {
        let record = first.record;
        let matched = &record.tokenized.matched;
        self.authors.insert(first.author.0);
        if !matched.is_bare() {
            self.texts.insert(record.tokenized.fingerprint);
        }
        self.top_authors.entry(first.author).or_insert((0, record)).0 += 1;
        *self.sources.entry(&matched.post.id.source).or_default() += 1;
        if negative > 0 {
            self.add_post(record, negative);
        }
        if negative >= NEGATIVE_ENOUGH {
            for word in telling(matched, &record.tokenized.tokens, first.mention) {
                let (weight, last) = self.terms.entry(word).or_default();
                if *last != first.index + 1 {
                    *weight += negative;
                    *last = first.index + 1;
                }
            }
        }
    }

    fn add_post(&mut self, record: &'a Scored, weight: u64) {
        self.posts.entry(&record.tokenized.matched.post.id).or_insert((0, record)).0 += weight;
    }

    fn into_detail(self) -> Detail {
        let room = Detail::default();
        let terms = self.terms.into_iter().map(|(word, (weight, _))| (weight, word, ()));
        let posts = self.posts.into_iter().map(|(id, (weight, record))| (weight, id, record));
        let authors = self.top_authors.into_iter().map(|(key, (posts, record))| (posts, key, record));
        let sources = self.sources.into_iter().map(|(source, posts)| (posts, source, ()));
        Detail {
            authors: self.authors,
            texts: self.texts,
            terms: heaviest(terms.collect(), &room.terms, |weight, word, ()| entry(&word, weight, None)),
            posts: heaviest(posts.collect(), &room.posts, |weight, _, record| post_entry(weight, record)),
            top_authors: heaviest(authors.collect(), &room.top_authors, author_entry),
            sources: heaviest(sources.collect(), &room.sources, |posts, source, ()| {
                entry(source.as_str(), posts, None)
            }),
        }
    }
}

/// The heaviest as a list like `room`; of equals the smaller keys stay. Only the few that stay are written out.
fn heaviest<K: Ord, T>(
    mut all: Vec<(u64, K, T)>,
    room: &TopList,
    write: impl Fn(u64, K, T) -> TopEntry,
) -> TopList {
    if all.len() > room.capacity() {
        all.select_nth_unstable_by(room.capacity(), |a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        all.truncate(room.capacity());
    }
    let entries = all.into_iter().map(|(weight, key, rest)| write(weight, key, rest)).collect();
    TopList::from_entries(room.capacity(), entries)
}

fn entry(key: &str, weight: u64, note: Option<&str>) -> TopEntry {
    TopEntry { key: key.into(), weight, note: note.map(Into::into) }
}

fn post_entry(weight: u64, record: &Scored) -> TopEntry {
    let words = record.tokenized.matched.own_words().trim();
    let excerpt = words.char_indices().nth(EXCERPT_CHARS).map_or(words, |(end, _)| &words[..end]);
    entry(&record.tokenized.matched.post.id.to_string(), weight, Some(excerpt))
}

/// The note is source, id and name with a tab between: neither source nor id can hold one.
fn author_entry(posts: u64, key: AuthorKey, record: &Scored) -> TopEntry {
    let post = &record.tokenized.matched.post;
    let name = post.author.name.as_deref().unwrap_or_default();
    let note = format!("{}\t{}\t{name}", post.id.source, post.author.id);
    entry(&key.to_string(), posts, Some(&note))
}

#[cfg(test)]
mod tests;
