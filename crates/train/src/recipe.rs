//! From sets to a model: which slots are worth a row, what stands in the rows, how sure it may be.

use std::collections::HashMap;

use tocsin_model::BadId;
use tocsin_score::linear::{Calibration, EMOTION, OTHER, Outputs, Rules, SIGNS, WAYS, bucket, softmax};

use crate::fit::{Chance, Descent, Example, Table, placed};
use crate::labels::{Aim, Question, meaning};
use crate::look::{Eyes, Seen};
use crate::sets::{Labelled, Set};

/// How a model is made. The numbers were tried with an earlier trainer on rows held back from train, with the
/// figures of the shared test files in sight: those are therefore a little too good for this recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// What the model is called.
    pub name: String,
    /// What all chance is drawn from.
    pub seed: u64,
    /// Models whose weights are averaged: each sees the rows in another order.
    pub models: usize,
    /// Passes over all rows.
    pub passes: usize,
    /// How far the first step of descent goes.
    pub rate: f32,
    /// A set of n rows counts as (n / 10,000) to this power sets of 10,000.
    pub set_power: f32,
    /// A class counts by its share in its set to the power of minus this: 1 makes all classes equal.
    pub class_power: f32,
    /// What an emotion counts as a lean, where the set has no polarity of its own.
    pub emotion_lean: f32,
    /// In sets where nearly every text has an emoticon in brackets, the share of rows without them.
    pub faceless: f32,
    /// The share of a label that goes to its contraries.
    pub smoothing: f32,
    /// The share of n-grams that are left out at each look.
    pub dropout: f32,
    /// The share of looks at which the signs are left out, all of them.
    pub sign_dropout: f32,
    /// A label of polarity counts by how probable it is already to the power of this.
    pub doubt: f32,
    /// How strongly a weight is drawn to 0 whenever it is looked at.
    pub pull: f32,
    /// Slots that get a row, at most [`ROWS_MAX`](tocsin_score::linear::ROWS_MAX): the fewer, the sooner they are
    /// looked up.
    pub rows: usize,
}

impl Default for Recipe {
    fn default() -> Recipe {
        Recipe {
            name: "linear".into(),
            seed: 1,
            models: 2,
            passes: 8,
            rate: 0.12,
            set_power: 0.4,
            class_power: 1.0,
            emotion_lean: 0.5,
            faceless: 0.85,
            smoothing: 0.05,
            dropout: 0.1,
            sign_dropout: 0.2,
            doubt: 0.5,
            pull: 4e-6,
            rows: 120_000,
        }
    }
}

/// A model, made.
#[derive(Debug)]
pub struct Trained {
    /// The bytes of its file.
    pub bytes: Vec<u8>,
    /// Rows that it learned from.
    pub examples: usize,
    /// Slots that occurred in them.
    pub slots: usize,
    /// Slots that got a row.
    pub rows: usize,
}

/// One row in so many is held back to calibrate by.
const HELD_BACK: u64 = 10;
/// A slot that occurs less often has nothing to say.
const OCCURS_MIN: u32 = 2;
/// The temperature of the polarity that the rules' strength was set beside. A surer model would drown them: doubt makes it
/// surer, and contrasts were read wrong.
const SURE: f32 = 0.8;

/// Makes a model. `told` hears what is being done, how much of it is done, and how much there is.
///
/// # Errors
/// Never, as long as [`Eyes::new`] doesn't.
pub fn train(
    sets: &[Set],
    recipe: &Recipe,
    told: &(dyn Fn(&str, u64, u64) + Sync),
) -> Result<Trained, BadId> {
    let (texts, mut examples) = examples(sets, recipe);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let total = texts.len() as u64;
    let eyes = Eyes::new()?;
    let seen = eyes.look_at_all(&texts, &|more| told("looking at texts", more, total));
    let held_back: Vec<bool> =
        texts.iter().map(|text| Chance(hash(text)).next().is_multiple_of(HELD_BACK)).collect();
    let places = Places::frequent(&texts, &seen);
    let slots = places.slots.len();
    for (example, seen) in examples.iter_mut().zip(&seen) {
        places.fill(example, seen);
    }
    // A first look at what each slot is worth; then only those that are worth most.
    let all: Vec<&Example> = examples.iter().collect();
    let mut table = Table::new(slots);
    let first = Descent { passes: 2, ..descent(recipe, 0) };
    table.learn(&all, first, &|more| told("choosing features", more, 2 * total));
    let places = places.best(&table, recipe.rows);
    drop(table);
    for (example, seen) in examples.iter_mut().zip(&seen) {
        places.fill(example, seen);
    }
    drop(seen);
    let rows = places.slots.len();
    let (kept, aside): (Vec<_>, Vec<_>) = examples.iter().zip(&held_back).partition(|(_, held)| !**held);
    let kept: Vec<&Example> = kept.into_iter().map(|(example, _)| example).collect();
    let aside: Vec<&Example> = aside.into_iter().map(|(example, _)| example).collect();
    let one = Recipe { models: 2, ..recipe.clone() };
    let steps = (kept.len() * one.models * one.passes) as u64;
    let mut table = average(&kept, rows, &one, &|more| told("learning what to be sure of", more, steps));
    let modesty = SURE / calibrate(&table, &aside).polarity;
    table.scale_polarity(modesty);
    let calibration = calibrate(&table, &aside);
    drop(table);
    let steps = (examples.len() * recipe.models * recipe.passes) as u64;
    let all: Vec<&Example> = examples.iter().collect();
    let mut table = average(&all, rows, recipe, &|more| told("learning", more, steps));
    table.scale_polarity(modesty);
    let bytes = table.to_bytes(&recipe.name, calibration, &places.slots);
    Ok(Trained { bytes, examples: examples.len(), slots, rows })
}

fn descent(recipe: &Recipe, model: usize) -> Descent {
    Descent {
        rate: recipe.rate,
        passes: recipe.passes,
        smoothing: recipe.smoothing,
        dropout: recipe.dropout,
        sign_dropout: recipe.sign_dropout,
        doubt: recipe.doubt,
        pull: recipe.pull,
        seed: recipe.seed.wrapping_mul(1_000_003).wrapping_add(model as u64),
    }
}

/// Several models, two at a time, averaged in their order, so that the result is the same on any machine.
fn average(examples: &[&Example], rows: usize, recipe: &Recipe, told: &(dyn Fn(u64) + Sync)) -> Table {
    let learn = |model: usize| {
        let mut table = Table::new(rows);
        table.learn(examples, descent(recipe, model), told);
        table
    };
    let mut sum = Table::new(rows);
    for first in (0..recipe.models).step_by(2) {
        let tables: Vec<Table> = std::thread::scope(|scope| {
            let models = first..recipe.models.min(first + 2);
            let threads: Vec<_> = models.map(|model| scope.spawn(move || learn(model))).collect();
            let join = |t: std::thread::ScopedJoinHandle<'_, Table>| {
                t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            threads.into_iter().map(join).collect()
        });
        for table in tables {
            let share = 1.0 / recipe.models as f32;
            for (sum, row) in sum.weights.iter_mut().zip(table.weights) {
                sum.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight * share);
            }
        }
    }
    sum
}

/// What there is to learn: texts, and what each of them teaches.
fn examples(sets: &[Set], recipe: &Recipe) -> (Vec<String>, Vec<Example>) {
    let (mut texts, mut examples) = (Vec::new(), Vec::new());
    for set in sets {
        // A feeling is a lean, too, unless another set says of the same texts which way they lean.
        let twin = set.name.strip_suffix("_emotion").is_some_and(|twin| sets.iter().any(|s| s.name == twin));
        let leans = set.question == Question::Emotion && !twin;
        let aims = |row: &Labelled| {
            let aim = Aim::of(set.question, &row.label).map(|aim| (aim, 1.0));
            let lean = if leans { lean_of(&row.label) } else { None };
            [aim, lean.map(|lean| (Aim::Lean(lean), recipe.emotion_lean))]
        };
        let mut counts = Counts::default();
        set.rows.iter().flat_map(aims).flatten().for_each(|(aim, _)| counts.add(aim));
        let faces = set.rows.iter().filter(|row| row.text.contains('[')).count();
        let is_faced = faces * 10 > set.rows.len() * 9;
        for row in &set.rows {
            let faceless = is_faced
                && Chance(recipe.seed ^ hash(&row.text)).next() % 1000 < (recipe.faceless * 1000.0) as u64;
            for (aim, factor) in aims(row).into_iter().flatten() {
                texts.push(if faceless { without_faces(&row.text) } else { row.text.clone() });
                examples.push(Example {
                    places: Vec::new(),
                    signs: Vec::new(),
                    rules: Rules::default(),
                    aim,
                    weight: factor * counts.weight(aim, recipe),
                    choices: counts.choices,
                });
            }
        }
    }
    (texts, examples)
}

fn lean_of(label: &str) -> Option<usize> {
    match meaning(label)? {
        crate::labels::Meaning::Feeling(_, lean) => lean.filter(|lean| *lean != 1),
        _ => None,
    }
}

/// How often each aim occurs in a set.
#[derive(Default)]
pub(crate) struct Counts {
    by_aim: Vec<(Aim, f32)>,
    /// The emotions among its labels.
    choices: u32,
}

impl Counts {
    pub(crate) fn add(&mut self, aim: Aim) {
        if let Aim::Emotion(column) = aim {
            self.choices |= 1 << column;
        }
        match self.by_aim.iter_mut().find(|(known, _)| *known == aim) {
            Some((_, count)) => *count += 1.0,
            None => self.by_aim.push((aim, 1.0)),
        }
    }

    /// What a row with this aim counts.
    pub(crate) fn weight(&self, aim: Aim, recipe: &Recipe) -> f32 {
        let alike = |other: &Aim| std::mem::discriminant(other) == std::mem::discriminant(&aim);
        let same: Vec<&(Aim, f32)> = self.by_aim.iter().filter(|(other, _)| alike(other)).collect();
        let total: f32 = same.iter().map(|(_, count)| count).sum();
        let count = same.iter().find(|(other, _)| *other == aim).map_or(1.0, |(_, count)| *count);
        let of_class = (total / same.len() as f32 / count).powf(recipe.class_power);
        0.5 * of_class * (total / 10_000.0).powf(recipe.set_power - 1.0)
    }
}

/// Without emoticons in brackets of up to 8 characters.
fn without_faces(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, behind)) = rest.split_once('[') {
        out.push_str(before);
        match behind.char_indices().take(9).find(|(_, c)| *c == ']') {
            Some((end, _)) => rest = &behind[end + 1..],
            None => {
                out.push('[');
                rest = behind;
            }
        }
    }
    out + rest
}

/// FNV-1a (Fowler, Noll, Vo).
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// How full the buckets of a model are.
#[derive(Default)]
pub(crate) struct Full(HashMap<usize, usize>);

impl Full {
    /// Takes a slot in, if there is still room in its bucket.
    pub(crate) fn takes(&mut self, slot: u32) -> bool {
        let taken = self.0.entry(bucket(slot)).or_default();
        *taken += 1;
        *taken <= WAYS
    }
}

/// Which slots have a row, in order, and where each of them stands.
struct Places {
    slots: Vec<u32>,
    of_slot: Vec<u32>,
}

/// No place.
const NOWHERE: u32 = u32::MAX;

impl Places {
    fn of(slots: Vec<u32>) -> Places {
        let mut of_slot = vec![NOWHERE; slots.last().map_or(0, |last| *last as usize + 1)];
        slots.iter().zip(0..).for_each(|(slot, place)| of_slot[*slot as usize] = place);
        Places { slots, of_slot }
    }

    /// Slots that occur [`OCCURS_MIN`] times and more. A text that teaches two things stands there twice in a row, and
    /// counts once.
    fn frequent(texts: &[&str], seen: &[Seen]) -> Places {
        let mut counts: Vec<u32> = Vec::new();
        let again = std::iter::once(false).chain(texts.windows(2).map(|two| two[0] == two[1]));
        let once = seen.iter().zip(again).filter(|(_, again)| !again);
        for &slot in once.flat_map(|(seen, _)| &seen.slots) {
            if counts.len() <= slot as usize {
                counts.resize(slot as usize + 1, 0);
            }
            counts[slot as usize] += 1;
        }
        Places::of((0..counts.len() as u32).filter(|slot| counts[*slot as usize] >= OCCURS_MIN).collect())
    }

    /// Those whose loss would be felt most, as far as their buckets hold them: the square of a weight times that of
    /// its gradients (LeCun, Denker, Solla, Optimal Brain Damage, 1990, with Fisher's approximation).
    fn best(self, table: &Table, most: usize) -> Places {
        let worth = |at: usize| -> f32 {
            let place = SIGNS + at;
            table.weights[place].iter().zip(&table.squares[place]).map(|(w, s)| w * w * s).sum()
        };
        let mut order: Vec<(f32, u32)> =
            self.slots.iter().enumerate().map(|(at, slot)| (worth(at), *slot)).collect();
        order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut full = Full::default();
        let mut slots: Vec<u32> =
            order.into_iter().map(|(_, slot)| slot).filter(|slot| full.takes(*slot)).take(most).collect();
        slots.sort_unstable();
        Places::of(slots)
    }

    /// Gives an example what of its text has a place.
    fn fill(&self, example: &mut Example, seen: &Seen) {
        let place = |slot: u32| self.of_slot.get(slot as usize).copied().filter(|place| *place != NOWHERE);
        example.places = placed(seen, place);
        example.rules = seen.rules;
        example.signs.clone_from(&seen.signs);
    }
}

/// Finds for each group the temperature that makes rows held back most probable.
fn calibrate(table: &Table, aside: &[&Example]) -> Calibration {
    let said: Vec<(&Example, Outputs)> = aside.iter().map(|e| (*e, table.outputs(e))).collect();
    let best = |loss: &dyn Fn(f32) -> f32, candidates: &mut dyn Iterator<Item = f32>| {
        candidates.map(|x| (loss(x), x)).min_by(|a, b| a.0.total_cmp(&b.0)).map_or(1.0, |(_, x)| x)
    };
    let steps = || (1..=80).map(|i| i as f32 * 0.05);
    let mut c = Calibration::NONE;
    c.polarity = best(&|t| total(&said, Calibration { polarity: t, ..c }, is_polarity), &mut steps());
    c.emotion = best(&|t| total(&said, Calibration { emotion: t, ..c }, is_emotion), &mut steps());
    c.irony = best(&|t| total(&said, Calibration { irony: t, ..c }, is_irony), &mut steps());
    c
}

fn is_polarity(aim: Aim) -> bool {
    matches!(aim, Aim::Lean(_) | Aim::Sentiment(_))
}

fn is_emotion(aim: Aim) -> bool {
    matches!(aim, Aim::Emotion(_))
}

fn is_irony(aim: Aim) -> bool {
    matches!(aim, Aim::Irony(_))
}

/// How improbable the labels of some aims are.
fn total(said: &[(&Example, Outputs)], calibration: Calibration, which: fn(Aim) -> bool) -> f32 {
    let rows = said.iter().filter(|(example, _)| which(example.aim));
    rows.map(|(example, outputs)| {
        let outputs = Outputs { calibration, ..*outputs };
        let p = match example.aim {
            Aim::Lean(label) => {
                let [negative, _, positive] = outputs.polarity();
                let mut p = [negative, f32::NEG_INFINITY, positive];
                softmax(&mut p);
                p[label]
            }
            Aim::Sentiment(label) => {
                let mut p = outputs.polarity();
                softmax(&mut p);
                p[label]
            }
            Aim::Emotion(column) => {
                let mut p = outputs.emotion();
                for (at, p) in p.iter_mut().enumerate() {
                    if example.choices >> (EMOTION + at) & 1 == 0 {
                        *p = f32::NEG_INFINITY;
                    }
                }
                softmax(&mut p);
                p[column - EMOTION]
            }
            Aim::Irony(is) => {
                let p = outputs.irony() as f32;
                if is { p } else { 1.0 - p }
            }
        };
        -p.max(1e-6).ln() * example.weight
    })
    .sum()
}

const _: () = assert!(OTHER == EMOTION + 7, "emotions and other labels stand together");
