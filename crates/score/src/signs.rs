//! What the reading tells the linear model, as numbers: the model learns what each of them is worth.

use crate::evidence::{Evidence, Mood};

/// All signs are less than this.
pub(crate) const SIGNS: u32 = 1024;

/// Where each kind of sign begins; before the first stand the moods.
const FIGURES: u32 = 256;
const CUES: u32 = FIGURES + 16 * 8;
const EMOTIONS: u32 = CUES + 16 * 8;
const PROMOTIONS: u32 = EMOTIONS + 6 * 8;
const CONCERNS: u32 = PROMOTIONS + 4;

/// Steps of a sum of moods, from none to very much.
const STEPS: [f32; 5] = [0.0, 1.0, 2.5, 4.0, 7.0];

/// The signs of a text: numbers less than [`SIGNS`], in order, each at most once.
pub(crate) fn signs(evidence: &Evidence, out: &mut Vec<u32>) {
    let mut base = 0;
    let mut push = |value: u32, size: u32| {
        out.push(base + value);
        base += size;
    };
    let clauses = || evidence.clauses.iter().filter(|c| !c.mood.is_none());
    push(both(evidence.mood), 36);
    push(both(evidence.plain), 36);
    push(both(evidence.faces), 36);
    push(lean(evidence.mood) * 5 + lean(evidence.plain), 25);
    push(lean(evidence.mood) * 5 + lean(evidence.faces), 25);
    let (first, last) = (clauses().next(), clauses().next_back());
    push(first.map_or(5, |c| lean(c.mood)) * 6 + last.map_or(5, |c| lean(c.mood)), 36);
    push((clauses().count() as u32).min(7), 8);
    let leans = lean(evidence.mood);
    out.extend(bits(evidence.figures.into()).map(|bit| FIGURES + bit * 8 + leans));
    out.extend(bits(evidence.cues.into()).map(|bit| CUES + bit * 8 + leans));
    let felt = (0..).zip(&evidence.emotions).filter(|(_, strength)| **strength > 0.0);
    out.extend(felt.map(|(emotion, strength)| EMOTIONS + emotion * 8 + step(*strength)));
    out.push(PROMOTIONS + evidence.promotions.min(3));
    out.extend(bits(evidence.concerns).map(|bit| CONCERNS + bit));
    debug_assert!(out.iter().all(|sign| *sign < SIGNS), "{out:?}");
}

/// The places of the bits of a set.
fn bits(mut set: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let lowest = (set != 0).then(|| set.trailing_zeros());
        set &= set.wrapping_sub(1);
        lowest
    })
}

fn step(sum: f32) -> u32 {
    STEPS.iter().take_while(|least| sum > **least).count() as u32
}

fn both(mood: Mood) -> u32 {
    step(mood.negative) * 6 + step(mood.positive)
}

/// Which way, in five steps.
fn lean(mood: Mood) -> u32 {
    match mood.positive - mood.negative {
        less if less <= -2.0 => 0,
        less if less < -0.2 => 1,
        even if even <= 0.2 => 2,
        more if more < 2.0 => 3,
        _ => 4,
    }
}
