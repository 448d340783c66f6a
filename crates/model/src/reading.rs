//! What the text says: tokens, mood, concern.

use crate::{BrandId, Matched};

/// A probability or a share in thousandths: 0 to 1000. Integers, so that sums do not depend on order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Milli(u16);

impl Milli {
    /// Rounds a probability; what lies outside 0 to 1 is brought to the nearer end.
    pub fn from_probability(p: f64) -> Milli {
        Milli((p.clamp(0.0, 1.0) * 1000.0).round() as u16)
    }
    /// So many thousandths, at most 1000.
    pub const fn new(thousandths: u16) -> Milli {
        Milli(if thousandths > 1000 { 1000 } else { thousandths })
    }
    /// In thousandths.
    pub const fn thousandths(self) -> u64 {
        self.0 as u64
    }
    /// As a probability, 0 to 1.
    pub fn probability(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// Which way a text leans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// Against.
    Negative,
    /// Neither.
    Neutral,
    /// For.
    Positive,
}

impl Label {
    /// `negative`, `neutral` or `positive`.
    pub fn name(self) -> &'static str {
        match self {
            Label::Negative => "negative",
            Label::Neutral => "neutral",
            Label::Positive => "positive",
        }
    }
}

/// How probable each way is; the three add up to 1000 thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentiment {
    /// Against.
    pub negative: Milli,
    /// Neither.
    pub neutral: Milli,
    /// For.
    pub positive: Milli,
}

impl Sentiment {
    /// Nothing is known: neutral.
    pub const NEUTRAL: Sentiment =
        Sentiment { negative: Milli::new(0), neutral: Milli::new(1000), positive: Milli::new(0) };

    /// From probabilities of negative and positive; neutral is what is left. If the two exceed 1
    /// together they are scaled down.
    pub fn new(negative: f64, positive: f64) -> Sentiment {
        let (negative, positive) = (negative.clamp(0.0, 1.0), positive.clamp(0.0, 1.0));
        let sum = (negative + positive).max(1.0);
        let n = Milli::from_probability(negative / sum);
        let p = Milli(Milli::from_probability(positive / sum).0.min(1000 - n.0));
        Sentiment { negative: n, neutral: Milli(1000 - n.0 - p.0), positive: p }
    }
    /// The most probable way; a tie goes to neutral, then to negative.
    pub fn label(self) -> Label {
        if self.neutral >= self.negative && self.neutral >= self.positive {
            Label::Neutral
        } else if self.negative >= self.positive {
            Label::Negative
        } else {
            Label::Positive
        }
    }
}

/// What somebody feels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Emotion {
    /// 愤怒
    Anger,
    /// 厌恶
    Disgust,
    /// 恐惧
    Fear,
    /// 悲伤
    Sadness,
    /// 惊讶
    Surprise,
    /// 喜悦
    Joy,
    /// None of these.
    None,
}

/// All emotions, in the order of [`Emotions`].
pub const EMOTIONS: [Emotion; 7] = [
    Emotion::Anger,
    Emotion::Disgust,
    Emotion::Fear,
    Emotion::Sadness,
    Emotion::Surprise,
    Emotion::Joy,
    Emotion::None,
];

impl Emotion {
    /// `anger`, `disgust`, …
    pub fn name(self) -> &'static str {
        match self {
            Emotion::Anger => "anger",
            Emotion::Disgust => "disgust",
            Emotion::Fear => "fear",
            Emotion::Sadness => "sadness",
            Emotion::Surprise => "surprise",
            Emotion::Joy => "joy",
            Emotion::None => "none",
        }
    }
}

/// How probable each emotion is, in the order of [`EMOTIONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emotions(pub [Milli; 7]);

impl Emotions {
    /// How probable this one is.
    pub fn of(&self, emotion: Emotion) -> Milli {
        self.0[emotion as usize]
    }
    /// The most probable; the first of equals.
    pub fn label(&self) -> Emotion {
        let best = (0..7).rev().max_by_key(|&i| self.0[i]).unwrap_or(6);
        EMOTIONS[best]
    }
}

/// What people are concerned about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Concern(pub std::sync::Arc<str>);

/// What a post wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Intent {
    /// Something is wrong.
    Complaint,
    /// Wants to know.
    Question,
    /// Wants something changed.
    Suggestion,
    /// Passes on what is not known to be so.
    Rumour,
    /// Reports.
    News,
    /// Is content.
    Praise,
    /// Advertises, or passes on to win.
    Promotion,
    /// None of these.
    Other,
}

impl Intent {
    /// `complaint`, `question`, …
    pub fn name(self) -> &'static str {
        match self {
            Intent::Complaint => "complaint",
            Intent::Question => "question",
            Intent::Suggestion => "suggestion",
            Intent::Rumour => "rumour",
            Intent::News => "news",
            Intent::Praise => "praise",
            Intent::Promotion => "promotion",
            Intent::Other => "other",
        }
    }
}

/// One piece of a cleaned text, by its place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// What it is.
    pub kind: TokenKind,
}

impl Token {
    /// Its letters.
    pub fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// A word.
    Word,
    /// A figure.
    Number,
    /// `#话题#` or `#tag`, with its marks.
    Hashtag,
    /// `@somebody`, with its mark.
    Account,
    /// 😡, one grapheme.
    Emoji,
    /// `[怒]`, with its brackets.
    Emoticon,
    /// A web address.
    Url,
    /// Marks and everything else that is not white space.
    Mark,
}

/// A mention with its own words cut up. Tokens joined with what lies between them give those back.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokenized {
    /// What was cut.
    pub matched: Matched,
    /// Those of the author's own words, in order, not overlapping. Empty for an update.
    pub tokens: Vec<Token>,
    /// 64-bit simhash of the author's own words (the whole text of a bare repost): near copies
    /// differ in few bits.
    pub fingerprint: u64,
}

/// A mention that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// What was read.
    pub tokenized: Tokenized,
    /// The mood of the whole post (its author's own words).
    pub sentiment: Sentiment,
    /// The mood towards each brand, in the order of `mentions`.
    pub by_brand: Vec<(BrandId, Sentiment)>,
    /// What its author feels.
    pub emotions: Emotions,
    /// How probable it is that it says the contrary of what it means.
    pub irony: Milli,
    /// What it wants.
    pub intent: Intent,
    /// What it is concerned about; may be empty.
    pub concerns: Vec<Concern>,
    /// Persons whom it may have reached.
    pub reach: u64,
    /// The version of what read it.
    pub model: std::sync::Arc<str>,
}
