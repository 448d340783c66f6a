//! The scorer: one reading of a post, and the mood towards each of its brands.

use std::borrow::Cow;
use std::sync::Arc;

use tocsin_model::{
    BrandId, Concern, Emotions, Intent, Mention, Milli, Scored, Sentiment, Sighting, Token, Tokenized,
};

use crate::evidence::{Evidence, Mood, gather};
use crate::intent::intent;
use crate::lexicon::Lexicon;
use crate::probability::{NO_EMOTIONS, emotions, irony, meant, sentiment};
use crate::reach::reach;

pub use crate::lexicon::CONCERNS_MAX;

/// The version of what reads, before any words of the user's.
pub const MODEL: &str = "lexicon-1";

/// The concern of a complaint that no word tells more of.
const OTHER: &str = "other";

/// What one text says.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The mood of the whole.
    pub sentiment: Sentiment,
    /// What its author feels.
    pub emotions: Emotions,
    /// How probable it is that it says the contrary of what it means.
    pub irony: Milli,
    /// What it wants.
    pub intent: Intent,
    /// What it is concerned about; may be empty.
    pub concerns: Vec<Concern>,
}

/// Reads texts. Made once, then shared; it remembers nothing of what it reads.
#[derive(Debug)]
pub struct Scorer {
    lexicon: Lexicon,
    other: Concern,
    model: Arc<str>,
}

impl Scorer {
    /// Our lexicon, with the user's weights over it: words and how they lean, from -3 (against) to 3
    /// (for); 0 silences a word. Weights past the ends are brought to them, empty words are left out.
    /// In a word `_` stands for a space, and a `*` at its end for any ending of a Latin word.
    pub fn new(overrides: Vec<(String, f64)>) -> Scorer {
        Scorer::with_concerns(overrides, Vec::new())
    }

    /// The same with words for our concerns or for the user's own, by name. At most [`CONCERNS_MAX`]
    /// concerns are told apart; those beyond are left out.
    pub fn with_concerns(overrides: Vec<(String, f64)>, concerns: Vec<(String, Vec<String>)>) -> Scorer {
        let lexicon = Lexicon::new(&overrides, &concerns);
        let model = if overrides.is_empty() && concerns.is_empty() {
            Arc::from(MODEL)
        } else {
            Arc::from(format!("{MODEL}+{:08x}", hash_of(overrides, concerns)))
        };
        Scorer { lexicon, other: Concern(Arc::from(OTHER)), model }
    }

    /// The version of what reads: [`MODEL`], and a hash of the user's words if there are any.
    pub fn model(&self) -> &Arc<str> {
        &self.model
    }

    /// Reads the first `own` bytes of a cleaned text, the author's own words, cut into `tokens`.
    pub fn read(&self, text: &str, own: usize, tokens: &[Token]) -> Reading {
        self.read_towards(text, own, tokens, &[]).0
    }

    /// The same, and the mood towards each brand in the order of `mentions`. Where several brands are
    /// mentioned, what stands in the clause of a brand's name weighs most, then what follows it up to the
    /// next name; a brand without a place, or the only one, has the mood of the whole.
    pub fn read_towards(
        &self,
        text: &str,
        own: usize,
        tokens: &[Token],
        mentions: &[Mention],
    ) -> (Reading, Vec<(BrandId, Sentiment)>) {
        let evidence = gather(&self.lexicon, &lower(&text[..own]), tokens, mentions);
        let irony = irony(&evidence);
        let whole = sentiment(meant(evidence.mood, irony));
        let intent = intent(&evidence, whole.label());
        let mut concerns = self.lexicon.concerns(evidence.concerns);
        if concerns.is_empty() && intent == Intent::Complaint {
            concerns.push(self.other.clone());
        }
        let towards = towards_each(&evidence, mentions, whole, |mood| sentiment(meant(mood, irony)));
        let emotions = emotions(&evidence, irony);
        let irony = Milli::from_probability(irony);
        (Reading { sentiment: whole, emotions, irony, intent, concerns }, towards)
    }

    /// Reads a mention. A bare repost says nothing, and neither does an update: both are neutral. An
    /// update reached nobody new that its gain would not tell.
    pub fn score(&self, tokenized: Tokenized) -> Scored {
        let matched = &tokenized.matched;
        let is_update = matches!(matched.sighting, Sighting::Update(_));
        let (reading, by_brand) = if is_update || matched.is_bare() {
            (NOTHING, matched.mentions.iter().map(|m| (m.brand.clone(), Sentiment::NEUTRAL)).collect())
        } else {
            self.read_towards(&matched.clean, matched.own, &tokenized.tokens, &matched.mentions)
        };
        let reach = if is_update { 0 } else { reach(&matched.post) };
        let Reading { sentiment, emotions, irony, intent, concerns } = reading;
        let model = self.model.clone();
        Scored { tokenized, sentiment, by_brand, emotions, irony, intent, concerns, reach, model }
    }
}

/// What is read where there is nothing to read.
const NOTHING: Reading = Reading {
    sentiment: Sentiment::NEUTRAL,
    emotions: NO_EMOTIONS,
    irony: Milli::new(0),
    intent: Intent::Other,
    concerns: Vec::new(),
};

/// The lexicon is in ASCII lower case; lengths stay as they are, so places do, too.
fn lower(text: &str) -> Cow<'_, str> {
    // Without a way out inside a chunk the compiler looks at many bytes at once.
    let has_upper = |chunk: &[u8]| chunk.iter().fold(false, |any, b| any | b.is_ascii_uppercase());
    if text.as_bytes().chunks(64).any(has_upper) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// What a clause tells of a brand that stands elsewhere, of the one named last before it, and of
/// those named in it.
const ELSEWHERE: f32 = 0.2;
const NAMED_BEFORE: f32 = 0.8;
const NAMED_HERE: f32 = 1.0;

/// The mood towards each brand. Each clause looks only at the names in it and the one before it, so
/// many brands and many clauses take no longer than both lists together.
fn towards_each(
    evidence: &Evidence,
    mentions: &[Mention],
    whole: Sentiment,
    sentiment: impl Fn(Mood) -> Sentiment,
) -> Vec<(BrandId, Sentiment)> {
    if mentions.len() < 2 || evidence.clauses.is_empty() {
        return mentions.iter().map(|m| (m.brand.clone(), whole)).collect();
    }
    let mut names: Vec<(usize, usize)> = Vec::new();
    for (brand, mention) in mentions.iter().enumerate() {
        names.extend(mention.places.iter().map(|&(start, _)| (start as usize, brand)));
    }
    names.sort_unstable();
    let mut moods = vec![evidence.mood * ELSEWHERE; mentions.len()];
    // Clauses and names are both in order: `next` is the first name behind the clauses so far.
    let mut next = 0;
    for clause in &evidence.clauses {
        next += names[next..].iter().take_while(|name| name.0 < clause.start).count();
        let here = names[next..].iter().take_while(|name| name.0 < clause.end).count();
        if here > 0 {
            let mut brands: Vec<usize> = names[next..next + here].iter().map(|name| name.1).collect();
            brands.sort_unstable();
            brands.dedup();
            brands.iter().for_each(|&b| moods[b] += clause.mood * (NAMED_HERE - ELSEWHERE));
            next += here;
        } else if let Some(&(_, brand)) = names[..next].last().or(names.first()) {
            moods[brand] += clause.mood * (NAMED_BEFORE - ELSEWHERE);
        }
    }
    let of = |(m, mood): (&Mention, Mood)| {
        (m.brand.clone(), if m.places.is_empty() { whole } else { sentiment(mood) })
    };
    mentions.iter().zip(moods).map(of).collect()
}

/// FNV-1a (Fowler, Noll, Vo) over the user's words, sorted: the same words give the same version.
fn hash_of(mut overrides: Vec<(String, f64)>, mut concerns: Vec<(String, Vec<String>)>) -> u32 {
    overrides.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    concerns.sort();
    let mut hash = 0x811c_9dc5_u32;
    let mut add = |bytes: &[u8]| {
        for b in bytes.iter().chain(&[0xFF]) {
            hash = (hash ^ u32::from(*b)).wrapping_mul(0x0100_0193);
        }
    };
    for (word, weight) in &overrides {
        add(word.as_bytes());
        add(&weight.to_bits().to_le_bytes());
    }
    for (name, words) in &concerns {
        add(name.as_bytes());
        words.iter().for_each(|w| add(w.as_bytes()));
    }
    hash
}
