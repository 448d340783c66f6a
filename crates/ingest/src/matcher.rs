//! Finds the brands that a post names.

use std::borrow::Cow;
use std::sync::Arc;

use tocsin_model::{Author, Mention, MentionedBy, PLACES_MAX, Post};

use crate::brands::{BrandSet, Test};
use crate::clean::{Cleaned, clean_parent};
use crate::fold::fold;
use crate::hits::Hits;
use crate::language::language;
use crate::query::TermKind;
use crate::words::{count_words, hashtags, is_whole, is_whole_account};

/// A brand set with the buffers to match posts with: a post that matches nothing allocates nothing.
pub struct Matcher {
    set: Arc<BrandSet>,
    hits: Hits,
    /// For each brand the text in which it was last asked.
    asked_in: Vec<u64>,
    /// Texts so far.
    texts: u64,
    candidates: Vec<u32>,
    /// The brands found in the text, sorted.
    found: Vec<u32>,
    tags: Vec<(u32, u32)>,
    near: Vec<(u32, u32, bool)>,
    parent: String,
    pub(crate) cleaned: Cleaned,
}

/// What a test looks at besides the occurrences.
struct Seen<'a> {
    text: &'a str,
    source: &'a str,
    author: Option<&'a Author>,
    stated: Option<&'a str>,
    lang: Option<Cow<'a, str>>,
}

impl Matcher {
    /// A matcher for these brands.
    pub fn new(set: Arc<BrandSet>) -> Matcher {
        Matcher {
            hits: Hits::new(set.kinds.len()),
            asked_in: vec![0; set.brands.len()],
            texts: 0,
            candidates: Vec::new(),
            found: Vec::new(),
            tags: Vec::new(),
            near: Vec::new(),
            parent: String::new(),
            cleaned: Cleaned::default(),
            set,
        }
    }

    /// The brands that it looks for.
    pub fn set(&self) -> &Arc<BrandSet> {
        &self.set
    }

    /// The brands that a post names, by its own words or those of a parent that it carries whole;
    /// sorted. `text` is the post [cleaned](crate::clean()).
    pub fn mentions(&mut self, post: &Post, text: &Cleaned) -> Vec<Mention> {
        let source = post.id.source.as_str();
        let stated = post.lang.as_deref();
        self.find(Seen { text: &text.text, source, author: Some(&post.author), stated, lang: None });
        let mut mentions = Vec::with_capacity(self.found.len());
        for &brand in &self.found {
            let places = places(&self.hits, &self.set.brands[brand as usize].places);
            mentions.push(self.mention(brand, places));
        }
        if let Some(parent) = &post.parent {
            let mut words = std::mem::take(&mut self.parent);
            clean_parent(parent, &mut words);
            self.find(Seen {
                text: &words,
                source,
                author: parent.author.as_ref(),
                stated: None,
                lang: None,
            });
            self.parent = words;
            let named = mentions.len();
            for &brand in &self.found {
                let id = &self.set.brands[brand as usize].id;
                if mentions[..named].binary_search_by(|m| m.brand.cmp(id)).is_err() {
                    mentions.push(self.mention(brand, Vec::new()));
                }
            }
            mentions.sort();
        }
        mentions
    }

    fn mention(&self, brand: u32, places: Vec<(u32, u32)>) -> Mention {
        Mention { brand: self.set.brands[brand as usize].id.clone(), by: MentionedBy::Name, places }
    }

    /// Finds the brands of one text into `self.found`, its terms into `self.hits`.
    fn find(&mut self, mut seen: Seen<'_>) {
        let set = Arc::clone(&self.set);
        self.find_terms(&set, seen.text);
        self.texts += 1;
        self.candidates.clear();
        self.candidates.extend(&set.always);
        for &term in self.hits.terms() {
            for &brand in set.asked(term) {
                let asked_in = &mut self.asked_in[brand as usize];
                if *asked_in != self.texts {
                    *asked_in = self.texts;
                    self.candidates.push(brand);
                }
            }
        }
        self.candidates.sort_unstable();
        self.found.clear();
        for &brand in &self.candidates {
            if holds(&set.brands[brand as usize].test, &self.hits, &mut seen, &mut self.near) {
                self.found.push(brand);
            }
        }
    }

    /// Finds the terms of a text, each whole.
    fn find_terms(&mut self, set: &BrandSet, text: &str) {
        self.hits.clear();
        let (hits, tags) = (&mut self.hits, &mut self.tags);
        let mut tags_known = false;
        set.finder.each(text, |term, start, end| {
            let whole = match set.kinds[term as usize] {
                TermKind::Account => is_whole_account(text, start, end),
                TermKind::Hashtag => {
                    if !tags_known {
                        hashtags(text, tags);
                        tags_known = true;
                    }
                    tags.binary_search(&(start as u32 + 1, end as u32)).is_ok()
                }
                _ => is_whole(text, start, end),
            };
            if whole {
                hits.add(term, start, end);
            }
        });
    }
}

/// Whether a text passes a test.
fn holds(test: &Test, hits: &Hits, seen: &mut Seen<'_>, buffer: &mut Vec<(u32, u32, bool)>) -> bool {
    match test {
        Test::Sure => true,
        Test::Text(term) => hits.has(*term),
        Test::Source(source) => fold().same(source, seen.source),
        Test::Author(wanted) => seen.author.is_some_and(|author| {
            author.id.as_str() == &**wanted || author.name.as_deref().is_some_and(|n| fold().same(n, wanted))
        }),
        Test::Lang(lang) => {
            let (stated, text) = (seen.stated, seen.text);
            **seen.lang.get_or_insert_with(|| language(stated, text)) == **lang
        }
        Test::Not(inner) => !holds(inner, hits, seen, buffer),
        Test::All(tests) => tests.iter().all(|t| holds(t, hits, seen, buffer)),
        Test::Any(tests) => tests.iter().any(|t| holds(t, hits, seen, buffer)),
        Test::Near { within, left, right } => {
            buffer.clear();
            buffer.extend(left.iter().flat_map(|t| hits.of(*t)).map(|(start, end)| (start, end, false)));
            let lefts = buffer.len();
            buffer.extend(right.iter().flat_map(|t| hits.of(*t)).map(|(start, end)| (start, end, true)));
            lefts > 0 && buffer.len() > lefts && are_near(seen.text, buffer, *within)
        }
    }
}

/// Whether a place of the one side has a place of the other with at most `within` words between them.
/// Only neighbours are compared, so it takes one pass: of two places of one side, the nearer to one
/// of the other is its neighbour. Places that overlap are near.
fn are_near(text: &str, places: &mut [(u32, u32, bool)], within: usize) -> bool {
    places.sort_unstable();
    // The end of the last place of either side, and where both last changed.
    let mut ends: [Option<u32>; 2] = [None, None];
    let mut last = None;
    for &mut (start, end, side) in places {
        let side = usize::from(side);
        if let Some(other) = ends[1 - side] {
            if other >= start {
                return true;
            }
            let is_neighbour = last != Some(side);
            if is_neighbour && count_words(&text[other as usize..start as usize], within + 1) <= within {
                return true;
            }
        }
        ends[side] = Some(ends[side].map_or(end, |e| e.max(end)));
        last = Some(side);
    }
    false
}

/// Places of one term that are looked at, in the order of the text.
const PLACES_SEEN_MAX: usize = 8 * PLACES_MAX;

/// The first places of some terms, in order; one that lies in another is left out.
fn places(hits: &Hits, terms: &[u32]) -> Vec<(u32, u32)> {
    let mut all: Vec<(u32, u32)> = Vec::new();
    for &term in terms {
        all.extend(hits.of(term).take(PLACES_SEEN_MAX));
    }
    all.sort_unstable_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
    let mut reached = 0;
    all.retain(|(_, end)| {
        let is_new = *end > reached;
        reached = reached.max(*end);
        is_new
    });
    all.truncate(PLACES_MAX);
    all
}

#[cfg(test)]
mod tests;
