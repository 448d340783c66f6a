//! What came of an answer: what was heard after the brand's own post, against what was to come without it.
//!
//! The forecast is made as of the minute of the post, from the minutes before it, so it knows nothing of what the post
//! did. Beyond an hour a forecast says little, so after an hour nothing more is held against it.

use tocsin_model::{Answered, Minute};

use crate::detectors::Look;
use crate::forecast::{Minutes, forecast};

/// So long after its own post it is still asked what came of it.
const MINUTES_MAX: usize = 60;

/// The first of the brand's own posts of the last hour, if there is one, with what came of it.
pub(crate) fn answered(look: &Look<'_>) -> Option<Answered> {
    let view = look.view();
    let last = view.minutes.len() - 1;
    let from = last - MINUTES_MAX.min(last);
    let place = (from..last).find(|&minute| view.minutes[minute].answers > 0)?;
    let all = look.by_minute();
    let (heard, expected) = (all.heard, all.expected);
    let known = Minutes { heard: &heard[..=place], expected: &expected[..=place], passed: 1.0 };
    let since = |of: &[f64]| of[place + 1..].iter().sum::<f64>();
    let now = view.now.millis() as f64 / 60_000.0;
    let at = view.first_minute().0 + place as i64;
    // What is usual of the hours ahead makes the forecast's interval only, which is not asked here.
    let forecast = forecast(known, [0.0, 0.0]).within(now - (at + 1) as f64);
    let excess = since(&heard) - since(&expected);
    Some(Answered { at: Minute(at), minutes: (last - place) as u32, excess, forecast })
}
