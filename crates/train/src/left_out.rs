//! What is read right on sets that were left out: the nearest one comes to texts that nobody has seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use tocsin_model::BadId;
use tocsin_score::linear::Model;

use crate::card::is_research_only;
use crate::labels::{Aim, Question};
use crate::look::Eyes;
use crate::measure::{measure, measure_by};
use crate::plain::Plain;
use crate::recipe::{Recipe, train};
use crate::sets::Set;

/// Rows of each set that are learned from, and rows that are read: enough to compare by, and done in minutes.
const LEARNED_MAX: usize = 10_000;
const READ_MAX: usize = 4_000;

/// One set, left out.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Its name.
    pub set: String,
    /// How many of its rows were read.
    pub n: u64,
    /// Macro-F1, 0 to 1, of a model of ours that has learned from all other sets.
    pub ours: f64,
    /// The same of a plain linear model over n-grams of characters, which has learned from the same rows.
    pub plain: f64,
}

/// Leaves out one set of polarity after the other, with those that share its texts. Sets for research only are
/// read and never learned from. `told` hears of each set when it is begun.
///
/// # Errors
/// Never, as long as [`Eyes::new`] doesn't.
pub fn left_out(sets: &[Set], recipe: &Recipe, told: &dyn Fn(&str)) -> Result<Vec<LeftOut>, BadId> {
    let asks = |set: &&Set| matches!(set.question, Question::Lean | Question::Sentiment);
    let mut all = Vec::new();
    for set in sets.iter().filter(asks) {
        told(&set.name);
        let learned: Vec<Set> = sets
            .iter()
            .filter(|other| !is_research_only(&other.name) && !share_texts(set, other))
            .map(|other| some(other, LEARNED_MAX))
            .collect();
        let read = some(set, READ_MAX);
        let texts: Vec<&str> = read.rows.iter().map(|row| row.text.as_str()).collect();
        let trained = train(&learned, recipe, &|_, _, _| ())?;
        let model = Model::from_bytes(trained.bytes.into()).expect("what was just made is a model");
        let eyes = Eyes::new()?.with_model(Arc::new(model));
        let ours = measure(&read, &eyes.read_all(&texts, &|_| ()));
        let plain = Plain::train(&learned, recipe);
        let by_plain = |row: usize, labels: &[(Aim, String)]| {
            let p = plain.read(texts[row]);
            let of = |(aim, _): &(Aim, String)| match aim {
                Aim::Lean(label) | Aim::Sentiment(label) => p[*label],
                _ => 0.0,
            };
            labels.iter().map(of).collect()
        };
        let plain = measure_by(&read, by_plain).macro_f1();
        all.push(LeftOut { set: set.name.clone(), n: ours.n(), ours: ours.macro_f1(), plain });
    }
    Ok(all)
}

/// Whether more than one text in a hundred of either is in the other one, too.
fn share_texts(a: &Set, b: &Set) -> bool {
    let texts: BTreeSet<&str> = a.rows.iter().map(|row| row.text.trim()).collect();
    let shared = b.rows.iter().filter(|row| texts.contains(row.text.trim())).count();
    shared * 100 > a.rows.len().min(b.rows.len())
}

/// At most so many rows of a set, evenly from all of it.
fn some(set: &Set, most: usize) -> Set {
    let step = set.rows.len().div_ceil(most).max(1);
    Set { rows: set.rows.iter().step_by(step).cloned().collect(), ..set.clone() }
}
