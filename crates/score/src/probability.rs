//! From evidence to probabilities.

use tocsin_model::{Emotion, Emotions, Milli, Sentiment};

use crate::evidence::{Evidence, Mood, figure};
use crate::lexicon::cue;

/// A logistic regression with three outcomes (neutral is the one compared with): the bias, the factor of
/// what speaks for this outcome, the factor of what speaks for its contrary. The factors were fitted on
/// the train parts of nlpcc2013, ewect_usual and weibo2018, each set with the same weight, and rounded.
/// The bias is set lower than the fit says (-0.9 and -1.2), because these sets hold more feeling than
/// everyday talk about a brand does: a text without evidence is neutral at 0.75.
const NEGATIVE: [f32; 3] = [-1.8, 2.2, 0.4];
const POSITIVE: [f32; 3] = [-1.8, 2.0, 0.4];

/// How probable each way is. Evidence is counted by its logarithm: the tenth insult tells less than the first.
pub(crate) fn sentiment(mood: Mood) -> Sentiment {
    let (against, favour) = (mood.negative.ln_1p(), mood.positive.ln_1p());
    let negative = (NEGATIVE[0] + NEGATIVE[1] * against + NEGATIVE[2] * favour).exp();
    let positive = (POSITIVE[0] + POSITIVE[1] * favour + POSITIVE[2] * against).exp();
    let sum = 1.0 + negative + positive;
    Sentiment::new(f64::from(negative / sum), f64::from(positive / sum))
}

/// What the rules speak for, for or against, in the log-odds of the linear model: the more, the shorter the
/// text, because in a long one a rule that went wrong is nothing and n-grams are many. What speech turns
/// around (a wish, a rhetorical question) n-grams cannot see at all, so there the rules count more.
const RULES: f32 = 0.8;
const TURNED_RULES: f32 = 2.0;
/// How much of what n-grams say is left out where they cannot see what turns it around.
const BLIND: f32 = 0.75;
/// Bytes of a text in which rules count half: 13 Chinese characters.
const SHORT: f32 = 40.0;
/// What n-grams cannot see.
const UNSEEN: u16 = figure::WISH
    | figure::EXPECTATION
    | figure::PAST
    | figure::RHETORICAL
    | figure::UNMEANT_PRAISE
    | figure::NEGATED_TWICE
    | figure::NEGATED_BAD;

/// What is added to the log-odds of for over against, in a text of so many bytes.
pub(crate) fn tilt(evidence: &Evidence, bytes: usize) -> f32 {
    let irony = irony(evidence);
    let mood = meant(evidence.mood, irony);
    let lean = mood.positive.ln_1p() - mood.negative.ln_1p();
    let sure = RULES + if is_unseen(evidence, irony) { TURNED_RULES } else { 0.0 };
    lean * sure * shortness(bytes)
}

/// How much of the n-grams' lean counts, in a text of so many bytes.
pub(crate) fn seen_by_ngrams(evidence: &Evidence, bytes: usize) -> f32 {
    if is_unseen(evidence, irony(evidence)) { 1.0 - BLIND * shortness(bytes) } else { 1.0 }
}

fn is_unseen(evidence: &Evidence, irony: f64) -> bool {
    evidence.figures & UNSEEN != 0 || irony >= IRONIC
}

/// 1 for no text at all, half at [`SHORT`].
fn shortness(bytes: usize) -> f32 {
    SHORT / (SHORT + bytes as f32)
}

/// What is added to what speaks for neutral where it is only asked whether something is so.
const ASKED: f32 = 2.0;
/// From which sum of moods on more is said than asked.
const SAID: f32 = 1.5;

/// What is added to what speaks for neutral, in a text of so many bytes.
pub(crate) fn tilt_to_neutral(evidence: &Evidence, bytes: usize) -> f32 {
    let said = evidence.mood.negative + evidence.mood.positive;
    let asks = evidence.figures & figure::QUESTION != 0
        && evidence.figures & figure::RHETORICAL == 0
        && evidence.has(cue::WHETHER)
        && !evidence.has(cue::WHY);
    if asks && said < SAID { ASKED * shortness(bytes) } else { 0.0 }
}

/// How much of an emotion must be found before it is as probable as none.
const NO_EMOTION: f32 = 1.5;
/// A complaint is angry by this share of what it says against.
const COMPLAINT_ANGER: f32 = 0.5;

/// How probable each emotion is by the rules alone: its share of what was found; the seven add up to 1000.
pub(crate) fn emotions(evidence: &Evidence, irony: f64) -> Emotions {
    let mut found = evidence.emotions;
    if irony >= IRONIC {
        // Who praises what he means to blame is not glad.
        found[Emotion::Disgust as usize] += TURNED * std::mem::take(&mut found[Emotion::Joy as usize]);
    }
    if evidence.cues & cue::COMPLAINT != 0 && evidence.mood.negative > evidence.mood.positive {
        found[Emotion::Anger as usize] += COMPLAINT_ANGER * evidence.mood.negative;
    }
    let sum: f32 = found.iter().sum::<f32>() + NO_EMOTION;
    let mut shares = [Milli::default(); 7];
    let mut left = 1000;
    for (share, found) in shares.iter_mut().zip(found) {
        let thousandths = (found / sum * 1000.0) as u16;
        *share = Milli::new(thousandths);
        left -= thousandths.min(left);
    }
    shares[Emotion::None as usize] = Milli::new(left);
    Emotions(shares)
}

/// No mood, no emotion.
pub(crate) const NO_EMOTIONS: Emotions = Emotions([
    Milli::new(0),
    Milli::new(0),
    Milli::new(0),
    Milli::new(0),
    Milli::new(0),
    Milli::new(0),
    Milli::new(1000),
]);

/// How probable it is that praise is meant as blame: there is a mark that is seldom meant as it stands,
/// or praise, complaint and a sly face together. Numbers set by hand.
pub(crate) fn irony(evidence: &Evidence) -> f64 {
    let has = |cues: u16| f64::from(u8::from(evidence.cues & cues != 0));
    let both = evidence.mood.negative > 0.0 && evidence.mood.positive > 0.0;
    let wrong = evidence.mood.negative > 0.0 || evidence.cues & (cue::COMPLAINT | cue::IRONY) != 0;
    let sly = if wrong { has(cue::SLY) } else { 0.0 };
    let praised = if evidence.mood.positive > 0.0 { 1.0 } else { 0.0 };
    let unmeant = if evidence.figures & figure::UNMEANT_PRAISE != 0 { 3.5 } else { 0.0 };
    let marked = has(cue::IRONY) * (2.8 + 0.8 * praised);
    let z = -3.2 + marked + unmeant + 1.4 * sly + if both { 0.5 * (1.0 + sly) } else { 0.0 };
    1.0 / (1.0 + (-z).exp())
}

/// From which probability on irony turns praise around.
const IRONIC: f64 = 0.5;
/// Praise that is not meant is blame, a little weaker than blame said plainly.
const TURNED: f32 = 0.7;

/// The mood that is meant.
pub(crate) fn meant(mood: Mood, irony: f64) -> Mood {
    if irony < IRONIC {
        return mood;
    }
    Mood { negative: mood.negative + TURNED * mood.positive.max(1.0), positive: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tocsin_model::Label;

    fn of(negative: f32, positive: f32) -> Sentiment {
        sentiment(Mood { negative, positive })
    }

    #[test]
    fn without_evidence_a_text_is_mostly_neutral() {
        let nothing = of(0.0, 0.0);
        assert!((700..=850).contains(&nothing.neutral.thousandths()), "{nothing:?}");
    }

    #[test]
    fn more_evidence_is_never_less_sure() {
        for (less, more) in (0..40).map(|i| (i as f32 * 0.5, i as f32 * 0.5 + 0.5)) {
            assert!(of(less, 1.0).negative <= of(more, 1.0).negative);
            assert!(of(1.0, less).positive <= of(1.0, more).positive);
        }
        assert_eq!(of(6.0, 0.0).label(), Label::Negative);
        assert_eq!(of(0.0, 6.0).label(), Label::Positive);
    }

    #[test]
    fn endless_evidence_stays_a_probability() {
        let s = of(f32::MAX, f32::MAX);
        assert_eq!(s.negative.thousandths() + s.neutral.thousandths() + s.positive.thousandths(), 1000);
    }
}
