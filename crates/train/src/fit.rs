//! Gradient descent over sparse rows: Adagrad (Duchi, Hazan, Singer, 2011, section 5), one pass after the
//! other in an order drawn from the seed.

use tocsin_score::linear::{
    COLUMNS, Calibration, Features, IRONY, LEAN, Model, NEUTRAL, Outputs, Row, Rules, SIGN_VALUE, SIGNS,
    softmax,
};

use crate::labels::Aim;

/// A text to learn from.
pub(crate) struct Example {
    /// Places of its n-grams in the table, each with what it counts.
    pub(crate) places: Vec<(u32, f32)>,
    /// Its signs, whose places are those before all n-grams.
    pub(crate) signs: Vec<u32>,
    /// What the rules say, for those who are asked and not for those who learn.
    pub(crate) rules: Rules,
    pub(crate) aim: Aim,
    /// What it counts for its aim.
    pub(crate) weight: f32,
    /// The emotions among which its set chooses: a bit for each column.
    pub(crate) choices: u32,
}

/// Weights while they are learned, those of the signs first, and the squares of their gradients summed up.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) weights: Vec<Row>,
    pub(crate) squares: Vec<Row>,
}

/// How to descend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Descent {
    /// How far the first step goes.
    pub(crate) rate: f32,
    pub(crate) passes: usize,
    /// The share of a label that goes to its contraries: labels are wrong now and then.
    pub(crate) smoothing: f32,
    /// The share of n-grams that are left out at each look, so that signs and other n-grams learn to do without
    /// them (Hinton et al., Improving Neural Networks by Preventing Co-adaptation of Feature Detectors, 2012).
    pub(crate) dropout: f32,
    /// The share of looks at which no sign is seen, so that n-grams learn to do without them, too.
    pub(crate) sign_dropout: f32,
    /// A label counts by how probable it is already to the power of this: what all else speaks against is more often
    /// wrong, or true of its set alone (Zhang and Sabuncu, Generalized Cross Entropy Loss, 2018).
    pub(crate) doubt: f32,
    /// How strongly weights are drawn back to where they began, whenever they are looked at.
    pub(crate) pull: f32,
    pub(crate) seed: u64,
}

/// What a sum of squares begins with, so that the first step is no leap.
const SQUARES: f32 = 1e-3;

impl Table {
    /// For all signs and so many n-grams.
    pub(crate) fn new(ngrams: usize) -> Table {
        let places = SIGNS + ngrams;
        Table { weights: vec![[0.0; COLUMNS]; places], squares: vec![[SQUARES; COLUMNS]; places] }
    }

    /// Learns from all examples, `passes` times. `told` hears of each row.
    pub(crate) fn learn(&mut self, examples: &[&Example], how: Descent, told: &dyn Fn(u64)) {
        let start = self.weights.clone();
        let mut chance = Chance(how.seed);
        let mut order: Vec<u32> = (0..examples.len() as u32).collect();
        let mut places = Vec::new();
        for pass in 0..how.passes {
            chance.shuffle(&mut order);
            let rate = how.rate * (1.0 - pass as f32 / how.passes as f32).max(0.1);
            for &at in &order {
                let example = examples[at as usize];
                places.clear();
                // What is left counts more, so that its sum is as long as before.
                let more = 1.0 / (1.0 - how.dropout).sqrt();
                let kept = example.places.iter().filter(|_| chance.share() >= how.dropout);
                places.extend(kept.map(|(place, value)| (*place, value * more)));
                if chance.share() >= how.sign_dropout {
                    places.extend(signs(example));
                }
                let sums = self.sums(&places);
                let gradient = gradient(example, &sums, &how);
                let step = Step { rate, pull: how.pull, start: &start };
                self.step(&places, &gradient, &step);
                told(1);
            }
        }
    }

    /// Makes all that it says of polarity so many times as strong.
    pub(crate) fn scale_polarity(&mut self, by: f32) {
        for row in &mut self.weights {
            row[LEAN] *= by;
            row[NEUTRAL] *= by;
        }
    }

    fn sums(&self, places: &[(u32, f32)]) -> Row {
        let mut sums = [0.0; COLUMNS];
        for (place, value) in places {
            let row = &self.weights[*place as usize];
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight * value);
        }
        sums
    }

    fn step(&mut self, places: &[(u32, f32)], gradient: &Row, step: &Step<'_>) {
        for &(place, value) in places {
            let (row, squares) = (&mut self.weights[place as usize], &mut self.squares[place as usize]);
            for column in 0..COLUMNS {
                let slope = gradient[column] * value;
                squares[column] += slope * slope;
                row[column] -= step.rate * slope / squares[column].sqrt();
            }
            let start = &step.start[place as usize];
            row.iter_mut().zip(start).for_each(|(weight, start)| *weight -= step.pull * (*weight - start));
        }
    }

    /// The bytes of the model that it makes, its n-grams being those of these slots.
    pub(crate) fn to_bytes(&self, name: &str, calibration: Calibration, slots: &[u32]) -> Vec<u8> {
        let (signs, ngrams) =
            self.weights.split_first_chunk::<SIGNS>().expect("a table begins with all signs");
        let rows: Vec<(u32, Row)> = slots.iter().copied().zip(ngrams.iter().copied()).collect();
        Model::to_bytes(name, calibration, signs, &rows)
    }

    /// What it says together with the rules, without calibration.
    pub(crate) fn outputs(&self, example: &Example) -> Outputs {
        let places: Vec<(u32, f32)> = example.places.iter().copied().chain(signs(example)).collect();
        let mut sums = self.sums(&places);
        example.rules.apply(&mut sums);
        Outputs { sums, calibration: Calibration::NONE }
    }
}

/// The places in a table of the n-grams of a text, each with what it counts; `place` says which of the table's
/// n-grams a slot is.
pub(crate) fn placed(seen: &Features, place: impl Fn(u32) -> Option<u32>) -> Vec<(u32, f32)> {
    let of = |(slots, value): (&[u32], f32)| -> Vec<(u32, f32)> {
        slots.iter().filter_map(|slot| place(*slot)).map(|at| (SIGNS as u32 + at, value)).collect()
    };
    seen.runs().map(of).concat()
}

/// The places of its signs, each with what it counts.
fn signs(example: &Example) -> impl Iterator<Item = (u32, f32)> {
    example.signs.iter().map(|sign| (*sign, SIGN_VALUE))
}

/// How far a step goes, and what it is drawn back to.
struct Step<'a> {
    rate: f32,
    pull: f32,
    start: &'a [Row],
}

/// How probable a doubted label is at least: it must still be possible to learn it.
const DOUBTED_MIN: f32 = 0.02;

/// How the loss (cross entropy; of polarity with doubt) grows with each sum.
fn gradient(example: &Example, sums: &Row, &Descent { smoothing, doubt, .. }: &Descent) -> Row {
    let mut out = [0.0; COLUMNS];
    let weight = example.weight;
    match example.aim {
        Aim::Lean(label) | Aim::Sentiment(label) => {
            let mut p = [-sums[LEAN], sums[NEUTRAL], sums[LEAN]];
            if let Aim::Lean(_) = example.aim {
                p[1] = f32::NEG_INFINITY;
            }
            softmax(&mut p);
            let choices = p.iter().filter(|p| **p > 0.0).count() as f32;
            let aim = |at: usize| smoothing / choices + if at == label { 1.0 - smoothing } else { 0.0 };
            let weight = weight * (1.0 + doubt) * p[label].max(DOUBTED_MIN).powf(doubt);
            out[LEAN] = weight * ((p[2] - aim(2)) - (p[0] - aim(0)));
            if let Aim::Sentiment(_) = example.aim {
                out[NEUTRAL] = weight * (p[1] - aim(1));
            }
        }
        Aim::Emotion(label) => {
            let has = |column: &usize| example.choices >> column & 1 == 1;
            let columns: Vec<usize> = (0..COLUMNS).filter(has).collect();
            let mut p: Vec<f32> = columns.iter().map(|column| sums[*column]).collect();
            softmax(&mut p);
            for (&column, p) in columns.iter().zip(&p) {
                let aim =
                    smoothing / columns.len() as f32 + if column == label { 1.0 - smoothing } else { 0.0 };
                out[column] = weight * (p - aim);
            }
        }
        Aim::Irony(is) => {
            let aim = smoothing / 2.0 + if is { 1.0 - smoothing } else { 0.0 };
            out[IRONY] = weight * (1.0 / (1.0 + (-sums[IRONY]).exp()) - aim);
        }
    }
    out
}

/// SplitMix64 (Steele, Lea, Flood, 2014).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Fisher and Yates (Knuth, The Art of Computer Programming 2, section 3.4.2).
    pub(crate) fn shuffle<T>(&mut self, order: &mut [T]) {
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn share(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }
}
