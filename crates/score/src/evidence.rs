//! Walks through the author's own words once and gathers what leans where.

use std::ops::{AddAssign, Mul};

use tocsin_model::{Emotion, Mention, Token, TokenKind};

use crate::lexicon::{Effect, Entry, Lexicon, cue};

/// For how many bytes behind it a Chinese word works on the next mood: four characters.
const SCOPE: usize = 12;
/// The same of a Latin word: four short words.
const SCOPE_LATIN: usize = 24;
/// A mood turned around is weaker: "not good" is bad, "not bad" is hardly good.
const NOT_GOOD: f32 = 0.8;
const NOT_BAD: f32 = 0.35;
/// "… , but …": what comes before and what comes after in the same sentence.
const BEFORE_CONTRAST: f32 = 0.5;
const AFTER_CONTRAST: f32 = 1.3;
/// A hashtag is what others called it.
const HASHTAG: f32 = 0.5;

/// How much leans each way: weights of words summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Mood {
    pub(crate) negative: f32,
    pub(crate) positive: f32,
}

impl Mood {
    fn is_none(self) -> bool {
        self.negative == 0.0 && self.positive == 0.0
    }
}

impl AddAssign for Mood {
    fn add_assign(&mut self, other: Mood) {
        self.negative += other.negative;
        self.positive += other.positive;
    }
}

impl Mul<f32> for Mood {
    type Output = Mood;
    fn mul(self, by: f32) -> Mood {
        Mood { negative: self.negative * by, positive: self.positive * by }
    }
}

/// A stretch between two marks that leans somewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) mood: Mood,
}

/// What was found in a text.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// In order; those that lean nowhere are left out.
    pub(crate) clauses: Vec<Clause>,
    /// All clauses together.
    pub(crate) mood: Mood,
    /// In the order of the model's emotions, without the last one (none).
    pub(crate) emotions: [f32; 6],
    /// Which cues occurred.
    pub(crate) cues: u16,
    /// How many words of advertising.
    pub(crate) promotions: u32,
    /// Which concerns occurred.
    pub(crate) concerns: u64,
}

/// Gathers from `text` (in ASCII lower case). `tokens` and `mentions` tell of what is not the author's
/// own opinion: accounts, links, hashtags, and brands with a word of mood in their name.
pub(crate) fn gather(lexicon: &Lexicon, text: &str, tokens: &[Token], mentions: &[Mention]) -> Evidence {
    let mut walk = Walk { later: 1.0, ..Walk::default() };
    let mut shade = Shade::new(tokens, mentions);
    for (start, end, entry) in lexicon.words(text) {
        let weight = shade.weight(start, end);
        if weight > 0.0 {
            walk.meet(text, start, end, entry, weight);
        }
    }
    walk.end_clause(text.len());
    for clause in &walk.found.clauses {
        walk.found.mood += clause.mood;
    }
    walk.found
}

/// Where the walk stands.
#[derive(Default)]
struct Walk {
    found: Evidence,
    clause_start: usize,
    clause: Mood,
    /// Up to which byte a negation works.
    negated_to: Option<usize>,
    /// A factor, and up to which byte it works.
    strengthened: Option<(f32, usize)>,
    /// The first clause that a contrast makes weaker.
    before_contrast: usize,
    /// What the clauses of this sentence weigh from now on.
    later: f32,
}

impl Walk {
    fn meet(&mut self, text: &str, start: usize, end: usize, entry: &Entry, weight: f32) {
        self.found.cues |= entry.cues;
        self.found.concerns |= entry.concerns;
        self.found.promotions += u32::from(entry.cues & (cue::PROMOTION | cue::PRIZE) != 0);
        if entry.polarity != 0.0 {
            self.feel(start, entry, weight);
        } else if entry.emotion != Emotion::None {
            self.found.emotions[entry.emotion as usize] += weight;
        }
        let scope = end + if text.as_bytes()[end - 1].is_ascii() { SCOPE_LATIN } else { SCOPE };
        match entry.effect {
            Effect::None => {}
            Effect::Negates => {
                let doubled = self.negated_to.is_some_and(|to| start <= to);
                self.negated_to = (!doubled).then_some(scope);
            }
            Effect::Strengthens(factor) => {
                self.strengthened = Some((factor, scope));
                // "Not very good": the negation reaches over the degree.
                self.negated_to = self.negated_to.filter(|&to| start <= to).map(|_| scope);
            }
            Effect::Contrasts => self.contrast(start),
            Effect::EndsClause => self.end_clause(end),
            Effect::EndsSentence => {
                self.end_clause(end);
                self.before_contrast = self.found.clauses.len();
                self.later = 1.0;
            }
        }
    }

    fn feel(&mut self, start: usize, entry: &Entry, weight: f32) {
        let factor =
            self.strengthened.take().filter(|&(_, to)| start <= to).map_or(1.0, |(factor, _)| factor);
        let negated = self.negated_to.take().is_some_and(|to| start <= to);
        let strength = entry.polarity.abs() * factor * weight;
        match (entry.polarity > 0.0, negated) {
            (true, false) => self.clause.positive += strength,
            (true, true) => self.clause.negative += strength * NOT_GOOD,
            (false, false) => self.clause.negative += strength,
            (false, true) => self.clause.positive += strength * NOT_BAD,
        }
        let emotion = match (entry.polarity > 0.0, negated) {
            (true, true) => Emotion::Disgust,
            (false, true) => Emotion::None,
            _ => entry.emotion,
        };
        if emotion != Emotion::None {
            self.found.emotions[emotion as usize] += if negated { strength * 0.5 } else { strength };
        }
    }

    fn end_clause(&mut self, end: usize) {
        if !self.clause.is_none() {
            let mood = self.clause * self.later;
            self.found.clauses.push(Clause { start: self.clause_start, end, mood });
        }
        self.clause = Mood::default();
        self.clause_start = end;
        (self.negated_to, self.strengthened) = (None, None);
    }

    /// Each clause is made weaker by at most one contrast, so many of them take no longer.
    fn contrast(&mut self, at: usize) {
        self.end_clause(at);
        for clause in &mut self.found.clauses[self.before_contrast..] {
            clause.mood = clause.mood * BEFORE_CONTRAST;
        }
        self.before_contrast = self.found.clauses.len();
        self.later = AFTER_CONTRAST;
    }
}

/// What is not said by the author: walked through beside the words, both in order.
struct Shade<'a> {
    tokens: std::slice::Iter<'a, Token>,
    token: Option<&'a Token>,
    places: Vec<(usize, usize)>,
    next_place: usize,
    /// Of the places begun so far, the one that ends last.
    place: (usize, usize),
}

impl<'a> Shade<'a> {
    fn new(tokens: &'a [Token], mentions: &[Mention]) -> Shade<'a> {
        let places = mentions.iter().flat_map(|m| &m.places);
        let mut places: Vec<_> = places.map(|&(start, end)| (start as usize, end as usize)).collect();
        places.sort_unstable();
        Shade { tokens: tokens.iter(), token: None, places, next_place: 0, place: (0, 0) }
    }

    /// 0 for what is not said at all, less than 1 for what is hardly said.
    fn weight(&mut self, start: usize, end: usize) -> f32 {
        while self.places.get(self.next_place).is_some_and(|p| p.0 <= start) {
            let place = self.places[self.next_place];
            if place.1 > self.place.1 {
                self.place = place;
            }
            self.next_place += 1;
        }
        // A word inside a brand's name is no opinion; a query's word that is one whole is.
        if end <= self.place.1 && (start, end) != self.place {
            return 0.0;
        }
        while self.token.is_none_or(|t| t.end as usize <= start) {
            let shading =
                |t: &&Token| matches!(t.kind, TokenKind::Account | TokenKind::Url | TokenKind::Hashtag);
            self.token = self.tokens.find(shading);
            if self.token.is_none() {
                return 1.0;
            }
        }
        match self.token {
            Some(t) if t.start as usize <= start && t.kind == TokenKind::Hashtag => HASHTAG,
            Some(t) if t.start as usize <= start => 0.0,
            _ => 1.0,
        }
    }
}
