//! The mood towards each brand: by the clauses in which it is named, and in comparisons by its side.

use tocsin_model::{BrandId, Mention, Milli, Sentiment};

use crate::evidence::{Clause, Evidence, Mood};
use crate::probability::{meant, sentiment};

/// What a clause tells of a brand that stands elsewhere, of the one named last before it, of those named
/// in it, and of the worse one of two that are compared in it.
const ELSEWHERE: f32 = 0.2;
const NAMED_BEFORE: f32 = 0.8;
const NAMED_HERE: f32 = 1.0;
const COMPARED_TO: f32 = 0.8;
/// A "but" that comes after it may speak of another brand, so it makes a clause weaker only down to this.
const CONTRASTED_MIN: f32 = 0.7;

/// Whether brands may differ in what is said of them: several are named, or one is compared with somebody or set
/// apart from him.
pub(crate) fn is_by_clause(evidence: &Evidence, mentions: &[Mention]) -> bool {
    let named = mentions.iter().filter(|m| !m.places.is_empty()).count();
    named > 1 || named == 1 && evidence.clauses.iter().any(|c| c.compares.is_some() || c.sets_apart)
}

/// The mood towards each brand, in the order of `mentions`. A brand without a place, or one that is alone
/// and compared with nobody, has the mood of the whole.
pub(crate) fn towards_each(
    evidence: &Evidence,
    mentions: &[Mention],
    whole: Sentiment,
    irony: f64,
) -> Vec<(BrandId, Sentiment)> {
    if evidence.mood.is_none() || !is_by_clause(evidence, mentions) {
        return mentions.iter().map(|m| (m.brand.clone(), whole)).collect();
    }
    let parts = parts(evidence, mentions);
    let of = |(m, part): (&Mention, Part)| {
        let sentiment = match part {
            _ if m.places.is_empty() => whole,
            Part { is_apart: true, mood } => sentiment(meant(mood, irony)),
            Part { mood, .. } => both(sentiment(meant(mood, irony)), whole),
        };
        (m.brand.clone(), sentiment)
    };
    mentions.iter().zip(parts).map(of).collect()
}

/// What is said of one brand.
#[derive(Clone, Copy)]
struct Part {
    mood: Mood,
    /// It is the worse one in a comparison, or set apart from the others, so the whole says nothing of it.
    is_apart: bool,
}

/// What the clauses say of each brand. Each looks only at the names in it and the one before it, so many
/// brands and many clauses take no longer than both lists together.
fn parts(evidence: &Evidence, mentions: &[Mention]) -> Vec<Part> {
    let mut names: Vec<(usize, usize)> = Vec::new();
    for (brand, mention) in mentions.iter().enumerate() {
        names.extend(mention.places.iter().map(|&(start, _)| (start as usize, brand)));
    }
    names.sort_unstable();
    let mut parts = vec![Part { mood: evidence.mood * ELSEWHERE, is_apart: false }; mentions.len()];
    // Clauses and names are both in order: `next` is the first name behind the clauses so far.
    let mut next = 0;
    for clause in &evidence.clauses {
        next += names[next..].iter().take_while(|name| name.0 < clause.start).count();
        let here = names[next..].iter().take_while(|name| name.0 < clause.end).count();
        let before = names[..next].last().or(names.first()).map(|name| name.1);
        share(clause, &names[next..next + here], before, &mut parts);
        next += here;
    }
    parts
}

/// Gives what a clause says to the brands of whom it speaks: those named `here`, or the one named `before`.
fn share(clause: &Clause, here: &[(usize, usize)], before: Option<usize>, parts: &mut [Part]) {
    let mood = clause.mood * (clause.weight.max(CONTRASTED_MIN) / clause.weight);
    // The worse one is the first that is named behind the word that compares.
    let worse = clause.compares.and_then(|(from, to)| here.iter().find(|name| (from..to).contains(&name.0)));
    let worse = worse.map(|name| name.1);
    if let Some(worse) = worse {
        parts[worse] = Part { mood: mood.turned() * COMPARED_TO, is_apart: true };
    }
    let mut named: Vec<usize> = here.iter().map(|name| name.1).filter(|b| Some(*b) != worse).collect();
    named.sort_unstable();
    named.dedup();
    for &brand in &named {
        if clause.sets_apart {
            parts[brand] = Part { mood: Mood::default(), is_apart: true };
        }
        parts[brand].mood += mood * (NAMED_HERE - ELSEWHERE);
    }
    if let Some(brand) = before.filter(|b| named.is_empty() && Some(*b) != worse) {
        parts[brand].mood += mood * (NAMED_BEFORE - ELSEWHERE);
    }
}

/// What the clauses of a brand say, and half as surely what the whole says: a product of experts (Hinton
/// 2002).
fn both(clauses: Sentiment, whole: Sentiment) -> Sentiment {
    let of = |clauses: Milli, whole: Milli| clauses.probability() * whole.probability().sqrt();
    let negative = of(clauses.negative, whole.negative);
    let positive = of(clauses.positive, whole.positive);
    let sum = negative + positive + of(clauses.neutral, whole.neutral);
    if sum > 0.0 { Sentiment::new(negative / sum, positive / sum) } else { clauses }
}
