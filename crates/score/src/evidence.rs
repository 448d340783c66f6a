//! What a text says by rules: what leans where, what turns it around, and what it is a sign of.

use std::ops::{AddAssign, Mul};

use tocsin_model::{Emotion, Mention, Token};

use crate::lexicon::{Lexicon, Shift, cue};
use crate::walk::walk;

/// Praise that stands alone beside trouble is not meant, nor are thanks for it.
pub(crate) const UNMEANT: Turn = Turn::new(-0.8, 1.0);

/// Clauses of a text that has room for one thought.
const SHORT: usize = 4;

/// How much leans each way: weights of words summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Mood {
    pub(crate) negative: f32,
    pub(crate) positive: f32,
}

impl Mood {
    /// Of one word: against if less than 0.
    pub(crate) fn of(value: f32) -> Mood {
        Mood { negative: (-value).max(0.0), positive: value.max(0.0) }
    }

    pub(crate) fn is_none(self) -> bool {
        self.negative == 0.0 && self.positive == 0.0
    }

    /// The contrary.
    pub(crate) fn turned(self) -> Mood {
        Mood { negative: self.positive, positive: self.negative }
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

/// A word of mood in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// As it leans by itself, made stronger or weaker by words of degree.
    pub(crate) plain: f32,
    /// What negation made of it: 1 if nothing.
    pub(crate) negation: f32,
    pub(crate) emotion: Emotion,
    /// Nothing around it turns it.
    pub(crate) is_firm: bool,
    /// An emoticon or emoji.
    pub(crate) is_face: bool,
}

impl Hit {
    /// What it comes to in its clause.
    pub(crate) fn value(&self, clause: &Clause) -> f32 {
        let said = self.plain * self.negation;
        let meant = match clause.turn {
            _ if self.is_firm => said,
            // "难道还不够好吗".
            turn if self.negation < 0.0 && self.plain > 0.0 => said * turn.not_good,
            turn => turn.apply(said),
        };
        meant * clause.weight
    }
}

/// What a clause makes of the words in it: factors, less than 0 where it turns them around.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Turn {
    /// Of a word for.
    pub(crate) positive: f32,
    /// Of a word against.
    pub(crate) negative: f32,
    /// Of a word for that is negated.
    pub(crate) not_good: f32,
}

impl Turn {
    pub(crate) const NONE: Turn = Turn::new(1.0, 1.0);

    pub(crate) const fn new(positive: f32, negative: f32) -> Turn {
        Turn { positive, negative, not_good: negative }
    }

    pub(crate) fn of(shift: Shift) -> Turn {
        match shift {
            Shift::Wish => Turn::new(-0.5, 0.5),
            Shift::Expectation => Turn::new(-0.7, -0.5),
            Shift::Past => Turn::new(-0.5, 0.2),
            Shift::Condition => Turn::new(0.4, 0.4),
            // Blame in such a question stays blame.
            Shift::Rhetorical => Turn { positive: -0.8, negative: 0.7, not_good: -0.8 },
        }
    }

    /// One after the other.
    pub(crate) fn and(self, other: Turn) -> Turn {
        let through = |by: f32| if by < 0.0 { other.negative } else { other.positive };
        Turn {
            positive: self.positive * through(self.positive),
            negative: self.negative * through(-self.negative),
            not_good: self.not_good * if self.not_good < 0.0 { other.positive } else { other.not_good },
        }
    }

    /// What becomes of a word that leans this way.
    pub(crate) fn apply(self, value: f32) -> f32 {
        value * if value < 0.0 { self.negative } else { self.positive }
    }
}

/// A stretch between two marks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Up to which of the hits it goes; it begins where the last one ends.
    pub(crate) hits_to: usize,
    pub(crate) turn: Turn,
    /// Why it turns, for people.
    pub(crate) manner: Option<&'static str>,
    /// What contrast makes of it.
    pub(crate) weight: f32,
    /// Between these bytes the worse one of two is named.
    pub(crate) compares: Option<(usize, usize)>,
    /// Who is named in it has nothing to do with what the other clauses say.
    pub(crate) sets_apart: bool,
    /// Praise and nothing else; something went wrong; it is asked whether.
    pub(crate) is_praise: bool,
    pub(crate) is_trouble: bool,
    pub(crate) asks_whether: bool,
    /// What all of it comes to.
    pub(crate) mood: Mood,
}

/// What was found in a text.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// In order; those without a letter are left out.
    pub(crate) clauses: Vec<Clause>,
    /// Words of mood, in order.
    pub(crate) hits: Vec<Hit>,
    /// All clauses together.
    pub(crate) mood: Mood,
    /// The same before anything turned or weighed the words; without faces.
    pub(crate) plain: Mood,
    /// Emoticons and emoji, which are in `mood` as well.
    pub(crate) faces: Mood,
    /// In the order of the model's emotions, without the last one (none).
    pub(crate) emotions: [f32; 6],
    /// Which cues occurred.
    pub(crate) cues: u16,
    /// Which figures of speech occurred: bits of [`figure`].
    pub(crate) figures: u16,
    /// How many words of advertising.
    pub(crate) promotions: u32,
    /// Which concerns occurred.
    pub(crate) concerns: u64,
}

/// What speech does with moods: bits of a set.
pub(crate) mod figure {
    pub(crate) const NEGATED_GOOD: u16 = 1;
    pub(crate) const NEGATED_BAD: u16 = 1 << 1;
    pub(crate) const NEGATED_TWICE: u16 = 1 << 2;
    pub(crate) const CONTRAST: u16 = 1 << 3;
    pub(crate) const CONCESSION: u16 = 1 << 4;
    pub(crate) const WISH: u16 = 1 << 5;
    pub(crate) const EXPECTATION: u16 = 1 << 6;
    pub(crate) const PAST: u16 = 1 << 7;
    pub(crate) const CONDITION: u16 = 1 << 8;
    pub(crate) const RHETORICAL: u16 = 1 << 9;
    pub(crate) const QUESTION: u16 = 1 << 10;
    pub(crate) const COMPARISON: u16 = 1 << 11;
    pub(crate) const UNMEANT_PRAISE: u16 = 1 << 12;
    pub(crate) const QUOTED: u16 = 1 << 13;
    pub(crate) const EXCLAIMED: u16 = 1 << 14;
    pub(crate) const STRONG: u16 = 1 << 15;
}

/// Gathers from `text` (made plain by [`plain`](crate::plain)). `tokens` and `mentions` tell of what is not
/// the author's own opinion: accounts, links, hashtags, and brands with a word of mood in their name.
pub(crate) fn gather(
    lexicon: &Lexicon,
    text: &str,
    tokens: &[Token],
    mentions: &[Mention],
    found: &mut Evidence,
) {
    *found = walk(lexicon, text, tokens, mentions, std::mem::take(found).emptied());
    found.mark_unmeant_praise();
    found.add_up();
}

impl Evidence {
    /// Nothing found, with room for as much as there was.
    fn emptied(mut self) -> Evidence {
        self.clauses.clear();
        self.hits.clear();
        Evidence { clauses: self.clauses, hits: self.hits, ..Evidence::default() }
    }

    /// "Great, delayed again", "等了两小时，真棒": praise that is a clause of its own, and the clause before or
    /// behind it is trouble. In a long text it is a list of what was good and what was not.
    fn mark_unmeant_praise(&mut self) {
        if self.clauses.len() > SHORT {
            return;
        }
        for i in 0..self.clauses.len() {
            let near = |j: Option<usize>| {
                j.and_then(|j| self.clauses.get(j)).is_some_and(|c| c.is_trouble && c.weight == 1.0)
            };
            if self.clauses[i].is_praise && (near(i.checked_sub(1)) || near(Some(i + 1))) {
                let clause = &mut self.clauses[i];
                clause.turn = clause.turn.and(UNMEANT);
                clause.manner = Some("not meant");
                self.figures |= figure::UNMEANT_PRAISE;
            }
        }
    }

    /// Weighs each hit, and says where n-grams do not count as they stand.
    fn add_up(&mut self) {
        let mut from = 0;
        for clause in &mut self.clauses {
            let hits = &self.hits[from..clause.hits_to];
            from = clause.hits_to;
            for hit in hits {
                let into = if hit.is_face { &mut self.faces } else { &mut self.plain };
                *into += Mood::of(hit.plain);
                let value = hit.value(clause);
                clause.mood += Mood::of(value);
                add_emotion(&mut self.emotions, hit, value);
            }
            self.mood += clause.mood;
        }
    }

    pub(crate) fn has(&self, cues: u16) -> bool {
        self.cues & cues != 0
    }

    /// Whether a question was asked, rather than a complaint made in the form of one.
    pub(crate) fn asks(&self) -> bool {
        self.has(cue::QUESTION) && self.figures & figure::RHETORICAL == 0
    }
}

/// Praise turned around is scorn; blame turned around is no feeling of ours.
fn add_emotion(emotions: &mut [f32; 6], hit: &Hit, value: f32) {
    let strength = value.abs();
    let emotion = match (hit.plain * value >= 0.0, value < 0.0) {
        (true, _) => hit.emotion,
        (false, true) => Emotion::Disgust,
        (false, false) => return,
    };
    if emotion != Emotion::None {
        emotions[emotion as usize] += if hit.plain * value < 0.0 { strength * 0.5 } else { strength };
    }
}
