//! What a post wants, by rules: the first that holds.

use tocsin_model::{Intent, Label};

use crate::evidence::{Evidence, figure};
use crate::lexicon::cue;

/// Words of advertising from which on a post is an advertisement; one is enough if something is to be won.
const PROMOTIONS_MIN: u32 = 2;
/// From which sum of words against on a wish is a complaint.
const COMPLAINS: f32 = 2.0;

/// From which sum of words for on a post with a question in it is praise.
const PRAISES: f32 = 2.0;

pub(crate) fn intent(evidence: &Evidence, label: Label) -> Intent {
    let has = |cue: u16| evidence.has(cue);
    let wishes = evidence.figures & figure::WISH != 0 || has(cue::SUGGESTION);
    let complains = label == Label::Negative && (has(cue::COMPLAINT) || evidence.concerns != 0);
    match () {
        // Who is angry at a raffle is no advertiser.
        () if has(cue::PRIZE) && label != Label::Negative => Intent::Promotion,
        () if evidence.promotions >= PROMOTIONS_MIN && label != Label::Negative => Intent::Promotion,
        () if has(cue::RUMOUR) && !has(cue::NEWS) => Intent::Rumour,
        () if wishes && !has(cue::NEWS) && evidence.mood.negative < COMPLAINS && !has(cue::COMPLAINT) => {
            Intent::Suggestion
        }
        () if complains && !has(cue::NEWS) => Intent::Complaint,
        () if has(cue::NEWS) => Intent::News,
        () if evidence.asks() && (label != Label::Positive || evidence.mood.positive < PRAISES) => {
            Intent::Question
        }
        () if label == Label::Positive => Intent::Praise,
        () => Intent::Other,
    }
}
