//! The scorer: one reading of a post, and the mood towards each of its brands.

use std::borrow::Cow;
use std::sync::Arc;

use tocsin_model::{
    BrandId, Concern, Emotions, Intent, Matched, Mention, Milli, Scored, Sentiment, Sighting, Token,
    Tokenized,
};

use crate::evidence::{Evidence, Mood, gather};
use crate::explain::{By, Reason, heaviest, reasons};
use crate::intent::intent;
use crate::lexicon::Lexicon;
use crate::linear::{Features, LEAN, Model, Outputs};
use crate::plain::{plain, says_something};
use crate::probability::{NO_EMOTIONS, emotions, irony, meant, sentiment};
use crate::reach::reach;
use crate::towards::{is_by_clause, towards_each};

pub use crate::lexicon::CONCERNS_MAX;

/// The version of the rules, which read alone where there is no model.
pub const RULES: &str = "rules-3";

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

/// What one caller reuses from text to text.
#[derive(Debug, Default)]
pub struct Scratch {
    evidence: Evidence,
    features: Features,
}

/// Reads texts. Made once, then shared; it remembers nothing of what it reads.
#[derive(Debug)]
pub struct Scorer {
    lexicon: Lexicon,
    other: Concern,
    /// Reads beside the rules, if there is one.
    weights: Option<Arc<Model>>,
    /// A hash of the user's words, if there are any.
    own_words: Option<u32>,
    version: Arc<str>,
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
        let has_words = !overrides.is_empty() || !concerns.is_empty();
        let own_words = has_words.then(|| hash_of(overrides, concerns));
        let version = versioned(RULES, own_words);
        Scorer { lexicon, other: Concern(Arc::from(OTHER)), weights: None, own_words, version }
    }

    /// The same with a model that reads beside the rules.
    pub fn with_model(mut self, model: Arc<Model>) -> Scorer {
        self.version = versioned(model.version(), self.own_words);
        self.weights = Some(model);
        self
    }

    /// The version of what reads: that of the model (of the rules, where there is none), and a hash of the
    /// user's words if there are any.
    pub fn model(&self) -> &Arc<str> {
        &self.version
    }

    /// Reads the first `own` bytes of a cleaned text, the author's own words, cut into `tokens`.
    pub fn read(&self, text: &str, own: usize, tokens: &[Token]) -> Reading {
        self.read_towards(text, own, tokens, &[]).0
    }

    /// What the model sees of a text.
    pub fn features(&self, text: &str, own: usize, tokens: &[Token], out: &mut Features) {
        out.see(text, own, tokens, &self.evidence(text, own, tokens, &[]));
    }

    /// What the model and the rules say of a text together; nothing without a model.
    pub fn outputs(&self, text: &str, own: usize, tokens: &[Token]) -> Option<Outputs> {
        let evidence = self.evidence(text, own, tokens, &[]);
        self.outputs_of(text, own, tokens, &evidence, &mut Features::default())
    }

    fn outputs_of(
        &self,
        text: &str,
        own: usize,
        tokens: &[Token],
        evidence: &Evidence,
        features: &mut Features,
    ) -> Option<Outputs> {
        let model = self.weights.as_ref()?;
        features.see(text, own, tokens, evidence);
        Some(model.read(features))
    }

    fn evidence(&self, text: &str, own: usize, tokens: &[Token], mentions: &[Mention]) -> Evidence {
        let mut evidence = Evidence::default();
        gather(&self.lexicon, &self.plain(&text[..own]), tokens, mentions, &mut evidence);
        evidence
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
        self.read_with(text, own, tokens, mentions, &mut Scratch::default())
    }

    fn read_with(
        &self,
        text: &str,
        own: usize,
        tokens: &[Token],
        mentions: &[Mention],
        Scratch { evidence, features }: &mut Scratch,
    ) -> (Reading, Vec<(BrandId, Sentiment)>) {
        gather(&self.lexicon, &self.plain(&text[..own]), tokens, mentions, evidence);
        let by_rules = irony(evidence);
        let (whole, emotions, irony) = match self.outputs_of(text, own, tokens, evidence, features) {
            Some(outputs) => (outputs.sentiment(), outputs.emotions(), outputs.irony().max(by_rules)),
            None => (sentiment(meant(evidence.mood, by_rules)), emotions(evidence, by_rules), by_rules),
        };
        let says_nothing = evidence.mood.is_none() && !says_something(&text[..own]);
        // Who passes on without a word is read by what he passes on.
        let whole = if says_nothing && own == text.len() { UNKNOWN } else { whole };
        let intent = intent(evidence, whole.label());
        let mut concerns = self.lexicon.concerns(evidence.concerns);
        if concerns.is_empty() && intent == Intent::Complaint {
            concerns.push(self.other.clone());
        }
        if is_by_clause(evidence, mentions) {
            self.hear_model(evidence, text, tokens, features);
        }
        let towards = towards_each(evidence, mentions, whole, by_rules);
        let irony = Milli::from_probability(irony);
        (Reading { sentiment: whole, emotions, irony, intent, concerns }, towards)
    }

    /// Adds to the mood of each clause what the n-grams in it lean to, so that brands are told apart by them, too.
    fn hear_model(&self, evidence: &mut Evidence, text: &str, tokens: &[Token], features: &mut Features) {
        let Some(model) = &self.weights else { return };
        let mut rest = tokens;
        for clause in &mut evidence.clauses {
            let before = rest.partition_point(|t| (t.start as usize) < clause.start);
            let behind = rest.partition_point(|t| (t.start as usize) < clause.end);
            features.see_own(text, &rest[before..behind]);
            rest = &rest[behind..];
            let mood = Mood::of(clause.turn.apply(model.sums(features)[LEAN]) * clause.weight);
            clause.mood += mood;
            evidence.mood += mood;
        }
    }

    /// Why a text is read as it is: what weighed most, of the first `own` bytes of a cleaned text.
    pub fn explain(&self, text: &str, own: usize, tokens: &[Token], mentions: &[Mention]) -> Vec<Reason> {
        let evidence = self.evidence(text, own, tokens, mentions);
        let (mut reasons, mut features) = (reasons(&evidence), Features::default());
        let mut lean = |tokens: &[Token]| {
            let outputs = self.outputs_of(text, own, tokens, &evidence, &mut features)?;
            let [against, _, favour] = outputs.polarity();
            Some(f64::from(favour - against))
        };
        let Some(all) = lean(tokens) else { return heaviest(reasons) };
        // What is missing without a word: all the n-grams that have a part of it.
        for i in 0..tokens.partition_point(|t| t.end as usize <= own).min(EXPLAINED_MAX) {
            let without = [&tokens[..i], &tokens[i + 1..]].concat();
            let (start, end) = (tokens[i].start as usize, tokens[i].end as usize);
            let weight = all - lean(&without).unwrap_or(all);
            reasons.push(Reason { start, end, by: By::Ngram, rules: Vec::new(), weight });
        }
        heaviest(reasons)
    }

    fn plain<'a>(&self, text: &'a str) -> Cow<'a, str> {
        plain(text, |word| self.lexicon.has(word))
    }

    /// Reads a mention. A bare repost says nothing, and neither does an update that draws no crowd: both are
    /// neutral towards every brand. A repost without a word of its own is read as a whole by what it passes on. An update
    /// reached nobody new that its gain would not tell.
    pub fn score(&self, tokenized: Tokenized, scratch: &mut Scratch) -> Scored {
        let matched = &tokenized.matched;
        let is_update = matches!(matched.sighting, Sighting::Update(_));
        let is_quiet = matches!(&matched.sighting, Sighting::Update(update) if !update.draws_a_crowd());
        let says_nothing = is_quiet || matched.is_bare();
        let (reading, by_brand) = if is_quiet || says_nothing && !matched.own_words().trim().is_empty() {
            (NOTHING, Vec::new())
        } else {
            let Matched { clean, own, mentions, .. } = matched;
            self.read_with(clean, *own, &tokenized.tokens, mentions, scratch)
        };
        let neutral = |m: &Mention| (m.brand.clone(), Sentiment::NEUTRAL);
        let by_brand = if says_nothing { matched.mentions.iter().map(neutral).collect() } else { by_brand };
        let reach = if is_update { 0 } else { reach(&matched.post) };
        let Reading { sentiment, emotions, irony, intent, concerns } = reading;
        let model = self.version.clone();
        Scored { tokenized, sentiment, by_brand, emotions, irony, intent, concerns, reach, model }
    }
}

/// Words of a text whose n-grams are explained; each takes a reading of the text.
const EXPLAINED_MAX: usize = 256;

/// What is read where there is nothing to read.
const NOTHING: Reading = Reading {
    sentiment: Sentiment::NEUTRAL,
    emotions: NO_EMOTIONS,
    irony: Milli::new(0),
    intent: Intent::Other,
    concerns: Vec::new(),
};

/// Neutral as far as anything is known, and nothing is: only signs, one letter, another script.
const UNKNOWN: Sentiment =
    Sentiment { negative: Milli::new(250), neutral: Milli::new(500), positive: Milli::new(250) };

/// The version of what reads, with that of the user's words.
fn versioned(reads: &str, own_words: Option<u32>) -> Arc<str> {
    own_words.map_or_else(|| Arc::from(reads), |hash| Arc::from(format!("{reads}+{hash:08x}")))
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
