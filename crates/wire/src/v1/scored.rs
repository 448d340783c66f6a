//! A mention that was read, as JSON: in `posts.scored`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tocsin_model::{BrandId, Concern, EMOTIONS, Emotion, Emotions, Intent, Milli, Scored, Sentiment};

use super::matched::{ReadV1, WithinV1};
use super::tokenized::{TokenV1, cut, uncut};
use super::{MatchedV1, One};
use crate::Unreadable;

const WHAT: &str = "scored post";

/// A mention that was read: mood for the post and each brand, emotion, concern, intent, reach. Probabilities are
/// in thousandths.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Scored", bound = "")]
pub(crate) struct ScoredV1<'a, M> {
    v: One,
    /// The mood of the whole post.
    sentiment: SentimentV1,
    /// The mood towards each brand, in the order of `matched.mentions`.
    #[serde(borrow)]
    by_brand: Vec<BrandSentimentV1<'a>>,
    /// What its author feels.
    emotions: EmotionsV1,
    /// How probable it is that it says the contrary of what it means.
    irony: u16,
    /// What it wants: `complaint`, `question`, …
    #[serde(borrow)]
    intent: Cow<'a, str>,
    /// What it is concerned about.
    #[serde(borrow)]
    concerns: Vec<Cow<'a, str>>,
    /// Persons whom it may have reached.
    reach: u64,
    /// The version of what read it.
    #[serde(borrow)]
    model: Cow<'a, str>,
    /// The pieces of the author's own words in `matched.clean`, in order.
    tokens: Vec<TokenV1>,
    /// The simhash of the own words, 16 hexadecimal digits: near copies differ in few bits.
    #[serde(borrow)]
    fingerprint: Cow<'a, str>,
    /// What was read, as `posts.matched` has it.
    #[schemars(with = "WithinV1")]
    matched: M,
}

/// How probable each way is; the three add up to 1000.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Sentiment")]
struct SentimentV1 {
    negative: u16,
    neutral: u16,
    positive: u16,
}

/// The mood towards a brand.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BrandSentiment")]
struct BrandSentimentV1<'a> {
    #[serde(borrow)]
    brand: Cow<'a, str>,
    negative: u16,
    neutral: u16,
    positive: u16,
}

/// How probable each emotion is.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Emotions")]
struct EmotionsV1 {
    anger: u16,
    disgust: u16,
    fear: u16,
    sadness: u16,
    surprise: u16,
    joy: u16,
    none: u16,
}

const INTENTS: [Intent; 8] = [
    Intent::Complaint,
    Intent::Question,
    Intent::Suggestion,
    Intent::Rumour,
    Intent::News,
    Intent::Praise,
    Intent::Promotion,
    Intent::Other,
];

/// A scored post as JSON.
pub fn write_scored(scored: &Scored) -> Vec<u8> {
    let (tokens, fingerprint) = cut(&scored.tokenized);
    super::json(&ScoredV1 {
        v: One,
        sentiment: SentimentV1::from(scored.sentiment),
        by_brand: scored.by_brand.iter().map(BrandSentimentV1::from).collect(),
        emotions: EmotionsV1::from(&scored.emotions),
        irony: thousandths(scored.irony),
        intent: Cow::Borrowed(scored.intent.name()),
        concerns: scored.concerns.iter().map(|concern| Cow::Borrowed(&*concern.0)).collect(),
        reach: scored.reach,
        model: Cow::Borrowed(&scored.model),
        tokens,
        fingerprint,
        matched: MatchedV1::from(&scored.tokenized.matched),
    })
}

/// The contrary of [`write_scored`].
///
/// # Errors
/// JSON that it did not write, or a newer version did.
pub fn read_scored(json: &[u8]) -> Result<Scored, Unreadable> {
    let shape: ScoredV1<'_, ReadV1<'_>> = super::shape(WHAT, json)?;
    let wrong = |why: String| Unreadable::new(WHAT, why);
    let by_brand = shape.by_brand.into_iter().map(BrandSentimentV1::into_model);
    let intent = INTENTS.into_iter().find(|intent| intent.name() == shape.intent);
    Ok(Scored {
        sentiment: shape.sentiment.into_model().map_err(wrong)?,
        by_brand: by_brand.collect::<Result<_, _>>().map_err(wrong)?,
        emotions: shape.emotions.into_model().map_err(wrong)?,
        irony: milli(shape.irony).map_err(wrong)?,
        intent: intent.ok_or_else(|| wrong(format!("its intent is {:?}", shape.intent)))?,
        concerns: shape.concerns.iter().map(|concern| Concern(concern.as_ref().into())).collect(),
        reach: shape.reach,
        model: shape.model.as_ref().into(),
        tokenized: uncut(WHAT, shape.matched, shape.tokens, &shape.fingerprint)?,
    })
}

fn thousandths(milli: Milli) -> u16 {
    u16::try_from(milli.thousandths()).expect("a share has at most 1000 thousandths")
}

fn milli(thousandths: u16) -> Result<Milli, String> {
    if thousandths > 1000 {
        return Err(format!("a probability of {thousandths} thousandths"));
    }
    Ok(Milli::new(thousandths))
}

impl From<Sentiment> for SentimentV1 {
    fn from(s: Sentiment) -> SentimentV1 {
        SentimentV1 {
            negative: thousandths(s.negative),
            neutral: thousandths(s.neutral),
            positive: thousandths(s.positive),
        }
    }
}

impl SentimentV1 {
    fn into_model(self) -> Result<Sentiment, String> {
        let SentimentV1 { negative, neutral, positive } = self;
        if u32::from(negative) + u32::from(neutral) + u32::from(positive) != 1000 {
            return Err("the three of a mood do not add up to 1000 thousandths".to_owned());
        }
        Ok(Sentiment { negative: milli(negative)?, neutral: milli(neutral)?, positive: milli(positive)? })
    }
}

impl<'a> From<&'a (BrandId, Sentiment)> for BrandSentimentV1<'a> {
    fn from((brand, sentiment): &'a (BrandId, Sentiment)) -> BrandSentimentV1<'a> {
        let SentimentV1 { negative, neutral, positive } = SentimentV1::from(*sentiment);
        BrandSentimentV1 { brand: Cow::Borrowed(brand.as_str()), negative, neutral, positive }
    }
}

impl BrandSentimentV1<'_> {
    fn into_model(self) -> Result<(BrandId, Sentiment), String> {
        let BrandSentimentV1 { brand, negative, neutral, positive } = self;
        let brand = BrandId::new(&brand).map_err(|bad| format!("a brand {bad}"))?;
        Ok((brand, SentimentV1 { negative, neutral, positive }.into_model()?))
    }
}

impl From<&Emotions> for EmotionsV1 {
    fn from(emotions: &Emotions) -> EmotionsV1 {
        let of = |emotion| thousandths(emotions.of(emotion));
        EmotionsV1 {
            anger: of(Emotion::Anger),
            disgust: of(Emotion::Disgust),
            fear: of(Emotion::Fear),
            sadness: of(Emotion::Sadness),
            surprise: of(Emotion::Surprise),
            joy: of(Emotion::Joy),
            none: of(Emotion::None),
        }
    }
}

impl EmotionsV1 {
    fn into_model(self) -> Result<Emotions, String> {
        let mut emotions = Emotions([Milli::default(); EMOTIONS.len()]);
        for (place, emotion) in emotions.0.iter_mut().zip(EMOTIONS) {
            *place = milli(match emotion {
                Emotion::Anger => self.anger,
                Emotion::Disgust => self.disgust,
                Emotion::Fear => self.fear,
                Emotion::Sadness => self.sadness,
                Emotion::Surprise => self.surprise,
                Emotion::Joy => self.joy,
                Emotion::None => self.none,
            })?;
        }
        Ok(emotions)
    }
}
