//! A model learns a user's own labels: a brand's slang, in a few hundred rows.
//!
//! Only what speaks for a lean and for neutral is learned, with each weight drawn back to where it was; so what
//! the rows say nothing of stays as it is. Slots that the model did not know get rows, those of least weight give way.

use std::collections::{BTreeMap, BTreeSet};

use tocsin_model::BadId;
use tocsin_score::linear::{Model, Row};

use crate::fit::{Descent, Example, Table, placed};
use crate::labels::{Aim, Question};
use crate::look::{Eyes, Seen};
use crate::recipe::Full;
use crate::sets::Labelled;

/// Fewer rows teach nothing that holds.
pub const TUNE_ROWS_MIN: usize = 20;

/// These three were set by hand, so that the slang of `tests/training.rs` is learned and nothing else there changes.
/// Passes over the rows.
const PASSES: usize = 12;
/// Smaller steps than in training, because the model knows most of it.
const RATE: f32 = 0.1;
/// How strongly each weight is drawn back at each step.
const PULL: f32 = 0.003;

/// The bytes of a model that read the rows, from one that reads in general. Labels are negative, neutral
/// and positive; where neutral is missing, nothing is learned of it.
///
/// # Errors
/// Never, as long as [`Eyes::new`] doesn't.
pub fn tune(model: &Model, name: &str, rows: &[Labelled], seed: u64) -> Result<Vec<u8>, BadId> {
    let eyes = Eyes::new()?;
    let question = Question::of(rows.iter().map(|row| row.label.as_str()));
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    let seen = eyes.look_at_all(&texts, &|_| ());
    // What the rows say comes first; then what the model knows, the greatest weights before the others.
    let known: BTreeMap<u32, Row> = model.rows().collect();
    let mut by_size: Vec<(&u32, f32)> =
        known.iter().map(|(slot, row)| (slot, row.iter().map(|w| w * w).sum())).collect();
    by_size.sort_by(|a, b| b.1.total_cmp(&a.1));
    let said = seen.iter().flat_map(|seen| &seen.slots).collect::<BTreeSet<_>>().into_iter();
    let mut full = Full::default();
    let mut weights = BTreeMap::new();
    for slot in said.chain(by_size.into_iter().map(|(slot, _)| slot)) {
        if !weights.contains_key(slot) && full.takes(*slot) {
            weights.insert(*slot, known.get(slot).copied().unwrap_or_default());
        }
    }
    let slots: Vec<u32> = weights.keys().copied().collect();
    let place = |slot: u32| slots.binary_search(&slot).ok().map(|at| at as u32);
    let mut examples = Vec::new();
    for (row, seen) in rows.iter().zip(seen) {
        let Some(aim) = Aim::of(question, &row.label) else { continue };
        let places = placed(&seen, place);
        let Seen { signs, rules, .. } = seen;
        examples.push(Example { places, signs, rules, aim, weight: 1.0, choices: 0 });
    }
    let mut table = Table::new(slots.len());
    table.weights = model.signs().chain(weights.into_values()).collect();
    let descent = Descent {
        rate: RATE,
        passes: PASSES,
        smoothing: 0.05,
        dropout: 0.0,
        sign_dropout: 0.0,
        doubt: 0.0,
        pull: PULL,
        seed,
    };
    table.learn(&examples.iter().collect::<Vec<_>>(), descent, &|_| ());
    Ok(table.to_bytes(name, model.calibration(), &slots))
}
