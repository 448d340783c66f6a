//! What a post wants, by rules: the first that holds.

use tocsin_model::{Intent, Label};

use crate::evidence::Evidence;
use crate::lexicon::cue;

/// Words of advertising from which on a post is an advertisement; one is enough if something is to be won.
const PROMOTIONS_MIN: u32 = 2;

pub(crate) fn intent(evidence: &Evidence, label: Label) -> Intent {
    let has = |cue: u16| evidence.cues & cue != 0;
    let complains = label == Label::Negative && (has(cue::COMPLAINT) || evidence.concerns != 0);
    match () {
        () if has(cue::PRIZE) && label != Label::Negative => Intent::Promotion,
        () if evidence.promotions >= PROMOTIONS_MIN && label != Label::Negative => Intent::Promotion,
        () if has(cue::RUMOUR) && !has(cue::NEWS) => Intent::Rumour,
        () if complains && !has(cue::NEWS) => Intent::Complaint,
        () if has(cue::NEWS) => Intent::News,
        () if has(cue::SUGGESTION) => Intent::Suggestion,
        () if has(cue::QUESTION) && label != Label::Positive => Intent::Question,
        () if label == Label::Positive => Intent::Praise,
        () => Intent::Other,
    }
}
