//! Adds a batch up into one small delta a brand: what is counted, and what stands in evidence.
//!
//! A function of the records alone, so a batch that is done again gives the same, and the order of
//! posts within it changes no counter.

use std::borrow::Cow;
use std::sync::Arc;

use litemap::LiteMap;
use rustc_hash::FxHashMap;
use tocsin_model::{
    Author, AuthorKey, BrandId, Counts, Day, Delta, Detail, Emotion, Hour, Matched, Mention, Minute, Origins,
    PostId, Pulls, Scored, Sentiment, Sighting, Sketch, SourceId, Subject, Timing, TopEntry, TopList, Update,
    Voices,
};

use crate::AuthorSecret;
use crate::watch::{SAFETY, Speaker, Voice, Watch};
use crate::words::telling;

/// From how many thousandths on a post's words are taken for words of complaint.
const NEGATIVE_ENOUGH: u64 = 500;
/// A post leans against a brand from so many thousandths on, if they are so many times as many as those of the contrary.
/// It decides about a post that thousands have liked already: a middling certainty is enough.
const LEANING: u64 = 333;
const LEANING_TIMES: u64 = 2;
/// Mentions of a brand in an hour of a batch: nearly every brand has no more.
const FEW: usize = 8;
/// Characters of a post shown as an excerpt.
const EXCERPT_CHARS: usize = 80;

/// One delta for each brand that the posts mention, sorted by brand.
///
/// A first sighting counts as a post in the minute in which it was said. An update counts no post:
/// only what engagement it gained, in the minute of its arrival. Posts of the brand's own accounts and of those who
/// are not judged are counted apart.
pub fn count(scored: &[Scored], secret: &AuthorSecret, watch: &Watch) -> Vec<Delta> {
    let (brands, mentions) = mentioned(scored, secret, watch);
    // Two, because a room that was full once takes time to be emptied ever after.
    let (mut of_few, mut of_many) = (HourTally::default(), HourTally::default());
    let mut deltas: Vec<Delta> = mentions
        .chunk_by(|a, b| a.brand == b.brand)
        .map(|of_brand| {
            let mut delta = Delta::new(Subject::Brand(brands[of_brand[0].brand as usize].clone()));
            for of_hour in of_brand.chunk_by(|a, b| a.hour == b.hour) {
                let tally = if of_hour.len() <= FEW { &mut of_few } else { &mut of_many };
                of_hour.iter().for_each(|mention| mention.count(&mut delta.minutes, tally));
                if let Some(detail) = tally.take() {
                    delta.details.insert(of_hour[0].hour, detail);
                }
            }
            of_brand.iter().for_each(|mention| mention.count_origin(&mut delta.origins));
            of_brand.iter().for_each(|mention| delta.comes(mention.record.tokenized.matched.came()));
            of_brand.iter().for_each(|mention| mention.pull(&mut delta.details, watch));
            delta
        })
        .collect();
    deltas.sort_by(|a, b| a.subject.cmp(&b.subject));
    deltas
}

/// A brand in a post.
struct Mentioned<'a> {
    /// The number of the brand.
    brand: u32,
    hour: Hour,
    /// The post's place in the batch.
    index: usize,
    record: &'a Scored,
    mention: &'a Mention,
    author: AuthorKey,
    mood: Sentiment,
    /// It adds no word of its own.
    is_bare: bool,
    is_heard: bool,
    speaker: Speaker,
    voice: Voice,
}

/// The brands that the posts mention, and each mention: by brand, then by hour, then as they came. So
/// one tally serves all, one after the other, and most brands, with a single post, cost little.
fn mentioned<'a>(
    scored: &'a [Scored],
    secret: &AuthorSecret,
    watch: &Watch,
) -> (Vec<&'a BrandId>, Vec<Mentioned<'a>>) {
    let mut numbers: FxHashMap<&BrandId, u32> = FxHashMap::default();
    let mut brands = Vec::new();
    let mut all = Vec::with_capacity(scored.len());
    for (index, record) in scored.iter().enumerate() {
        let matched = &record.tokenized.matched;
        let (hour, author) = (matched.hour(), secret.key(&matched.post.id.source, &matched.post.author.id));
        let is_bare = matched.is_bare();
        let is_heard = !is_bare && matched.is_heard();
        let speaker = watch.speaker(&matched.post);
        for (place, mention) in matched.mentions.iter().enumerate() {
            let brand = *numbers.entry(&mention.brand).or_insert_with(|| {
                brands.push(&mention.brand);
                brands.len() as u32 - 1
            });
            // The moods have the order of the mentions.
            let mood = record.by_brand.get(place).map_or(record.sentiment, |(_, mood)| *mood);
            let voice = watch.voice(&mention.brand, &matched.post, speaker);
            all.push(Mentioned {
                brand,
                hour,
                index,
                record,
                mention,
                author,
                mood,
                is_bare,
                is_heard,
                speaker,
                voice,
            });
        }
    }
    all.sort_by_key(|m| (m.brand, m.hour));
    (brands, all)
}

impl<'a> Mentioned<'a> {
    /// Adds it to the counts of its brand's minutes, and to the evidence of its hour.
    fn count(&self, minutes: &mut LiteMap<Minute, Counts>, tally: &mut HourTally<'a>) {
        let counts = match &self.record.tokenized.matched.sighting {
            Sighting::First(_) if self.voice != Voice::Public => self.apart(),
            Sighting::Update(_) if self.voice != Voice::Public => return,
            Sighting::First(_) => {
                let counts = self.first();
                tally.count_first(self, counts.negative);
                counts
            }
            Sighting::Update(update) => {
                let counts = self.gained(update);
                if counts.is_empty() {
                    return;
                }
                if update.gain.acts() > 0 {
                    tally.add_post(self.record, update.gain.acts());
                }
                counts
            }
        };
        minutes.entry(self.record.tokenized.matched.minute()).or_default().add(&counts);
    }

    /// The triggers that it pulls.
    fn pull(&self, details: &mut LiteMap<Hour, Detail>, watch: &Watch) {
        let matched = &self.record.tokenized.matched;
        let is_negative = self.mood.negative.thousandths() >= NEGATIVE_ENOUGH;
        if self.voice != Voice::Public || matches!(matched.sighting, Sighting::Update(_)) {
            return;
        }
        let mut pull = |trigger| {
            let arrived = matched.post.arrived.minute();
            let pulls = &mut details.entry(arrived.hour()).or_default().pulls;
            pulls.add(trigger, arrived, &matched.post.id.to_string(), excerpt(matched));
        };
        if self.is_heard && is_negative && self.record.concerns.iter().any(|c| &*c.0 == SAFETY) {
            pull(&watch.safety);
        }
        watch.pulled(&self.mention.brand, matched, self.speaker, is_negative, pull);
    }

    /// Where a post came from, and how late if it says when it was made.
    fn count_origin(&self, origins: &mut LiteMap<Day, Origins>) {
        let matched = &self.record.tokenized.matched;
        if let Sighting::First(timing) = matched.sighting {
            let origins = origins.entry(matched.post.arrived.hour().day()).or_default();
            origins.names.add_shared(matched.post.id.source.shared(), 1, None);
            if timing == Timing::AsStated {
                origins.delays.insert(matched.post.arrived.since(matched.at));
            }
        }
    }

    /// A post that is not the public's.
    fn apart(&self) -> Counts {
        let (ignored, answers) =
            (u64::from(self.voice == Voice::Ignored), u64::from(self.voice == Voice::Own));
        Counts { posts: 1, ignored, answers, ..Counts::default() }
    }

    fn first(&self) -> Counts {
        let matched = &self.record.tokenized.matched;
        let mut counts = Counts {
            posts: 1,
            reposts: u64::from(matched.post.repost_of.is_some()),
            reach: self.record.reach,
            ..Counts::default()
        };
        if self.is_heard {
            let negative = self.mood.negative.thousandths();
            counts.heard = 1;
            counts.negative = negative;
            counts.negative_squares = negative * negative / 1000;
            counts.angry = self.record.emotions.of(Emotion::Anger).thousandths();
        }
        counts
    }

    fn gained(&self, update: &Update) -> Counts {
        let top_gain = if update.gain.is_zero() { 0 } else { update.gained_this_hour };
        let (negative, positive) = (self.mood.negative.thousandths(), self.mood.positive.thousandths());
        let leans_against = negative >= LEANING && negative >= LEANING_TIMES * positive;
        Counts {
            likes_gained: update.gain.likes,
            reposts_gained: update.gain.reposts,
            comments_gained: update.gain.comments,
            views_gained: update.gain.views,
            top_gain,
            top_gain_against: if leans_against { top_gain } else { 0 },
            ..Counts::default()
        }
    }
}

/// What a batch adds to the evidence of one hour. Kept whole until the batch is through, so that within
/// a batch the lists do not depend on order either; then it is empty again, with room for the next.
#[derive(Default)]
struct HourTally<'a> {
    authors: Sketch,
    texts: Sketch,
    /// Weight, and the last post (one past its place in the batch) that had the word: a word counts once a post.
    terms: FxHashMap<Cow<'a, str>, (u64, usize)>,
    /// A post may have been seen more than once: its weights add up.
    posts: FxHashMap<&'a PostId, (u64, &'a Scored)>,
    top_authors: FxHashMap<AuthorKey, (u64, &'a Scored)>,
    /// Whom posts pass on or answer.
    roots: FxHashMap<&'a PostId, (u64, &'a Scored)>,
    /// A batch is of few sources.
    sources: Vec<(u64, &'a SourceId, ())>,
    /// Where keys and notes are put together.
    letters: String,
}

impl<'a> HourTally<'a> {
    /// `negative`: thousandths, 0 unless the post is heard.
    fn count_first(&mut self, first: &Mentioned<'a>, negative: u64) {
        let record = first.record;
        let matched = &record.tokenized.matched;
        self.authors.insert(first.author.0);
        if !first.is_bare {
            self.texts.insert(record.tokenized.fingerprint);
        }
        let voice = Voices { posts: 1, against: u64::from(negative >= NEGATIVE_ENOUGH) }.weight();
        self.top_authors.entry(first.author).or_insert((0, record)).0 += voice;
        if let Some(parent) = matched.post.parent_id() {
            self.roots.entry(parent).or_insert((0, record)).0 += voice;
        }
        let source = &matched.post.id.source;
        match self.sources.iter_mut().rev().find(|(_, s, ())| *s == source) {
            Some((posts, ..)) => *posts += 1,
            None => self.sources.push((1, source, ())),
        }
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

    /// What was added since it was last taken; nothing if nothing was.
    fn take(&mut self) -> Option<Detail> {
        // Whatever counts as a post has a source, whatever gained anything is a post.
        if self.sources.is_empty() && self.posts.is_empty() {
            return None;
        }
        let room = Detail::default();
        let terms = self.terms.drain().map(|(word, (weight, _))| (weight, word, ()));
        let posts = self.posts.drain().map(|(id, (weight, record))| (weight, id, record));
        let authors = self.top_authors.drain().map(|(key, (voices, record))| (voices, key, record));
        let roots = self.roots.drain().map(|(id, (voices, record))| (voices, id, record));
        let sources = self.sources.drain(..);
        let letters = &mut self.letters;
        Some(Detail {
            authors: std::mem::take(&mut self.authors),
            texts: std::mem::take(&mut self.texts),
            terms: heaviest(terms, &room.terms, |weight, word, ()| entry(&word, weight, None)),
            posts: heaviest(posts, &room.posts, |weight, id, record| post_entry(weight, id, record, letters)),
            top_authors: heaviest(authors, &room.top_authors, |voices, key, record| {
                author_entry(voices, key, record, letters)
            }),
            roots: heaviest(roots, &room.roots, |voices, id, record| root_entry(voices, id, record, letters)),
            sources: heaviest(sources, &room.sources, |posts, source, ()| TopEntry {
                key: Arc::clone(source.shared()),
                weight: posts,
                note: None,
            }),
            pulls: Pulls::default(),
        })
    }
}

/// The heaviest as a list like `room`; of equals the smaller keys stay. Only the few that stay are written out.
fn heaviest<K: Ord, T>(
    all: impl ExactSizeIterator<Item = (u64, K, T)>,
    room: &TopList,
    mut write: impl FnMut(u64, K, T) -> TopEntry,
) -> TopList {
    let write = |(weight, key, rest)| write(weight, key, rest);
    if all.len() <= room.capacity() {
        return TopList::from_entries(room.capacity(), all.map(write).collect());
    }
    let mut all: Vec<(u64, K, T)> = all.collect();
    all.select_nth_unstable_by(room.capacity(), |a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    all.truncate(room.capacity());
    TopList::from_entries(room.capacity(), all.into_iter().map(write).collect())
}

fn entry(key: &str, weight: u64, note: Option<&str>) -> TopEntry {
    TopEntry { key: key.into(), weight, note: note.map(Into::into) }
}

fn post_entry(weight: u64, id: &PostId, record: &Scored, letters: &mut String) -> TopEntry {
    // As an id is shown, without the machinery that shows things.
    put(letters, &[id.source.as_str(), "/", id.as_str()]);
    entry(letters, weight, Some(excerpt(&record.tokenized.matched)))
}

/// Its first words.
fn excerpt(matched: &Matched) -> &str {
    let words = matched.own_words().trim();
    words.char_indices().nth(EXCERPT_CHARS).map_or(words, |(end, _)| &words[..end])
}

fn author_entry(voices: u64, key: AuthorKey, record: &Scored, letters: &mut String) -> TopEntry {
    let post = &record.tokenized.matched.post;
    put_author(letters, &post.id.source, &post.author);
    entry(&key.to_string(), voices, Some(letters))
}

/// The note tells the author, if a child carries it.
fn root_entry(voices: u64, id: &PostId, child: &Scored, letters: &mut String) -> TopEntry {
    let post = &child.tokenized.matched.post;
    let author = post.parent.as_ref().and_then(|parent| parent.author.as_ref());
    let note = author.map(|author| {
        put_author(letters, &id.source, author);
        letters.clone()
    });
    put(letters, &[id.source.as_str(), "/", id.as_str()]);
    entry(letters, voices, note.as_deref())
}

/// Source, id and name with a tab between: neither source nor id can hold one.
fn put_author(letters: &mut String, source: &SourceId, author: &Author) {
    let name = author.name.as_deref().unwrap_or_default();
    put(letters, &[source.as_str(), "\t", author.id.as_str(), "\t", name]);
}

fn put(letters: &mut String, parts: &[&str]) {
    letters.clear();
    parts.iter().for_each(|part| letters.push_str(part));
}

#[cfg(test)]
mod tests;
