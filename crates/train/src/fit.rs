//! Gradient descent over sparse rows: Adagrad (Duchi, Hazan, Singer, 2011, section 5), one pass after the
//! other in an order drawn from the seed.

use tocsin_score::linear::{
    COLUMNS, IRONY, KIND, KINDS, LEAN, NEUTRAL, OF_KIND, Outputs, Rules, Run, softmax,
};

use crate::labels::Aim;

/// A number for each column of the model.
pub(crate) type Row = [f32; COLUMNS];

/// A text to learn from.
pub(crate) struct Example {
    /// Places in the table.
    pub(crate) places: Vec<u32>,
    pub(crate) runs: Vec<Run>,
    pub(crate) rules: Rules,
    pub(crate) aim: Aim,
    /// What it counts for its aim.
    pub(crate) weight: f32,
    /// The emotions among which its set chooses: a bit for each column.
    pub(crate) choices: u32,
    /// The kind of talk, if it teaches which it is.
    pub(crate) kind: Option<usize>,
    /// What it counts for telling the kind.
    pub(crate) kind_weight: f32,
}

/// Weights while they are learned, and the squares of their gradients summed up.
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
    /// How often a row teaches the weights of its kind, and not only those of all.
    pub(crate) kind_share: f32,
    /// How strongly weights are drawn back to where they began.
    pub(crate) pull: f32,
    pub(crate) seed: u64,
}

/// What a sum of squares begins with, so that the first step is no leap.
const SQUARES: f32 = 1e-3;

impl Table {
    pub(crate) fn new(places: usize) -> Table {
        Table { weights: vec![[0.0; COLUMNS]; places], squares: vec![[SQUARES; COLUMNS]; places] }
    }

    /// Learns from all examples, `passes` times. `told` hears of each row.
    pub(crate) fn learn(&mut self, examples: &[&Example], how: Descent, told: &dyn Fn(u64)) {
        let start = if how.pull > 0.0 { self.weights.clone() } else { Vec::new() };
        let mut chance = Chance(how.seed);
        let mut order: Vec<u32> = (0..examples.len() as u32).collect();
        for pass in 0..how.passes {
            for last in (1..order.len()).rev() {
                order.swap(last, chance.below(last + 1));
            }
            let rate = how.rate * (1.0 - pass as f32 / how.passes as f32).max(0.1);
            for &at in &order {
                let example = examples[at as usize];
                let with_kind = example.kind.filter(|_| chance.share() < how.kind_share);
                let gradient = gradient(example, &self.sums(example), with_kind, how.smoothing);
                self.step(example, &gradient, rate, how.pull, &start);
                told(1);
            }
        }
    }

    pub(crate) fn sums(&self, example: &Example) -> Row {
        let mut sums = [0.0; COLUMNS];
        for (places, value) in runs(example) {
            for &place in places {
                let row = &self.weights[place as usize];
                for (sum, weight) in sums.iter_mut().zip(row) {
                    *sum += weight * value;
                }
            }
        }
        example.rules.apply(&mut sums);
        sums
    }

    fn step(&mut self, example: &Example, gradient: &Row, rate: f32, pull: f32, start: &[Row]) {
        for (places, value) in runs(example) {
            for &place in places {
                let (row, squares) = (&mut self.weights[place as usize], &mut self.squares[place as usize]);
                for column in 0..COLUMNS {
                    let slope = gradient[column] * value;
                    squares[column] += slope * slope;
                    row[column] -= rate * slope / squares[column].sqrt();
                }
                if pull > 0.0 {
                    let start = &start[place as usize];
                    row.iter_mut().zip(start).for_each(|(weight, start)| *weight -= pull * (*weight - start));
                }
            }
        }
    }
}

fn runs(example: &Example) -> impl Iterator<Item = (&[u32], f32)> {
    let starts = std::iter::once(0).chain(example.runs.iter().map(|run| run.end as usize));
    let of = |(start, run): (usize, &Run)| (start, run.end as usize, run.value);
    starts.zip(&example.runs).map(of).map(|(start, end, value)| (&example.places[start..end], value))
}

/// How the loss (cross entropy) grows with each sum.
fn gradient(example: &Example, sums: &Row, with_kind: Option<usize>, smoothing: f32) -> Row {
    let mut out = [0.0; COLUMNS];
    let weight = example.weight;
    match example.aim {
        Aim::Lean(label) | Aim::Sentiment(label) => {
            let of_kind = |column| with_kind.map_or(0.0, |kind| sums[OF_KIND + 2 * kind + column]);
            let (lean, neutral) = (sums[LEAN] + of_kind(0), sums[NEUTRAL] + of_kind(1));
            let mut p = [-lean, neutral, lean];
            if let Aim::Lean(_) = example.aim {
                p[1] = f32::NEG_INFINITY;
            }
            softmax(&mut p);
            let choices = p.iter().filter(|p| **p > 0.0).count() as f32;
            let aim = |at: usize| smoothing / choices + if at == label { 1.0 - smoothing } else { 0.0 };
            out[LEAN] = example.rules.seen * weight * ((p[2] - aim(2)) - (p[0] - aim(0)));
            if let Aim::Sentiment(_) = example.aim {
                out[NEUTRAL] = weight * (p[1] - aim(1));
            }
            if let Some(kind) = with_kind {
                (out[OF_KIND + 2 * kind], out[OF_KIND + 2 * kind + 1]) = (out[LEAN], out[NEUTRAL]);
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
    if example.kind_weight > 0.0 {
        let mut p = [0.0; KINDS + 1];
        p[..KINDS].copy_from_slice(&sums[KIND..KIND + KINDS]);
        softmax(&mut p);
        for kind in 0..KINDS {
            let aim = if example.kind == Some(kind) { 1.0 } else { 0.0 };
            out[KIND + kind] = example.kind_weight * (p[kind] - aim);
        }
    }
    out
}

/// What a table says, without calibration.
pub(crate) fn outputs(table: &Table, example: &Example) -> Outputs {
    Outputs { sums: table.sums(example), calibration: tocsin_score::linear::Calibration::NONE }
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

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn share(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }
}
