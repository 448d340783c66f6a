//! Why a text was read as it was: what weighed how much, heaviest first.

use crate::evidence::{Clause, Evidence, Hit};

/// How many reasons are given.
pub(crate) const REASONS_MAX: usize = 32;

/// One thing that weighed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Where it stands in the cleaned text, in bytes.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// A word of the lexicon, or an n-gram of the model.
    pub by: By,
    /// What happened to it: `negated`, `wish`, `before but`, …
    pub rules: Vec<&'static str>,
    /// For more than 0, against less than 0; in the units of what it is by.
    pub weight: f64,
}

/// What weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A word of the lexicon: its weight there, after the rules.
    Word,
    /// An emoticon or emoji of the lexicon.
    Face,
    /// An n-gram of the trained model: what it adds to the log-odds of for over against.
    Ngram,
}

impl By {
    /// `word`, `face` or `n-gram`.
    pub fn name(self) -> &'static str {
        match self {
            By::Word => "word",
            By::Face => "face",
            By::Ngram => "n-gram",
        }
    }
}

/// The words of mood, each with what the rules made of it.
pub(crate) fn reasons(evidence: &Evidence) -> Vec<Reason> {
    let mut from = 0;
    let mut reasons = Vec::new();
    for clause in &evidence.clauses {
        reasons.extend(evidence.hits[from..clause.hits_to].iter().map(|hit| reason(hit, clause)));
        from = clause.hits_to;
    }
    reasons
}

fn reason(hit: &Hit, clause: &Clause) -> Reason {
    let mut rules = Vec::new();
    rules.extend((hit.negation != 1.0).then_some("negated"));
    rules.extend(clause.manner.filter(|_| !hit.is_firm));
    match clause.weight {
        less if less < 1.0 => rules.push("before but"),
        more if more > 1.0 => rules.push("after but"),
        _ => {}
    }
    Reason {
        start: hit.start,
        end: hit.end,
        by: if hit.is_face { By::Face } else { By::Word },
        rules,
        weight: f64::from(hit.value(clause)),
    }
}

/// Heaviest first, at most [`REASONS_MAX`].
pub(crate) fn heaviest(mut reasons: Vec<Reason>) -> Vec<Reason> {
    reasons.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then(a.start.cmp(&b.start)));
    reasons.truncate(REASONS_MAX);
    reasons
}
