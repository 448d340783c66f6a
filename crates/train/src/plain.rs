//! A plain linear model, to measure ours by: hashed n-grams of one to four characters, and a softmax of negative,
//! neutral and positive. It learns from the same rows with the same weights, and knows no words and no rules.

use tocsin_score::linear::softmax;

use crate::fit::Chance;
use crate::labels::{Aim, Question};
use crate::recipe::{Counts, Recipe};
use crate::sets::Set;

const SLOT_BITS: u32 = 20;
const LONGEST: usize = 4;
const PASSES: usize = 4;
const RATE: f32 = 0.2;
/// What a sum of squares begins with, so that the first step is no leap.
const SQUARES: f32 = 1e-3;

/// Weights of each slot for the three ways.
pub(crate) struct Plain(Vec<[f32; 3]>);

struct Row {
    slots: Vec<u32>,
    label: usize,
    /// Sets of two ways say nothing of neutral.
    of_two: bool,
    weight: f32,
}

impl Plain {
    /// Learns from the sets of polarity by Adagrad, in an order drawn from the recipe's seed.
    pub(crate) fn train(sets: &[Set], recipe: &Recipe) -> Plain {
        let rows: Vec<Row> = sets.iter().flat_map(|set| rows(set, recipe)).collect();
        let mut plain = Plain(vec![[0.0; 3]; 1 << SLOT_BITS]);
        let mut squares = vec![[SQUARES; 3]; 1 << SLOT_BITS];
        let mut chance = Chance(recipe.seed);
        let mut order: Vec<usize> = (0..rows.len()).collect();
        for pass in 0..PASSES {
            chance.shuffle(&mut order);
            let rate = RATE * (1.0 - pass as f32 / PASSES as f32);
            for &at in &order {
                let row = &rows[at];
                let mut p = plain.sums(&row.slots);
                p[1] = if row.of_two { f32::NEG_INFINITY } else { p[1] };
                softmax(&mut p);
                p[row.label] -= 1.0;
                let value = row.weight * value(&row.slots);
                for &slot in &row.slots {
                    let (weights, squares) = (&mut plain.0[slot as usize], &mut squares[slot as usize]);
                    for way in 0..3 {
                        let slope = p[way] * value;
                        squares[way] += slope * slope;
                        weights[way] -= rate * slope / squares[way].sqrt();
                    }
                }
            }
        }
        plain
    }

    /// How probable negative, neutral and positive are.
    pub(crate) fn read(&self, text: &str) -> [f64; 3] {
        let mut p = self.sums(&slots(text));
        softmax(&mut p);
        p.map(f64::from)
    }

    fn sums(&self, slots: &[u32]) -> [f32; 3] {
        let value = value(slots);
        let add = |sums: [f32; 3], slot: &u32| {
            std::array::from_fn(|way| sums[way] + self.0[*slot as usize][way] * value)
        };
        slots.iter().fold([0.0; 3], add)
    }
}

fn rows(set: &Set, recipe: &Recipe) -> Vec<Row> {
    let aims = || set.rows.iter().map(|row| (row, Aim::of(set.question, &row.label)));
    let mut counts = Counts::default();
    aims().filter_map(|(_, aim)| aim).for_each(|aim| counts.add(aim));
    let of_two = set.question == Question::Lean;
    let row = |(row, aim): (&crate::sets::Labelled, Option<Aim>)| match aim? {
        aim @ (Aim::Lean(label) | Aim::Sentiment(label)) => {
            Some(Row { slots: slots(&row.text), label, of_two, weight: counts.weight(aim, recipe) })
        }
        _ => None,
    };
    aims().filter_map(row).collect()
}

/// The hashes of all n-grams (FNV-1a), as often as they occur.
fn slots(text: &str) -> Vec<u32> {
    let letters: Vec<char> = text.to_lowercase().chars().collect();
    let mut slots = Vec::with_capacity(letters.len() * LONGEST);
    for start in 0..letters.len() {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for c in letters[start..].iter().take(LONGEST) {
            hash = (hash ^ u64::from(*c)).wrapping_mul(0x0100_0000_01b3);
            slots.push((hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SLOT_BITS)) as u32);
        }
    }
    slots
}

fn value(slots: &[u32]) -> f32 {
    1.0 / (slots.len() as f32).max(1.0).sqrt()
}
